r"""The parts of a recursive net: its parameters, what its walks find, and how two children merge.

A merge works on all nodes of one height at once: `left` and `right` are (m, d_h), one row a node.
"""

from typing import Any, NamedTuple

import numpy as np

from rnn._tree_shapes import Forest
from rnn.reference.boundary import uniform_theta
from rnn.reference.products import outer

__all__ = ["MERGES", "RecursiveTheta", "TensorTheta", "TreeBack", "TreeRun"]


class RecursiveTheta(NamedTuple):
    r"""Hold the parameters of a recursive net, with the letters of figure 10.14.

    Attributes
    ----------
    U, W : array, (d_h, d_h)
        From the left child, and from the right child.
    V : array, (d_h, d_x)
        From an input to its leaf.
    b : array, (d_h,)
        Bias; the figure has none.
    """

    U: np.ndarray
    V: np.ndarray
    W: np.ndarray
    b: np.ndarray


class TensorTheta(NamedTuple):
    r"""Hold the parameters of a recursive net with tensor nodes.

    Attributes
    ----------
    U, V, W, b
        As in `RecursiveTheta`.
    T : array, (d_h, 2 d_h, 2 d_h)
        One quadratic form of both children for each unit of their parent.
    """

    U: np.ndarray
    V: np.ndarray
    W: np.ndarray
    b: np.ndarray
    T: np.ndarray


class TreeRun(NamedTuple):
    r"""Hold what a recursive net computed.

    Attributes
    ----------
    h : array, (n_nodes, d_h)
        The representation of every subtree, in the order of the forest's nodes.
    root : array, (B, d_h)
        That of every tree.
    x, forest
        What was read.
    levels : list of integer arrays
        The inner nodes by height: the steps of the walk. Its length is the depth of the net.
    """

    h: np.ndarray
    root: np.ndarray
    x: np.ndarray
    forest: Forest
    levels: list


class TreeBack(NamedTuple):
    r"""Hold what the walk back from the roots finds.

    Attributes
    ----------
    grad : NamedTuple of arrays
        The gradient at the parameters, of their type.
    grad_x : array, (n_leaves, d_x), or None if it was not asked for
        The gradient at the inputs; zero at an input that stands at no leaf.
    grad_h : array, (n_nodes, d_h)
        The full gradient at every node, its own and what comes from the nodes above it.
    """

    grad: Any
    grad_x: np.ndarray | None
    grad_h: np.ndarray


class _Affine:
    r"""Merge two children into :math:`a = b + U h_{\text{left}} + W h_{\text{right}}`."""

    def shapes(self, d_x, d_h):
        return _affine_shapes(d_x, d_h)

    def draw_theta(self, rng, dtype, d_x, d_h):
        return uniform_theta(rng, _affine_shapes(d_x, d_h), d_h**-0.5, dtype)

    def merge(self, left, right, theta):
        return theta.b + left @ theta.U.T + right @ theta.W.T

    def adjoint(self, grad_a, left, right, theta):
        r"""Return the gradients at both children."""
        return grad_a @ theta.U, grad_a @ theta.W

    def gather(self, grad_a, left, right):
        r"""Return the gradients at what merges, by name, from all nodes of all heights."""
        return {"U": outer(grad_a, left), "W": outer(grad_a, right)}


class _Tensor(_Affine):
    r"""Add :math:`p^\top T_k\, p` to unit k, where p holds both children, the left one first."""

    def shapes(self, d_x, d_h):
        return TensorTheta(*_affine_shapes(d_x, d_h), T=[d_h, 2 * d_h, 2 * d_h])

    def draw_theta(self, rng, dtype, d_x, d_h):
        affine = super().draw_theta(rng, dtype, d_x, d_h)
        return TensorTheta(*affine, uniform_theta(rng, self.shapes(d_x, d_h).T, 0.25 / d_h, dtype))

    def merge(self, left, right, theta):
        p = np.hstack([left, right])
        return super().merge(left, right, theta) + ((p @ theta.T) * p).sum(axis=-1).T

    def adjoint(self, grad_a, left, right, theta):
        p = np.hstack([left, right])
        slopes = p @ theta.T + p @ theta.T.swapaxes(1, 2)  # (d_h, m, 2 d_h)
        grad_p = (grad_a.T[..., None] * slopes).sum(axis=0)
        affine = super().adjoint(grad_a, left, right, theta)
        return [a + b for a, b in zip(affine, np.hsplit(grad_p, 2), strict=True)]

    def gather(self, grad_a, left, right):
        p = np.hstack([left, right])
        T = np.stack([outer(grad_k[:, None] * p, p) for grad_k in grad_a.T])
        return {**super().gather(grad_a, left, right), "T": T}


def _affine_shapes(d_x, d_h):
    return RecursiveTheta(U=[d_h, d_h], V=[d_h, d_x], W=[d_h, d_h], b=[d_h])


MERGES = {"affine": _Affine(), "tensor": _Tensor()}
