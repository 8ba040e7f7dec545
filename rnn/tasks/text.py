r"""Characters of a real text: Python's own language reference."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from rnn._checks import require_rng, require_size

__all__ = ["Alphabet", "documentation_text", "text_windows"]


def documentation_text(characters=64):
    r"""Return the text of Python's `help()` topics: several hundred thousand characters.

    Every installation of Python carries it, but it differs a little from one release to the
    next.

    Parameters
    ----------
    characters : int
        How many different characters to keep; the rarest are dropped from the text.
    """
    from pydoc_data.topics import topics

    text = "".join(topics[name] for name in sorted(topics))
    counts = Counter(text).most_common(require_size("characters", characters))
    keep = {character for character, _ in counts}
    return "".join(character for character in text if character in keep)


class Alphabet(NamedTuple):
    r"""Number the characters of a text.

    Attributes
    ----------
    characters : str
        Every character once; the index is its class.

    Examples
    --------
    >>> alphabet = Alphabet.of("hello")
    >>> alphabet.characters, alphabet.encode("hole")
    ('ehlo', array([1, 3, 2, 0]))
    >>> alphabet.decode([1, 0, 2, 2, 3])
    'hello'
    """

    characters: str

    @classmethod
    def of(cls, text):
        r"""Collect the characters of a text, sorted."""
        return cls("".join(sorted(set(text))))

    def encode(self, text):
        r"""Turn a text into classes; a ValueError names a character that is not known."""
        number = {c: k for k, c in enumerate(self.characters)}
        unknown = set(text) - set(number)
        if unknown:
            raise ValueError(f"text: not in this alphabet: {sorted(unknown)}")
        return np.array([number[c] for c in text], dtype=int)

    def decode(self, classes):
        r"""Turn classes into a text."""
        return "".join(self.characters[k] for k in classes)


def text_windows(rng, classes, tau, batch):
    r"""Cut random windows out of a text for the prediction of the next character.

    Parameters
    ----------
    rng : numpy.random.Generator
    classes : integer array, (n,)
        A text, encoded.
    tau, batch : int
        Length of a window and number of windows.

    Returns
    -------
    now, following : integer arrays, (tau, B)
        ``following[t]`` is the character after ``now[t]``.
    """
    require_rng(rng)
    tau, batch = require_size("tau", tau), require_size("batch", batch)
    if len(classes) <= tau:
        raise ValueError(f"classes: expected more than tau={tau} characters, got {len(classes)}")
    starts = rng.integers(0, len(classes) - tau, batch)
    windows = classes[starts + np.arange(tau + 1)[:, None]]
    return windows[:-1], windows[1:]
