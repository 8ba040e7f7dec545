r"""LSTM and GRU (§10.10), with the options of the reference."""

import torch

from rnn._checks import require_choice
from rnn.pytorch.cells.contract import Affine
from rnn.pytorch.cells.fused_gates import fused_gru, fused_lstm
from rnn.pytorch.cells.lean_lstm import lean_lstm
from rnn.pytorch.cells.library import library_refuses, run_library
from rnn.pytorch.cells.theta import CellTheta, GRUTheta, LSTMState, PeepholeTheta

__all__ = ["GRU", "LSTM"]

SQUASH = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}


class LSTM(Affine):
    r"""The LSTM cell of figure 10.16, one layer, called like `torch.nn.LSTM`.

    The equations are (10.40)-(10.44), written out at `rnn.reference.LSTM`. By default it computes
    what `torch.nn.LSTM` does, with the same rows (i, f, g, o there are g, f, the candidate and
    q here), and one bias, the sum of the two there. The state is an `LSTMState` (h, s), (B, d_h)
    each, in the order of (h, c).

    Parameters
    ----------
    d_x, d_h : int
    candidate : {"tanh", "sigmoid"}
        "tanh" is `torch.nn.LSTM`'s, "sigmoid" what the book prints.
    peepholes : bool
        Let the gates see s.
    gates : str
        Which of f, g and q there are; one that is left out is 1.
    forget_bias : float
        Added to the drawn bias of the forget gate.
    path, device, dtype
        As for `Cell`.

    Examples
    --------
    >>> h, (last, s) = LSTM(2, 3)(torch.zeros(5, 1, 2))
    >>> h.shape, s.shape
    (torch.Size([5, 1, 3]), torch.Size([1, 3]))
    """

    def __init__(
        self,
        d_x,
        d_h,
        candidate="tanh",
        peepholes=False,
        gates="fgq",
        forget_bias=0.0,
        *,
        path="auto",
        device=None,
        dtype=None,
    ):
        super().__init__(d_x, d_h, path)
        self.candidate = require_choice("candidate", candidate, tuple(SQUASH))
        if len(set(gates)) != len(gates) or set(gates) - set("fgq"):
            raise ValueError(f"gates: expected some of 'f', 'g' and 'q', got {gates!r}")
        self.peepholes, self.gates, self.forget_bias = peepholes, gates, forget_bias
        self.rows = "".join(letter for letter in "gfkq" if letter in gates + "k")
        self.peeping = self.rows.replace("k", "")
        self.Theta = PeepholeTheta if peepholes else CellTheta
        self.fields = self.Theta._fields
        n = self.width
        shapes = {"U": (n, d_x), "W": (n, d_h), "b": (n,)}
        if peepholes:
            shapes["P"] = (len(gates), d_h)
        self.register(device, dtype, **shapes)

    @property
    def width(self):
        return len(self.rows) * self.d_h

    def reset_parameters(self):
        super().reset_parameters()
        if "f" in self.gates:
            with torch.no_grad():
                self.split(self.b)["f"].add_(self.forget_bias)

    def zero_state(self, batch, theta):
        return LSTMState(*theta.W.new_zeros(2, batch, self.d_h))

    def output(self, state):
        return state.h

    def add_hidden(self, state, h):
        return state._replace(h=state.h + h)

    def split(self, rows, dim=0):
        r"""Name the blocks of rows: ``split(theta.W)["f"]`` is a view of :math:`W^f`."""
        return dict(zip(self.rows, rows.chunk(len(self.rows), dim), strict=True))

    def step(self, state, z, theta):
        h, s = state
        a = self.split(torch.addmm(z, h, theta.W.T), -1)
        f = self._gate("f", a, s, theta)  # (10.40)
        g = self._gate("g", a, s, theta)  # (10.42)
        s_after = f * s + g * SQUASH[self.candidate](a["k"])  # (10.41)
        q = self._gate("q", a, s_after, theta)  # (10.44)
        return LSTMState(torch.tanh(s_after) * q, s_after)  # (10.43)

    def why_not(self, path, request):
        if path not in ("fused", "lean", "library"):
            return super().why_not(path, request)
        if len(self.gates) < 3 or self.peepholes:
            return f"the {path} LSTM has all three gates and no peepholes"
        if path in ("fused", "lean"):
            return None
        if self.candidate != "tanh":
            return "the libraries' candidate is tanh"
        if request.lengths:
            return "a library does not show s at each row's end"
        return library_refuses(request)

    def fused(self, state, z, theta, counted):
        return fused_lstm(self.candidate, z, state, theta.W, counted)

    def lean(self, state, x, theta, counted):
        return lean_lstm(self.candidate, x, state, theta, counted)

    def library(self, state, x, theta, counted):
        return run_library(torch.lstm, x, state, theta, counted)

    def _gate(self, letter, a, s, theta):
        if letter not in self.gates:
            return 1
        if self.peepholes:
            return torch.sigmoid(a[letter] + theta.P[self.peeping.index(letter)] * s)
        return torch.sigmoid(a[letter])

    def extra_repr(self):
        chosen = f"{super().extra_repr()}, candidate={self.candidate!r}, gates={self.gates!r}"
        return f"{chosen}, peepholes=True" if self.peepholes else chosen


class GRU(Affine):
    r"""The gated recurrent unit (10.45)-(10.47), one layer, called like `torch.nn.GRU`.

    By default it computes what `torch.nn.GRU` does, with the same rows (r, z, n there are r, u and
    the candidate here).

    Parameters
    ----------
    d_x, d_h : int
    reset : {"after", "before", "none"}
        "after" W is `torch.nn.GRU`'s, "before" W the book's.
    candidate : {"tanh", "sigmoid"}
        "tanh" is `torch.nn.GRU`'s, "sigmoid" what the book prints.
    gating : {"unit", "shared", "product"}
        One gate a unit, one for all units, or the product of both.
    path, device, dtype
        As for `Cell`.
    """

    def __init__(
        self,
        d_x,
        d_h,
        reset="after",
        candidate="tanh",
        gating="unit",
        *,
        path="auto",
        device=None,
        dtype=None,
    ):
        super().__init__(d_x, d_h, path)
        self.reset = require_choice("reset", reset, ("after", "before", "none"))
        self.candidate = require_choice("candidate", candidate, tuple(SQUASH))
        self.gating = require_choice("gating", gating, ("unit", "shared", "product"))
        self.Theta = GRUTheta if reset == "after" else CellTheta
        self.fields = self.Theta._fields
        n = self.width
        shapes = {"U": (n, d_x), "W": (n, d_h), "b": (n,)}
        if reset == "after":
            shapes["b_hn"] = (d_h,)
        self.register(device, dtype, **shapes)

    @property
    def width(self):
        return (2 if self.reset != "none" else 1) * self._gate_width + self.d_h

    @property
    def _gate_width(self):
        return {"unit": self.d_h, "shared": 1, "product": self.d_h + 1}[self.gating]

    def step(self, h, z, theta):
        d_h, m = self.d_h, self._gate_width
        W_gates, W = theta.W[:-d_h], theta.W[-d_h:]
        raw = torch.sigmoid(torch.addmm(z[:, :-d_h], h, W_gates.T))  # (10.46), (10.47)
        u = self._gate(raw[:, -m:])
        r = 1 if self.reset == "none" else self._gate(raw[:, :m])
        after = self.reset == "after"
        from_h = r * torch.addmm(theta.b_hn, h, W.T) if after else (r * h) @ W.T
        k = SQUASH[self.candidate](z[:, -d_h:] + from_h)
        return u * h + (1 - u) * k  # (10.45)

    def why_not(self, path, request):
        if path not in ("fused", "library"):
            return super().why_not(path, request)
        if self.reset != "after" or self.gating != "unit":
            return f"the {path} GRU resets after W and has a gate of its own for each unit"
        if path == "fused":
            return None
        if self.candidate != "tanh":
            return "the libraries' candidate is tanh"
        return library_refuses(request)

    def fused(self, state, z, theta, counted):
        return fused_gru(self.candidate, z, state, theta.W, theta.b_hn, counted)

    def library(self, state, x, theta, counted):
        second = torch.cat([theta.b_hn.new_zeros(2 * self.d_h), theta.b_hn])
        return run_library(torch.gru, x, state, theta, counted, second)

    def _gate(self, raw):
        return raw[:, :1] * raw[:, 1:] if self.gating == "product" else raw

    def extra_repr(self):
        return f"{super().extra_repr()}, reset={self.reset!r}, gating={self.gating!r}"
