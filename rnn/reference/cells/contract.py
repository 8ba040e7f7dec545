r"""What a cell is: f, its adjoint, and the walk through time that all cells share.

Every recurrent net of the chapter is :math:`s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta)` (10.4). A cell
says f in two pieces, because one of them needs no walk:

drive : what the input contributes, :math:`z = b + U x`, for all t in one product;
step : :math:`s^{(t)}` from :math:`s^{(t-1)}` and :math:`z^{(t)}`, which has to wait for the past.

The way back has the same two pieces, in the other order: ``step_adjoint`` carries the gradient from
:math:`s^{(t)}` to :math:`s^{(t-1)}` and emits it at :math:`z^{(t)}`; then ``gather`` and
``drive_adjoint`` turn all that was emitted into gradients of the parameters and of the input, one
product each, which is the sum over t of (10.22)-(10.28).

What is not x enters a cell through z as well: a context, an output that is fed back, a state from
d steps ago, what was read from a memory. So each of those wraps a cell, and none is a flag of it.
"""

import numpy as np

from rnn._checks import require_instance
from rnn._tree import tree_leaves
from rnn._unfold import unfold
from rnn.reference.boundary import (
    checked_array,
    checked_lengths,
    checked_sizes,
    checked_theta,
    checked_tree,
    clean,
    dtype_of,
    inside,
    require_sizes,
    uniform_theta,
)
from rnn.reference.cells.carry import (
    blank,
    grad_like,
    in_order,
    keep_where,
    moments,
    plus,
    split_where,
    stacked,
    zeros_like,
)
from rnn.reference.cells.runs import Back, Run, Walked, WalkedBack

__all__ = ["Back", "Cell", "Run", "Walked", "WalkedBack"]


class Cell:
    r"""The contract. A cell is a frozen dataclass: it holds choices, never numbers that change.

    A subclass writes `shapes`, `sizes`, `zero_state`, `drive`, `drive_adjoint`, `step`,
    `step_adjoint` and `gather`; the rest follows. States and parameters are arrays or (nested)
    NamedTuples of arrays. Where a state is not simply h, `output` and `add_output` say where h is.

    Calling a cell is f itself, state first: ``cell(state, x, theta) -> state``, x being (B, d_x).
    Nothing is checked there, it is the inner loop; `forward` and `backward` check at the boundary.
    """

    size_names = ("d_x", "d_h")

    # What a subclass writes

    def shapes(self, d_x, d_h):
        r"""Return the parameters' shapes, as their NamedTuple of lists."""
        raise NotImplementedError

    def sizes(self, theta):
        r"""Return the sizes, by name, that these parameters have."""
        return {"d_x": theta.U.shape[1], "d_h": theta.W.shape[1]}

    def width(self, d_h):
        r"""Return n, how many numbers the drive has for each step and row."""
        return d_h

    def out_size(self, sizes):
        r"""Return how wide an output is, given the sizes: d_h, unless something else is put out."""
        return sizes["d_h"]

    def width_out(self, theta):
        r"""Return how wide an output is with these parameters."""
        return self.out_size(self.sizes(theta))

    def zero_state(self, batch, theta):
        r"""Return the state that a walk starts from by default."""
        return np.zeros((batch, self.sizes(theta)["d_h"]), theta.U.dtype)

    def drive(self, x, theta):
        r"""Return z, what x contributes to every step: (..., d_x) -> (..., n)."""
        raise NotImplementedError

    def drive_adjoint(self, grad_z, extra, kept, theta):
        r"""Return the gradient at x, for all t at once."""
        raise NotImplementedError

    def step(self, state, z, theta):
        r"""Return the next state and a tuple of what the way back needs, (B, ...) each."""
        raise NotImplementedError

    def step_adjoint(self, grad, kept, theta):
        r"""Return the gradients at the state before and at z, and a tuple of what else was found.

        ``grad`` is the whole gradient at the new state, a tree like the state.
        """
        raise NotImplementedError

    def gather(self, x, grad_z, extra, kept, theta):
        r"""Return the gradient at theta from what was emitted and kept at all steps."""
        raise NotImplementedError

    def output(self, state):
        r"""Return h, what the next layer sees of a state."""
        return state

    def add_output(self, state, h):
        r"""Return a state, or a gradient at one, with h added to its output."""
        return state + h

    def begin(self, state, x, theta):
        r"""Return the state from which a walk through x really starts."""
        return state

    def begin_adjoint(self, grad, x, theta):
        r"""Return what a gradient at that state means for theta and x."""
        return zeros_like(theta), zeros_like(x)

    def grad_output(self, grad, kept):
        r"""Return the full gradient at what a step put out, given that at its new state."""
        return self.output(grad)

    def add_hidden(self, state, h):
        r"""Return a state with h added to its hidden units, which `output` may not be."""
        return self.add_output(state, h)

    def hidden(self, state):
        r"""Return the hidden units of a state, to which `add_hidden` adds."""
        return self.output(state)

    def add_drive(self, z, more):
        r"""Return z with what another input contributes, (..., n), added."""
        return z + more

    def of_drive(self, grad_z):
        r"""Return the part of a gradient at z that `add_drive` adds to, (..., n)."""
        return grad_z

    def check_values(self, theta):
        r"""Refuse parameters whose numbers, not shapes, make no sense. Most cells have none."""

    def check_x(self, x, theta):
        r"""Return x as arrays of the right shape and dtype, with its tau and B."""
        x = checked_array("x", x, dtype_of(theta), "tau B d_x", d_x=self.sizes(theta)["d_x"])
        return x, *x.shape[:2]

    def clear_padding(self, x, counted, check_finite):
        r"""Return x with zeros in the padding, after which its numbers are looked at."""
        return clean("x", x, counted, check_finite)

    # What follows

    def check_theta(self, theta, name="theta"):
        r"""Refuse parameters that are not this cell's, or do not fit each other."""
        checked_theta(self, theta, name)
        self.check_values(theta)

    def __call__(self, state, x, theta):
        r"""Compute one step, :math:`s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta)` (10.4)."""
        return self.step(state, self.drive(x, theta), theta)[0]

    def init_theta(self, rng, d_x, d_h, *, dtype=np.float64, **sizes):
        r"""Draw parameters uniformly from :math:`\pm 1/\sqrt{d_h}`, as `torch.nn` does.

        Parameters
        ----------
        rng : numpy.random.Generator
        d_x, d_h : int
            Widths of input and state; d_x may be 0.
        dtype : float32 or float64
        **sizes : int
            The other widths that the cell has, such as d_y of a `Feedback` cell.
        """
        sizes = checked_sizes(0, d_x=d_x) | checked_sizes(d_h=d_h, **sizes)
        if set(sizes) != set(self.size_names):
            raise TypeError(f"sizes: expected {', '.join(self.size_names)}; got {', '.join(sizes)}")
        return self.draw_theta(rng, dtype, **sizes)

    def draw_theta(self, rng, dtype, **sizes):
        r"""Draw parameters of these sizes, already checked; a wrapper draws those of its cell."""
        return uniform_theta(rng, self.shapes(**sizes), sizes["d_h"] ** -0.5, dtype)

    def forward(self, state, x, theta, lengths=None, *, reverse=False, check_finite=True):
        r"""Walk through x.

        Parameters
        ----------
        state : tree of arrays, (B, ...), or None for zeros
        x : array, (tau, B, d_x)
            Time first; the dtype must be that of theta.
        theta : the cell's NamedTuple of arrays
        lengths : sequence of B ints in [0, tau], optional
            What stands in x at or after a row's length is never used; it may be NaN. The state
            of a row rests there.
        reverse : bool
            Walk from the last step to the first. The result stays in time order.
        check_finite : bool
            Refuse NaN and infinity in x and in the state.

        Returns
        -------
        Run

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what was expected and what came.
        """
        state, x, counted = self.checked(state, x, theta, lengths, check_finite)
        x, mask = in_order((x, counted), reverse)
        if not len(tree_leaves(x)[0]):
            h, state = (
                np.zeros((0, *self.output(state).shape), dtype_of(theta)),
                self.begin(state, x, theta),
            )
            return Run(h, state, x, (), counted, reverse, self, self.sizes(theta))
        walked = self.walk(state, self.drive(x, theta), theta, mask)
        h = in_order(blank(walked.h, mask), reverse)
        kept, sizes = walked.kept, self.sizes(theta)
        return Run(h, walked.state, x, kept, counted, reverse, self, sizes)

    def backward(self, grad_h, run, theta, *, grad_state=None, inputs=True, overwrite=False):
        r"""Carry gradients at the outputs back through time.

        Parameters
        ----------
        grad_h : array, (tau, B, d_h)
            The gradient at every output; it is not read in the padding.
        run : Run
            What `forward` returned for the same theta.
        grad_state : tree like the state, optional
            A gradient that arrives at the last state from a later part of the model.
        inputs : bool
            Whether to compute grad_x.
        overwrite : bool
            Whether grad_h may be written over, which saves a copy.

        Returns
        -------
        Back
        """
        grad_h, grad_state = self._checked_gradients(grad_h, grad_state, run, theta)
        if run.counted is not None:
            grad_h = blank(grad_h, run.counted)
        elif not overwrite:
            grad_h = grad_h.copy()
        grad_h = in_order(grad_h, run.reverse)
        if not len(grad_h):
            grad, grad_x = self.begin_adjoint(grad_state, run.x, theta)
            return Back(grad, grad_x if inputs else None, grad_state, grad_h)
        mask = in_order(run.counted, run.reverse)
        back = self.walk_back(grad_h, grad_state, run.kept, theta, mask)
        emitted = back.grad_z, back.extra, run.kept, theta
        grad_x = in_order(self.drive_adjoint(*emitted), run.reverse) if inputs else None
        grad_h = blank(in_order(back.grad_h, run.reverse), run.counted)
        return Back(self.gather(run.x, *emitted), grad_x, back.grad_state, grad_h)

    def walk(self, state, z, theta, counted=None):
        r"""Apply `step` once for every z; rows rest where `counted` (tau, B) is False.

        A cell may bring a faster walk of its own, which may write over z.
        """

        def f(carry, now, theta):
            before, (z_t, counted_t) = carry[0], now
            after, kept = self.step(before, z_t, theta)
            return keep_where(counted_t, after, before), kept

        walked = unfold(f, (state, ()), moments(z, counted), theta)
        states, kept = zip(*walked, strict=True)
        return Walked(np.stack([self.output(s) for s in states]), states[-1], stacked(kept))

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        r"""Apply `step_adjoint` from the last step to the first; the carry is the gradient.

        A cell may bring a faster walk of its own, which may write over grad_h.
        """

        def f(later, now, theta):
            (grad_h_t, kept_t), counted_t = now
            grad = self.add_output(later[0], grad_h_t)
            inside, resting = split_where(counted_t, grad)
            before, grad_z, extra = self.step_adjoint(inside, kept_t, theta)
            return plus(before, resting), grad_z, extra, self.grad_output(grad, kept_t)

        walked = unfold(f, (grad_state,), moments((grad_h, kept), counted), theta, reverse=True)
        emitted = stacked([(grad_z, extra, full) for _, grad_z, extra, full in walked])
        return WalkedBack(walked[0][0], *emitted)

    def checked(self, state, x, theta, lengths=None, check_finite=True):
        r"""Check the arguments of a walk; return state and x ready for it, and the steps inside."""
        self.check_theta(theta)
        x, tau, batch = self.check_x(x, theta)
        zero = self.zero_state(batch, theta)
        if state is not None:
            state = checked_tree("state", state, zero, check_finite=check_finite)
        counted = None if lengths is None else inside(checked_lengths(lengths, tau, batch), tau)
        x = self.clear_padding(x, counted, check_finite)
        return zero if state is None else state, x, counted

    def check_run(self, run, theta):
        r"""Refuse a run of another cell, or one that was made with parameters of other sizes."""
        require_instance("run", run, Run, "what forward returned")
        if run.cell != self:
            raise ValueError(f"run: expected one of {self}, got one of {run.cell}")
        require_sizes("theta", self.sizes(theta), run.sizes)

    def _checked_gradients(self, grad_h, grad_state, run, theta):
        self.check_theta(theta)
        self.check_run(run, theta)
        grad_h = checked_tree("grad_h", grad_h, run.h)
        zero = grad_like(run.state, dtype_of(theta))
        if grad_state is not None:
            grad_state = checked_tree("grad_state", grad_state, zero)
        return grad_h, zero if grad_state is None else grad_state
