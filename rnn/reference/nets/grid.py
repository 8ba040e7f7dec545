r"""Recurrent nets over a grid, such as the pixels of an image (§10.3)."""

from dataclasses import dataclass

import numpy as np

from rnn._checks import require_fields, require_shape
from rnn._tree import steps_of
from rnn.reference.cells.carry import plus
from rnn.reference.nets.wiring import Bidirectional

__all__ = ["FourDirections"]


@dataclass(frozen=True)
class FourDirections:
    r"""Sweep over a grid in four directions: right, left, down and up (§10.3).

    Each place of the grid sees its whole row and its whole column after one layer, and the whole
    grid after two: nothing bounds the range of a lateral connection, as a kernel does. After Visin
    et al. (2015), whose layers sweep first along one axis and then along the other.

    Parameters
    ----------
    along, across : Bidirectional
        For the rows and for the columns.

    A grid is (height, width, B, d_x), an output (height, width, B, d_out), with the four parts
    side by side: from the left, from the right, from above, from below.
    """

    along: Bidirectional = Bidirectional()
    across: Bidirectional = Bidirectional()

    def init_theta(self, rng, d_x, d_h, *, dtype=np.float64):
        r"""Draw the parameters for rows and columns: a pair."""
        return tuple(axis.init_theta(rng, d_x, d_h, dtype=dtype) for axis in self._axes)

    @property
    def _axes(self):
        return self.along, self.across

    def check_theta(self, theta, name="theta"):
        r"""Refuse parameters that are not those of both axes."""
        require_fields(name, theta, (None, None))
        for axis, own, step in zip(self._axes, theta, steps_of(theta), strict=True):
            axis.check_theta(own, name + step)

    def forward(self, x, theta, *, check_finite=True):
        r"""Sweep over the grid.

        Parameters
        ----------
        x : array, (height, width, B, d_x)
        theta : pair of BothWays

        Returns
        -------
        h : array, (height, width, B, d_out)
        runs : pair of LayersRun
            What `backward` needs.
        """
        require_shape("x", x, "height width B d_x")
        self.check_theta(theta)
        runs = tuple(
            axis.forward(None, sequences, own, check_finite=check_finite)
            for axis, sequences, own in zip(self._axes, _sequences(x), theta, strict=True)
        )
        return np.concatenate(_grids([run.h for run in runs], x), axis=-1), runs

    def backward(self, grad_h, runs, theta):
        r"""Carry gradients back along all sweeps; return those at theta and at x."""
        self.check_theta(theta)
        require_fields("run", runs, (None, None))
        grads = np.split(grad_h, [runs[0].h.shape[-1]], axis=-1)
        backs = [
            axis.backward(_sequences(grad)[k], run, own)
            for k, (axis, grad, run, own) in enumerate(
                zip(self._axes, grads, runs, theta, strict=True)
            )
        ]
        grad_x = plus(*_grids([back.grad_x for back in backs], grad_h))
        return tuple(back.grad for back in backs), grad_x


def _sequences(grid):
    r"""Read a grid as rows, (width, height B, d), and as columns, (height, width B, d)."""
    height, width, batch, d = grid.shape
    rows = grid.swapaxes(0, 1).reshape(width, height * batch, d)
    return rows, grid.reshape(height, width * batch, d)


def _grids(sequences, like):
    r"""Turn sequences along rows, and along columns, back into grids."""
    height, width, batch, _ = like.shape
    rows, columns = sequences
    along = rows.reshape(width, height, batch, rows.shape[-1]).swapaxes(0, 1)
    return along, columns.reshape(height, width, batch, columns.shape[-1])
