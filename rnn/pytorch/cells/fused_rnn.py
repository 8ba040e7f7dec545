r"""The fused walk of the chapter's recurrence: two calls a step, and the gradient by hand."""

import torch
from torch.autograd.function import once_differentiable

__all__ = ["fused_rnn"]

APPLY = {
    "tanh": torch.tanh_,
    "relu": torch.relu_,
    "sigmoid": torch.sigmoid_,
    "linear": lambda a: a,
}
SLOPE = {
    "tanh": lambda h: 1 - h * h,
    "relu": lambda h: (h > 0).to(h.dtype),
    "sigmoid": lambda h: h * (1 - h),
    "linear": torch.ones_like,
}


def fused_rnn(nonlinearity, z, state, W, counted=None):
    r"""Return all states (tau, B, d_h) and the last one, given z = b + U x."""
    if not len(z):
        return z, state
    h = FusedRNN.apply(z, state, W, counted, nonlinearity)
    return h, h[-1]


class FusedRNN(torch.autograd.Function):
    r"""Walk forward in place, and back with the slopes of all steps taken at once."""

    @staticmethod
    def forward(ctx, z, state, W, counted, nonlinearity):
        h, apply, W_T, before = torch.empty_like(z), APPLY[nonlinearity], W.t(), state
        for t, (z_t, h_t) in enumerate(zip(z.unbind(0), h.unbind(0), strict=True)):
            torch.addmm(z_t, before, W_T, out=h_t)  # (10.8)
            apply(h_t)  # (10.9)
            if counted is not None:
                torch.where(counted[t, :, None], h_t, before, out=h_t)
            before = h_t
        ctx.save_for_backward(h, state, W, counted)
        ctx.nonlinearity = nonlinearity
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_h):
        h, state, W, counted = ctx.saved_tensors
        grad_a, from_later = SLOPE[ctx.nonlinearity](h), torch.zeros_like(state)
        if counted is not None:
            grad_a *= counted[..., None]
        full, resting = torch.empty_like(state), None
        steps = zip(grad_h.unbind(0), grad_a.unbind(0), strict=True)
        for t, (grad_h_t, grad_a_t) in reversed(list(enumerate(steps))):
            torch.add(grad_h_t, from_later, out=full)  # (10.20)
            grad_a_t.mul_(full)
            torch.mm(grad_a_t, W, out=from_later)  # (10.21)
            if counted is not None:
                resting = torch.where(counted[t, :, None], 0, full)
                from_later += resting
        grad_W = grad_a[0].t() @ state
        grad_W += grad_a[1:].flatten(0, 1).t() @ h[:-1].flatten(0, 1)  # (10.26)
        return grad_a, from_later, grad_W, None, None
