r"""A cell whose outputs come back as inputs: figures 10.4, 10.6 and 10.10."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_instance
from rnn.reference.boundary import checked_array, clean, dtype_of, vectors
from rnn.reference.cells.carry import add_at_end, at_end
from rnn.reference.cells.contract import Cell, Walked, WalkedBack
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import StatefulWrapper
from rnn.reference.losses import loss_and_gradient
from rnn.reference.outputs import softmax
from rnn.reference.products import outer, product, total

__all__ = ["Fed", "Feedback", "FeedbackState", "FeedbackTheta", "feed"]


class FeedbackTheta(NamedTuple):
    r"""Hold the parameters of a cell and of its output, and the way from one to the other.

    Attributes
    ----------
    cell : NamedTuple
        The parameters of the inner cell.
    R : array, (n, d_y)
        From the output before to the cell. In figure 10.4 it is called W, and in 10.10 R.
    V : array, (d_y, d_out)
    c : array, (d_y,)
        The output, o = c + V h, where h is what the cell puts out, as a rule d_h wide.
    """

    cell: Any
    R: np.ndarray
    V: np.ndarray
    c: np.ndarray


class FeedbackState(NamedTuple):
    r"""Hold the inner cell's state, y (B, d_y), which the next step reads, and o (B, d_y)."""

    cell: Any
    y: np.ndarray
    o: np.ndarray


class Fed(NamedTuple):
    r"""Hold what a `Feedback` cell reads.

    Attributes
    ----------
    x : array, (tau, B, d_x), or whatever the inner cell reads
        d_x may be 0: then the net reads nothing but what is fed back.
    y : array, (tau, B, d_y)
        What step t + 1 is told about step t where it is told the truth: one-hot vectors for
        classes, the target itself for numbers.
    forced : boolean array, (tau, B)
        Where it is told the truth; elsewhere it reads the net's own output.
    noise : array, (tau, B, d_y)
        Added to o before the net's own output is taken. Zero, or Gumbel noise for samples.
    """

    x: Any
    y: np.ndarray
    forced: np.ndarray
    noise: np.ndarray


def feed(y, x=None, *, d_y, forced=True, noise=None, lengths=None, dtype=np.float64):
    r"""Prepare what a `Feedback` cell reads.

    Parameters
    ----------
    y : integer array, (tau, B), or array (tau, B, d_y)
        Classes, which become one-hot vectors, or numbers. Where nothing is told only the shape
        is used.
    x : array, (tau, B, d_x), or whatever the inner cell reads, optional
        None stands for d_x = 0.
    d_y : int
    forced : bool, or boolean array (tau, B)
        Where the cell is told y.
    noise : array, (tau, B, d_y), optional
    lengths : sequence of B ints, optional
        Classes beyond them are not looked at.

    Returns
    -------
    Fed
    """
    y = vectors(y, d_y, dtype, lengths)
    x = np.zeros((*y.shape[:2], 0), dtype) if x is None else x
    told = np.asarray(forced)
    if told.dtype != bool:
        advice = "forced_mask draws one from a probability"
        raise TypeError(f"forced: expected booleans, got dtype {told.dtype}; {advice}")
    if told.ndim:
        checked_array("forced", told, np.dtype(bool), "tau B", tau=len(y), B=y.shape[1])
    told = np.broadcast_to(told, y.shape[:2])
    return Fed(x, y, told, np.zeros_like(y) if noise is None else noise)


class Kept(NamedTuple):
    r"""Hold what one step leaves for the way back."""

    cell: Any
    y: np.ndarray
    h: np.ndarray
    own: np.ndarray
    forced: np.ndarray


@dataclass(frozen=True)
class Feedback(StatefulWrapper):
    r"""Feed the output of each step back to the next, or the true output in its place.

    .. math::

        a^{(t)} &= b + U x^{(t)} + R y^{(t-1)} + \dots \\
        o^{(t)} &= c + V h^{(t)}

    Around a `Memoryless` cell this is figure 10.4, whose only recurrence it is; around an `RNN`
    it is figure 10.10. With the truth fed back it is trained as in figure 10.6, left; with its own
    outputs it runs freely, as in figure 10.6, right. Where the truth is fed back at every step
    and the cell has no memory, all steps are computed at once.

    Parameters
    ----------
    cell : Cell
    own : {"o", "softmax", "argmax"}
        What of its own output comes back: o itself; the predictive distribution; or the one-hot
        vector of the likeliest class, through which no gradient passes. With Gumbel noise
        argmax draws a sample.

    What a step puts out, and so the ``h`` of its `Run`, is o. It reads `Fed`.
    """

    cell: Cell = RNN()
    own: str = "o"
    own_sizes = ("d_y",)

    def __post_init__(self):
        require_choice("own", self.own, tuple(_OWN))

    def shapes(self, **sizes):
        d_h, d_y = sizes["d_h"], sizes["d_y"]
        R, V = [self.cell.width(d_h), d_y], [d_y, self.cell.out_size(sizes)]
        return FeedbackTheta(self.shapes_inside(sizes), R, V, c=[d_y])

    def sizes(self, theta):
        return self.cell.sizes(theta.cell) | {"d_y": len(theta.c)}

    def out_size(self, sizes):
        return sizes["d_y"]

    def zero_state(self, batch, theta):
        zeros = np.zeros((batch, len(theta.c)), theta.c.dtype)
        return FeedbackState(self.cell.zero_state(batch, theta.cell), zeros, zeros)

    def bptt(
        self, state, x, y, theta, *, reduction, lengths=None, forced=True, loss="cross_entropy"
    ):
        r"""Compute the loss and its gradient by back-propagation through time.

        Parameters
        ----------
        state : FeedbackState, or None for zeros
        x : array, (tau, B, d_x), or None if d_x is 0
        y : array
            Targets, as the loss wants them; they are also what is told where `forced`.
        theta : FeedbackTheta
        reduction : {"sum", "mean"}
        lengths : sequence of B ints, optional
        forced : bool, or boolean array (tau, B)
            True: teacher forcing. False: free running.
        loss : {"cross_entropy", "squared_error", "bernoulli"}

        Returns
        -------
        L : float
        grad : FeedbackTheta
        """
        fed = feed(y, x, d_y=len(theta.c), forced=forced, dtype=dtype_of(theta), lengths=lengths)
        run = self.forward(state, fed, theta, lengths)
        L, grad_o = loss_and_gradient(loss, run.h, y, reduction=reduction, lengths=lengths)
        return L, self.backward(grad_o, run, theta, inputs=False).grad

    def output(self, state):
        return state.o

    def add_output(self, state, o):
        return state._replace(o=state.o + o)

    def hidden(self, state):
        return self.cell.hidden(state.cell)

    def add_hidden(self, state, h):
        return state._replace(cell=self.cell.add_hidden(state.cell, h))

    def check_x(self, x, theta):
        require_instance("x", x, Fed, "use feed(y, x, d_y=...)")
        inner, tau, batch = self.cell.check_x(x.x, theta.cell)
        shape = {"tau": tau, "B": batch, "d_y": len(theta.c)}
        y = checked_array("y", x.y, dtype_of(theta), "tau B d_y", **shape)
        noise = checked_array("noise", x.noise, dtype_of(theta), "tau B d_y", **shape)
        forced = checked_array("forced", x.forced, np.dtype(bool), "tau B", tau=tau, B=batch)
        return Fed(inner, y, forced, noise), tau, batch

    def clear_padding(self, x, counted, check_finite):
        inner = self.cell.clear_padding(x.x, counted, check_finite)
        y, noise = (clean(n, getattr(x, n), counted, check_finite) for n in ("y", "noise"))
        forced = x.forced if counted is None else x.forced | ~counted
        return Fed(inner, y, forced, noise)

    def drive(self, x, theta):
        return x._replace(x=self.cell.drive(x.x, theta.cell))

    def drive_adjoint(self, grad_z, extra, kept, theta):
        grad_x = self.cell.drive_adjoint(grad_z, extra[0], kept.cell, theta.cell)
        _, _, told, at_own = extra
        return Fed(grad_x, told, np.zeros(kept.forced.shape, told.dtype), at_own)

    def add_drive(self, z, more):
        return z._replace(x=self.cell.add_drive(z.x, more))

    def step(self, state, z, theta):
        driven = self.cell.add_drive(z.x, state.y @ theta.R.T)
        inner, kept = self.cell.step(state.cell, driven, theta.cell)
        h = self.cell.output(inner)
        o = theta.c + h @ theta.V.T  # (10.10)
        own = _OWN[self.own](o + z.noise)
        y = np.where(z.forced[:, None], z.y, own)
        return FeedbackState(inner, y, o), Kept(kept, state.y, h, own, z.forced)

    def grad_output(self, grad, kept):
        return grad.o + self._at_own(grad, kept)

    def _at_own(self, grad, kept):
        r"""Return what arrives at o from the next step, which read it."""
        read = np.where(kept.forced[:, None], 0, grad.y)
        return _OWN_ADJOINT[self.own](read, kept.own)

    def step_adjoint(self, grad, kept, theta):
        forced, at_own = kept.forced[:, None], self._at_own(grad, kept)
        grad_o = grad.o + at_own
        grad_cell = self.cell.add_output(grad.cell, grad_o @ theta.V)
        before, grad_z, extra = self.cell.step_adjoint(grad_cell, kept.cell, theta.cell)
        grad_y = self.cell.of_drive(grad_z) @ theta.R
        first = FeedbackState(before, grad_y, np.zeros_like(grad_o))
        return first, grad_z, (extra, grad_o, np.where(forced, grad.y, 0), at_own)

    def gather(self, x, grad_z, extra, kept, theta):
        return FeedbackTheta(
            self.cell.gather(x.x, grad_z, extra[0], kept.cell, theta.cell),
            R=outer(self.cell.of_drive(grad_z), kept.y),
            V=outer(extra[1], kept.h),
            c=total(extra[1]),
        )

    def walk(self, state, z, theta, counted=None):
        r"""Walk; where the truth is fed back at every step, nothing waits for an output."""
        if not z.forced.all():
            return super().walk(state, z, theta, counted)
        told = z.y[:-1] if counted is None else np.where(counted[:-1, :, None], z.y[:-1], state.y)
        before = np.concatenate([state.y[None], told])
        driven = self.cell.add_drive(z.x, product(before, theta.R.T))
        inner = self.cell.walk(state.cell, driven, theta.cell, counted)
        o = theta.c + product(inner.h, theta.V.T)  # (10.10)
        last = at_end(state.y, z.y, counted), at_end(state.o, o, counted)
        kept = Kept(inner.kept, before, inner.h, _OWN[self.own](o + z.noise), z.forced)
        return Walked(o, FeedbackState(inner.state, *last), kept)

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        if not kept.forced.all():
            return super().walk_back(grad_h, grad_state, kept, theta, counted)
        first_o, grad_o = add_at_end(grad_h, grad_state.o, counted)
        grad_inner = product(grad_o, theta.V)
        back = self.cell.walk_back(grad_inner, grad_state.cell, kept.cell, theta.cell, counted)
        grad_before = product(self.cell.of_drive(back.grad_z), theta.R)
        told = np.concatenate([grad_before[1:], np.zeros_like(grad_before[:1])])
        rested = np.zeros_like(told) if counted is None else np.where(counted[..., None], 0, told)
        first_y, told = add_at_end(told - rested, grad_state.y, counted)
        first_y += rested.sum(axis=0)
        first = FeedbackState(back.grad_state, grad_before[0] + first_y, first_o)
        extra = back.extra, grad_o, told, np.zeros_like(told)
        return WalkedBack(first, back.grad_z, extra, grad_o)


def _one_hot_of_largest(o):
    return np.eye(o.shape[-1], dtype=o.dtype)[o.argmax(-1)]


def _softmax_adjoint(grad, y_hat):
    return y_hat * (grad - (grad * y_hat).sum(-1, keepdims=True))


_OWN = {"o": lambda o: o, "softmax": softmax, "argmax": _one_hot_of_largest}
_OWN_ADJOINT = {
    "o": lambda grad, own: grad,
    "softmax": _softmax_adjoint,
    "argmax": lambda grad, own: np.zeros_like(grad),
}
