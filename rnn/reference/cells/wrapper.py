r"""A cell around a cell: what it does not change, it hands through."""

from rnn._tree import tree_leaves
from rnn.reference.boundary import uniform_theta
from rnn.reference.cells.contract import Cell

__all__ = ["StatefulWrapper", "Wrapper"]


class Wrapper(Cell):
    r"""Hand everything through to ``self.cell``, whose parameters are ``inner(theta)``.

    What a wrapper keeps and emits are tuples that begin with what the cell keeps and emits.
    """

    cell: Cell
    own_sizes: tuple[str, ...] = ()

    @property
    def size_names(self):
        return (*self.cell.size_names, *self.own_sizes)

    def shapes_inside(self, sizes):
        r"""Return the shapes of the cell's parameters, given sizes of which it may not have all."""
        return self.cell.shapes(**{name: sizes[name] for name in self.cell.size_names})

    def draw_theta(self, rng, dtype, **sizes):
        of_cell = {name: sizes[name] for name in self.cell.size_names}
        drawn = uniform_theta(rng, self.shapes(**sizes), sizes["d_h"] ** -0.5, dtype)
        return drawn._replace(cell=self.cell.draw_theta(rng, dtype, **of_cell))

    def inner(self, theta):
        r"""Return the parameters of the inner cell."""
        return theta.cell

    def sizes(self, theta):
        return self.cell.sizes(self.inner(theta))

    def out_size(self, sizes):
        return self.cell.out_size(sizes)

    def zero_state(self, batch, theta):
        return self.cell.zero_state(batch, self.inner(theta))

    def check_values(self, theta):
        self.cell.check_values(self.inner(theta))

    def require_units(self, theta):
        r"""Refuse a cell whose state is not made of (B, d_h) alone: it has no units to treat."""
        shape = (1, self.sizes(theta)["d_h"])
        state = self.cell.zero_state(1, self.inner(theta))
        if {leaf.shape for leaf in tree_leaves(state)} != {shape}:
            raise ValueError(
                f"cell: expected one whose state is (B, d_h) throughout, got {self.cell}"
            )

    def check_x(self, x, theta):
        return self.cell.check_x(x, self.inner(theta))

    def clear_padding(self, x, counted, check_finite):
        return self.cell.clear_padding(x, counted, check_finite)

    def drive(self, x, theta):
        return self.cell.drive(x, self.inner(theta))

    def drive_adjoint(self, grad_z, extra, kept, theta):
        return self.cell.drive_adjoint(grad_z, extra[0], kept[0], self.inner(theta))

    def add_drive(self, z, more):
        return self.cell.add_drive(z, more)

    def of_drive(self, grad_z):
        return self.cell.of_drive(grad_z)

    def width(self, d_h):
        return self.cell.width(d_h)

    def grad_output(self, grad, kept):
        return self.cell.grad_output(grad, kept[0])

    def hidden(self, state):
        return self.cell.hidden(state)

    def add_hidden(self, state, h):
        return self.cell.add_hidden(state, h)

    def output(self, state):
        return self.cell.output(state)

    def add_output(self, state, h):
        return self.cell.add_output(state, h)


class StatefulWrapper(Wrapper):
    r"""A wrapper that carries something beside the cell's state, which is its field ``cell``."""

    def output(self, state):
        return self.cell.output(state.cell)

    def add_output(self, state, h):
        return state._replace(cell=self.cell.add_output(state.cell, h))

    def grad_output(self, grad, kept):
        return self.cell.grad_output(grad.cell, kept[0])

    def hidden(self, state):
        return self.cell.hidden(state.cell)

    def add_hidden(self, state, h):
        return state._replace(cell=self.cell.add_hidden(state.cell, h))
