r"""Recursive nets: f applied to children, from the leaves of a tree to its root (§10.6)."""

import torch
from torch import nn

from rnn._checks import require_choice, require_size
from rnn._forest import checked_forest
from rnn._unfold import unfold
from rnn.pytorch.boundary import autocast, checked_array, checked_like, should_look
from rnn.pytorch.cells.simple import NONLINEARITIES
from rnn.pytorch.nets.forest_plan import planned
from rnn.pytorch.nets.theta import RecursiveTheta, TensorTheta

__all__ = ["Recursive"]


class Recursive(nn.Module):
    r"""Map trees with any number of leaves to vectors of one width (figure 10.14).

    As `rnn.reference.Recursive`: all nodes of one height, over the whole batch of trees, are one
    step of the walk. Time and memory are linear in the number of nodes, also for a chain.

    Parameters
    ----------
    d_x, d_h : int
    node : {"affine", "tensor"}
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    leaf : {"node", "linear"}
    device, dtype
        As in `torch.nn`.

    Examples
    --------
    >>> from rnn.tasks import balanced
    >>> h, root = Recursive(2, 3)(torch.zeros(5, 2), balanced(5))
    >>> h.shape, root.shape
    (torch.Size([9, 3]), torch.Size([1, 3]))
    """

    def __init__(
        self,
        d_x,
        d_h,
        node="affine",
        nonlinearity="tanh",
        leaf="node",
        *,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.d_x, self.d_h = require_size("d_x", d_x), require_size("d_h", d_h)
        self.node = require_choice("node", node, ("affine", "tensor"))
        self.nonlinearity = require_choice("nonlinearity", nonlinearity, tuple(NONLINEARITIES))
        self.leaf = require_choice("leaf", leaf, ("node", "linear"))
        self.Theta = TensorTheta if node == "tensor" else RecursiveTheta
        shapes = {"U": (d_h, d_h), "V": (d_h, d_x), "W": (d_h, d_h), "b": (d_h,)}
        for name in self.Theta._fields:
            shape = shapes.get(name, (d_h, 2 * d_h, 2 * d_h))
            empty = torch.empty(*shape, device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(empty))
        self.reset_parameters()

    @property
    def theta(self):
        r"""Return the parameters as a `RecursiveTheta`, or a `TensorTheta` with tensor nodes."""
        return self.Theta(*(getattr(self, name) for name in self.Theta._fields))

    @property
    def d_out(self):
        r"""Return how wide the vector of a node is."""
        return self.d_h

    def reset_parameters(self):
        r"""Draw uniformly from :math:`\pm 1/\sqrt{d_h}`, and T from :math:`\pm 1/(4 d_h)`."""
        for name, parameter in zip(self.Theta._fields, self.theta, strict=True):
            bound = 0.25 / self.d_h if name == "T" else self.d_h**-0.5
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x, forest):
        r"""Walk from the leaves to the roots.

        Parameters
        ----------
        x : tensor, (n_leaves, d_x)
            The inputs that ``forest.leaf`` counts; one that stands at no leaf is never used, and
            may be NaN.
        forest : Forest
            Of NumPy arrays, on the CPU; see `rnn.tasks.from_nested`.

        Returns
        -------
        h : tensor, (n_nodes, d_h)
            The representation of every subtree, in the order of the forest's nodes.
        root : tensor, (B, d_h)
            That of every tree.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what was expected and what came.
        """
        return self.run(x, forest, self.theta)

    def run(self, x, forest, theta, *, check_finite=None):
        r"""Walk with these parameters: `forward` as a pure function.

        Parameters
        ----------
        x, forest
            As for `forward`.
        theta : RecursiveTheta or TensorTheta
        check_finite : bool, optional
            Refuse NaN and infinity at a leaf; by default on the CPU only.
        """
        like, x, theta = autocast(checked_like(theta, self.theta), x, theta)
        x = checked_array("x", x, like, "n_leaves d_x", d_x=self.d_x)
        forest = checked_forest(forest, len(x))
        if should_look(x, check_finite):
            _require_finite(x, forest)
        plan = planned(forest, x.device)
        h = torch.cat(self._walk(x, plan, theta)).index_select(0, plan.place)
        return h, h.index_select(0, torch.as_tensor(forest.root, device=x.device))

    def _walk(self, x, plan, theta):
        r"""Return h of all nodes, a tensor for each height."""
        apply = NONLINEARITIES[self.nonlinearity]
        arriving = [[] for _ in (*plan.levels, None)]

        def sent(h, level):
            for k, part in zip(level.heights, h.split(level.sizes), strict=True):
                arriving[k].append(part)
            return h

        def f(_, now, theta):
            k, level = now
            children = torch.cat(arriving[k])
            left, right = (children.index_select(0, side) for side in level[:2])
            return sent(apply(self._merge(left, right, theta)), level)

        tips = sent(self._tip(x.index_select(0, plan.leaf), theta), plan.levels[0])
        above = list(enumerate(plan.levels))[1:]
        return [tips, *unfold(f, None, above, theta)]

    def _tip(self, x, theta):
        a = x @ theta.V.T
        return a if self.leaf == "linear" else NONLINEARITIES[self.nonlinearity](theta.b + a)

    def _merge(self, left, right, theta):
        a = theta.b + left @ theta.U.T + right @ theta.W.T
        if self.node == "affine":
            return a
        p = torch.cat([left, right], -1)
        return a + ((p @ theta.T) * p).sum(-1).T

    def extra_repr(self):
        return f"{self.d_x}, {self.d_h}, node={self.node!r}, leaf={self.leaf!r}"


def _require_finite(x, forest):
    at_leaves = torch.as_tensor(forest.leaf[forest.leaf >= 0], device=x.device).sort().values
    bad = at_leaves[~torch.isfinite(x[at_leaves]).all(1)]
    if len(bad):
        raise ValueError(f"x: expected finite numbers, got NaN or infinity at leaf {int(bad[0])}")
