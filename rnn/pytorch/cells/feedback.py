r"""A cell whose outputs come back as inputs: figures 10.4, 10.6 and 10.10."""

import torch

from rnn._checks import require_choice, require_instance, require_size
from rnn.pytorch.boundary import checked_array
from rnn.pytorch.cells.carry import at_end, flipped
from rnn.pytorch.cells.fed import Fed, Told, feed, largest
from rnn.pytorch.cells.theta import FeedbackState, FeedbackTheta
from rnn.pytorch.cells.wrapper import StatefulWrapper, checked_mask, cleaned

__all__ = ["Fed", "Feedback", "feed"]

OWN = {"o": lambda o: o, "softmax": lambda o: torch.softmax(o, -1), "argmax": largest}


class Feedback(StatefulWrapper):
    r"""Feed the output of each step back to the next, or the true output in its place.

    The equations are those of `rnn.reference.Feedback`. It reads `Fed` and puts out o. Where the
    truth is told at every step nothing waits for an output: y, one step late, enters beside x, and
    the inner cell takes any path that it has, "scan" around `Memoryless`, say, where no step waits
    for another. Where it reads its own output at some step, there are "loop" and "hoisted".

    Whether all steps are told is known from ``forced=True``; a tensor is looked at on the CPU, but
    not on another device, which would have to be waited for, nor while compiling.

    Parameters
    ----------
    cell : Cell
    d_y : int
    own : {"o", "softmax", "argmax"}
        What of its own output comes back; through "argmax" no gradient passes.
    path, device, dtype
        As for `Wrapper`.

    Examples
    --------
    >>> from rnn.pytorch import Memoryless
    >>> cell, y = Feedback(Memoryless(0, 8), d_y=3), torch.tensor([[0], [2], [1]])
    >>> o, state = cell(feed(y, d_y=3))
    >>> o.shape, cell.explain(feed(y, d_y=3))[:4]
    (torch.Size([3, 1, 3]), 'scan')
    """

    Theta, fields = FeedbackTheta, ("R", "V", "c")

    def __init__(self, cell, d_y, own="o", *, path="auto", device=None, dtype=None):
        super().__init__(cell, path)
        self.d_y = require_size("d_y", d_y)
        self.own = require_choice("own", own, tuple(OWN))
        shapes = {"R": (cell.width, d_y), "V": (d_y, cell.d_out), "c": (d_y,)}
        self.register(device, dtype, **shapes)

    @property
    def d_out(self):
        return self.d_y

    @property
    def kind(self):
        return self.cell.kind

    @property
    def widens(self):
        return self.cell.widens

    def zero_state(self, batch, theta):
        zeros = theta.c.new_zeros(batch, self.d_y)
        return FeedbackState(self.cell.zero_state(batch, theta.cell), zeros, zeros)

    def output(self, state):
        return state.o

    def check_x(self, x, like):
        require_instance("x", x, Fed, "use feed(y, x, d_y=...)")
        inner, tau, batch = self.cell.check_x(x.x, like)
        shape = {"tau": tau, "B": batch}
        y, noise = (
            checked_array(name, getattr(x, name), like, "tau B d_y", **shape, d_y=self.d_y)
            for name in ("y", "noise")
        )
        forced = x.forced
        if not isinstance(forced, bool):
            forced = checked_mask("forced", forced, like, "tau B", **shape)
        return Fed(inner, y, forced, noise), tau, batch

    def clear_padding(self, x, counted, check_finite):
        inner = self.cell.clear_padding(x.x, counted, check_finite)
        y = cleaned("y", x.y, counted, check_finite)
        if _all_forced(x.forced, counted):
            return Told(inner, y)
        forced = x.forced
        if isinstance(forced, bool):
            forced = torch.full((), forced, device=y.device).expand(y.shape[:2])
        return Fed(inner, y, forced, cleaned("noise", x.noise, counted, check_finite))

    def moment(self, x, t):
        return type(x)(self.cell.moment(x.x, t), *(leaf[t : t + 1] for leaf in x[1:]))

    def turned(self, x):
        return type(x)(self.cell.turned(x.x), *flipped(x[1:]))

    def told(self, x):
        return isinstance(x, Told)

    def drive(self, x, theta):
        return x._replace(x=self.cell.drive(x.x, theta.cell))

    def add_drive(self, z, more):
        return z._replace(x=self.cell.add_drive(z.x, more))

    def widened(self, x, theta, more, R):
        inner, of_cell = self.cell.widened(x.x, theta.cell, more, R)
        return x._replace(x=inner), theta._replace(cell=of_cell)

    def step(self, state, z, theta):
        driven = self.cell.add_drive(z.x, state.y @ theta.R.T)
        inner = self.cell.step(state.cell, driven, theta.cell)
        o = self._o(self.cell.output(inner), theta)
        if self.told(z):
            return FeedbackState(inner, z.y, o)
        y = torch.where(z.forced[:, None], z.y, OWN[self.own](o + z.noise))
        return FeedbackState(inner, y, o)

    def why_not(self, path, request):
        if path in ("loop", "hoisted", "graph"):
            return super().why_not(path, request)
        if not request.told:
            return "the truth is not known to be told at every step, so an output is waited for"
        return self.cell.why_not(path, request)

    def remark(self, request):
        if request.told:
            return "; the truth is told at every step, so it enters beside x and no output waits"
        return "; the cell reads its own output where it is not told the truth"

    def driven(self, path, state, z, theta, counted):
        if not self.told(z):
            return super().driven(path, state, z, theta, counted)
        before = _one_late(state.y, z.y, counted)
        inner = self.cell.add_drive(z.x, before @ theta.R.T)
        walked = self.cell.driven(path, state.cell, inner, theta.cell, counted)
        return self._shown(*walked, state, z.y, theta, counted)

    def reading(self, path, state, x, theta, counted):
        if not (self.told(x) and self.widens):
            return super().reading(path, state, x, theta, counted)
        before = _one_late(state.y, x.y, counted)
        inner, of_cell = self.cell.widened(x.x, theta.cell, before, theta.R)
        walked = self.cell.reading(path, state.cell, inner, of_cell, counted)
        return self._shown(*walked, state, x.y, theta, counted)

    def _shown(self, h, inner, state, y, theta, counted):
        o = self._o(h, theta)
        last = at_end(state.y, y, counted), at_end(state.o, o, counted)
        return o, FeedbackState(inner, *last)

    def _o(self, h, theta):
        return torch.nn.functional.linear(h, theta.V, theta.c)  # (10.10)

    def extra_repr(self):
        return f"d_y={self.d_y}, own={self.own!r}"


def _one_late(first, y, counted):
    r"""Return for each step the y of the row's step before, or its first."""
    before = torch.cat([first[None], y[:-1]])[: len(y)]
    if counted is None or not len(y):
        return before
    return torch.cat([before[:1], torch.where(counted[:-1, :, None], before[1:], first)])


def _all_forced(forced, counted):
    if isinstance(forced, bool):
        return forced
    if forced.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    return bool((forced if counted is None else forced | ~counted).all())
