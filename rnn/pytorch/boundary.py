r"""What the PyTorch twin checks before any work; the messages are those of the reference."""

import math

import torch

from rnn._checks import (
    require_dtype,
    require_instance,
    require_kind,
    require_lengths,
    require_shape,
    require_theta,
)
from rnn._tree import tree_leaves, tree_map, tree_names

__all__ = [
    "autocast",
    "checked_array",
    "checked_like",
    "checked_state",
    "checked_targets",
    "checked_theta",
    "inside",
    "require_finite",
    "require_saved",
    "should_look",
]


def checked_theta(theta):
    r"""Check the parameters of the chapter's net; return d_h and d_x."""
    d_h, d_x = require_theta(theta, torch.Tensor, _to)
    if not theta.U.dtype.is_floating_point:
        raise TypeError(f"theta: expected a floating dtype, got {theta.U.dtype}; use .float()")
    return d_h, d_x


def checked_like(theta, own):
    r"""Check that parameters are built like a module's own; return the first of them."""
    require_kind("theta", theta, own, "a tensor")
    leaves = tree_leaves(theta)
    for name, leaf, expected in zip(
        tree_names(own, "theta"), leaves, tree_leaves(own), strict=True
    ):
        require_instance(name, leaf, torch.Tensor, "use to_pytorch")
        if leaf.shape != expected.shape:
            raise ValueError(
                f"{name}: expected shape {tuple(expected.shape)}, got {tuple(leaf.shape)}"
            )
        require_same(name, leaf, leaves[0])
    return leaves[0]


def checked_array(name, value, like, letters, **sizes):
    r"""Return an argument that has the dtype and device of another, and this shape."""
    require_same(name, value, like)
    require_shape(name, value, letters, **sizes)
    return value


def checked_state(name, state, zero, look=False):
    r"""Check that a state is built like another; a plain tuple becomes its NamedTuple."""
    state = _like_named(state, zero)
    require_kind(name, state, zero, "a tensor")
    for leaf_name, leaf, expected in zip(
        tree_names(zero, name), tree_leaves(state), tree_leaves(zero), strict=True
    ):
        require_same(leaf_name, leaf, expected)
        if leaf.shape != expected.shape:
            got = tuple(leaf.shape)
            raise ValueError(f"{leaf_name}: expected shape {tuple(expected.shape)}, got {got}")
        if look and leaf.dtype.is_floating_point:
            require_finite(leaf_name, leaf, "(batch,)")
    return state


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


def inside(lengths, tau, batch, device):
    r"""Tell which steps count: a boolean tensor (tau, B)."""
    whole = torch.tensor(require_lengths(lengths, tau, batch), device=device)
    return torch.arange(tau, device=device)[:, None] < whole


def should_look(like, check_finite=None):
    r"""Tell whether to look for NaN: by default on the CPU, where looking does not synchronise.

    Nor is looking possible while compiling, exporting, or under `torch.func`.
    """
    if check_finite is not None:
        return check_finite
    if like.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    return not torch._C._are_functorch_transforms_active()


def require_finite(name, value, where):
    r"""Return a tensor without NaN and infinity, or say where the first is."""
    if math.isfinite(value.detach().sum()):  # a sum is infinite or NaN if one of its terms is
        return value
    finite = torch.isfinite(value)
    if not finite.all():
        index = tuple((~finite).nonzero()[0].tolist()[:-1])
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity at {where} = {index}"
        )
    return value


def autocast(*trees):
    r"""Cast what floats to the dtype of autocast, where that is on; else return it as it is."""
    device = tree_leaves(trees)[0].device.type
    if not torch.is_autocast_enabled(device):
        return trees
    dtype = torch.get_autocast_dtype(device)
    return tree_map(lambda leaf: _cast(leaf, dtype), trees)


def require_same(name, value, like):
    r"""Check that a tensor has the dtype and the device of another."""
    advice = "lengths go by name, lengths=[...]" if name == "state" else "use torch.as_tensor"
    require_instance(name, value, torch.Tensor, advice)
    require_dtype(name, value, like.dtype, _to(like.dtype))
    if value.device != like.device:
        raise ValueError(f"{name}: expected device {like.device}, got {value.device}; use .to(...)")


def require_saved(module, state_dict, prefix):
    r"""Refuse saved parameters of another shape, in one sentence.

    Names that are missing or too many are for PyTorch to report, which knows if that was allowed.
    """
    own = {name: tuple(p.shape) for name, p in module.named_parameters(recurse=False)}
    saved = {key[len(prefix) :]: p for key, p in state_dict.items() if key.startswith(prefix)}
    got = {name: tuple(p.shape) for name, p in saved.items() if "." not in name}
    if any(own[name] != got[name] for name in own.keys() & got.keys()):
        where = prefix.rstrip(".") or "state_dict"
        raise ValueError(
            f"{where}: expected {_spelled(own)} for {type(module).__name__}, got {_spelled(got)}"
        )


def _spelled(shapes):
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"


def _like_named(tree, like):
    r"""Give plain tuples and lists the names that another tree has."""
    if not isinstance(like, tuple) or not isinstance(tree, tuple | list) or len(tree) != len(like):
        return tree
    parts = [_like_named(part, part_like) for part, part_like in zip(tree, like, strict=True)]
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def _cast(leaf, dtype):
    floats = isinstance(leaf, torch.Tensor) and leaf.dtype.is_floating_point
    return leaf.to(dtype) if floats else leaf


def _to(dtype):
    return f".to({dtype})"
