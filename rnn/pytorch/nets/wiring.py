r"""Layers made of layers: one above another (figure 10.13a), and one in each direction (10.11)."""

from itertools import pairwise

import torch
from torch import nn

from rnn._checks import require_instance
from rnn.pytorch.boundary import checked_like
from rnn.pytorch.nets.theta import BothWays

__all__ = ["Bidirectional", "Layers", "Stack", "require_layer"]


class Layers(nn.Module):
    r"""What is called as a cell is: ``h, state = net(x, state, lengths)``; see `Cell.forward`."""

    def forward(self, x, state=None, lengths=None, *, reverse=False):
        r"""Walk each layer through x; parameters, returns and errors are those of `Cell.forward`.

        The state is a tuple of states, one a layer or direction; so may be what goes in, and None
        stands for zeros. What `torch.nn` stacks in one tensor (layers, B, d_h) is a tuple here.
        """
        return self.run(state, x, self.theta, lengths, reverse=reverse)

    def run(self, state, x, theta, lengths=None, *, reverse=False, path=None, check_finite=None):
        r"""Walk with these parameters: `forward` as a pure function, state first."""
        checked_like(theta, self.theta)
        states = (None,) * len(theta) if state is None else state
        if not isinstance(states, tuple | list) or len(states) != len(theta):
            got = len(states) if isinstance(states, tuple | list) else type(states).__name__
            expected = f"expected a tuple with one for each of {len(theta)}"
            raise ValueError(f"state: {expected}, got {got}")
        options = {"path": path, "check_finite": check_finite}
        return self.walk(states, x, theta, lengths, reverse, options)

    def walk(self, states, x, theta, lengths, reverse, options):
        r"""Return outputs and last states, given a state or None for each layer."""
        raise NotImplementedError


class Stack(Layers):
    r"""Let each layer read the states of the one below (figure 10.13a).

    As `rnn.reference.Stack`. With equal layers it is `torch.nn.RNN(..., num_layers=)`, LSTM or
    GRU; `to_torch` and `from_torch` copy one into the other.

    Parameters
    ----------
    layers : tuple or list of Cell, Bidirectional or Stack
        Each as wide at the input as the one below at the output.

    Its parameters and its state are tuples, one entry a layer.

    Examples
    --------
    >>> from rnn.pytorch import RNN
    >>> h, state = Stack((RNN(2, 3), RNN(3, 4)))(torch.zeros(5, 1, 2))
    >>> h.shape, len(state)
    (torch.Size([5, 1, 4]), 2)
    """

    def __init__(self, layers):
        super().__init__()
        if not isinstance(layers, list | tuple):
            require_instance("layers", layers, tuple, "such as (RNN(2, 3), RNN(3, 3))")
        if not layers:
            raise ValueError("layers: expected at least one, got none")
        for k, layer in enumerate(layers):
            require_layer(f"layers[{k}]", layer)
        for k, (below, layer) in enumerate(pairwise(layers), 1):
            if layer.d_x != below.d_out:
                raise ValueError(f"layers[{k}]: expected d_x={below.d_out}, got {layer.d_x}")
        self.layers = nn.ModuleList(layers)

    @property
    def theta(self):
        r"""Return the parameters as a tuple, one entry a layer."""
        return tuple(layer.theta for layer in self.layers)

    @property
    def d_x(self):
        r"""Return how wide an input is."""
        return self.layers[0].d_x

    @property
    def d_out(self):
        r"""Return how wide an output of the last layer is."""
        return self.layers[-1].d_out

    def output(self, state):
        r"""Return what the last layer shows of its state."""
        return self.layers[-1].output(state[-1])

    def walk(self, states, x, theta, lengths, reverse, options):
        lasts = []
        for layer, before, own in zip(self.layers, states, theta, strict=True):
            x, last = layer.run(before, x, own, lengths, reverse=reverse, **options)
            lasts.append(last)
        return x, tuple(lasts)


class Bidirectional(Layers):
    r"""Read a sequence from both ends (figure 10.11).

    As `rnn.reference.Bidirectional`. With equal cells it is ``bidirectional=True`` of `torch.nn`,
    where the walk from the right begins at each row's own end only in a packed sequence; here it
    does wherever there are lengths.

    Parameters
    ----------
    h, g : Cell
        Of one input width; they need not be of the same kind.

    Its parameters and its state are a `BothWays`.
    """

    def __init__(self, h, g):
        super().__init__()
        require_layer("h", h)
        require_layer("g", g)
        if g.d_x != h.d_x:
            raise ValueError(f"g: expected d_x={h.d_x}, as h has, got {g.d_x}")
        self.h, self.g = h, g

    @property
    def theta(self):
        r"""Return the parameters of both cells."""
        return BothWays(self.h.theta, self.g.theta)

    @property
    def d_x(self):
        r"""Return how wide an input is."""
        return self.h.d_x

    @property
    def d_out(self):
        r"""Return how wide an output is: both widths together."""
        return self.h.d_out + self.g.d_out

    def output(self, state):
        r"""Return what both walks show where they end, side by side."""
        return torch.cat([self.h.output(state.h), self.g.output(state.g)], -1)

    def walk(self, states, x, theta, lengths, reverse, options):
        h, last_h = self.h.run(states[0], x, theta.h, lengths, reverse=reverse, **options)
        g, last_g = self.g.run(states[1], x, theta.g, lengths, reverse=not reverse, **options)
        return torch.cat([h, g], -1), BothWays(last_h, last_g)


def require_layer(name, module):
    r"""Refuse what cannot be walked through: anything but a cell or a net of layers."""
    if not isinstance(module, nn.Module) or not hasattr(module, "run"):
        got = type(module).__name__
        raise TypeError(f"{name}: expected a module of this package, such as RNN(2, 3), got {got}")
