r"""A transition with a layer inside: what figure 10.13b does to the state (§10.5)."""

import torch

from rnn._checks import require_choice, require_size
from rnn.pytorch.cells.contract import Affine
from rnn.pytorch.cells.simple import NONLINEARITIES
from rnn.pytorch.cells.theta import DeepSkipTheta, DeepTheta

__all__ = ["DeepTransition"]


class DeepTransition(Affine):
    r"""Put a hidden layer between one state and the next (figure 10.13b), or a way past it too.

    The equations are those of `rnn.reference.DeepTransition`.

    Parameters
    ----------
    d_x, d_h : int
    skip : bool
        Whether there is W_skip, from state to state past the layer.
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    d_k : int, optional
        Width of the layer inside; d_h if not given.
    path, device, dtype
        As for `Cell`.
    """

    def __init__(
        self,
        d_x,
        d_h,
        skip=False,
        nonlinearity="tanh",
        d_k=None,
        *,
        path="auto",
        device=None,
        dtype=None,
    ):
        super().__init__(d_x, d_h, path)
        names = tuple(NONLINEARITIES)
        self.skip, self.nonlinearity = skip, require_choice("nonlinearity", nonlinearity, names)
        self.d_k = d_h if d_k is None else require_size("d_k", d_k)
        self.Theta = DeepSkipTheta if skip else DeepTheta
        self.fields = self.Theta._fields
        n = self.d_k
        two = {"U": (n, d_x), "W": (n, d_h), "b": (n,), "W_k": (d_h, n), "b_k": (d_h,)}
        self.register(device, dtype, **two, **({"W_skip": (d_h, d_h)} if skip else {}))

    @property
    def width(self):
        return self.d_k

    def step(self, h, z, theta):
        apply = NONLINEARITIES[self.nonlinearity]
        k = apply(z + h @ theta.W.T)
        a = torch.addmm(theta.b_k, k, theta.W_k.T)
        return apply(a + h @ theta.W_skip.T if self.skip else a)

    def extra_repr(self):
        options = f"skip={self.skip}, nonlinearity={self.nonlinearity!r}, d_k={self.d_k}"
        return f"{super().extra_repr()}, {options}"
