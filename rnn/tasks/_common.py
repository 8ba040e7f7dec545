r"""What several tasks share: arguments that they all check, random lengths, entropies."""

import numpy as np

from rnn._checks import require_rng, require_size

__all__ = ["conditional_entropy", "entropy", "one_hot_or_zero", "random_lengths", "require_common"]


def require_common(rng, dtype, batch):
    r"""Check the three arguments that every task has; return the dtype and the batch size."""
    require_rng(rng)
    try:
        known = np.dtype(dtype) in (np.float32, np.float64)
    except TypeError:
        known = False
    if not known:
        raise ValueError(f"dtype: expected float32 or float64, got {dtype!r}")
    return np.dtype(dtype), require_size("batch", batch, 0)


def random_lengths(rng, name, shortest, limit, longest, batch):
    r"""Draw whole numbers (B,) from [shortest, longest]; None as `shortest` means `longest`.

    `name` is the argument that `shortest` came by, `limit` the least value that makes sense.
    """
    if shortest is None:
        return np.full(batch, longest)
    if require_size(name, shortest, limit) > longest:
        raise ValueError(f"{name}: expected at most {longest}, got {shortest}")
    return rng.integers(shortest, longest + 1, batch)


def one_hot_or_zero(classes, k, dtype):
    r"""Turn classes (...) into vectors (..., k) with a single 1, or none where a class is -1."""
    return np.eye(k + 1, k, dtype=dtype)[classes]


def entropy(p):
    r"""Return the entropy of a bit that is 1 with probability `p`, in nats."""
    return float(-sum(q * np.log(q) for q in (p, 1 - p) if q > 0))


def conditional_entropy(counts):
    r"""Return the entropy, in nats, of a column given its row, for a table of (expected) counts."""
    rows = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    seen = counts > 0
    return float(-(counts[seen] * np.log(counts[seen] / rows[seen])).sum() / counts.sum())
