r"""LSTM training that keeps h and s alone, and computes its gates again on the way back.

For each step, row and unit the fused walk keeps seven numbers: four gates, s, tanh s and h. The
lean one keeps two, and pays with one more product for each chunk of steps: a third more products,
since a way back takes twice as many as a walk.
"""

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from rnn.pytorch.cells.fused_gates import APPLY, lstm_slopes, walk_lstm_back

__all__ = ["lean_lstm"]

STEPS, ROWS = 16, 256  # a chunk has at least so many steps, and at least so many rows (t, batch)


def lean_lstm(candidate, x, state, theta, counted=None):
    r"""Return all h and the last h and s of an LSTM; theta has the rows g, f, k, q."""
    if not len(x):
        return linear(x, theta.U[: theta.W.shape[1]]), state
    h, s = LeanLSTM.apply(x, *state, *theta, counted, candidate)
    return h, type(state)(h[-1], s)


class LeanLSTM(torch.autograd.Function):
    r"""Walk over one chunk of steps after the other; of the gates there is never more."""

    @staticmethod
    def forward(ctx, x, h, s, U, W, b, counted, candidate):
        (tau, batch, _), first, W_T = x.shape, (h, s), W.t()
        h_all, s_all = (x.new_empty(tau, *h.shape) for _ in range(2))
        for steps in chunks(tau, batch):
            parts = (part[steps].unbind(0) for part in (h_all, s_all))
            for t, a, h_t, s_t in zip(
                range(tau)[steps], linear(x[steps], U, b), *parts, strict=True
            ):
                g, f, k, q = gates_of(a.addmm_(h, W_T), candidate).chunk(4, -1)
                torch.mul(f, s, out=s_t).addcmul_(g, k)  # (10.41)
                torch.mul(q, torch.tanh(s_t, out=k), out=h_t)  # (10.43)
                if counted is not None:
                    torch.where(counted[t, :, None], s_t, s, out=s_t)
                    torch.where(counted[t, :, None], h_t, h, out=h_t)
                h, s = h_t, s_t
        ctx.save_for_backward(x, h_all, s_all, *first, U, W, b, counted)
        ctx.candidate = candidate
        return h_all, s_all[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_h, grad_s):
        x, h_all, s_all, h_first, s_first, U, W, b, counted = ctx.saved_tensors
        joint, grad_b, later = torch.cat([U, W], 1), torch.zeros_like(b), torch.zeros_like(h_first)
        grad_joint, grad_s = torch.zeros_like(joint), grad_s.clone()
        grad_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        for steps in reversed(chunks(*x.shape[:2])):
            s, mask = s_all[steps], None if counted is None else counted[steps]
            h_0 = h_all[steps.start - 1] if steps.start else h_first
            s_0 = s_all[steps.start - 1] if steps.start else s_first
            read = torch.cat([x[steps], torch.cat([h_0[None], h_all[steps][:-1]])], -1)
            gates = gates_of(linear(read, joint, b), ctx.candidate)
            slopes, *ways = lstm_slopes(gates, s, s.tanh(), s_0, ctx.candidate, mask)
            walk_lstm_back(slopes, *ways, grad_h[steps], later, grad_s, W, mask)
            grad_joint += slopes.flatten(0, 1).t() @ read.flatten(0, 1)  # (10.26), (10.28)
            grad_b += slopes.sum((0, 1))
            if grad_x is not None:
                torch.matmul(slopes, U, out=grad_x[steps])
        grad_U, grad_W = grad_joint.split([U.shape[1], W.shape[1]], 1)
        return grad_x, later, grad_s, grad_U, grad_W, grad_b, None, None


def chunks(tau, batch):
    r"""List slices of steps, enough in each for a good product."""
    length = max(STEPS, -(-ROWS // max(batch, 1)))
    return [slice(t, min(t + length, tau)) for t in range(0, tau, length)]


def gates_of(a, candidate):
    r"""Turn a, (..., 4 d_h), into g, f, k and q, in place."""
    d = a.shape[-1] // 4
    a[..., : 2 * d].sigmoid_()  # (10.42), (10.40)
    APPLY[candidate](a[..., 2 * d : 3 * d])
    a[..., 3 * d :].sigmoid_()  # (10.44)
    return a
