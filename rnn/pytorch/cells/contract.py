r"""What a cell is here: f in two pieces, the parameters, and the ways to walk it through time.

The pieces are those of `rnn.reference.cells.contract`: ``drive`` is what x contributes, for all t
in one product, and ``step`` is what has to wait for the past. Autograd has the adjoints; the fused
paths bring their own. A cell is an `nn.Module` that holds its parameters and is called like those
of `torch.nn`; `run` is the same as a pure function of state, x and theta.
"""

from typing import Any

import torch
from torch import nn

from rnn._checks import require_choice, require_size
from rnn._tree import tree_leaves, tree_map
from rnn.pytorch.boundary import (
    autocast,
    checked_array,
    checked_like,
    checked_state,
    inside,
    require_finite,
    require_saved,
    should_look,
)
from rnn.pytorch.cells.carry import blank, flipped
from rnn.pytorch.paths import PATHS, Request, chosen, explained, walk, walk_steps

__all__ = ["Affine", "Cell"]

FROM_DRIVE = ("hoisted", "fused", "scan")  # the paths that read z; the others read x


class Cell(nn.Module):
    r"""The contract of a cell; a subclass writes `drive` and `step`, and says what its theta is.

    Every cell is called as ``h, state = cell(x, state, lengths)``, time first; its options are

    path : {"auto", "loop", "hoisted", "fused", "lean", "library", "scan", "graph"}
        How the walk is executed; `explain` says which path "auto" takes, and why. A path that
        cannot run raises; nothing falls back in silence.
    device, dtype
        As in `torch.nn`.
    """

    Theta: Any = tuple
    fields: tuple[str, ...] = ()
    widens = False  # whether `widened` can be asked for

    def __init__(self, path="auto"):
        super().__init__()
        self.path = require_choice("path", path, PATHS)

    # What a subclass writes

    def drive(self, x, theta):
        r"""Return z, what x contributes to every step: (..., d_x) -> (..., n)."""
        raise NotImplementedError

    def step(self, state, z, theta):
        r"""Return the next state."""
        raise NotImplementedError

    def zero_state(self, batch, theta):
        r"""Return the state that a walk starts from by default."""
        return theta.U.new_zeros(batch, self.d_h)

    def why_not(self, path, request):
        r"""Return why a path cannot run, or None if it can."""
        if path in ("loop", "hoisted"):
            return None
        if path == "graph":
            return None if request.device == "cuda" else "CUDA graphs need a CUDA device"
        return f"{type(self).__name__} has no {path} path"

    def output(self, state):
        r"""Return h, what the next layer sees of a state."""
        return state

    def hidden(self, state):
        r"""Return the hidden units of a state, to which `add_hidden` adds."""
        return self.output(state)

    def add_hidden(self, state, h):
        r"""Return a state with h added to its hidden units."""
        return state + h

    def add_drive(self, z, more):
        r"""Return z with what another input contributes, (..., n), added."""
        return z + more

    def begin(self, state, x, theta):
        r"""Return the state that the first step starts from, which what is read may change."""
        return state

    def reading(self, path, state, x, theta, counted):
        r"""Walk by any path but "loop" and "graph"; return outputs and the last state."""
        if path in FROM_DRIVE:
            return self.driven(path, state, self.drive(x, theta), theta, counted)
        return getattr(self, path)(state, x, theta, counted)

    def driven(self, path, state, z, theta, counted):
        r"""Walk from z on, by one of `FROM_DRIVE`."""
        if path == "hoisted":
            return walk_steps(self, state, z, theta, counted)
        return getattr(self, path)(state, z, theta, counted)

    def widened(self, x, theta, more, R):
        r"""Return x and theta of the same cell that reads ``more`` beside x, through R."""
        raise NotImplementedError

    def moment(self, x, t):
        r"""Return what step t reads, with a time axis of length 1."""
        return tree_map(lambda leaf: leaf[t : t + 1], x)

    def turned(self, x):
        r"""Return x with time turned round."""
        return flipped(x)

    def told(self, x):
        r"""Tell whether an output is fed back, and the truth stands in its place at every step."""
        return False

    def remark(self, request):
        r"""Return what `explain` adds about this cell, or nothing."""
        return ""

    def check_values(self, theta):
        r"""Refuse parameters whose numbers, not shapes, make no sense. Most cells have none."""

    def check_x(self, x, like):
        r"""Return x, checked, with its tau and B."""
        x = checked_array("x", x, like, "tau B d_x", d_x=self.d_x)
        return x, *x.shape[:2]

    def clear_padding(self, x, counted, check_finite):
        r"""Return x with zeros in the padding, after which its numbers are looked at."""
        x = x if counted is None else torch.where(counted[..., None], x, 0)
        return require_finite("x", x, "(t, batch)") if check_finite else x

    @property
    def kind(self):
        r"""Return the name under which paths were measured: that of the cell that walks."""
        return type(self).__name__

    @property
    def width(self):
        r"""Return n, how many numbers the drive has for each step and row."""
        return self.d_h

    @property
    def d_out(self):
        r"""Return how wide an output is."""
        return self.d_h

    # What follows

    @property
    def theta(self):
        r"""Return the parameters as a NamedTuple, of the same structure as in the reference."""
        return self.Theta(*(getattr(self, name) for name in self.fields))

    def register(self, device=None, dtype=None, **shapes):
        r"""Make parameters of these shapes, and draw them."""
        for name, shape in shapes.items():
            empty = torch.empty(*shape, device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(empty))
        self.reset_parameters()

    def reset_parameters(self):
        r"""Draw the parameters uniformly from :math:`\pm 1/\sqrt{d_h}`, as `torch.nn` does."""
        for name in self.fields:
            parameter = getattr(self, name)
            if isinstance(parameter, nn.Parameter):
                nn.init.uniform_(parameter, -(self.d_h**-0.5), self.d_h**-0.5)

    def _load_from_state_dict(self, state_dict, prefix, *more):
        require_saved(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *more)

    def forward(self, x, state=None, lengths=None, *, reverse=False):
        r"""Walk through x.

        Parameters
        ----------
        x : tensor, (tau, B, d_x)
            Time first; dtype and device must be those of the parameters (under autocast any
            floating dtype will do).
        state : tree of tensors, (B, ...), optional
            Zeros by default. A plain tuple will do for a NamedTuple.
        lengths : sequence of B ints in [0, tau], optional
            What stands in x at or after a row's length is never used; it may be NaN.
        reverse : bool
            Walk from the last step to the first. The result stays in time order.

        Returns
        -------
        h : tensor, (tau, B, d_out)
            Zero in the padding.
        state : tree of tensors
            After each row's last step, with which the walk can go on.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what was expected and what came.
        """
        return self.run(state, x, None, lengths, reverse=reverse)

    def run(self, state, x, theta, lengths=None, *, reverse=False, path=None, check_finite=None):
        r"""Walk through x with these parameters: `forward` as a pure function.

        Parameters
        ----------
        state, x, lengths, reverse
            As for `forward`.
        theta : NamedTuple of tensors, or None for ``self.theta``
        path : str, optional
            Instead of the module's own.
        check_finite : bool, optional
            Refuse NaN and infinity; by default on the CPU only, and not while compiling.
        """
        state, x, theta, counted = self.checked(state, x, theta, lengths, check_finite)
        if reverse:
            x, counted = self.turned(x), flipped(counted)
        path = chosen(self, path or self.path, self.request(x, theta, counted, reverse))[0]
        h, last = walk(self, path, self.begin(state, x, theta), x, theta, counted)
        h = blank(h, counted)
        return (h.flip(0) if reverse else h), last

    def explain(self, x, state=None, lengths=None, *, reverse=False, path=None):
        r"""Say which path a call with these arguments takes, and why.

        Returns
        -------
        str
            Such as ``"fused: ..."``.
        """
        _, x, theta, counted = self.checked(state, x, None, lengths, False)
        request = self.request(x, theta, counted, reverse)
        return explained(self, path or self.path, request) + self.remark(request)

    def request(self, x, theta, counted, reverse=False):
        r"""Return what the choice of a path depends on."""
        request = Request.of(x, theta, counted, self.d_h, reverse)
        return request._replace(told=self.told(x))

    def checked(self, state, x, theta, lengths=None, check_finite=None):
        r"""Check the arguments of a walk; return them ready for it, and the steps inside."""
        if theta is None:
            theta = self.theta
        else:
            checked_like(theta, self.theta)
        theta, state, x = autocast(theta, state, x)
        like = tree_leaves(theta)[0]
        x, tau, batch = self.check_x(x, like)
        zero = self.zero_state(batch, theta)
        looks = should_look(like, check_finite)
        if looks:
            self.check_values(theta)
        state = zero if state is None else checked_state("state", state, zero, looks)
        counted = None if lengths is None else inside(lengths, tau, batch, like.device)
        return state, self.clear_padding(x, counted, looks), theta, counted


class Affine(Cell):
    r"""A cell whose drive is z = b + U x."""

    widens = True

    def __init__(self, d_x, d_h, path="auto"):
        super().__init__(path)
        self.d_x, self.d_h = require_size("d_x", d_x, 0), require_size("d_h", d_h)

    def drive(self, x, theta):
        return torch.nn.functional.linear(x, theta.U, theta.b)

    def widened(self, x, theta, more, R):
        return torch.cat([x, more], -1), theta._replace(U=torch.cat([theta.U, R], 1))

    def extra_repr(self):
        return f"{self.d_x}, {self.d_h}"
