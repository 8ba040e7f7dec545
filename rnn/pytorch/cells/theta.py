r"""Parameters and states by name, as in the reference: the fields are the book's letters.

Shapes are those of the classes of the same names in `rnn.reference`; only that tensors stand there.
"""

from typing import Any, NamedTuple

import torch

__all__ = [
    "AttentionTheta",
    "CellTheta",
    "ClockedState",
    "ContextTheta",
    "DeepSkipTheta",
    "DeepTheta",
    "ExplicitMemoryTheta",
    "FeedbackState",
    "FeedbackTheta",
    "GRUTheta",
    "LSTMState",
    "LeakyTheta",
    "MemoryState",
    "MemorylessTheta",
    "PeepholeTheta",
    "SkipState",
    "SkipTheta",
]

Tensor = torch.Tensor


class CellTheta(NamedTuple):
    r"""Hold U (n, d_x), W (n, d_h) and b (n,)."""

    U: Tensor
    W: Tensor
    b: Tensor


class MemorylessTheta(NamedTuple):
    r"""Hold U (d_h, d_x) and b (d_h,)."""

    U: Tensor
    b: Tensor


class PeepholeTheta(NamedTuple):
    r"""Hold U, W and b as `CellTheta` does, and P (gates, d_h), from s to the gates."""

    U: Tensor
    W: Tensor
    b: Tensor
    P: Tensor


class LSTMState(NamedTuple):
    r"""Hold h and s, (B, d_h) each, in the order of `torch.nn.LSTM`'s (h, c)."""

    h: Tensor
    s: Tensor


class GRUTheta(NamedTuple):
    r"""Hold U, W and b as `CellTheta` does, and b_hn (d_h,), the second bias of the candidate."""

    U: Tensor
    W: Tensor
    b: Tensor
    b_hn: Tensor


class DeepTheta(NamedTuple):
    r"""Hold U (d_k, d_x), W (d_k, d_h), b (d_k,), W_k (d_h, d_k) and b_k (d_h,)."""

    U: Tensor
    W: Tensor
    b: Tensor
    W_k: Tensor
    b_k: Tensor


class DeepSkipTheta(NamedTuple):
    r"""Hold what `DeepTheta` holds, and W_skip (d_h, d_h)."""

    U: Tensor
    W: Tensor
    b: Tensor
    W_k: Tensor
    b_k: Tensor
    W_skip: Tensor


class LeakyTheta(NamedTuple):
    r"""Hold the parameters of the inner cell, and alpha (d_h,), each in [0, 1]."""

    cell: Any
    alpha: Tensor


class SkipTheta(NamedTuple):
    r"""Hold the parameters of the inner cell, and W_d (n, d_h), from the state d steps ago."""

    cell: Any
    W_d: Tensor


class SkipState(NamedTuple):
    r"""Hold the inner cell's state, and the h of the d - 1 steps before it, latest first."""

    cell: Any
    past: tuple


class ClockedState(NamedTuple):
    r"""Hold the inner cell's state, and t (B,), how many steps each row has made."""

    cell: Any
    t: Tensor


class FeedbackTheta(NamedTuple):
    r"""Hold the parameters of a cell, R (n, d_y), V (d_y, d_out) and c (d_y,)."""

    cell: Any
    R: Tensor
    V: Tensor
    c: Tensor


class FeedbackState(NamedTuple):
    r"""Hold the inner cell's state, y (B, d_y), which the next step reads, and o (B, d_y)."""

    cell: Any
    y: Tensor
    o: Tensor


class ContextTheta(NamedTuple):
    r"""Hold the parameters of a cell, R (n, d_c) and S (d_h, d_c)."""

    cell: Any
    R: Tensor
    S: Tensor


class AttentionTheta(NamedTuple):
    r"""Hold the parameters of a cell, Q (d_m, d_h) and R (n, d_m)."""

    cell: Any
    Q: Tensor
    R: Tensor


class ExplicitMemoryTheta(NamedTuple):
    r"""Hold the parameters of a controller, R (n, d_m), Q (n_q, d_h) and b (n_q,)."""

    cell: Any
    R: Tensor
    Q: Tensor
    b: Tensor


class MemoryState(NamedTuple):
    r"""Hold a controller's state, M (B, N, d_m), reading and writing (B, N), and r (B, d_m)."""

    cell: Any
    M: Tensor
    reading: Tensor
    writing: Tensor
    r: Tensor
