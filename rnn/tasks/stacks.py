r"""Languages that no finite automaton knows: a counter for aⁿbⁿ, a stack for brackets."""

import numpy as np

from rnn._checks import require_size
from rnn.tasks._common import entropy, one_hot_or_zero, require_common
from rnn.tasks.batch import Batch, one_hot

__all__ = ["anbn", "brackets"]


def anbn(rng, batch, *, max_n, dtype=np.float64):
    r"""Draw strings aⁿbⁿ, n from 1 to `max_n`, and ask at every step for the next symbol.

    The classes are 0 for the border that stands before and after the string, 1 for a, 2 for b:
    x spells 0 1ⁿ 2ⁿ and y 1ⁿ 2ⁿ 0. The first b cannot be foreseen, everything after it can: a
    perfect counter pays ln(max_n) nats a string. Source: Gers & Schmidhuber (2001), who have two
    different border symbols.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch : int
        Sequences.
    max_n : int
        Largest n; all from 1 on are equally likely.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (2 max_n + 1, B, 3), one-hot, zeros after the lengths 2 n + 1; y is
        (2 max_n + 1, B). After a, and after b, one symbol in E[n] = (max_n + 1)/2 is not the
        same again; with H(p) the entropy of a bit, a predictor without a memory pays
        2 E[n] H(1/E[n]) nats in 2 E[n] + 1 steps.

    Examples
    --------
    >>> x, y, *_ = anbn(np.random.default_rng(1), batch=1, max_n=3)
    >>> x[:5, 0].argmax(-1), y[:5, 0]
    (array([0, 1, 1, 2, 2]), array([1, 1, 2, 2, 0]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    max_n = require_size("max_n", max_n)
    n, step = rng.integers(1, max_n + 1, batch), np.arange(2 * max_n + 1)[:, None]
    y = np.where(step < n, 1, 2) * (step < 2 * n)
    classes = np.where(step <= 2 * n, np.roll(y, 1, axis=0), -1)
    classes[0] = 0
    mean = (max_n + 1) / 2
    loss = 2 * mean * entropy(1 / mean) / (2 * mean + 1)
    return Batch(one_hot_or_zero(classes, 3, dtype), y, 2 * n + 1, loss)


def brackets(rng, tau, batch, *, kinds=2, dtype=np.float64):
    r"""Draw balanced strings of tau brackets and ask at every step for the next bracket.

    Each of the balanced strings with tau/2 pairs is equally likely (all have this one length): at
    depth d with r brackets to go, the next one opens with probability

    .. math:: \frac{d + 2}{d + 1} \cdot \frac{r - d}{2 r}

    the share, by the ballot theorem, of the ways back to depth 0 that begin so. The kind of an
    opening bracket is free, that of a closing one is the kind of the last that is still open: a
    net needs a stack to foresee it. The language is Dyck's with `kinds` pairs.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Brackets in a string, an even number, and sequences.
    kinds : int
        Kinds of brackets, k.
    dtype : float32 or float64

    Returns
    -------
    Batch
        y is (tau, B), the string: class i opens kind i, class k + i closes it. x is
        (tau, B, 2 k + 1), one-hot, the bracket before, and 2 k for the border at the first step.
        With n = tau/2 pairs, an opening bracket is followed by a closing one (n + 1)/2 times on
        average, and a closing one by either (n - 1)/2 times. Kinds cost ln k each, but none where
        a bracket closes at once. With H(p) the entropy of a bit, a predictor without a memory
        pays (1 + 3 (n - 1)/2) ln k + n H((n + 1)/(2 n)) + (n - 1) ln 2 nats a string.

    Examples
    --------
    >>> y = brackets(np.random.default_rng(2), tau=12, batch=1).y
    >>> "".join("([)]"[k] for k in y[:, 0])
    '[(())[()]][]'
    """
    dtype, batch = require_common(rng, dtype, batch)
    tau, k = require_size("tau", tau, 2), require_size("kinds", kinds)
    if tau % 2:
        raise ValueError(f"tau: expected an even number of brackets, got {tau}")
    y, stack = np.zeros((tau, batch), int), np.zeros((tau // 2 + 1, batch), int)
    depth, rows = np.zeros(batch, int), np.arange(batch)
    kind, chance = rng.integers(0, k, (tau, batch)), rng.random((tau, batch))
    for t in range(tau):
        r = tau - t
        opens = chance[t] * 2 * r * (depth + 1) < (depth + 2) * (r - depth)
        stack[depth[opens], rows[opens]] = kind[t, opens]
        y[t] = np.where(opens, kind[t], k + stack[depth - 1, rows])
        depth += np.where(opens, 1, -1)
    x = one_hot(np.vstack([np.full((1, batch), 2 * k), y[:-1]]), 2 * k + 1, dtype)
    return Batch(x, y, None, _without_a_stack(tau // 2, k) / tau)


def _without_a_stack(n, k):
    free = 1 + 3 * (n - 1) / 2
    return free * np.log(k) + n * entropy((n + 1) / (2 * n)) + (n - 1) * np.log(2)
