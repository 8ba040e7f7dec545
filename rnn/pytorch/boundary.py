r"""What the PyTorch twin checks before any work; the messages are those of the reference."""

import torch

from rnn._checks import (
    require_dtype,
    require_instance,
    require_lengths,
    require_shape,
    require_theta,
)

__all__ = ["checked_inputs", "checked_targets", "checked_theta", "inside"]


def checked_inputs(state, x, theta, lengths, check_finite):
    r"""Check the arguments of a walk; return state, x and the mask of steps, or None for it.

    `check_finite` None means: on the CPU only, where looking costs no synchronisation.
    """
    d_h, d_x = checked_theta(theta)
    _require_same("x", x, theta.U)
    require_shape("x", x, "tau B d_x", d_x=d_x)
    batch = x.shape[1]
    state = x.new_zeros(batch, d_h) if state is None else state
    _require_same("state", state, theta.U)
    require_shape("state", state, "B d_h", B=batch, d_h=d_h)
    counted = None if lengths is None else inside(lengths, x)
    if counted is not None:
        x = torch.where(counted[..., None], x, 0)
    if x.device.type == "cpu" if check_finite is None else check_finite:
        _require_finite("x", x, "(t, batch)")
        _require_finite("state", state, "(batch,)")
    return state, x, counted


def checked_theta(theta):
    r"""Check the parameters; return d_h and d_x."""
    d_h, d_x = require_theta(theta, torch.Tensor, _to)
    if not theta.U.dtype.is_floating_point:
        raise TypeError(f"theta: expected a floating dtype, got {theta.U.dtype}; use .float()")
    return d_h, d_x


def checked_targets(y, counted, d_y):
    r"""Return the targets (tau, B), with class 0 where no step counts."""
    if y.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise TypeError(f"y: expected integer classes, got dtype {y.dtype}; y.long()")
    tau, batch = counted.shape
    require_shape("y", y, "tau B", tau=tau, B=batch)
    y = torch.where(counted, y, 0).long()
    bad = (y < 0) | (y >= d_y)
    if bad.any():
        t, row = bad.nonzero()[0].tolist()
        raise ValueError(f"y: expected classes in [0, {d_y}), got {int(y[t, row])} at {(t, row)}")
    return y


def inside(lengths, like):
    r"""Tell which steps of `like` (tau, B, ...) count: a boolean tensor (tau, B)."""
    tau, batch = like.shape[:2]
    whole = torch.tensor(require_lengths(lengths, tau, batch), device=like.device)
    return torch.arange(tau, device=like.device)[:, None] < whole


def _require_same(name, value, like):
    require_instance(name, value, torch.Tensor, "use torch.as_tensor")
    require_dtype(name, value, like.dtype, _to(like.dtype))
    if value.device != like.device:
        raise ValueError(f"{name}: expected device {like.device}, got {value.device}; use .to(...)")


def _to(dtype):
    return f".to({dtype})"


def _require_finite(name, value, where):
    finite = torch.isfinite(value)
    if not finite.all():
        index = tuple((~finite).nonzero()[0].tolist()[:-1])
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity at {where} = {index}"
        )
