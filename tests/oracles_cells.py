"""Every cell once more, from its equations: one row, one step, one gate at a time.

An oracle is written against `xp`, which is NumPy or torch: so it gives the value, the derivative by
a complex step (whatever branches does so on the real part), and the derivative by autograd.
`more` is what something outside adds to the pre-activations, in the order of the rows of U.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnn._tree import tree_map
from rnn.reference.cells import ClockedState, FeedbackState, LSTMState, SkipState


class CellOracle(NamedTuple):
    """One step, and where things stand in the state."""

    step: Callable  # (xp, state, x, t, theta, more) -> state
    zero: Callable  # (xp, theta) -> state
    show: Callable = lambda state: state
    hidden: Callable = lambda state: state
    push: Callable = lambda state, v: state + v
    start: Callable = lambda xp, state, x, theta: state


def sigma(xp, a):
    return 1 / (1 + xp.exp(-a))


def softmax(xp, a):
    e = xp.exp(a - a.real.max())
    return e / e.sum()


def largest(xp, a):
    return xp.eye(len(a), dtype=xp.float64)[int(a.real.argmax())]


PHI = {
    "tanh": lambda xp, a: xp.tanh(a),
    "relu": lambda xp, a: a * (a.real > 0),
    "sigmoid": sigma,
    "linear": lambda xp, a: a,
}
OWN = {"o": lambda xp, a: a, "softmax": softmax, "argmax": largest}


def nothing(xp, d):
    return xp.zeros(d, dtype=xp.float64)


def part(array, start, size):
    return array if isinstance(array, int) else array[start : start + size]


def rnn(phi="tanh"):
    def step(xp, h, x, t, theta, more=0):
        a = theta.b + theta.W @ h + theta.U @ x[t] + more  # (10.8)
        return PHI[phi](xp, a)  # (10.9)

    return CellOracle(step, lambda xp, theta: nothing(xp, theta.W.shape[1]))


def memoryless(phi="tanh"):
    def step(xp, h, x, t, theta, more=0):
        return PHI[phi](xp, theta.b + theta.U @ x[t] + more)

    return CellOracle(step, lambda xp, theta: nothing(xp, len(theta.U)))


def deep(phi="tanh"):
    def step(xp, h, x, t, theta, more=0):
        k = PHI[phi](xp, theta.b + theta.W @ h + theta.U @ x[t] + more)
        past_it = theta.W_skip @ h if hasattr(theta, "W_skip") else 0
        return PHI[phi](xp, theta.b_k + theta.W_k @ k + past_it)

    return CellOracle(step, lambda xp, theta: nothing(xp, theta.W.shape[1]))


def lstm(phi="tanh", peepholes=False, gates="fgq"):
    blocks = [letter for letter in "gfkq" if letter in gates + "k"]
    peeping = [letter for letter in "gfq" if letter in gates]

    def step(xp, state, x, t, theta, more=0):
        h, s = state

        def a(letter):
            here = blocks.index(letter) * len(h), len(h)
            U, W, b = (part(one, *here) for one in (theta.U, theta.W, theta.b))
            return b + U @ x[t] + W @ h + part(more, *here)

        def gate(letter, seen):
            if letter not in gates:
                return 1
            seen_by_it = theta.P[peeping.index(letter)] * seen if peepholes else 0
            return sigma(xp, a(letter) + seen_by_it)

        f = gate("f", s)  # (10.40)
        g = gate("g", s)  # (10.42)
        s_after = f * s + g * PHI[phi](xp, a("k"))  # (10.41)
        q = gate("q", s_after)  # (10.44)
        return LSTMState(xp.tanh(s_after) * q, s_after)  # (10.43)

    return CellOracle(
        step,
        lambda xp, theta: LSTMState(*(nothing(xp, theta.W.shape[1]) for _ in "hs")),
        show=lambda state: state.h,
        hidden=lambda state: state.h,
        push=lambda state, v: LSTMState(state.h + v, state.s),
    )


def gru(reset="after", phi="tanh", gating="unit"):
    def step(xp, h, x, t, theta, more=0):
        d = len(h)
        m = {"unit": d, "shared": 1, "product": 1 + d}[gating]
        at_u = 0 if reset == "none" else m

        def driven(start, size):
            U, b = part(theta.U, start, size), part(theta.b, start, size)
            return b + U @ x[t] + part(more, start, size)

        def gate(start):
            raw = sigma(xp, driven(start, m) + part(theta.W, start, m) @ h)
            return raw[0] * raw[1:] if gating == "product" else raw

        u = gate(at_u)  # (10.46)
        r = 1 if reset == "none" else gate(0)  # (10.47)
        W = part(theta.W, at_u + m, d)
        recurrent = r * (W @ h + theta.b_hn) if reset == "after" else W @ (r * h)
        k = PHI[phi](xp, driven(at_u + m, d) + recurrent)
        return u * h + (1 - u) * k  # (10.45)

    return CellOracle(step, lambda xp, theta: nothing(xp, theta.W.shape[1]))


def leaky(inner):
    def step(xp, state, x, t, theta, more=0):
        new = inner.step(xp, state, x, t, theta.cell, more)
        return tree_map(lambda s, n: theta.alpha * s + (1 - theta.alpha) * n, state, new)

    return _around(inner, step)


def attention(inner):
    def step(xp, state, x, t, theta, more=0):
        query = theta.Q @ inner.hidden(state)
        places = [M for M, there in zip(x.memory, x.present, strict=True) if there]
        context = 0 * theta.Q[:, 0]
        if places:
            weights = softmax(xp, xp.stack([query @ M for M in places]))
            context = sum(weight * M for weight, M in zip(weights, places, strict=True))
        return inner.step(xp, state, x.x, t, theta.cell, more + theta.R @ context)

    return _around(inner, step)


def context(inner, at="steps"):
    def start(xp, state, x, theta):
        return state if at == "steps" else inner.push(state, theta.S @ x.context)

    def step(xp, state, x, t, theta, more=0):
        here = 0 if at == "start" else theta.R @ x.context
        return inner.step(xp, state, x.x, t, theta.cell, more + here)

    return _around(inner, step)._replace(start=start)


def masked(inner, keep):
    def step(xp, state, x, t, theta, more=0):
        n, d = theta.W.shape
        units = d // len(keep)
        seen = [[float(keep[i % d // units][j // units]) for j in range(d)] for i in range(n)]
        theta = theta._replace(W=theta.W * xp.asarray(np.array(seen)))
        return inner.step(xp, state, x, t, theta, more)

    return inner._replace(step=step)


def clocked(inner, periods):
    def step(xp, state, x, t, theta, more=0):
        now, new = state.t + 1, inner.step(xp, state.cell, x, t, theta, more)
        units = len(inner.show(new)) // len(periods)
        moves = np.array([float(now % period == 0) for period in periods for _ in range(units)])
        moves = xp.asarray(moves)
        after = tree_map(lambda s, n: moves * n + (1 - moves) * s, state.cell, new)
        return ClockedState(after, now)

    return _beside(inner, step, lambda xp, theta: ClockedState(inner.zero(xp, theta), 0))


def skip(inner, delay):
    def zero(xp, theta):
        cell = inner.zero(xp, theta.cell)
        return SkipState(cell, tuple(0 * inner.hidden(cell) for _ in range(delay - 1)))

    def step(xp, state, x, t, theta, more=0):
        ago = {1 + d: h for d, h in enumerate((inner.hidden(state.cell), *state.past))}
        new = inner.step(xp, state.cell, x, t, theta.cell, more + theta.W_d @ ago[delay])
        return SkipState(new, tuple(ago[d] for d in range(1, delay)))

    return _beside(inner, step, zero)


def feedback(inner, own="o"):
    def zero(xp, theta):
        return FeedbackState(inner.zero(xp, theta.cell), 0 * theta.c, 0 * theta.c)

    def step(xp, state, x, t, theta, more=0):
        new = inner.step(xp, state.cell, x.x, t, theta.cell, more + theta.R @ state.y)
        o = theta.c + theta.V @ inner.show(new)  # (10.10)
        y = x.y[t] if x.forced[t] else OWN[own](xp, o + x.noise[t])
        return FeedbackState(new, y, o)

    return _beside(inner, step, zero)._replace(show=lambda state: state.o)


def _around(inner, step):
    return inner._replace(step=step, zero=lambda xp, theta: inner.zero(xp, theta.cell))


def _beside(inner, step, zero):
    return CellOracle(
        step,
        zero,
        show=lambda state: inner.show(state.cell),
        hidden=lambda state: inner.hidden(state.cell),
        push=lambda state, v: state._replace(cell=inner.push(state.cell, v)),
    )
