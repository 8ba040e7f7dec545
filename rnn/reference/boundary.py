r"""What the reference checks before any work: shapes, dtypes, lengths, finite numbers."""

import numpy as np

from rnn._checks import require_dtype, require_lengths, require_shape, require_theta

__all__ = ["checked_inputs", "checked_lengths", "checked_targets", "inside"]


def checked_inputs(state, x, theta, lengths=None, *, check_finite=True):
    r"""Check the arguments of a walk; return state, x and lengths ready for it.

    Returns
    -------
    state : array, (B, d_h)
        Zeros where None came.
    x : array, (tau, B, d_x)
        With zeros in the padding, so that nothing that stands there is ever multiplied.
    lengths : integer array, (B,), or None
        None where every row has the full length tau.
    """
    d_h, d_x = require_theta(theta, np.ndarray, _astype)
    if theta.U.dtype not in (np.float32, np.float64):
        raise TypeError(f"theta: expected float32 or float64, got {theta.U.dtype}; .astype(float)")
    x = _checked_array("x", x, theta.U.dtype)
    require_shape("x", x, "tau B d_x", d_x=d_x)
    tau, batch, _ = x.shape
    state = np.zeros((batch, d_h), x.dtype) if state is None else state
    state = _checked_array("state", state, x.dtype)
    require_shape("state", state, "B d_h", B=batch, d_h=d_h)
    lengths = None if lengths is None else checked_lengths(lengths, tau, batch)
    if lengths is not None:
        x = np.where(inside(lengths, tau)[..., None], x, 0)
    if check_finite:
        _require_finite("x", x, "(t, batch)")
        _require_finite("state", state, "(batch,)")
    return state, x, lengths


def checked_lengths(lengths, tau, batch):
    r"""Return lengths as an integer array (B,)."""
    return np.array(require_lengths(lengths, tau, batch), dtype=int)


def checked_targets(y, counted, d_y):
    r"""Return the targets as ints (tau, B), with class 0 where no step counts."""
    y = np.asarray(y)
    if not np.issubdtype(y.dtype, np.integer):
        raise TypeError(f"y: expected integer classes, got dtype {y.dtype}; y.astype(int)")
    tau, batch = counted.shape
    require_shape("y", y, "tau B", tau=tau, B=batch)
    y = np.where(counted, y, 0)
    if y.size and not (0 <= y.min() and y.max() < d_y):
        t, row = np.argwhere((y < 0) | (y >= d_y))[0]
        raise ValueError(
            f"y: expected classes in [0, {d_y}), got {y[t, row]} at {(int(t), int(row))}"
        )
    return y


def inside(lengths, tau):
    r"""Tell which steps count: a boolean array (tau, B), True where t < length."""
    return np.arange(tau)[:, None] < lengths


def _checked_array(name, value, dtype):
    array = np.asarray(value)
    require_dtype(name, array, dtype, _astype(dtype))
    return array


def _astype(dtype):
    return f".astype(np.{dtype})"


def _require_finite(name, array, where):
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0][:-1])
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity at {where} = {index}"
        )
