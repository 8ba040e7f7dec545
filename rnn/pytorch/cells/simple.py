r"""The chapter's recurrence (10.8), (10.9), and one layer without recurrence."""

import torch

from rnn._checks import require_choice
from rnn.pytorch.cells.carry import at_end
from rnn.pytorch.cells.contract import Affine
from rnn.pytorch.cells.fused_rnn import fused_rnn
from rnn.pytorch.cells.library import library_refuses, run_library
from rnn.pytorch.cells.scan import scan_matrix, scan_refuses
from rnn.pytorch.cells.theta import CellTheta, MemorylessTheta

__all__ = ["RNN", "Memoryless"]

NONLINEARITIES = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "linear": lambda a: a,
}


class RNN(Affine):
    r"""The recurrent net of the chapter, one layer, called like `torch.nn.RNN`.

    .. math:: h^{(t)} = \phi(b + W h^{(t-1)} + U x^{(t)}) \qquad (10.8), (10.9)

    The book has one bias where `torch.nn.RNN` has two, of which only the sum matters; there U is
    called weight_ih and W weight_hh. `from_torch` and `to_torch` copy them. The state is (B, d_h),
    without an axis for layers: stack layers with `Stack`.

    Parameters
    ----------
    d_x, d_h : int
        Widths of input and state.
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    path, device, dtype
        As for `Cell`.

    Examples
    --------
    >>> h, state = RNN(2, 3)(torch.zeros(5, 1, 2))
    >>> h.shape, state.shape
    (torch.Size([5, 1, 3]), torch.Size([1, 3]))
    """

    Theta, fields = CellTheta, ("U", "W", "b")

    def __init__(self, d_x, d_h, nonlinearity="tanh", *, path="auto", device=None, dtype=None):
        super().__init__(d_x, d_h, path)
        names = tuple(NONLINEARITIES)
        self.nonlinearity = require_choice("nonlinearity", nonlinearity, names)
        shapes = {"U": (d_h, d_x), "W": (d_h, d_h), "b": (d_h,)}
        self.register(device, dtype, **shapes)

    def step(self, h, z, theta):
        a = z + h @ theta.W.T  # (10.8)
        return NONLINEARITIES[self.nonlinearity](a)  # (10.9)

    def why_not(self, path, request):
        if path == "fused":
            return None
        if path == "library":
            if self.nonlinearity not in ("tanh", "relu"):
                return f"the libraries have no recurrence with {self.nonlinearity}"
            return library_refuses(request)
        if path == "scan":
            return scan_refuses(self.nonlinearity == "linear", request)
        return super().why_not(path, request)

    def fused(self, state, z, theta, counted):
        return fused_rnn(self.nonlinearity, z, state, theta.W, counted)

    def library(self, state, x, theta, counted):
        kernel = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}[self.nonlinearity]
        return run_library(kernel, x, state, theta, counted)

    def scan(self, state, z, theta, counted):
        h = scan_matrix(state, z, theta.W)
        return h, at_end(state, h, counted)

    def extra_repr(self):
        return f"{super().extra_repr()}, {self.nonlinearity!r}"


class Memoryless(Affine):
    r"""One layer without recurrence, :math:`h^{(t)} = \phi(b + U x^{(t)})`, all steps at once.

    Parameters
    ----------
    d_x, d_h : int
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    path, device, dtype
        As for `Cell`.
    """

    Theta, fields = MemorylessTheta, ("U", "b")

    def __init__(self, d_x, d_h, nonlinearity="tanh", *, path="auto", device=None, dtype=None):
        super().__init__(d_x, d_h, path)
        names = tuple(NONLINEARITIES)
        self.nonlinearity = require_choice("nonlinearity", nonlinearity, names)
        self.register(device, dtype, U=(d_h, d_x), b=(d_h,))

    def step(self, h, z, theta):
        return NONLINEARITIES[self.nonlinearity](z)

    def why_not(self, path, request):
        return None if path == "scan" else super().why_not(path, request)

    def scan(self, state, z, theta, counted):
        h = NONLINEARITIES[self.nonlinearity](z)
        return h, at_end(state, h, counted)

    def extra_repr(self):
        return f"{super().extra_repr()}, {self.nonlinearity!r}"
