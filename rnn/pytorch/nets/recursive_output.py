r"""Recursive nets with an output: at the root of each tree (figure 10.14), or at every node."""

from rnn.pytorch.boundary import checked_like
from rnn.pytorch.nets.output import Readout

__all__ = ["NodeOutput", "RecursiveOutput"]


class RecursiveOutput(Readout):
    r"""Read an output out of the root of each tree, :math:`o = c + V h_{\text{root}}` (10.10).

    As `rnn.reference.RecursiveOutput`. A loss wants (tau, B, d_y): give it ``o[None]``.

    Parameters
    ----------
    layer : Recursive
    d_y : int
    device, dtype
        Of V and c; those of the layer by default.
    """

    def forward(self, x, forest):
        r"""Compute the outputs; parameters and errors are those of `Recursive.forward`.

        Returns
        -------
        o : tensor, (B, d_y), or (n_nodes, d_y) for an output at every node
        root : tensor, (B, d_h)
            The root of each tree.
        """
        return self.run(x, forest, self.theta)

    def run(self, x, forest, theta, *, check_finite=None):
        r"""Compute the outputs with these parameters: `forward` as a pure function."""
        checked_like(theta, self.theta)
        h, root = self.layer.run(x, forest, theta.layer, check_finite=check_finite)
        return self.read(self.shown(h, root), theta), root

    def shown(self, h, root):
        r"""Return what is read: the roots, or all nodes."""
        return root


class NodeOutput(RecursiveOutput):
    r"""Read an output out of every node, leaves and root too, in the order of the nodes."""

    def shown(self, h, root):
        return h
