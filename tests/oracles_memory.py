"""An explicit memory once more, one slot at a time, and the unit that says when to stop."""

import numpy as np
from oracles_cells import OWN, CellOracle, nothing, sigma

from rnn.reference.cells import FeedbackState, MemoryState
from rnn.reference.nets.sequences import StopState


def softplus(xp, a):
    return xp.log(1 + xp.exp(a))


def beside(*parts):
    """Put vectors of either library side by side."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import torch

    return torch.concatenate(parts)


def showing(state, out):
    """Return a state that shows this very vector, so that all that reads it leads back to it."""
    state = type(type(state).__name__, (type(state),), {})(*state)
    state.out = out
    return state


def head(xp, cell, asked, before, M):
    """Take what one head is asked, its weights before and the slots; return its weights."""
    N, asked = len(M), list(asked)
    if cell.addressing != "location":
        key = xp.stack([asked.pop(0) for _ in range(cell.d_m)])
        beta = softplus(xp, asked.pop(0))
        norms = [xp.sqrt((key @ key + 1e-6) * (m @ m + 1e-6)) for m in M]
        e = [xp.exp(beta * (key @ m) / norm) for m, norm in zip(M, norms, strict=True)]
        weights = [e_i / sum(e) for e_i in e]
    if cell.addressing == "content":
        return weights
    if cell.addressing == "both":
        g = sigma(xp, asked.pop(0))
        before = [g * w + (1 - g) * b for w, b in zip(weights, before, strict=True)]
    e = [xp.exp(asked.pop(0)) for _ in cell.shifts]
    moved = [sum(e[k] * before[(i - d) % N] for k, d in enumerate(cell.shifts)) for i in range(N)]
    powers = [(m / sum(e)) ** (1 + softplus(xp, asked[0])) for m in moved]
    return [p / sum(powers) for p in powers]


def explicit_memory(inner, cell):
    """Control a memory; `cell` is the `ExplicitMemory`, of which only the choices are read."""

    def zero(xp, theta):
        slot, number = np.arange(cell.slots)[:, None], np.arange(cell.d_m)
        M = cell.start * np.cos(np.pi * (slot + 0.5) * (number + 1) / cell.slots)
        first = xp.asarray(np.eye(1, cell.slots)[0])
        r = nothing(xp, cell.d_m)
        return MemoryState(inner.zero(xp, theta.cell), xp.asarray(M), first, first, r)

    def step(xp, state, x, t, theta, more=0):
        new = inner.step(xp, state.cell, x, t, theta.cell, more + theta.R @ state.r)
        h = inner.hidden(new)
        asked = theta.Q @ h + theta.b
        n = (len(asked) - 2 * cell.d_m) // 2
        writing = head(xp, cell, asked[n : 2 * n], state.writing, state.M)
        e, v = sigma(xp, asked[2 * n : -cell.d_m]), asked[-cell.d_m :]
        M = [m * (1 - w * e) + w * v for w, m in zip(writing, state.M, strict=True)]
        reading = head(xp, cell, asked[:n], state.reading, M)
        out = beside(inner.show(new), sum(w * m for w, m in zip(reading, M, strict=True)))
        if inner.show(new) is h:
            new = inner.push(new, out[: len(h)] - h)
        stacks = (xp.stack(part) for part in (M, reading, writing))
        return showing(MemoryState(new, *stacks, out[-cell.d_m :]), out)

    def show(state):
        return state.out if hasattr(state, "out") else beside(inner.show(state.cell), state.r)

    return CellOracle(
        step,
        zero,
        show,
        hidden=lambda state: inner.hidden(state.cell),
        push=lambda state, v: state._replace(cell=inner.push(state.cell, v)),
    )


def stop_unit(inner, own="argmax"):
    """Feed outputs back to `inner`, and read the log odds of stopping beside them."""

    def zero(xp, theta):
        o = 0 * theta.cell.c
        return StopState(FeedbackState(inner.zero(xp, theta.cell.cell), o, o), 0 * theta.c_stop)

    def step(xp, state, x, t, theta, more=0):
        of, before = theta.cell, state.cell
        new = inner.step(xp, before.cell, x.x, t, of.cell, more + of.R @ before.y)
        both = xp.concatenate([of.V, theta.v])
        out = beside(of.c, theta.c_stop) + both @ inner.show(new)
        y = x.y[t] if x.forced[t] else OWN[own](xp, out[:-1] + x.noise[t])
        return showing(StopState(FeedbackState(new, y, out[:-1]), out[-1:]), out)

    def show(state):
        return state.out if hasattr(state, "out") else beside(state.cell.o, state.s)

    def push(state, v):
        return state._replace(cell=state.cell._replace(cell=inner.push(state.cell.cell, v)))

    return CellOracle(step, zero, show, lambda state: inner.hidden(state.cell.cell), push)
