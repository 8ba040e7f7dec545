r"""A transition with a layer inside: what figure 10.13b does to the state (§10.5)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn._checks import require_size
from rnn.reference.cells.simple import Affine
from rnn.reference.nonlinearities import nonlinearity
from rnn.reference.products import outer, total

__all__ = ["DeepSkipTheta", "DeepTheta", "DeepTransition"]


class DeepTheta(NamedTuple):
    r"""Hold the two layers of a transition.

    Attributes
    ----------
    U : array, (d_k, d_x)
    W : array, (d_k, d_h)
    b : array, (d_k,)
        Into the layer inside: from the input, from the state, and its bias.
    W_k : array, (d_h, d_k)
    b_k : array, (d_h,)
        From there to the new state.
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    W_k: np.ndarray
    b_k: np.ndarray


class DeepSkipTheta(NamedTuple):
    r"""Hold what `DeepTheta` holds, and W_skip (d_h, d_h), from state to state past the layer."""

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    W_k: np.ndarray
    b_k: np.ndarray
    W_skip: np.ndarray


@dataclass(frozen=True)
class DeepTransition(Affine):
    r"""Put a hidden layer between one state and the next (figure 10.13b), or a way past it too.

    .. math::

        k^{(t)} &= \phi(b + W h^{(t-1)} + U x^{(t)}) \\
        h^{(t)} &= \phi(b_k + W_k k^{(t)} + W_{skip} h^{(t-1)})

    The shortest path from one state to the next has two links instead of one (§10.5); the skip
    connection brings back the one. After Pascanu et al. (2014).

    Parameters
    ----------
    skip : bool
        Whether there is W_skip.
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    d_k : int, optional
        Width of the layer inside; d_h if not given.
    """

    skip: bool = False
    nonlinearity: str = "tanh"
    d_k: int | None = None

    def __post_init__(self):
        nonlinearity(self.nonlinearity)
        if self.d_k is not None:
            require_size("d_k", self.d_k)

    def width(self, d_h):
        return self.d_k or d_h

    def shapes(self, d_x, d_h):
        d_k = self.width(d_h)
        two = DeepTheta(U=[d_k, d_x], W=[d_k, d_h], b=[d_k], W_k=[d_h, d_k], b_k=[d_h])
        return DeepSkipTheta(*two, W_skip=[d_h, d_h]) if self.skip else two

    def step(self, h, z, theta):
        apply = nonlinearity(self.nonlinearity).apply
        k = apply(z + h @ theta.W.T)
        a = theta.b_k + k @ theta.W_k.T
        after = apply(a + h @ theta.W_skip.T if self.skip else a)
        return after, (h, k, after)

    def step_adjoint(self, grad_h, kept, theta):
        slope, (_, k, after) = nonlinearity(self.nonlinearity).slope, kept
        grad_a = slope(after) * grad_h
        grad_z = slope(k) * (grad_a @ theta.W_k)
        before = grad_z @ theta.W
        return before + grad_a @ theta.W_skip if self.skip else before, grad_z, (grad_a,)

    def gather(self, x, grad_z, extra, kept, theta):
        (grad_a,), (h, k, _) = extra, kept
        inner = outer(grad_z, x), outer(grad_z, h), total(grad_z)
        two = DeepTheta(*inner, W_k=outer(grad_a, k), b_k=total(grad_a))
        return DeepSkipTheta(*two, W_skip=outer(grad_a, h)) if self.skip else two
