r"""A cell around a cell: what it does not change, it hands through."""

import torch

from rnn._checks import require_dtype, require_instance, require_shape
from rnn._tree import tree_leaves
from rnn.pytorch.boundary import require_finite
from rnn.pytorch.cells.contract import Cell

__all__ = ["StatefulWrapper", "Wrapper"]


class Wrapper(Cell):
    r"""Hand everything through to ``self.cell``, whose parameters are ``inner(theta)``.

    The path is the wrapper's own; that of the inner module is not asked. Device and dtype of new
    parameters are those of the inner module's, unless they are given. `reset_parameters` draws
    the wrapper's own parameters, not those of the inner module.
    """

    outermost = False

    def __init__(self, cell, path="auto"):
        super().__init__(path)
        require_instance("cell", cell, Cell, "a module such as RNN(d_x, d_h)")
        if getattr(cell, "outermost", False):
            raise ValueError(f"cell: {type(cell).__name__} goes around other cells, not inside")
        self.cell = cell

    def register(self, device=None, dtype=None, **shapes):
        like = tree_leaves(self.cell.theta)[0]
        device = like.device if device is None else device
        super().register(device, like.dtype if dtype is None else dtype, **shapes)

    @property
    def theta(self):
        return self.Theta(self.cell.theta, *(getattr(self, name) for name in self.fields))

    def inner(self, theta):
        r"""Return the parameters of the inner cell."""
        return theta.cell

    @property
    def d_x(self):
        r"""Return how wide x is, or the part of it that the innermost cell reads."""
        return self.cell.d_x

    @property
    def d_h(self):
        r"""Return how many hidden units there are."""
        return self.cell.d_h

    @property
    def d_out(self):
        return self.cell.d_out

    @property
    def width(self):
        return self.cell.width

    def zero_state(self, batch, theta):
        return self.cell.zero_state(batch, self.inner(theta))

    def check_values(self, theta):
        self.cell.check_values(self.inner(theta))

    def check_x(self, x, like):
        return self.cell.check_x(x, like)

    def clear_padding(self, x, counted, check_finite):
        return self.cell.clear_padding(x, counted, check_finite)

    def moment(self, x, t):
        return self.cell.moment(x, t)

    def turned(self, x):
        return self.cell.turned(x)

    def drive(self, x, theta):
        return self.cell.drive(x, self.inner(theta))

    def add_drive(self, z, more):
        return self.cell.add_drive(z, more)

    def hidden(self, state):
        return self.cell.hidden(state)

    def add_hidden(self, state, h):
        return self.cell.add_hidden(state, h)

    def output(self, state):
        return self.cell.output(state)

    def extra_repr(self):
        return ""


class StatefulWrapper(Wrapper):
    r"""A wrapper that carries something beside the cell's state, which is its field ``cell``."""

    def output(self, state):
        return self.cell.output(state.cell)

    def hidden(self, state):
        return self.cell.hidden(state.cell)

    def add_hidden(self, state, h):
        return state._replace(cell=self.cell.add_hidden(state.cell, h))


def checked_mask(name, mask, like, letters, **sizes):
    r"""Return a boolean tensor of this shape on the device of another."""
    require_instance(name, mask, torch.Tensor, "use torch.as_tensor")
    require_dtype(name, mask, torch.bool, ".bool()")
    require_shape(name, mask, letters, **sizes)
    if mask.device != like.device:
        raise ValueError(f"{name}: expected device {like.device}, got {mask.device}; use .to(...)")
    return mask


def cleaned(name, tensor, counted, check_finite):
    r"""Return a tensor with zeros in the padding, after which its numbers are looked at."""
    tensor = tensor if counted is None else torch.where(counted[..., None], tensor, 0)
    return require_finite(name, tensor, "(t, batch)") if check_finite else tensor
