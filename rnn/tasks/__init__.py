r"""Sequence tasks as generators, and the real text that ships with Python.

Every generator takes an explicit ``rng``, returns a `Batch` in time-major layout, and states the
loss of the best predictor without a memory: what a net must beat to show that it remembers.
"""

from rnn.tasks.batch import Batch, one_hot
from rnn.tasks.parity import parity
from rnn.tasks.text import Alphabet, documentation_text, text_windows
from rnn.tasks.year import find_the_year

__all__ = [
    "Batch",
    "one_hot",
    "parity",
    "find_the_year",
    "Alphabet",
    "documentation_text",
    "text_windows",
]
