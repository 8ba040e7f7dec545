r"""Layers made of layers: one above another (figure 10.13a), and one in each direction (10.11)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_instance
from rnn._tree import steps_of
from rnn.reference.boundary import checked_tree
from rnn.reference.cells.carry import plus
from rnn.reference.cells.contract import Back
from rnn.reference.cells.simple import RNN
from rnn.reference.nets.output import require_layer

__all__ = ["Bidirectional", "BothWays", "LayersRun", "Stack"]


class LayersRun(NamedTuple):
    r"""Hold what layers computed.

    Attributes
    ----------
    h : array, (tau, B, d_out)
        What the net of layers puts out; zero in the padding.
    state : tuple
        The last state of each layer.
    runs : tuple of Run
    """

    h: np.ndarray
    state: tuple
    runs: tuple

    @property
    def counted(self):
        r"""Tell which steps lie inside the lengths, (tau, B), or None."""
        return self.runs[0].counted


@dataclass(frozen=True)
class Stack:
    r"""Let each layer read the states of the one below (figure 10.13a).

    A `Memoryless` layer is a layer without recurrence: with one below and one above a
    `DeepTransition` the stack is figure 10.13b, and with the transition's skip connection 10.13c.

    Parameters
    ----------
    layers : tuple of Cell, Bidirectional or Stack

    Its parameters, its state and their gradients are tuples, one entry a layer.

    Examples
    --------
    >>> net, rng = Stack((RNN(), RNN())), np.random.default_rng(0)
    >>> theta = net.init_theta(rng, d_x=2, d_h=3)
    >>> run = net.forward(None, rng.normal(size=(5, 1, 2)), theta)
    >>> run.h.shape, len(run.state)
    ((5, 1, 3), 2)
    """

    layers: tuple = (RNN(),)

    def __post_init__(self):
        require_instance("layers", self.layers, tuple, "such as (RNN(), RNN())")
        if not self.layers:
            raise ValueError("layers: expected at least one, got ()")
        for layer, step in zip(self.layers, steps_of(self.layers), strict=True):
            require_layer(f"layers{step}", layer)

    def init_theta(self, rng, d_x, d_h, *, dtype=np.float64):
        r"""Draw the parameters of each layer by its own rule.

        Parameters
        ----------
        rng : numpy.random.Generator
        d_x : int
        d_h : int or tuple of int
            The width of all layers, or one width each.
        """
        widths = d_h if isinstance(d_h, tuple) else (d_h,) * len(self.layers)
        _require_one_each("d_h", widths, self.layers)
        thetas = []
        for layer, width in zip(self.layers, widths, strict=True):
            thetas.append(layer.init_theta(rng, d_x, width, dtype=dtype))
            d_x = layer.width_out(thetas[-1])
        return tuple(thetas)

    def check_theta(self, theta, name="theta"):
        r"""Refuse parameters that are not those of the layers."""
        _check_each(self.layers, theta, name)

    def check_run(self, run, theta):
        r"""Refuse a run that is not of these layers and these sizes."""
        _check_runs(self.layers, run, theta)

    def width_out(self, theta):
        r"""Return how wide an output of the last layer is."""
        return self.layers[-1].width_out(theta[-1])

    def output(self, state):
        r"""Return what the last layer shows of its state."""
        return self.layers[-1].output(state[-1])

    def add_output(self, state, h):
        r"""Return a state, or a gradient at one, with h added to what the last layer shows."""
        return (*state[:-1], self.layers[-1].add_output(state[-1], h))

    def forward(self, state, x, theta, lengths=None, *, reverse=False, check_finite=True):
        r"""Walk each layer through what the one below put out; see `Cell.forward`.

        Returns
        -------
        LayersRun
        """
        self.check_theta(theta)
        states = (None,) * len(self.layers) if state is None else state
        _require_one_each("state", states, self.layers)
        options, runs = {"reverse": reverse, "check_finite": check_finite}, []
        for layer, before, own in zip(self.layers, states, theta, strict=True):
            runs.append(layer.forward(before, x, own, lengths, **options))
            x = runs[-1].h
        return LayersRun(x, tuple(run.state for run in runs), tuple(runs))

    def backward(self, grad_h, run, theta, *, grad_state=None, inputs=True, overwrite=False):
        r"""Carry gradients down through the layers; see `Cell.backward`.

        Returns
        -------
        Back
            ``grad_h`` is that of the last layer.
        """
        self.check_theta(theta)
        self.check_run(run, theta)
        grad_states = (None,) * len(self.layers) if grad_state is None else grad_state
        _require_one_each("grad_state", grad_states, self.layers)
        backs, parts = [], zip(self.layers, run.runs, theta, grad_states, strict=True)
        for k, (layer, own_run, own, grad_last) in reversed(list(enumerate(parts))):
            options = {"grad_state": grad_last, "inputs": inputs or k > 0, "overwrite": overwrite}
            back = layer.backward(grad_h, own_run, own, **options)
            grad_h, overwrite = back.grad_x, True
            backs.insert(0, back)
        grads, firsts = zip(*((back.grad, back.grad_state) for back in backs), strict=True)
        return Back(grads, grad_h, firsts, backs[-1].grad_h)


class BothWays(NamedTuple):
    r"""Hold something for each of two walks: h goes from left to right, g from right to left."""

    h: Any
    g: Any


@dataclass(frozen=True)
class Bidirectional:
    r"""Read a sequence from both ends (figure 10.11).

    What step t puts out is (h, g), side by side: h of t has seen what comes before, g what comes
    after. The walk from the right begins at each row's own end.

    Parameters
    ----------
    h, g : Cell
        They need not be of the same kind.

    Its parameters, its state and their gradients are a `BothWays`. The first half of the state
    is h after the last step, the second g after the first: where that walk ends.
    """

    h: Any = RNN()
    g: Any = RNN()

    def init_theta(self, rng, d_x, d_h, *, dtype=np.float64):
        r"""Draw the parameters of both cells, each d_h wide."""
        return BothWays(*(cell.init_theta(rng, d_x, d_h, dtype=dtype) for cell in self._cells))

    @property
    def _cells(self):
        return self.h, self.g

    def check_theta(self, theta, name="theta"):
        r"""Refuse parameters that are not those of both cells."""
        _check_each(self._cells, theta, name)

    def check_run(self, run, theta):
        r"""Refuse a run that is not of these cells and these sizes."""
        _check_runs(self._cells, run, theta)

    def width_out(self, theta):
        r"""Return how wide an output is: both widths together."""
        return self.h.width_out(theta.h) + self.g.width_out(theta.g)

    def output(self, state):
        r"""Return what both walks show where they end, side by side."""
        return np.concatenate([self.h.output(state.h), self.g.output(state.g)], axis=-1)

    def add_output(self, state, h):
        r"""Return a state, or a gradient at one, with h added to what both walks show."""
        first, second = np.split(h, [self.h.output(state.h).shape[-1]], axis=-1)
        h = self.h.add_output(state.h, first)
        return BothWays(h, self.g.add_output(state.g, second))

    def forward(self, state, x, theta, lengths=None, *, reverse=False, check_finite=True):
        r"""Walk from both ends; see `Cell.forward`.

        Returns
        -------
        LayersRun
        """
        self.check_theta(theta)
        states = (None, None) if state is None else state
        _require_one_each("state", states, self._cells)
        runs = tuple(
            cell.forward(s, x, own, lengths, reverse=turned != reverse, check_finite=check_finite)
            for cell, s, own, turned in zip(self._cells, states, theta, (False, True), strict=True)
        )
        h = np.concatenate([run.h for run in runs], axis=-1)
        return LayersRun(h, BothWays(*(run.state for run in runs)), runs)

    def backward(self, grad_h, run, theta, *, grad_state=None, inputs=True, overwrite=False):
        r"""Carry gradients back along both walks; see `Cell.backward`.

        Returns
        -------
        Back
        """
        self.check_theta(theta)
        self.check_run(run, theta)
        grad_h = checked_tree("grad_h", grad_h, run.h)
        grads = np.split(grad_h, [run.runs[0].h.shape[-1]], axis=-1)
        lasts = (None, None) if grad_state is None else grad_state
        _require_one_each("grad_state", lasts, self._cells)
        parts = zip(self._cells, grads, run.runs, theta, lasts, strict=True)
        back_h, back_g = (
            cell.backward(grad, own_run, own, grad_state=last, inputs=inputs)
            for cell, grad, own_run, own, last in parts
        )
        grad_x = plus(back_h.grad_x, back_g.grad_x) if inputs else None
        both = (BothWays(a, b) for a, b in zip(back_h, back_g, strict=True))
        grad, _, first, full = both
        return Back(grad, grad_x, first, np.concatenate(full, axis=-1))


def _check_each(layers, theta, name):
    _require_one_each(name, theta, layers)
    for layer, own, step in zip(layers, theta, steps_of(theta), strict=True):
        layer.check_theta(own, name + step)


def _check_runs(layers, run, theta):
    require_instance("run", run, LayersRun, "what forward returned")
    if len(run.runs) != len(layers):
        raise ValueError(f"run: expected one of {len(layers)} layers, got one of {len(run.runs)}")
    for layer, own_run, own in zip(layers, run.runs, theta, strict=True):
        layer.check_run(own_run, own)


def _require_one_each(name, given, layers):
    if not isinstance(given, tuple) or len(given) != len(layers):
        got = f"{len(given)}" if isinstance(given, tuple) else type(given).__name__
        raise ValueError(f"{name}: expected a tuple with one for each of {len(layers)}, got {got}")
