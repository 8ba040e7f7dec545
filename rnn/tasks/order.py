r"""Remember which symbols came, and in which order: temporal order and latching."""

import numpy as np

from rnn._checks import require_choice, require_in_range, require_size
from rnn.tasks._common import random_lengths, require_common
from rnn.tasks.batch import Batch, one_hot

__all__ = ["temporal_order", "latch", "two_sequence"]

# where the windows of the relevant symbols begin, in hundredths of tau; each is ten of them wide
WINDOWS = {
    ("1997", 2): (10, 50),
    ("1997", 3): (10, 33, 66),
    ("2013", 2): (10, 50),
    ("2013", 3): (10, 30, 60),
}
FINITE = np.finfo(np.float64).max


def temporal_order(rng, tau, batch, *, symbols=2, variant="2013", dtype=np.float64):
    r"""Hide two or three X or Y among distractors and ask at the end in which order they came.

    .. math:: y = \sum_i 2^{n - i} [s_i = Y], \qquad s_1, \dots, s_n \in \{X, Y\}

    so that for n = 2 the classes 0 to 3 are XX, XY, YX, YY.

    Variant "2013" (the generator published with Pascanu, Mikolov & Bengio): symbols X Y a b c d;
    the relevant ones stand in [0.1 tau, 0.2 tau) and [0.5 tau, 0.6 tau), for three of them in
    [0.1 tau, 0.2 tau), [0.3 tau, 0.4 tau), [0.6 tau, 0.7 tau), counted from 0; the length is
    tau. There the first symbol is the lowest binary digit of the class, here it is the highest.

    Variant "1997" (Hochreiter & Schmidhuber, experiments 6a and 6b): symbols X Y a b c d E B; E
    stands first and B last; the relevant ones stand in [0.1 tau, 0.2 tau] and
    [0.5 tau, 0.6 tau], for three of them in [0.1 tau, 0.2 tau], [0.33 tau, 0.43 tau],
    [0.66 tau, 0.76 tau], bounds included; each length is drawn from [tau, tau + tau/10]. The
    paper has tau = 100.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps (at least 10; in 1997 the shortest length) and sequences.
    symbols : {2, 3}
        How many relevant symbols.
    variant : {"2013", "1997"}
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 6), one-hot symbols ((tau + tau // 10, B, 8) in 1997, zeros after the
        lengths); y is (B,), classes. The last symbol is never a relevant one: without a memory
        all classes stay equally likely, ln 4 or ln 8 nats.
    """
    dtype, batch = require_common(rng, dtype, batch)
    require_choice("variant", variant, ("2013", "1997"))
    tau, n = require_size("tau", tau, 10), require_size("symbols", symbols, 2)
    if n > 3:
        raise ValueError(f"symbols: expected 2 or 3, got {symbols}")
    old, rows = variant == "1997", np.arange(batch)
    longest = tau + tau // 10 * old
    words = rng.integers(2, 6, (longest, batch))
    places = _places(rng, tau, n, variant, batch)
    words[places, rows] = hidden = rng.integers(0, 2, (n, batch))
    y = 2 ** np.arange(n)[::-1] @ hidden
    if not old:
        return Batch(one_hot(words, 6, dtype), y, None, n * np.log(2))
    lengths = random_lengths(rng, "tau", tau, 1, longest, batch)
    words[0], words[lengths - 1, rows] = 6, 7
    x = one_hot(words, 8, dtype) * (np.arange(longest)[:, None, None] < lengths[:, None])
    return Batch(x, y, lengths, n * np.log(2))


def _places(rng, tau, n, variant, batch):
    r"""Draw where the relevant symbols stand, (n, B)."""
    begin = np.array(WINDOWS[variant, n])[:, None]
    end = (begin + 10) * tau // 100 + (variant == "1997")
    return rng.integers(begin * tau // 100, end, (n, batch))


def latch(
    rng, tau, batch, *, first=3, noise=0.2, start_noise=0.0, min_length=None, dtype=np.float64
):
    r"""Let the first few inputs decide the class, then send noise, and ask at the end.

    .. math:: x^{(t)} = \pm 1 + \epsilon \;(t \le \text{first}), \qquad x^{(t)} = \epsilon

    It is the smallest task that needs a bit to be latched: kept against noise for as long as one
    likes. Source: Bengio, Simard & Frasconi (1994), where the first inputs are tuned together
    with the unit; here they are fixed, as in experiment 3 of Hochreiter & Schmidhuber (1997).
    Theirs are 3a: ``noise=0.2**0.5``, ``first`` 1 or 3, lengths in [T, 1.1 T]; and 3b: the same
    with ``start_noise=0.2**0.5``.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and sequences.
    first : int
        How many inputs tell the class; less than the shortest length.
    noise, start_noise : float
        Standard deviations of the Gaussian noise after the first inputs and on them.
    min_length : int, optional
        If given, each length is drawn from [min_length, tau]; later inputs are drawn too, but do
        not count.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 1); y is (B,): class 1 for +1, class 0 for -1. The last input is noise, so
        without a memory a predictor pays ln 2 nats.
    """
    dtype, batch = require_common(rng, dtype, batch)
    first = require_size("first", first)
    tau = require_size("tau", tau, first + 1)
    deviations = np.full((tau, 1), require_in_range("noise", noise, 0, FINITE))
    deviations[:first] = require_in_range("start_noise", start_noise, 0, FINITE)
    drawn = random_lengths(rng, "min_length", min_length, first + 1, tau, batch)
    y = rng.integers(0, 2, batch)
    x = deviations * rng.standard_normal((tau, batch))
    x[:first] += 2 * y - 1
    lengths = None if min_length is None else drawn
    return Batch(x[..., None].astype(dtype), y, lengths, np.log(2))


def two_sequence(rng, tau, batch, *, noise=0.2**0.5, target_noise=0.1**0.5, **latched):
    r"""Ask a latched bit as a noisy number: the net must learn a conditional expectation.

    .. math::
        y = 0.2 + \epsilon \;\text{after } {+1}, \qquad
        y = 0.8 + \epsilon \;\text{after } {-1}

    Source: Hochreiter & Schmidhuber (1997), experiment 3c. Unlike the classes of `latch`, it is
    not solved by guessing weights at random, because the output must be exact.

    Parameters
    ----------
    rng, tau, batch, noise, **latched
        As for `latch`; the paper's lengths lie in [T, 1.1 T], so ``tau = 1.1 T, min_length = T``.
    target_noise : float
        Standard deviation of the Gaussian noise on the target.

    Returns
    -------
    Batch
        x is (tau, B, 1); y is (B, 1), numbers. Without a memory the best answer is 0.5 and the
        mean squared error 0.3² + target_noise²; with one, target_noise² remains.
    """
    target_noise = require_in_range("target_noise", target_noise, 0, FINITE)
    x, bit, lengths, *_ = latch(rng, tau, batch, noise=noise, **latched)
    y = 0.8 - 0.6 * bit + target_noise * rng.standard_normal(len(bit))
    return Batch(x, y[:, None].astype(x.dtype), lengths, 0.3**2 + target_noise**2)
