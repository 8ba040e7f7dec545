r"""Checks of arguments, in pure Python, shared by both twins.

Every message names the argument, what was expected, and what came.
"""

import operator
from collections.abc import Sequence

from rnn._tree import steps_of

__all__ = [
    "require_choice",
    "require_dtype",
    "require_fields",
    "require_in_range",
    "require_instance",
    "require_kind",
    "require_lengths",
    "require_positive",
    "require_rng",
    "require_shape",
    "require_size",
    "require_theta",
]


def require_size(name, value, minimum=1):
    r"""Return `value` as an int of at least `minimum`; booleans and fractions are refused."""
    whole = _whole(name, value)
    if whole < minimum:
        raise ValueError(f"{name}: expected a whole number >= {minimum}, got {whole}")
    return whole


def require_positive(name, value):
    r"""Return `value` as a float that is positive and finite."""
    number = _number(name, value)
    if not 0 < number < float("inf"):
        raise ValueError(f"{name}: expected a positive finite number, got {value}")
    return number


def require_in_range(name, value, low, high):
    r"""Return `value` as a float in [low, high]."""
    number = _number(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name}: expected a number in [{low}, {high}], got {value}")
    return number


def require_choice(name, value, choices: Sequence[str]):
    r"""Return `value` if it is one of `choices`."""
    if value not in choices:
        expected = ", ".join(map(repr, choices))
        raise ValueError(f"{name}: expected one of {expected}; got {value!r}")
    return value


def require_shape(name, array, letters: str, **sizes):
    r"""Check the shape of `array` against letters such as ``"tau B d_x"``.

    A letter that stands in `sizes` must have that size, the others are free.
    """
    got, wanted = tuple(array.shape), letters.split()
    fits = len(got) == len(wanted)
    if not fits or any(sizes.get(w, g) != g for w, g in zip(wanted, got, strict=True)):
        spelled = ", ".join(f"{w}={sizes[w]}" if w in sizes else w for w in wanted)
        comma = "," if len(wanted) == 1 else ""
        raise ValueError(f"{name}: expected shape ({spelled}{comma}), got {got}")


def require_dtype(name, array, expected, how):
    r"""Check that ``array.dtype`` is `expected`; `how` says how to convert."""
    if array.dtype != expected:
        raise TypeError(f"{name}: expected dtype {expected}, got {array.dtype}; convert it: {how}")


def require_instance(name, value, kind, how=""):
    r"""Check the type of an argument; `how` says where to get the right one."""
    if not isinstance(value, kind):
        advice = f"; {how}" if how else ""
        raise TypeError(f"{name}: expected {kind.__name__}, got {type(value).__name__}{advice}")


def require_fields(name, tree, like):
    r"""Refuse what is not the NamedTuple, or the tuple of as many parts, that another is."""
    fits = isinstance(tree, tuple) and len(tree) == len(like)
    if not fits or getattr(tree, "_fields", None) != getattr(like, "_fields", None):
        raise ValueError(f"{name}: expected {_kind(like)}, got {_kind(tree)}")


def require_kind(name, tree, like, leaf="an array"):
    r"""Refuse a tree that is not built of the same tuples as another, all the way down.

    `leaf` says what a leaf is called: "an array" or "a tensor".
    """
    if not isinstance(like, tuple):
        if isinstance(tree, tuple):
            raise ValueError(f"{name}: expected {leaf}, got {_kind(tree)}")
        return
    require_fields(name, tree, like)
    for part, like_part, step in zip(tree, like, steps_of(like), strict=True):
        require_kind(name + step, part, like_part, leaf)


def require_rng(rng):
    r"""Check that `rng` is a `numpy.random.Generator`, without importing NumPy."""
    if not (hasattr(rng, "integers") and hasattr(rng, "random")):
        advice = "use numpy.random.default_rng(seed)"
        raise TypeError(f"rng: expected Generator, got {type(rng).__name__}; {advice}")


def require_theta(theta, kind, how):
    r"""Check that the parameters are of a kind and fit each other; return d_h and d_x."""
    if not hasattr(theta, "_fields"):
        raise TypeError(f"theta: expected parameters with named fields, got {type(theta).__name__}")
    for name in theta._fields:
        advice = "see rnn.pytorch.to_pytorch and to_reference"
        require_instance(f"theta.{name}", getattr(theta, name), kind, advice)
    require_shape("theta.U", theta.U, "d_h d_x")
    d_h, d_x = theta.U.shape
    sizes = {"d_h": d_h, "d_x": d_x}
    if hasattr(theta, "V"):
        sizes["d_y"] = theta.V.shape[0]
    letters = {"U": "d_h d_x", "W": "d_h d_h", "V": "d_y d_h", "b": "d_h", "c": "d_y"}
    for name in theta._fields:
        require_shape(f"theta.{name}", getattr(theta, name), letters[name], **sizes)
        require_dtype(f"theta.{name}", getattr(theta, name), theta.U.dtype, how(theta.U.dtype))
    return d_h, d_x


def require_lengths(lengths, tau, batch):
    r"""Return `lengths` as a list of `batch` ints in [0, tau]; None means all are tau."""
    if lengths is None:
        return [tau] * batch
    if not hasattr(lengths, "__len__"):
        raise TypeError(f"lengths: expected {batch} whole numbers, got {lengths!r}")
    if getattr(lengths, "ndim", 1) != 1:
        raise ValueError(f"lengths: expected one rank, (B={batch},), got {tuple(lengths.shape)}")
    whole = [_whole(f"lengths[{row}]", length) for row, length in enumerate(lengths)]
    if len(whole) != batch:
        raise ValueError(f"lengths: expected {batch} of them, one a sequence, got {len(whole)}")
    for row, length in enumerate(whole):
        if not 0 <= length <= tau:
            raise ValueError(f"lengths: row {row} has length {length}, outside [0, tau={tau}]")
    return whole


def _kind(tree):
    fields = getattr(tree, "_fields", None)
    if fields:
        return f"{type(tree).__name__}({', '.join(fields)})"
    return f"a tuple of {len(tree)}" if isinstance(tree, tuple) else type(tree).__name__


def _number(name, value):
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    return float(value)


def _whole(name, value):
    try:
        if type(value).__name__ in ("bool", "bool_") or "bool" in str(getattr(value, "dtype", "")):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, got {value!r}") from None
