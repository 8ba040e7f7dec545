r"""Recurrent weights that are drawn and not learned (§10.8)."""

import numpy as np

from rnn._checks import require_in_range, require_positive, require_rng, require_size
from rnn.reference.boundary import checked_sizes, require_floating
from rnn.reference.cells.simple import CellTheta
from rnn.reference.measure.spectrum import spectral_radius

__all__ = ["reservoir", "scaled_to_radius"]


def scaled_to_radius(W, radius):
    r"""Return W times the number that gives it this spectral radius.

    Parameters
    ----------
    W : array, (n, n)
    radius : float
        Positive.

    Raises
    ------
    ValueError
        If all eigenvalues of W are zero: no multiple of it has a radius.
    """
    radius, now = require_positive("radius", radius), spectral_radius(W)
    if not now > 0:
        raise ValueError("W: expected an eigenvalue that is not zero, got a matrix without one")
    return (W * (radius / now)).astype(np.asarray(W).dtype)


def reservoir(
    rng, d_x, d_h, *, radius, input_scale=1.0, density=1.0, connections=None, dtype=np.float64
):
    r"""Draw the fixed weights of an echo state network, for an `RNN` or the cell in a `Leaky`.

    The weights of W that are there are normal, then scaled together to the spectral radius; U is
    uniform in [-input_scale, input_scale], b is zero. After Jaeger (2001). For a net that is to
    be trained as a whole, §10.8 advises a radius of 1.2, and Sutskever et al. (2013) use 1.1 with
    15 connections into each unit.

    Parameters
    ----------
    rng : numpy.random.Generator
    d_x, d_h : int
    radius : float
        Spectral radius of W, positive; eigenvalues may be complex.
    input_scale : float
        At least 0.
    density : float in (0, 1]
        The chance of each weight of W to be there.
    connections : int, optional
        Instead of `density`: how many units each unit hears exactly.
    dtype : float32 or float64

    Returns
    -------
    CellTheta

    Raises
    ------
    ValueError
        Also if W is so sparse that it has no cycle, and so no eigenvalue to scale.
    """
    require_rng(rng)
    require_floating("dtype", dtype)
    sizes = checked_sizes(0, d_x=d_x) | checked_sizes(d_h=d_h)
    require_in_range("input_scale", input_scale, 0, float(np.finfo(float).max))
    present = _present(rng, sizes["d_h"], density, connections)
    W = scaled_to_radius(np.where(present, rng.normal(size=present.shape), 0), radius)
    U = rng.uniform(-1, 1, (sizes["d_h"], sizes["d_x"])) * input_scale
    return CellTheta(U.astype(dtype), W.astype(dtype), np.zeros(sizes["d_h"], dtype))


def _present(rng, d_h, density, connections):
    r"""Draw which weights of W are there, (d_h, d_h)."""
    if connections is None:
        require_in_range("density", require_positive("density", density), 0, 1)
        return rng.random((d_h, d_h)) < density
    if density != 1:
        raise ValueError(f"density: expected 1 where connections are given, got {density}")
    require_in_range("connections", require_size("connections", connections), 1, d_h)
    return rng.random((d_h, d_h)).argsort(axis=1) < connections
