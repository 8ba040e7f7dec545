r"""Recursive nets with an output: at the root of each tree (figure 10.14), or at every node."""

from dataclasses import dataclass, field

import numpy as np

from rnn._checks import require_instance
from rnn.reference.boundary import checked_sizes, checked_theta, checked_tree, uniform_theta
from rnn.reference.losses import loss_and_gradient
from rnn.reference.nets.output import OutputRun, OutputTheta
from rnn.reference.nets.recursive import Recursive
from rnn.reference.outputs import readout
from rnn.reference.products import outer, total

__all__ = ["NodeOutput", "RecursiveOutput"]


@dataclass(frozen=True)
class RecursiveOutput:
    r"""Read an output out of the root of each tree, :math:`o = c + V h_{\text{root}}` (10.10).

    Departure: figure 10.14 lets the two nodes below the root enter o through U and W; here they
    enter h at the root, as at every node, and a V and c of their own lead on to o.

    Parameters
    ----------
    layer : Recursive

    Its parameters are an `OutputTheta`. ``theta.layer.V`` leads from inputs to leaves, ``theta.V``
    to the output.

    Examples
    --------
    >>> from rnn.tasks import from_nested
    >>> net, rng = RecursiveOutput(), np.random.default_rng(0)
    >>> theta, forest = net.init_theta(rng, d_x=2, d_h=3, d_y=4), from_nested(((0, 1), 2), (3, 4))
    >>> L, grad = net.bptt(rng.normal(size=(5, 2)), forest, [1, 3], theta, reduction="mean")
    >>> grad.layer.U.shape, grad.V.shape
    ((3, 3), (4, 3))
    """

    layer: Recursive = field(default_factory=Recursive)

    def __post_init__(self):
        require_instance("layer", self.layer, Recursive)

    size_names = ("d_x", "d_h", "d_y")

    def shapes(self, d_x, d_h, d_y):
        r"""Return the parameters' shapes, as their NamedTuple of lists."""
        return OutputTheta(self.layer.shapes(d_x, d_h), [d_y, d_h], [d_y])

    def sizes(self, theta):
        r"""Return the sizes, by name, that these parameters have."""
        return {**self.layer.sizes(theta.layer), "d_y": len(theta.c)}

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64):
        r"""Draw parameters: those of the trees by their own rule, V and c from +-1/sqrt(d_h)."""
        layer, sizes = self.layer.init_theta(rng, d_x, d_h, dtype=dtype), checked_sizes(d_y=d_y)
        _, V, c = self.shapes(**self.layer.sizes(layer), **sizes)
        return OutputTheta(layer, *uniform_theta(rng, (V, c), d_h**-0.5, dtype))

    def forward(self, x, forest, theta, *, check_finite=True):
        r"""Compute the outputs; parameters and errors are those of `Recursive.forward`.

        Returns
        -------
        OutputRun
            ``o`` is (B, d_y), ``state`` the root of each tree, (B, d_h), ``run`` the `TreeRun`.
        """
        checked_theta(self, theta)
        run = self.layer.forward(x, forest, theta.layer, check_finite=check_finite)
        return OutputRun(readout(run.h[self._nodes(run.forest)], theta), run.root, run)  # (10.10)

    def backward(self, grad_o, run, theta, *, inputs=True):
        r"""Carry gradients at the outputs back to the parameters.

        Parameters
        ----------
        grad_o : array, shaped like ``run.o``
        run : OutputRun
        inputs : bool
            Whether to compute grad_x.

        Returns
        -------
        TreeBack
        """
        grad_o = checked_tree("grad_o", grad_o, run.o)
        nodes, grad_h = self._nodes(run.run.forest), np.zeros_like(run.run.h)
        grad_h[nodes] = grad_o @ theta.V  # (10.19)
        back = self.layer.backward(None, run.run, theta.layer, grad_h=grad_h, inputs=inputs)
        grad = OutputTheta(back.grad, outer(grad_o, run.run.h[nodes]), total(grad_o))
        return back._replace(grad=grad)

    def bptt(self, x, forest, y, theta, *, reduction, counted=None, loss="cross_entropy"):
        r"""Compute the loss and its gradient by back-propagation through the trees.

        Parameters
        ----------
        x, forest, theta
            As for `forward`.
        y : array
            One target for each output: (B,) classes, or (B, d_y) numbers or bits.
        reduction : {"sum", "mean"}
            Over the outputs that count.
        counted : boolean array, (B,), optional
            Which outputs have a target, if not all.
        loss : {"cross_entropy", "squared_error", "bernoulli"}

        Returns
        -------
        L : float
            In nats, or squared units.
        grad : OutputTheta
        """
        run = self.forward(x, forest, theta)
        y, counted = np.asarray(y)[None], None if counted is None else np.asarray(counted)[None]
        L, grad_o = loss_and_gradient(loss, run.o[None], y, reduction=reduction, counted=counted)
        return L, self.backward(grad_o[0], run, theta, inputs=False).grad

    def _nodes(self, forest):
        return forest.root


@dataclass(frozen=True)
class NodeOutput(RecursiveOutput):
    r"""Read an output out of every node, leaves and root too: the sentiment of every phrase, say.

    As Socher et al. (2013) train theirs. Outputs, targets and `counted` have n_nodes in the place
    of B, in the order of the forest's nodes.
    """

    def _nodes(self, forest):
        return slice(None)
