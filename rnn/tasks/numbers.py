r"""Number words: translation between languages, with an exact answer."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice, require_lengths, require_rng, require_shape, require_size
from rnn.tasks._common import one_hot_or_zero
from rnn.tasks._libraries import import_data_library
from rnn.tasks.text import Alphabet

__all__ = [
    "END",
    "Lexicon",
    "Pairs",
    "number_words",
    "lexicon",
    "translation",
    "one_hot_until",
    "read_word",
    "exact_match",
]

END = "\n"


class Lexicon(NamedTuple):
    r"""Hold how one language spells the numbers 0, 1, ....

    Attributes
    ----------
    words : tuple of str
        The spelling of each number.
    alphabet : Alphabet
        All characters of all words, and `END` as class 0.
    """

    words: tuple[str, ...]
    alphabet: Alphabet


class Pairs(NamedTuple):
    r"""Hold B numbers, spelled in two languages, a character a step.

    Attributes
    ----------
    x : integer array, (tau_x, B)
        Source classes; no end symbol, but class 0 stands in the padding.
    x_lengths : integer array, (B,)
        Characters of each source; tau_x is the largest.
    y : integer array, (tau_y, B)
        Target classes; each target ends with class 0, `END`, and so does the padding.
    y_lengths : integer array, (B,)
        Characters of each target, its one `END` included; tau_y is the largest.
    source, target : Alphabet
        What the classes of x and y mean; both contain `END`.
    """

    x: np.ndarray
    x_lengths: np.ndarray
    y: np.ndarray
    y_lengths: np.ndarray
    source: Alphabet
    target: Alphabet


def number_words(n, language):
    r"""Spell a whole number; the words are those of the library num2words.

    Parameters
    ----------
    n : int
        From 0.
    language : str
        A language of num2words ("en", "de", "fr", ...), or "digits" for the decimal number.
    """
    return _speller(language)(require_size("n", n, 0))


def lexicon(language, largest=9999):
    r"""Spell the numbers 0 to `largest`, once for many batches; 10 000 take up to a second.

    Examples
    --------
    >>> lexicon("digits", 12).alphabet.characters
    '\n0123456789'
    """
    spell = _speller(language)
    words = tuple(spell(n) for n in range(require_size("largest", largest, 0) + 1))
    return Lexicon(words, Alphabet.of("".join(words) + END))


def translation(rng, batch, source="en", target="de", largest=9999, *, numbers=None):
    r"""Draw numbers and spell them in two languages: a translation with one right answer.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch : int
        Number of pairs.
    source, target : str or Lexicon
        A language (see `number_words`), or its `lexicon`, which saves spelling all numbers
        again for every batch. The alphabets are those of all numbers up to `largest`, so they
        do not depend on what is drawn.
    largest : int
        Largest number that is drawn; a `Lexicon` must reach it.
    numbers : sequence of int, optional
        The numbers to draw from, if not all of them: some for training, others for a test.

    Returns
    -------
    Pairs

    Examples
    --------
    >>> pairs = translation(np.random.default_rng(0), 1, "digits", "digits", largest=50)
    >>> read_word(pairs.x[:, 0], pairs.source), pairs.y[:, 0]
    ('43', array([5, 4, 0]))
    """
    require_rng(rng)
    batch, largest = require_size("batch", batch, 0), require_size("largest", largest, 0)
    source = _lexicon("source", source, largest)
    target = _lexicon("target", target, largest)
    drawn = _draw(rng, batch, largest, numbers)
    x, x_lengths = _encode([source.words[n] for n in drawn], source.alphabet)
    y, y_lengths = _encode([target.words[n] + END for n in drawn], target.alphabet)
    return Pairs(x, x_lengths, y, y_lengths, source.alphabet, target.alphabet)


def one_hot_until(classes, lengths, k, dtype=np.float64):
    r"""Turn classes (tau, B) into vectors (tau, B, k): a single 1, but zeros after the lengths."""
    classes = np.asarray(classes)
    require_shape("classes", classes, "tau B")
    counts = np.arange(len(classes))[:, None] < require_lengths(lengths, *classes.shape)
    return one_hot_or_zero(np.where(counts, classes, -1), k, dtype)


def read_word(classes, alphabet):
    r"""Turn the classes of one word into text, up to the first `END`."""
    return alphabet.decode(classes).partition(END)[0]


def exact_match(y_hat, y, y_lengths):
    r"""Say for each word whether it was translated without a fault; the mean is the score.

    Parameters
    ----------
    y_hat : integer array, (tau_hat, B)
        Predicted classes; tau_hat need not be tau_y. What follows the true `END` is ignored.
    y, y_lengths : integer arrays, (tau_y, B) and (B,)
        As in `Pairs`.

    Returns
    -------
    bool array, (B,)
        True where the prediction equals y up to and with its `END`.
    """
    y_hat, y, y_lengths = np.asarray(y_hat), np.asarray(y), np.asarray(y_lengths)
    require_shape("y", y, "tau_y B")
    require_shape("y_hat", y_hat, "tau_hat B", B=y.shape[1])
    require_shape("y_lengths", y_lengths, "B", B=y.shape[1])
    tau = min(len(y_hat), len(y))
    ignored = np.arange(tau)[:, None] >= y_lengths
    return ((y_hat[:tau] == y[:tau]) | ignored).all(axis=0) & (y_lengths <= tau)


def _speller(language):
    if language == "digits":
        return str
    library = import_data_library("num2words", "num2words")
    require_choice("language", language, ["digits", *sorted(library.CONVERTER_CLASSES)])
    return lambda n: library.num2words(n, lang=language)


def _lexicon(name, language, largest):
    if not isinstance(language, Lexicon):
        return lexicon(language, largest)
    if len(language.words) <= largest:
        reach = len(language.words) - 1
        raise ValueError(f"{name}: expected a lexicon up to {largest}, got one up to {reach}")
    return language


def _draw(rng, batch, largest, numbers):
    if numbers is None:
        return rng.integers(0, largest + 1, batch)
    numbers = [require_size("numbers", n, 0) for n in numbers]
    if not numbers or max(numbers) > largest:
        got = f"one of {max(numbers)}" if numbers else "none"
        raise ValueError(f"numbers: expected some in [0, largest={largest}], got {got}")
    return rng.choice(numbers, batch)


def _encode(words, alphabet):
    lengths = np.array([len(word) for word in words], int)
    classes = np.full((lengths.max(initial=0), len(words)), alphabet.characters.index(END))
    for b, word in enumerate(words):
        classes[: len(word), b] = alphabet.encode(word)
    return classes, lengths
