r"""BPTT in pieces: cut at their borders, which is cheap, or carried across, which saves memory.

Both walk through a long sequence piece by piece, with the one `unfold`: its states are those at the
borders, and what a piece has computed is forgotten when the next one begins.
"""

import numpy as np

from rnn._checks import require_size
from rnn._tree import tree_map
from rnn._unfold import unfold
from rnn.reference.cells.carry import zeros_like
from rnn.reference.learning.pieces import checked_task, pieces_of, root
from rnn.reference.losses import loss_and_gradient

__all__ = ["truncated_bptt", "checkpointed_bptt"]


def truncated_bptt(
    net, state, x, y, theta, *, k, reduction, lengths=None, counted=None, loss="cross_entropy"
):
    r"""Compute the loss, and its gradient as if the past ended at the border of each piece.

    The sequence is cut into pieces of k steps. The state is carried across the borders, the
    gradient is not: what step t owes to the steps before its piece is left out. So L is exact and
    the gradient is biased towards short dependencies; with k >= tau it is that of ``net.bptt``, to
    the last bit. In the terms of Williams and Peng (1990) this is BPTT(k; k), the variant in
    common use: a gradient reaches back between 1 and k steps, (k + 1) / 2 in the mean.

    Parameters
    ----------
    net : Output
        Its layer is a cell that reads an array, or a `Stack` of such: not one that also reads
        backward in time, which no piece could finish.
    state : tree of arrays, or None for zeros
    x : array, (tau, B, d_x)
    y : array, (tau, B), or (tau, B, d_y)
        Targets, as the loss wants them.
    theta : OutputTheta
    k : int
        Steps in a piece; the last may be shorter.
    reduction : {"sum", "mean"}
        Over all steps of the sequence, as in ``net.bptt``, whatever k is.
    lengths : sequence of B ints in [0, tau], optional
    counted : boolean array, (tau, B), optional
        Which steps have a target, if not all up to the lengths.
    loss : {"cross_entropy", "squared_error", "bernoulli"}

    Returns
    -------
    L : float
    grad : OutputTheta

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.
    """
    task = checked_task(net, state, x, y, theta, reduction, lengths, counted, loss)
    pieces = pieces_of(len(task.x), require_size("k", k))

    def f(carry, piece, theta):
        state, sums = carry
        back, after, L = _back(task, state, piece, theta, None)
        return after, _plus(sums, L, back.grad)

    walked = unfold(f, (state, _nothing(theta)), pieces, theta)
    return _total(task, walked[-1][1] if walked else _nothing(theta))


def checkpointed_bptt(
    net,
    state,
    x,
    y,
    theta,
    *,
    reduction,
    every=None,
    lengths=None,
    counted=None,
    loss="cross_entropy",
):
    r"""Compute the loss and its exact gradient, and keep only about the square root of the states.

    The way forward keeps the state at the border of each piece. The way back takes the pieces
    from the last to the first: it computes one again from its border, loss included, and carries
    the gradient through it. So each step is computed twice forward and once back, and as long as
    pieces have about :math:`\sqrt\tau` steps memory grows as :math:`\sqrt\tau`. (Chen et al.,
    2016; Gruslys et al., 2016, for recurrent nets.) Neither h nor grad_x is returned, which would
    be as long as x.

    Parameters
    ----------
    net, state, x, y, theta, reduction, lengths, counted, loss
        As for `truncated_bptt`.
    every : int, optional
        Steps between two states that are kept. By default three times the square root of tau:
        a few long pieces take less time than many short ones.

    Returns
    -------
    L : float
    grad : OutputTheta
        That of ``net.bptt``, up to rounding.

    Examples
    --------
    >>> from rnn.reference import Output
    >>> net, rng = Output(), np.random.default_rng(0)
    >>> x, y = rng.normal(size=(50, 1, 2)), rng.integers(0, 4, (50, 1))
    >>> theta = net.init_theta(rng, d_x=2, d_h=3, d_y=4)
    >>> L, grad = checkpointed_bptt(net, None, x, y, theta, reduction="mean", every=10)
    """
    task = checked_task(net, state, x, y, theta, reduction, lengths, counted, loss)
    every = 3 * root(len(task.x)) if every is None else require_size("every", every)
    pieces = pieces_of(len(task.x), every)

    def forth(state, piece, theta):
        return net.layer.forward(state, *task.inputs(piece, theta), check_finite=False).state

    def back(later, now, theta):
        (grad_state, sums), (state, piece) = later, now
        back, _, L = _back(task, state, piece, theta, grad_state)
        return back.grad_state, _plus(sums, L, back.grad)

    borders = [state, *unfold(forth, state, pieces[:-1], theta.layer)]
    moments = list(zip(borders, pieces, strict=False))
    walked = unfold(back, (None, _nothing(theta)), moments, theta, reverse=True)
    return _total(task, walked[0][1] if walked else _nothing(theta))


def _back(task, state, piece, theta, grad_state):
    r"""Compute a piece and walk back through it; return a `Back`, the state after it, and L."""
    run = task.net.forward(state, *task.inputs(piece, theta), check_finite=False)
    which, y = task.which(piece), task.y[piece]
    L, grad_o = loss_and_gradient(task.loss, run.o, y, reduction="sum", **which)
    grad_o /= task.divisor
    return task.net.backward(grad_o, run, theta, grad_state=grad_state, inputs=False), run.state, L


def _nothing(theta):
    return 0.0, zeros_like(theta)


def _plus(sums, L, grad):
    r"""Add a piece to the sums; those of the gradient belong to this walk and are written over."""
    return sums[0] + float(L), tree_map(lambda a, b: np.add(a, b, out=a), sums[1], grad)


def _total(task, sums):
    return task.x.dtype.type(sums[0]) / task.divisor, sums[1]
