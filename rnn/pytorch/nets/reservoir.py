r"""Recurrent weights that are drawn and not learned, and a readout that is solved for (§10.8)."""

import math

import numpy as np
import torch

from rnn._checks import (
    require_in_range,
    require_instance,
    require_positive,
    require_rng,
    require_shape,
    require_size,
)
from rnn.pytorch.boundary import require_finite
from rnn.pytorch.cells.theta import CellTheta

__all__ = ["reservoir", "ridge", "scaled_to_radius"]

LARGEST = float(np.finfo(float).max)


def scaled_to_radius(W, radius):
    r"""Return W times the number that gives it this spectral radius, found in float64.

    As `rnn.reference.scaled_to_radius`.

    Parameters
    ----------
    W : tensor, (n, n)
    radius : float
        Positive.
    """
    require_instance("W", W, torch.Tensor, "use torch.as_tensor")
    require_shape("W", W, "n n", n=W.shape[0] if W.dim() else 0)
    radius = require_positive("radius", radius)
    eigenvalues = torch.linalg.eigvals(require_finite("W", W.double(), "row"))
    now = max(eigenvalues.abs().tolist(), default=0)
    if not now > 0:
        raise ValueError("W: expected an eigenvalue that is not zero, got a matrix without one")
    return (W.double() * (radius / now)).to(W.dtype)


def reservoir(
    rng,
    d_x,
    d_h,
    *,
    radius,
    input_scale=1.0,
    density=1.0,
    connections=None,
    device=None,
    dtype=None,
):
    r"""Draw the fixed weights of an echo state network.

    As `rnn.reference.reservoir`, with its parameters and, seed by seed and up to rounding, its
    numbers.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same seed draws the same net on every device.
    d_x, d_h : int
    radius, input_scale, density, connections
        As for `rnn.reference.reservoir`.
    device, dtype
        As in `torch.nn`.

    Returns
    -------
    CellTheta
    """
    require_rng(rng)
    d_x, d_h = require_size("d_x", d_x, 0), require_size("d_h", d_h)
    require_in_range("input_scale", input_scale, 0, LARGEST)
    present = _present(rng, d_h, density, connections)
    drawn = torch.from_numpy(np.where(present, rng.normal(size=present.shape), 0))
    W = scaled_to_radius(drawn, radius)
    U = torch.from_numpy(rng.uniform(-1, 1, (d_h, d_x)) * input_scale)
    dtype = dtype or torch.get_default_dtype()
    return CellTheta(*(leaf.to(device, dtype) for leaf in (U, W, torch.zeros(d_h))))


def ridge(h, y, penalty, *, counted=None):
    r"""Solve for the readout with the least squared error, in float64.

    As `rnn.reference.ridge`, by the singular values of h; without a gradient.

    Parameters
    ----------
    h : tensor, (tau, B, d_h)
    y : tensor, (tau, B, d_y)
    penalty : float
        lambda, at least 0, on the sum over steps.
    counted : boolean tensor, (tau, B), optional

    Returns
    -------
    V : tensor, (d_y, d_h)
    c : tensor, (d_y,)
        Both in the dtype of h.
    """
    for name, value in (("h", h), ("y", y)):
        require_instance(name, value, torch.Tensor, "use torch.as_tensor")
    require_shape("h", h, "tau B d_h")
    tau, batch, d_h = h.shape
    require_shape("y", y, "tau B d_y", tau=tau, B=batch)
    penalty = require_in_range("penalty", penalty, 0, LARGEST)
    counted = h.new_ones(tau, batch, dtype=torch.bool) if counted is None else counted
    require_instance("counted", counted, torch.Tensor, "use torch.as_tensor")
    require_shape("counted", counted, "tau B", tau=tau, B=batch)
    if not counted.any():
        raise ValueError("counted: expected at least one step that counts, got none")
    rows_h, rows_y = (_rows(name, a, counted) for name, a in (("h", h), ("y", y)))
    mean_h, mean_y = rows_h.mean(0), rows_y.mean(0)
    below = math.sqrt(penalty) * torch.eye(d_h, dtype=rows_h.dtype, device=h.device)
    A = torch.cat([rows_h - mean_h, below])
    B = torch.cat([rows_y - mean_y, below.new_zeros(d_h, y.shape[-1])])
    V = _least_squares(A, B).T
    return V.to(h.dtype), (mean_y - V @ mean_h).to(h.dtype)


def _rows(name, array, counted):
    rows = torch.where(counted[..., None], array.detach(), 0)
    return require_finite(name, rows, "(t, batch)")[counted].double()


def _least_squares(A, B):
    r"""Return the smallest of all X with the least norm of A X - B."""
    left, s, right = torch.linalg.svd(A, full_matrices=False)
    kept = s > torch.finfo(s.dtype).eps * max(A.shape) * s.amax()
    return right.T @ (torch.where(kept, 1 / s, 0)[:, None] * (left.T @ B))


def _present(rng, d_h, density, connections):
    r"""Draw which weights of W are there, (d_h, d_h)."""
    if connections is None:
        require_in_range("density", require_positive("density", density), 0, 1)
        return rng.random((d_h, d_h)) < density
    if density != 1:
        raise ValueError(f"density: expected 1 where connections are given, got {density}")
    require_in_range("connections", require_size("connections", connections), 1, d_h)
    return rng.random((d_h, d_h)).argsort(axis=1) < connections
