r"""Parameters of nets by name, as in the reference: those of their parts, and their own."""

from typing import Any, NamedTuple

import torch

__all__ = ["BothTheta", "BothWays", "OutputTheta", "RecursiveTheta", "TensorTheta"]

Tensor = torch.Tensor


class OutputTheta(NamedTuple):
    r"""Hold the parameters of a layer, V (d_y, d_out) and c (d_y,)."""

    layer: Any
    V: Tensor
    c: Tensor


class BothWays(NamedTuple):
    r"""Hold something for each of two walks: h goes from left to right, g from right to left."""

    h: Any
    g: Any


class BothTheta(NamedTuple):
    r"""Hold the parameters of an encoder and of its decoder."""

    encoder: Any
    decoder: Any


class RecursiveTheta(NamedTuple):
    r"""Hold U and W (d_h, d_h) of both children, V (d_h, d_x) of an input, and b (d_h,)."""

    U: Tensor
    V: Tensor
    W: Tensor
    b: Tensor


class TensorTheta(NamedTuple):
    r"""Hold what `RecursiveTheta` holds, and T (d_h, 2 d_h, 2 d_h)."""

    U: Tensor
    V: Tensor
    W: Tensor
    b: Tensor
    T: Tensor
