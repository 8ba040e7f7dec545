r"""The gated recurrent unit, and the variants that §10.10.2 mentions."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice
from rnn.reference.cells import gru_walk
from rnn.reference.cells.simple import Affine, CellTheta
from rnn.reference.nonlinearities import NONLINEARITIES, sigmoid
from rnn.reference.products import outer, total

__all__ = ["GRU", "GRUTheta"]


class GRUTheta(NamedTuple):
    r"""Hold U, W and b as `CellTheta` does, and the second bias of the candidate.

    Attributes
    ----------
    b_hn : array, (d_h,)
        Added to W h before the reset gate multiplies it; the name is `torch.nn.GRU`'s.
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    b_hn: np.ndarray


class Kept(NamedTuple):
    r"""Hold what one step leaves for the way back.

    `inside` is what W multiplies for the candidate, r h or h; `raw` is what sigma gave for the
    gates; `recurrent` is W h + b_hn where the reset comes after, and empty otherwise.
    """

    inside: np.ndarray
    h: np.ndarray
    r: np.ndarray
    u: np.ndarray
    k: np.ndarray
    raw: np.ndarray
    recurrent: np.ndarray


@dataclass(frozen=True)
class GRU(Affine):
    r"""One gate that forgets and writes, and one that chooses what the candidate sees.

    .. math::

        h^{(t)} &= u^{(t)} \odot h^{(t-1)} + (1 - u^{(t)}) \odot
                   \phi(b + U x^{(t)} + W (r^{(t)} \odot h^{(t-1)})) \qquad (10.45) \\
        u^{(t)} &= \sigma(b^u + U^u x^{(t)} + W^u h^{(t-1)}) \qquad (10.46) \\
        r^{(t)} &= \sigma(b^r + U^r x^{(t)} + W^r h^{(t-1)}) \qquad (10.47)

    The book prints the gates one step late, with u and r of t - 1 in (10.45), and the printings
    that we checked do not agree on the time of x there; this is the form of Cho et al. and of
    `torch.nn`.

    Parameters
    ----------
    reset : {"after", "before", "none"}
        "before" is the book's and Cho et al.'s: r multiplies h, then comes W. "after" is
        `torch.nn.GRU`'s: r multiplies W h + b_hn. "none" has no reset gate.
    candidate : {"tanh", "sigmoid"}
        phi. The book prints sigma; `torch.nn.GRU` and practice have tanh.
    gating : {"unit", "shared", "product"}
        How many gates there are: one a unit; one for all units together; or the product of one
        for all with one a unit.

    Its parameters are a `GRUTheta` ("after") or a `CellTheta`, with the rows in the order r, u, k,
    which is that of `torch.nn.GRU` (there r, z, n); `split` takes them apart. With "product" the
    row for all units stands before those for each.

    Examples
    --------
    >>> cell, rng = GRU(), np.random.default_rng(0)
    >>> theta = cell.init_theta(rng, d_x=2, d_h=3)
    >>> theta.W.shape, cell.forward(None, rng.normal(size=(5, 1, 2)), theta).h.shape
    ((9, 3), (5, 1, 3))
    """

    reset: str = "after"
    candidate: str = "tanh"
    gating: str = "unit"

    def __post_init__(self):
        require_choice("reset", self.reset, ("after", "before", "none"))
        require_choice("candidate", self.candidate, ("tanh", "sigmoid"))
        require_choice("gating", self.gating, ("unit", "shared", "product"))

    def width(self, d_h):
        return (2 if self.reset != "none" else 1) * self._gate_width(d_h) + d_h

    def shapes(self, d_x, d_h):
        n = self.width(d_h)
        plain = CellTheta(U=[n, d_x], W=[n, d_h], b=[n])
        return GRUTheta(*plain, b_hn=[d_h]) if self.reset == "after" else plain

    def split(self, rows, d_h, axis=0):
        r"""Name the blocks of rows: ``split(theta.W, d_h)["u"]`` is a view of :math:`W^u`."""
        m = self._gate_width(d_h)
        letters, ends = ("uk", [m]) if self.reset == "none" else ("ruk", [m, 2 * m])
        return dict(zip(letters, np.split(rows, ends, axis), strict=True))

    def step(self, h, z, theta):
        d_h = h.shape[-1]
        raw = sigmoid(z[..., :-d_h] + h @ theta.W[:-d_h].T)  # (10.46), (10.47)
        r, u = self._gates(raw, d_h)
        inside, recurrent, from_h = self._candidate(h, r, theta)
        k = NONLINEARITIES[self.candidate].apply(z[..., -d_h:] + from_h)
        after = u * h + (1 - u) * k  # (10.45)
        return after, Kept(inside, h, r, u, k, raw, recurrent)

    def step_adjoint(self, grad, kept, theta):
        d_h = grad.shape[-1]
        grad_k = grad * (1 - kept.u) * NONLINEARITIES[self.candidate].slope(kept.k)
        grad_r, past = self._candidate_adjoint(grad_k, kept, theta)
        grad_gates = self._gates_adjoint(grad_r, grad * (kept.h - kept.k), kept.raw)
        past = past + grad * kept.u + grad_gates @ theta.W[:-d_h]
        return past, np.concatenate([grad_gates, grad_k], -1), ()

    def gather(self, x, grad_z, extra, kept, theta):
        d_h = theta.W.shape[1]
        grad_gates, grad_k = grad_z[..., :-d_h], grad_z[..., -d_h:]
        at_product = grad_k * kept.r if self.reset == "after" else grad_k
        W = np.concatenate([outer(grad_gates, kept.h), outer(at_product, kept.inside)])
        plain = CellTheta(U=outer(grad_z, x), W=W, b=total(grad_z))
        return GRUTheta(*plain, b_hn=total(at_product)) if self.reset == "after" else plain

    @property
    def _fuses(self):
        return self.reset == "after" and self.gating == "unit"

    def walk(self, state, z, theta, counted=None):
        if not self._fuses:
            return super().walk(state, z, theta, counted)
        apply = NONLINEARITIES[self.candidate].apply
        return gru_walk.walk(apply, state, z, theta, counted, Kept)

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        if not self._fuses:
            return super().walk_back(grad_h, grad_state, kept, theta, counted)
        slope = NONLINEARITIES[self.candidate].slope
        return gru_walk.walk_back(slope, grad_h, grad_state, kept, theta.W, counted)

    def _candidate(self, h, r, theta):
        r"""Return what W sees, W h + b_hn if the reset comes after it, and what reaches phi."""
        W = theta.W[-h.shape[-1] :]
        if self.reset == "after":
            recurrent = h @ W.T + theta.b_hn
            return h, recurrent, r * recurrent
        return r * h, h[..., :0], (r * h) @ W.T

    def _candidate_adjoint(self, grad_k, kept, theta):
        r"""Return the gradients at r and at the state before, from that at the candidate's a."""
        W = theta.W[-kept.h.shape[-1] :]
        if self.reset == "after":
            return grad_k * kept.recurrent, (grad_k * kept.r) @ W
        grad_inside = grad_k @ W
        return grad_inside * kept.h, grad_inside * kept.r

    def _gate_width(self, d_h):
        return {"unit": d_h, "shared": 1, "product": d_h + 1}[self.gating]

    def _gates(self, raw, d_h):
        r"""Return r and u, (B, d_h) or (B, 1), from what sigma gave."""
        u = self._one_gate(raw[..., -self._gate_width(d_h) :])
        if self.reset == "none":
            return np.ones_like(u), u
        return self._one_gate(raw[..., : self._gate_width(d_h)]), u

    def _one_gate(self, raw):
        return raw[..., :1] * raw[..., 1:] if self.gating == "product" else raw

    def _gates_adjoint(self, grad_r, grad_u, raw):
        m = self._gate_width(grad_u.shape[-1])
        grads = [self._one_gate_adjoint(grad_u, raw[..., -m:])]
        if self.reset != "none":
            grads.insert(0, self._one_gate_adjoint(grad_r, raw[..., :m]))
        return np.concatenate(grads, -1) * raw * (1 - raw)

    def _one_gate_adjoint(self, grad, raw):
        if self.gating == "unit":
            return grad
        if self.gating == "shared":
            return grad.sum(-1, keepdims=True)
        of_all = (grad * raw[..., 1:]).sum(-1, keepdims=True)
        return np.concatenate([of_all, grad * raw[..., :1]], -1)
