r"""Find the year: the same fact at another place of the sentence."""

import numpy as np

from rnn._checks import require_rng, require_size
from rnn.tasks.batch import Batch, one_hot

__all__ = ["FILLERS", "YEARS", "find_the_year", "sentence"]

YEARS = tuple(str(year) for year in range(2001, 2011))
FILLERS = tuple("we sailed from Bergen to Lisbon with two friends and a dog that spring".split())
WORDS = YEARS + FILLERS


def find_the_year(rng, batch, *, positions, n_words=8, dtype=np.float64):
    r"""Hide one year among other words and ask for it after the last word.

    The introduction of chapter 10 makes its case for shared parameters with such a sentence:
    the year means the same as the second word and as the sixth. Words around it are drawn at
    random, so nothing but the year itself tells the answer.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch : int
        Number of sentences.
    positions : sequence of int
        Where the year may stand, each equally likely; counted from 0.
    n_words : int
        Length of a sentence, tau.

    Returns
    -------
    Batch
        x is (n_words, B, 24), one-hot words; y is (B,), which of the 10 years. The best
        predictor that sees only the last word pays ln 10 nats unless the year stands there.

    Raises
    ------
    ValueError
        If a position lies outside the sentence, or none is given.
    """
    require_rng(rng)
    n_words, batch = require_size("n_words", n_words), require_size("batch", batch, 0)
    positions = np.array([require_size("positions", p, 0) for p in positions], int)
    if not len(positions) or positions.max() >= n_words:
        raise ValueError(f"positions: expected some in [0, {n_words}), got {positions.tolist()}")
    words = rng.integers(len(YEARS), len(WORDS), (n_words, batch))
    y = rng.integers(0, len(YEARS), batch)
    words[rng.choice(positions, batch), np.arange(batch)] = y
    elsewhere = float(np.mean(positions != n_words - 1))
    return Batch(one_hot(words, len(WORDS), dtype), y, None, elsewhere * np.log(len(YEARS)))


def sentence(x):
    r"""Spell one sentence out, (tau, d_x) -> str."""
    return " ".join(WORDS[k] for k in x.argmax(axis=-1))
