r"""Losses of a sequence: the sum of what each step pays (10.12)-(10.14), and its gradient (10.18).

Each takes outputs o (tau, B, d_y) and targets y, and counts the steps inside the lengths, or those
that `counted` names. In the padding neither o nor y is read.
"""

import numpy as np

from rnn._checks import require_choice, require_dtype, require_shape
from rnn.reference.boundary import checked_lengths, checked_targets, inside
from rnn.reference.nonlinearities import sigmoid

__all__ = [
    "LOSSES",
    "cross_entropy",
    "cross_entropy_adjoint",
    "squared_error",
    "squared_error_adjoint",
    "bernoulli",
    "bernoulli_adjoint",
    "loss_and_gradient",
]

REDUCTIONS = ("sum", "mean", "none")


def cross_entropy(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the negative log-likelihood of the target classes, in nats.

    .. math:: L = \sum_t L^{(t)} = -\sum_t \log \hat y^{(t)}_{y^{(t)}} \qquad (10.12)-(10.14)

    Parameters
    ----------
    o : array, (tau, B, d_y)
        Unnormalised log probabilities: the softmax is inside the loss.
    y : integer array, (tau, B)
        Target classes.
    reduction : {"sum", "mean", "none"}
        "sum" is the book's, over t and over the batch; "mean" divides it by the number of
        steps that count, as `torch.nn.functional.cross_entropy` does; "none" returns
        :math:`L^{(t)}` for every step.
    lengths : sequence of B ints, optional
        Steps at or after a row's length do not count.
    counted : boolean array, (tau, B), optional
        Which of the steps inside count.

    Returns
    -------
    float, or array (tau, B) for "none"

    Raises
    ------
    ValueError, TypeError
        If a class is out of range, the shapes disagree, or a length is impossible.
    """
    return _value("cross_entropy", o, y, reduction, lengths, counted)


def cross_entropy_adjoint(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the gradient of `cross_entropy` at the outputs.

    .. math:: \frac{\partial L}{\partial L^{(t)}} = 1 \qquad (10.17), \qquad
        (\nabla_{o^{(t)}} L)_i = \hat y^{(t)}_i - \mathbf 1_{i, y^{(t)}} \qquad (10.18)

    Parameters are those of `cross_entropy`; "none" gives the gradient of each
    :math:`L^{(t)}` with respect to its own :math:`o^{(t)}`, which is that of the sum.

    Returns
    -------
    array, (tau, B, d_y)
        Zero at the steps that do not count.
    """
    return _gradient("cross_entropy", o, y, reduction, lengths, counted)


def squared_error(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the squared distance of what is predicted from what is the case.

    .. math:: L = \sum_t L^{(t)} = \sum_t \lVert o^{(t)} - y^{(t)} \rVert^2

    Half of it is, up to a constant, the negative log-likelihood under a Gaussian of variance 1
    around o (§10.2.3). Parameters are those of `cross_entropy`, but y is a float array like o.
    """
    return _value("squared_error", o, y, reduction, lengths, counted)


def squared_error_adjoint(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the gradient of `squared_error` at the outputs, :math:`2 (o^{(t)} - y^{(t)})`."""
    return _gradient("squared_error", o, y, reduction, lengths, counted)


def bernoulli(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the negative log-likelihood of independent bits, in nats.

    .. math:: L^{(t)} = -\sum_k \log p_k, \quad p_k = \sigma(o_k) \text{ if } y_k = 1,
        \quad 1 - \sigma(o_k) \text{ otherwise}

    Parameters are those of `cross_entropy`, but y is an array like o of probabilities in [0, 1],
    as a rule 0 or 1; o are the log odds.
    """
    return _value("bernoulli", o, y, reduction, lengths, counted)


def bernoulli_adjoint(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the gradient of `bernoulli` at the outputs, :math:`\sigma(o^{(t)}) - y^{(t)}`."""
    return _gradient("bernoulli", o, y, reduction, lengths, counted)


def loss_and_gradient(loss, o, y, *, reduction, lengths=None, counted=None):
    r"""Compute a loss and its gradient at the outputs, and what they share only once.

    Parameters
    ----------
    loss : {"cross_entropy", "squared_error", "bernoulli"}
    o, y, lengths, counted
        As for that loss.
    reduction : {"sum", "mean"}

    Returns
    -------
    L : float
    grad_o : array, (tau, B, d_y)
    """
    require_choice("reduction", reduction, ("sum", "mean"))
    L_t, grad_o, counted = _both(loss, o, y, lengths, counted)
    L = L_t.sum()  # (10.13)
    if reduction == "mean":
        L /= _count(counted)
        grad_o /= _count(counted)
    return L, grad_o


def _value(loss, o, y, reduction, lengths, counted):
    require_choice("reduction", reduction, REDUCTIONS)
    L_t, _, counted = _both(loss, o, y, lengths, counted)
    if reduction == "none":
        return L_t
    return L_t.sum() if reduction == "sum" else L_t.sum() / _count(counted)  # (10.13)


def _gradient(loss, o, y, reduction, lengths, counted):
    require_choice("reduction", reduction, REDUCTIONS)
    _, grad_o, counted = _both(loss, o, y, lengths, counted)
    return grad_o / _count(counted) if reduction == "mean" else grad_o


def _both(loss, o, y, lengths, counted):
    r"""Check the arguments; return L_t (tau, B), its gradient at o, and the steps that count."""
    one_step = LOSSES[require_choice("loss", loss, tuple(LOSSES))]
    require_shape("o", o, "tau B d_y")
    if not np.issubdtype(o.dtype, np.floating):
        raise TypeError(f"o: expected floats, got dtype {o.dtype}; o.astype(float)")
    counted = _which_count(o, lengths, counted)
    y = (
        checked_targets(y, counted, o.shape[-1])
        if loss == "cross_entropy"
        else _like(o, y, counted)
    )
    if not counted.all():
        o = np.where(counted[..., None], o, 0)
    L_t, grad_o = one_step(o, y)
    if not counted.all():
        L_t, grad_o = L_t * counted, grad_o * counted[..., None]
    return L_t, grad_o, counted


def _cross_entropy(o, y):
    here = y[..., None]
    shifted = o - o.max(axis=-1, keepdims=True)
    picked = np.take_along_axis(shifted, here, -1)
    e = np.exp(shifted, out=shifted)
    sums = e.sum(axis=-1, keepdims=True)
    L_t = np.log(sums) - picked  # (10.14)
    y_hat = np.divide(e, sums, out=e)  # (10.11)
    np.put_along_axis(y_hat, here, np.take_along_axis(y_hat, here, -1) - 1, -1)  # (10.18)
    return L_t[..., 0], y_hat


def _squared_error(o, y):
    difference = o - y
    return (difference**2).sum(axis=-1), 2 * difference


def _bernoulli(o, y):
    if y.size and not (0 <= y.min() and y.max() <= 1):
        raise ValueError(f"y: expected probabilities in [0, 1], got {y.min():g} to {y.max():g}")
    return (np.logaddexp(0, o) - y * o).sum(axis=-1), sigmoid(o) - y


LOSSES = {
    "cross_entropy": _cross_entropy,
    "squared_error": _squared_error,
    "bernoulli": _bernoulli,
}


def _which_count(o, lengths, counted):
    tau, batch, _ = o.shape
    inside_lengths = inside(checked_lengths(lengths, tau, batch), tau)
    if counted is None:
        return inside_lengths
    counted = np.asarray(counted)
    if counted.dtype != bool:
        raise TypeError(f"counted: expected booleans, got dtype {counted.dtype}")
    require_shape("counted", counted, "tau B", tau=tau, B=batch)
    return counted & inside_lengths


def _like(o, y, counted):
    y = np.asarray(y)
    tau, batch, d_y = o.shape
    require_shape("y", y, "tau B d_y", tau=tau, B=batch, d_y=d_y)
    if y.dtype.kind not in "biu":
        require_dtype("y", y, o.dtype, f".astype(np.{o.dtype})")
    return np.where(counted[..., None], y, 0).astype(o.dtype)


def _count(counted):
    return max(int(counted.sum()), 1)
