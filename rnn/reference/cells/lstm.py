r"""The long short-term memory: a linear self-loop with a weight of its own a step (§10.10.1)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice
from rnn.reference.cells import lstm_walk
from rnn.reference.cells.simple import Affine, CellTheta
from rnn.reference.nonlinearities import NONLINEARITIES, sigmoid
from rnn.reference.products import outer, total

__all__ = ["LSTM", "LSTMState", "PeepholeTheta"]

ROWS = "gfkq"  # the order of torch.nn.LSTM, which calls them i, f, g, o


class LSTMState(NamedTuple):
    r"""Hold h, what the cell shows, and s, what it keeps, (B, d_h) each.

    The order is that of `torch.nn.LSTM`'s (h, c).
    """

    h: np.ndarray
    s: np.ndarray


class PeepholeTheta(NamedTuple):
    r"""Hold U, W and b as `CellTheta` does, and P (gates, d_h), from s to the gates."""

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    P: np.ndarray


class Kept(NamedTuple):
    r"""Hold what one step leaves for the way back; a gate that was removed is 1."""

    h: np.ndarray
    s: np.ndarray
    g: np.ndarray
    f: np.ndarray
    k: np.ndarray
    q: np.ndarray
    s_after: np.ndarray
    shown: np.ndarray


@dataclass(frozen=True)
class LSTM(Affine):
    r"""The LSTM cell of figure 10.16.

    .. math::

        f^{(t)} &= \sigma(b^f + U^f x^{(t)} + W^f h^{(t-1)})  \qquad (10.40) \\
        s^{(t)} &= f^{(t)} \odot s^{(t-1)}
                 + g^{(t)} \odot \phi(b + U x^{(t)} + W h^{(t-1)}) \qquad (10.41) \\
        g^{(t)} &= \sigma(b^g + U^g x^{(t)} + W^g h^{(t-1)})  \qquad (10.42) \\
        h^{(t)} &= \tanh(s^{(t)}) \odot q^{(t)}               \qquad (10.43) \\
        q^{(t)} &= \sigma(b^o + U^o x^{(t)} + W^o h^{(t-1)})  \qquad (10.44)

    f forgets, g lets in, q lets out; k is short for the candidate, :math:`\phi(\dots)`.

    Parameters
    ----------
    candidate : {"tanh", "sigmoid"}
        phi. The book prints sigma; `torch.nn.LSTM` and practice have tanh.
    peepholes : bool
        Let f and g see :math:`s^{(t-1)}`, and q see :math:`s^{(t)}`, through P (the dashed line of
        figure 10.16; a weight for each gate and unit, after Gers and Schmidhuber, 2000).
    gates : str
        Which of f, g and q there are; one that is left out is 1. "fgq" is the LSTM, "gq" that of
        1997, which could not forget.
    forget_bias : float
        Where `init_theta` puts :math:`b^f`: drawn as all others, plus this. 1 is the advice of
        §10.10.2.

    Its parameters are a `CellTheta` (with peepholes a `PeepholeTheta`) whose n = (1 + gates) d_h
    rows stand in the order g, f, k, q, which is that of `torch.nn.LSTM` (there i, f, g, o);
    `split` takes them apart. Its state is an `LSTMState`.

    Examples
    --------
    >>> cell, rng = LSTM(), np.random.default_rng(0)
    >>> run = cell.forward(None, rng.normal(size=(5, 1, 2)), cell.init_theta(rng, 2, 3))
    >>> run.h.shape, run.state.s.shape
    ((5, 1, 3), (1, 3))
    """

    candidate: str = "tanh"
    peepholes: bool = False
    gates: str = "fgq"
    forget_bias: float = 0.0

    def __post_init__(self):
        require_choice("candidate", self.candidate, ("tanh", "sigmoid"))
        if len(set(self.gates)) != len(self.gates) or set(self.gates) - set("fgq"):
            raise ValueError(f"gates: expected some of 'f', 'g' and 'q', got {self.gates!r}")

    @property
    def rows(self):
        r"""Return the letters of the blocks of rows, in their order, such as "gfkq"."""
        return "".join(letter for letter in ROWS if letter in self.gates + "k")

    @property
    def peeping(self):
        r"""Return the letters of the gates in the order of the rows of P, such as "gfq"."""
        return self.rows.replace("k", "")

    def width(self, d_h):
        return len(self.rows) * d_h

    def shapes(self, d_x, d_h):
        n = self.width(d_h)
        plain = CellTheta(U=[n, d_x], W=[n, d_h], b=[n])
        return PeepholeTheta(*plain, P=[len(self.gates), d_h]) if self.peepholes else plain

    def draw_theta(self, rng, dtype, **sizes):
        theta = super().draw_theta(rng, dtype, **sizes)
        if "f" in self.gates:
            self.split(theta.b)["f"][...] += self.forget_bias
        return theta

    def zero_state(self, batch, theta):
        return LSTMState(*np.zeros((2, batch, theta.W.shape[1]), theta.W.dtype))

    def output(self, state):
        return state.h

    def add_output(self, state, h):
        return state._replace(h=state.h + h)

    def split(self, rows, axis=0):
        r"""Name the blocks of rows: ``split(theta.W)["f"]`` is a view of :math:`W^f`."""
        return dict(zip(self.rows, np.split(rows, len(self.rows), axis), strict=True))

    def step(self, state, z, theta):
        h, s = state
        a = self.split(z + h @ theta.W.T, -1)
        f = self._gate("f", a, s, theta)  # (10.40)
        g = self._gate("g", a, s, theta)  # (10.42)
        k = NONLINEARITIES[self.candidate].apply(a["k"])
        s_after = f * s + g * k  # (10.41)
        q = self._gate("q", a, s_after, theta)  # (10.44)
        shown = np.tanh(s_after)
        h_after = shown * q  # (10.43)
        return LSTMState(h_after, s_after), Kept(h, s, g, f, k, q, s_after, shown)

    def step_adjoint(self, grad, kept, theta):
        grad_q = grad.h * kept.shown * kept.q * (1 - kept.q)
        grad_s = grad.s + grad.h * kept.q * (1 - kept.shown**2) + self._peep("q", grad_q, theta)
        grad_a = {
            "g": grad_s * kept.k * kept.g * (1 - kept.g),
            "f": grad_s * kept.s * kept.f * (1 - kept.f),
            "k": grad_s * kept.g * NONLINEARITIES[self.candidate].slope(kept.k),
            "q": grad_q,
        }
        before = grad_s * kept.f
        before = before + self._peep("f", grad_a["f"], theta) + self._peep("g", grad_a["g"], theta)
        grad_z = np.concatenate([grad_a[letter] for letter in self.rows], -1)
        return LSTMState(grad_z @ theta.W, before), grad_z, ()

    def gather(self, x, grad_z, extra, kept, theta):
        grad = CellTheta(U=outer(grad_z, x), W=outer(grad_z, kept.h), b=total(grad_z))
        if not self.peepholes:
            return grad
        grad_a, sees = self.split(grad_z, -1), {"f": kept.s, "g": kept.s, "q": kept.s_after}
        P = [total(grad_a[letter] * sees[letter]) for letter in self.peeping]
        P = np.array(P, theta.P.dtype)
        return PeepholeTheta(*grad, P=P.reshape(theta.P.shape))

    @property
    def _fuses(self):
        return len(self.gates) == 3 and not self.peepholes

    def walk(self, state, z, theta, counted=None):
        if not self._fuses:
            return super().walk(state, z, theta, counted)
        return lstm_walk.walk(self._scale(theta), state, z, theta.W, counted, Kept)

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        if not self._fuses:
            return super().walk_back(grad_h, grad_state, kept, theta, counted)
        slope = NONLINEARITIES[self.candidate].slope
        return lstm_walk.walk_back(slope, grad_h, grad_state, kept, theta.W, counted)

    def _scale(self, theta):
        r"""Return 1/2 for the rows that sigma maps, 1 for those that tanh maps."""
        scale = np.full(len(theta.b), 0.5, theta.b.dtype)
        if self.candidate == "tanh":
            self.split(scale)["k"][...] = 1
        return scale

    def _gate(self, letter, a, s, theta):
        if letter not in self.gates:
            return np.ones_like(s)
        if self.peepholes:
            return sigmoid(a[letter] + theta.P[self.peeping.index(letter)] * s)
        return sigmoid(a[letter])

    def _peep(self, letter, grad_a, theta):
        r"""Return what a gradient at a gate's pre-activation sends to the s that the gate saw."""
        if not self.peepholes or letter not in self.gates:
            return 0
        return grad_a * theta.P[self.peeping.index(letter)]
