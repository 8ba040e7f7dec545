r"""What the reference checks before any work: shapes, dtypes, lengths, finite numbers."""

import numpy as np

from rnn._checks import (
    require_dtype,
    require_instance,
    require_kind,
    require_lengths,
    require_rng,
    require_shape,
    require_size,
    require_theta,
)
from rnn._tree import tree_leaves, tree_map, tree_names

__all__ = [
    "checked_array",
    "checked_inputs",
    "checked_lengths",
    "checked_targets",
    "checked_theta",
    "checked_tree",
    "clean",
    "checked_sizes",
    "dtype_of",
    "inside",
    "require_floating",
    "require_sizes",
    "uniform_theta",
    "vectors",
]


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
    if value is None:
        raise TypeError(f"{name}: expected an array, got None (the state comes first, then x)")
    array = np.asarray(value)
    _require_dtype(name, array, dtype)
    return array


def _require_dtype(name, array, dtype):
    if array.dtype != dtype:  # the advice is spelled out only where it is needed
        require_dtype(name, array, dtype, _astype(dtype))


def _astype(dtype):
    return f".astype(np.{dtype})"


def _require_finite(name, array, where):
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):  # a sum is infinite or NaN if one of its terms is
            return
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0][:-1])
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity at {where} = {index}"
        )


def dtype_of(theta):
    r"""Return the dtype of parameters: that of their first array."""
    return tree_leaves(theta)[0].dtype


def require_floating(name, dtype):
    r"""Refuse every dtype but float32 and float64."""
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: expected float32 or float64, got {dtype}; .astype(float)")


def checked_theta(net, theta, name="theta"):
    r"""Check that parameters are those of this cell or net; return its sizes by name."""
    template = net.shapes(**dict.fromkeys(net.size_names, 1))
    require_kind(name, theta, template)
    leaves, names = tree_leaves(theta), tree_names(theta, name)
    for leaf, rank, leaf_name in zip(leaves, tree_leaves(template), names, strict=True):
        require_instance(leaf_name, leaf, np.ndarray, "use numpy.asarray")
        if leaf.ndim != len(rank):
            raise ValueError(f"{leaf_name}: expected {len(rank)} axes, got shape {leaf.shape}")
    require_floating(name, leaves[0].dtype)
    sizes = net.sizes(theta)
    shapes = tree_leaves(net.shapes(**sizes))
    for leaf, shape, leaf_name in zip(leaves, shapes, names, strict=True):
        if leaf.shape != tuple(shape):
            raise ValueError(f"{leaf_name}: expected shape {tuple(shape)}, got {leaf.shape}")
        _require_dtype(leaf_name, leaf, leaves[0].dtype)
    return sizes


def checked_tree(name, tree, like, *, check_finite=False):
    r"""Check that a state, or a gradient at one, is built like another; return it as arrays."""
    require_kind(name, tree, like)
    names = iter(tree_names(like, name))

    def check(leaf, expected):
        leaf_name = next(names)
        leaf = _checked_array(leaf_name, leaf, expected.dtype)
        if leaf.shape != expected.shape:
            raise ValueError(f"{leaf_name}: expected shape {expected.shape}, got {leaf.shape}")
        if check_finite:
            _require_finite(leaf_name, leaf, "(batch,)")
        return leaf

    return tree_map(check, tree, like)


def checked_array(name, value, dtype, letters, **sizes):
    r"""Return an argument as an array of this dtype and shape, such as ``"tau B d_x"``."""
    array = _checked_array(name, value, dtype)
    require_shape(name, array, letters, **sizes)
    return array


def vectors(y, d_y, dtype, lengths=None):
    r"""Return targets as vectors, (tau, B, d_y): classes (tau, B) become one-hot, numbers stay."""
    if y is None:
        free = "to run freely give zeros of that shape, such as numpy.zeros((steps, B), int)"
        raise TypeError(f"y: expected classes (tau, B) or numbers (tau, B, d_y), got None; {free}")
    y = np.asarray(y)
    if y.ndim != 2:
        return checked_array("y", y, dtype, "tau B d_y", d_y=d_y)
    counted = inside(checked_lengths(lengths, *y.shape), len(y))
    return np.eye(d_y, dtype=dtype)[checked_targets(y, counted, d_y)]


def clean(name, x, counted, check_finite):
    r"""Return x with zeros in the padding; then refuse NaN and infinity if asked to."""
    if counted is not None:
        x = np.where(counted.reshape(*counted.shape, *[1] * (x.ndim - 2)), x, 0)
    if check_finite:
        _require_finite(name, x, "(t, batch)")
    return x


def uniform_theta(rng, shapes, bound, dtype):
    r"""Draw every array of a tree of shapes (lists) uniformly from [-bound, bound]."""
    require_rng(rng)
    require_floating("dtype", dtype)
    return tree_map(lambda shape: rng.uniform(-bound, bound, shape).astype(dtype), shapes)


def checked_sizes(minimum=1, **sizes):
    r"""Return sizes, given by name, as ints of at least `minimum`."""
    return {name: require_size(name, value, minimum) for name, value in sizes.items()}


def require_sizes(name, sizes, expected):
    r"""Refuse parameters of other sizes than those with which a run was made."""
    if sizes != expected:
        raise ValueError(f"{name}: expected sizes {expected}, as in the run; got {sizes}")
