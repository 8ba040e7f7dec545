r"""Leaky units: a linear self-loop around any cell (§10.9.2)."""

import torch

from rnn._checks import require_in_range
from rnn._tree import tree_map
from rnn.pytorch.cells.carry import at_end
from rnn.pytorch.cells.scan import scan_diagonal
from rnn.pytorch.cells.simple import Memoryless
from rnn.pytorch.cells.theta import LeakyTheta
from rnn.pytorch.cells.wrapper import Wrapper

__all__ = ["Leaky"]


class Leaky(Wrapper):
    r"""Let each unit keep a part of its state: a running average of what the cell computes.

    .. math:: s^{(t)} = \alpha \odot s^{(t-1)} + (1 - \alpha) \odot f(s^{(t-1)}, x^{(t)}; \theta)

    alpha is the book's, as in `rnn.reference.Leaky`: 0 is the plain cell, 1 never changes. Around
    `Memoryless` the recurrence is linear, unit by unit, and the path "scan" needs no walk.

    Parameters
    ----------
    cell : Cell
        Every part of its state must be (B, d_h).
    alpha : float or (low, high)
        Where it starts: the same number for all units, or one drawn for each. It is a parameter:
        to keep it fixed, call ``cell.alpha.requires_grad_(False)``; to learn it, clip it to
        [0, 1] after each update. It is refused elsewhere, where it is looked at: by default on
        the CPU.
    path, device, dtype
        As for `Wrapper`.
    """

    Theta, fields = LeakyTheta, ("alpha",)

    def __init__(self, cell, alpha=0.5, *, path="auto", device=None, dtype=None):
        super().__init__(cell, path)
        self.start = _range(alpha)
        self.register(device, dtype, alpha=(cell.d_h,))

    def reset_parameters(self):
        torch.nn.init.uniform_(self.alpha, *self.start)

    def check_values(self, theta):
        super().check_values(theta)
        if not ((theta.alpha >= 0) & (theta.alpha <= 1)).all():
            got = theta.alpha.detach().cpu().numpy()
            advice = "after each update alpha.data.clamp_(0, 1), or alpha.requires_grad_(False)"
            raise ValueError(f"theta.alpha: expected numbers in [0, 1], got {got}; {advice}")

    def step(self, state, z, theta):
        new, alpha = self.cell.step(state, z, theta.cell), theta.alpha
        return tree_map(lambda s, n: alpha * s + (1 - alpha) * n, state, new)

    def why_not(self, path, request):
        if path != "scan":
            return super().why_not(path, request)
        return None if isinstance(self.cell, Memoryless) else "the cell inside has a memory"

    def scan(self, state, z, theta, counted):
        alpha = theta.alpha
        enters = (1 - alpha) * self.cell.step(state, z, theta.cell)
        if counted is None:
            h = scan_diagonal(state, enters, alpha)
            return h, at_end(state, h, counted)
        begins = torch.cat([counted[:1], counted[1:] & ~counted[:-1]])[..., None]
        enters = torch.where(counted[..., None], enters, 0) + torch.where(begins, alpha * state, 0)
        h = scan_diagonal(torch.zeros_like(state), enters, alpha)
        return h, at_end(state, h, counted)

    def extra_repr(self):
        low, high = self.start
        return f"alpha={low if low == high else (low, high)}"


def _range(alpha):
    low_high = alpha if isinstance(alpha, tuple) else (alpha, alpha)
    for value in low_high:
        require_in_range("alpha", value, 0, 1)
    if len(low_high) != 2 or not low_high[0] <= low_high[1]:
        raise ValueError(f"alpha: expected a number or (low, high), got {alpha}")
    return low_high
