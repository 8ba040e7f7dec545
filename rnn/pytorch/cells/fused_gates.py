r"""The fused walks of LSTM and GRU: a few calls a step in place, and the gradients by hand."""

import torch
from torch.autograd.function import once_differentiable

__all__ = ["fused_gru", "fused_lstm"]

APPLY = {"tanh": torch.tanh_, "sigmoid": torch.sigmoid_}
SLOPE = {"tanh": lambda k: 1 - k * k, "sigmoid": lambda k: k * (1 - k)}


def fused_lstm(candidate, z, state, W, counted=None):
    r"""Return all h and the last h and s of an LSTM, given z = b + U x in the rows g, f, k, q."""
    if not len(z):
        return z[..., : W.shape[1]], state
    h, s = FusedLSTM.apply(z, *state, W, counted, candidate)
    return h, type(state)(h[-1], s)


def fused_gru(candidate, z, state, W, b_hn, counted=None):
    r"""Return all h and the last one of a GRU that resets after W, rows r, u, k."""
    if not len(z):
        return z[..., : W.shape[1]], state
    h = FusedGRU.apply(z, state, W, b_hn, counted, candidate)
    return h, h[-1]


class FusedLSTM(torch.autograd.Function):
    r"""Keep the gates of all steps; on the way back take their slopes at once."""

    @staticmethod
    def forward(ctx, z, h, s, W, counted, candidate):
        (tau, batch, _), d, W_T, apply = z.shape, W.shape[1], W.t(), APPLY[candidate]
        gates = torch.empty_like(z)
        h_all, s_all, shown = (z.new_empty(tau, batch, d) for _ in range(3))
        parts = (part.unbind(0) for part in (z, gates, h_all, s_all, shown))
        first = h, s
        for t, (z_t, a, h_t, s_t, shown_t) in enumerate(zip(*parts, strict=True)):
            torch.addmm(z_t, h, W_T, out=a)
            gf, q = a[:, : 2 * d].sigmoid_(), a[:, 3 * d :].sigmoid_()
            k = apply(a[:, 2 * d : 3 * d])
            torch.mul(gf[:, d:], s, out=s_t)
            s_t.addcmul_(gf[:, :d], k)  # (10.41)
            torch.tanh(s_t, out=shown_t)
            torch.mul(q, shown_t, out=h_t)  # (10.43)
            if counted is not None:
                counts = counted[t, :, None]
                torch.where(counts, s_t, s, out=s_t)
                torch.where(counts, h_t, h, out=h_t)
            h, s = h_t, s_t
        ctx.save_for_backward(gates, h_all, s_all, shown, *first, W, counted)
        ctx.candidate = candidate
        return h_all, s_all[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_h, grad_s):
        gates, h_all, s_all, shown, h_first, s_first, W, counted = ctx.saved_tensors
        slopes, to_s, keeps = lstm_slopes(gates, s_all, shown, s_first, ctx.candidate, counted)
        from_later, grad_s = torch.zeros_like(h_first), grad_s.clone()
        walk_lstm_back(slopes, to_s, keeps, grad_h, from_later, grad_s, W, counted)
        grad_W = weight_gradient(slopes, h_first, h_all)
        return slopes, from_later, grad_s, grad_W, None, None


def lstm_slopes(gates, s_all, shown, s_first, candidate, counted):
    r"""Return da/d(s or h) in the rows of the gates, dh/ds, and ds/ds before, for all steps."""
    g, f, k, q = gates.chunk(4, -1)
    before = torch.cat([s_first[None], s_all[:-1]])
    slopes = torch.cat(
        [g * k * (1 - g), f * before * (1 - f), g * SLOPE[candidate](k), q * shown * (1 - q)], -1
    )
    to_s = q * (1 - shown * shown)
    if counted is not None:
        slopes *= counted[..., None]
        to_s = to_s * counted[..., None]
        f = torch.where(counted[..., None], f, 1)
    return slopes, to_s, f


def walk_lstm_back(slopes, to_s, keeps, grad_h, later, grad_s, W, counted):
    r"""Carry the gradients at h and s back through some steps: `later` and `grad_s`, in place.

    What began as the slopes ends as the gradient at a.
    """
    blocks, full = slopes.unflatten(-1, (4, -1)), torch.empty_like(later)
    for t in range(len(slopes) - 1, -1, -1):
        torch.add(grad_h[t], later, out=full)
        grad_s.addcmul_(full, to_s[t])
        blocks[t, :, :3].mul_(grad_s[:, None])
        blocks[t, :, 3].mul_(full)
        torch.mm(slopes[t], W, out=later)
        grad_s.mul_(keeps[t])
        if counted is not None:
            later += torch.where(counted[t, :, None], 0, full)


class FusedGRU(torch.autograd.Function):
    r"""Keep the gates, the candidate and W h + b_hn of all steps."""

    @staticmethod
    def forward(ctx, z, h, W, b_hn, counted, candidate):
        (tau, batch, n), d, W_T, apply = z.shape, W.shape[1], W.t(), APPLY[candidate]
        a = torch.empty_like(z)
        h_all, recurrent = (z.new_empty(tau, batch, d) for _ in range(2))
        from_h, first, bias = z.new_empty(batch, n), h, torch.cat([b_hn.new_zeros(2 * d), b_hn])
        for t in range(tau):
            a_t, h_t = a[t], h_all[t]
            torch.addmm(bias, h, W_T, out=from_h)
            torch.add(z[t, :, : 2 * d], from_h[:, : 2 * d], out=a_t[:, : 2 * d]).sigmoid_()
            recurrent[t] = from_h[:, 2 * d :]
            k = a_t[:, 2 * d :]
            torch.addcmul(z[t, :, 2 * d :], a_t[:, :d], from_h[:, 2 * d :], out=k)
            apply(k)
            torch.lerp(k, h, a_t[:, d : 2 * d], out=h_t)  # (10.45)
            if counted is not None:
                torch.where(counted[t, :, None], h_t, h, out=h_t)
            h = h_t
        ctx.save_for_backward(a, h_all, recurrent, first, W, counted)
        ctx.candidate = candidate
        return h_all

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_h):
        a, h_all, recurrent, first, W, counted = ctx.saved_tensors
        slopes, keeps = gru_slopes(a, h_all, recurrent, first, ctx.candidate, counted)
        (tau, batch, d), full = h_all.shape, torch.empty_like(first)
        from_later, at_product = torch.zeros_like(first), torch.empty_like(slopes)
        blocks, products = slopes.view(tau, batch, 3, d), at_product.view(tau, batch, 3, d)
        r = a[..., :d]
        for t in range(tau - 1, -1, -1):
            torch.add(grad_h[t], from_later, out=full)
            block = blocks[t]
            block[:, 1:].mul_(full[:, None])
            block[:, 0].mul_(block[:, 2])
            products[t, :, :2] = block[:, :2]
            torch.mul(block[:, 2], r[t], out=products[t, :, 2])
            torch.mm(at_product[t], W, out=from_later)
            from_later.addcmul_(full, keeps[t])
        grad_W = weight_gradient(at_product, first, h_all)
        grad_b_hn = products[:, :, 2].sum((0, 1))
        return slopes, from_later, grad_W, grad_b_hn, None, None


def gru_slopes(a, h_all, recurrent, first, candidate, counted):
    r"""Return the slopes of r (towards k), u and k (towards h), and dh/dh past them."""
    r, u, k = a.chunk(3, -1)
    before = torch.cat([first[None], h_all[:-1]])
    slopes = torch.cat(
        [recurrent * r * (1 - r), (before - k) * u * (1 - u), (1 - u) * SLOPE[candidate](k)], -1
    )
    if counted is not None:
        slopes *= counted[..., None]
        u = torch.where(counted[..., None], u, 1)
    return slopes, u


def weight_gradient(grad_a, first, h):
    r"""Sum over t and rows what each step says about W, one product (10.26)."""
    later = grad_a[1:].flatten(0, 1).t() @ h[:-1].flatten(0, 1)
    return later + grad_a[0].t() @ first
