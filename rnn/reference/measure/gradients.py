r"""How outputs depend on inputs, and how far back a gradient reaches."""

import numpy as np

from rnn._checks import require_shape
from rnn._tree import tree_map
from rnn.reference.boundary import checked_lengths

__all__ = ["gradient_norms_by_lag", "influence", "input_jacobian"]


def gradient_norms_by_lag(grad_h, lengths=None):
    r"""Return the norms of the gradient at each :math:`h^{(t)}`, counted from each row's end.

    Where the loss has one term, at the end of the sequence, this is how much of its gradient is
    left after k steps back in time (§10.7).

    Parameters
    ----------
    grad_h : array, (tau, B, d_h)
        ``Back.grad_h``: what `backward` returns.
    lengths : sequence of B ints, optional

    Returns
    -------
    array, (tau, B)
        Entry k belongs to :math:`h^{(\tau-k)}`. NaN where a row has no such step.

    Examples
    --------
    >>> gradient_norms_by_lag(np.array([[[3.0, 4.0]], [[1.0, 0.0]]]))[:, 0]
    array([1., 5.])
    """
    grad_h = np.asarray(grad_h)
    require_shape("grad_h", grad_h, "tau B d_h")
    tau, batch, _ = grad_h.shape
    t = checked_lengths(lengths, tau, batch) - 1 - np.arange(tau)[:, None]
    norms = np.linalg.norm(grad_h, axis=-1)
    return np.where(t >= 0, np.take_along_axis(norms, np.maximum(t, 0), axis=0), np.nan)


def input_jacobian(net, state, x, theta, lengths=None):
    r"""Return the Jacobian from inputs to outputs, :math:`\partial o^{(t)} / \partial x^{(s)}`.

    One walk forward, then one walk back for each number of the output, with a one-hot gradient
    there. The rows of a batch do not see each other, so they share these walks.

    Parameters
    ----------
    net : Cell, Stack, Bidirectional, Output, or whatever has their `forward` and `backward`
    state, x, theta, lengths
        As for its ``forward``.

    Returns
    -------
    array, (tau_o, d_o, tau, B, d_x)
        Entry ``[t, i]`` is the gradient of number i of output t, in each row, at x. A net with one
        output at the end has tau_o = 1. Where a cell reads a tree (`Fed`, say), a tree of such.
    """
    run = net.forward(state, x, theta, lengths)
    o = run.o if hasattr(run, "o") else run.h
    ends = [*o.shape[:-2], o.shape[-1]]
    grads = [net.backward(_one_hot(o, end), run, theta).grad_x for end in np.ndindex(*ends)]
    shape = [1, *ends][-2:]
    if not grads:
        return tree_map(lambda leaf: np.zeros((*shape, *leaf.shape)), x)
    return tree_map(lambda *leaves: np.reshape(leaves, (*shape, *leaves[0].shape)), *grads)


def influence(jacobian):
    r"""Return how strongly each output depends on each input, as a picture of the Jacobian.

    Parameters
    ----------
    jacobian : array, (tau_o, d_o, tau, B, d_x)
        From `input_jacobian`.

    Returns
    -------
    array, (tau_o, tau)
        The root of the sum of squares over units and rows. Where it is not zero, a path leads from
        the input to the output: compare with ``support`` of an unfolded `rnn.graph`.
    """
    require_shape("jacobian", jacobian, "tau_o d_o tau B d_x")
    return np.sqrt((jacobian**2).sum(axis=(1, 3, 4)))


def _one_hot(o, index):
    *step, unit = index
    grad_o = np.zeros_like(o)
    grad_o[(*step, slice(None), unit)] = 1
    return grad_o
