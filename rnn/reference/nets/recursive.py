r"""Recursive nets: f applied to children, from the leaves of a tree to its root (§10.6)."""

from dataclasses import dataclass

import numpy as np

from rnn._checks import require_choice, require_instance
from rnn._forest import checked_forest, levels
from rnn._unfold import unfold
from rnn.reference.boundary import (
    checked_array,
    checked_sizes,
    checked_theta,
    checked_tree,
    require_sizes,
)
from rnn.reference.nets.recursive_parts import MERGES, TreeBack, TreeRun
from rnn.reference.nonlinearities import nonlinearity
from rnn.reference.products import outer, total

__all__ = ["Recursive"]


@dataclass(frozen=True)
class Recursive:
    r"""Map trees with any number of leaves to vectors of one width (figure 10.14).

    .. math:: h = \phi(b + V x + U h_{\text{left}} + W h_{\text{right}})

    A leaf has no children and an inner node has no input: what is missing adds nothing. All nodes
    of one height, over the whole batch of trees, are one step of the walk; so a balanced tree
    takes :math:`\lceil \log_2 \tau \rceil` steps and a chain :math:`\tau - 1`.

    Parameters
    ----------
    node : {"affine", "tensor"}
        "tensor" adds :math:`[h_{\text{left}}; h_{\text{right}}]^\top T_k
        [h_{\text{left}}; h_{\text{right}}]` to unit k of an inner node (Socher et al., 2013, who
        have no b). T = 0 is the affine node. At m nodes of one height it holds
        :math:`2 m d_h^2` numbers at once.
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    leaf : {"node", "linear"}
        "linear" puts h = V x at a leaf, without b and nonlinearity: columns of V are the word
        vectors of Socher et al. Then a chain is the recurrent net of §10.2 exactly: its state
        enters through U, its inputs V x through W, and the first leaf is the state before the
        first step (x = 0 there for a state of zeros).

    Its parameters are a `RecursiveTheta` or, with tensor nodes, a `TensorTheta`.

    Examples
    --------
    >>> from rnn.tasks import balanced
    >>> net, rng = Recursive(), np.random.default_rng(0)
    >>> theta = net.init_theta(rng, d_x=2, d_h=3)
    >>> run = net.forward(rng.normal(size=(5, 2)), balanced(5), theta)
    >>> run.root.shape, len(run.levels), net.backward(run.root, run, theta).grad.W.shape
    ((1, 3), 3, (3, 3))
    """

    node: str = "affine"
    nonlinearity: str = "tanh"
    leaf: str = "node"

    size_names = ("d_x", "d_h")

    def __post_init__(self):
        require_choice("node", self.node, tuple(MERGES))
        nonlinearity(self.nonlinearity)
        require_choice("leaf", self.leaf, ("node", "linear"))

    def shapes(self, d_x, d_h):
        r"""Return the parameters' shapes, as their NamedTuple of lists."""
        return MERGES[self.node].shapes(d_x, d_h)

    def sizes(self, theta):
        r"""Return the sizes, by name, that these parameters have."""
        return {"d_x": theta.V.shape[1], "d_h": theta.V.shape[0]}

    def init_theta(self, rng, d_x, d_h, *, dtype=np.float64):
        r"""Draw parameters uniformly from :math:`\pm 1/\sqrt{d_h}`, T from :math:`\pm 1/(4 d_h)`.

        Of T, :math:`4 d_h^2` numbers act on each unit: so their sum does not grow with the width.
        One seed gives both kinds of nodes the same U, V, W and b.
        """
        return MERGES[self.node].draw_theta(rng, dtype, **checked_sizes(d_x=d_x, d_h=d_h))

    def forward(self, x, forest, theta, *, check_finite=True):
        r"""Walk from the leaves to the roots.

        Parameters
        ----------
        x : array, (n_leaves, d_x)
            The inputs that ``forest.leaf`` counts; one that stands at no leaf is never used, and
            may be NaN. A padded batch (tau, B, d_x) enters as ``x.reshape(tau * B, d_x)``, with
            trees laid side by side by `rnn.tasks.interleave`.
        forest : Forest
        theta : RecursiveTheta or TensorTheta
            Of the dtype of x.
        check_finite : bool
            Refuse NaN and infinity at a leaf.

        Returns
        -------
        TreeRun

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what was expected and what came; see `rnn.tasks.checked_forest`.
        """
        x, forest = self._checked(x, forest, theta, check_finite)
        apply, merge = nonlinearity(self.nonlinearity).apply, MERGES[self.node].merge
        tips = np.flatnonzero(forest.leaf >= 0)
        h = np.empty((len(forest.leaf), len(theta.b)), x.dtype)
        h[tips] = self._tip(x[forest.leaf[tips]], theta)

        def f(h, nodes, theta):
            h[nodes] = apply(merge(h[forest.left[nodes]], h[forest.right[nodes]], theta))
            return h

        by_height = levels(forest)
        unfold(f, h, by_height, theta)
        return TreeRun(h, h[forest.root], x, forest, by_height)

    def backward(self, grad_root, run, theta, *, grad_h=None, inputs=True):
        r"""Carry gradients from the roots, and from any other node, back to the leaves.

        Only the gradient at a node waits for the node above it; each gradient of a parameter is
        the sum over all nodes, taken after the walk.

        Parameters
        ----------
        grad_root : array, (B, d_h), or None for zeros
        run : TreeRun
            What `forward` returned for the same theta.
        grad_h : array, (n_nodes, d_h), optional
            A gradient that arrives at the nodes themselves, beside the one at the roots.
        inputs : bool
            Whether to compute grad_x.

        Returns
        -------
        TreeBack
        """
        require_instance("run", run, TreeRun, "what forward returned")
        sizes = {"d_x": run.x.shape[1], "d_h": run.h.shape[1]}
        require_sizes("theta", checked_theta(self, theta), sizes)
        grad_h, slopes = _arriving(grad_root, grad_h, run), self._slopes(run)
        adjoint, (_, _, x, forest, by_height) = MERGES[self.node].adjoint, run

        def f(grad_h, nodes, theta):
            left, right = forest.left[nodes], forest.right[nodes]
            grad_a = slopes[nodes] * grad_h[nodes]
            to_left, to_right = adjoint(grad_a, run.h[left], run.h[right], theta)
            grad_h[left] += to_left
            grad_h[right] += to_right
            return grad_h

        unfold(f, grad_h, by_height, theta, reverse=True)
        grad_a = slopes * grad_h
        grad_x = _grad_x(grad_a, x, forest, theta) if inputs else None
        return TreeBack(self._gather(grad_a, run, theta), grad_x, grad_h)

    def _checked(self, x, forest, theta, check_finite):
        sizes = checked_theta(self, theta)
        x = checked_array("x", x, theta.V.dtype, "n_leaves d_x", d_x=sizes["d_x"])
        forest = checked_forest(forest, len(x))
        if check_finite:
            _require_finite(x, forest)
        return x, forest

    def _tip(self, x, theta):
        if self.leaf == "linear":
            return x @ theta.V.T
        return nonlinearity(self.nonlinearity).apply(theta.b + x @ theta.V.T)

    def _slopes(self, run):
        slopes = nonlinearity(self.nonlinearity).slope(run.h)
        if self.leaf == "linear":
            slopes[run.forest.leaf >= 0] = 1
        return slopes

    def _gather(self, grad_a, run, theta):
        forest, inner = run.forest, run.forest.leaf < 0
        merged = grad_a[inner], run.h[forest.left[inner]], run.h[forest.right[inner]]
        biased = merged[0] if self.leaf == "linear" else grad_a
        V = outer(grad_a[~inner], run.x[forest.leaf[~inner]])
        return type(theta)(V=V, b=total(biased), **MERGES[self.node].gather(*merged))


def _require_finite(x, forest):
    at_leaves = np.sort(forest.leaf[forest.leaf >= 0])
    bad = at_leaves[~np.isfinite(x[at_leaves]).all(axis=1)]
    if len(bad):
        raise ValueError(f"x: expected finite numbers, got NaN or infinity at leaf {bad[0]}")


def _arriving(grad_root, grad_h, run):
    grad_h = np.zeros_like(run.h) if grad_h is None else checked_tree("grad_h", grad_h, run.h)
    grad_h = grad_h.copy()
    if grad_root is not None:
        grad_h[run.forest.root] += checked_tree("grad_root", grad_root, run.root)
    return grad_h


def _grad_x(grad_a, x, forest, theta):
    tips, grad_x = forest.leaf >= 0, np.zeros_like(x)
    grad_x[forest.leaf[tips]] = grad_a[tips] @ theta.V
    return grad_x
