r"""Sequence tasks as generators, and real text and data that ship with Python and its packages.

Every generator takes an explicit ``rng``, returns a `Batch` in time-major layout, and states the
loss of the best predictor without a memory: what a net must beat to show that it remembers.
(Tasks on trees return a `Forest` too, and translation returns `Pairs`.)
"""

from rnn._forest import (
    Forest,
    balanced,
    chain,
    checked_forest,
    from_nested,
    height,
    interleave,
    join,
    levels,
)
from rnn.tasks.adding import adding, multiplication
from rnn.tasks.arithmetic import arithmetic
from rnn.tasks.batch import Batch, one_hot
from rnn.tasks.binary_addition import binary_addition
from rnn.tasks.copying import copy, copy_memory, repeat_copy
from rnn.tasks.grammars import continual_reber, embedded_reber, legal_next, reber
from rnn.tasks.listops import list_ops
from rnn.tasks.logic import xor_of_neighbours
from rnn.tasks.mackey_glass import mackey_glass
from rnn.tasks.numbers import (
    Lexicon,
    Pairs,
    exact_match,
    lexicon,
    number_words,
    one_hot_until,
    read_word,
    translation,
)
from rnn.tasks.order import latch, temporal_order, two_sequence
from rnn.tasks.parity import parity
from rnn.tasks.real import Series, co2, digits, el_nino, sunspots
from rnn.tasks.recall import associative_recall
from rnn.tasks.series import narma, sines, windows
from rnn.tasks.stacks import anbn, brackets
from rnn.tasks.text import Alphabet, documentation_text, text_windows
from rnn.tasks.year import find_the_year

__all__ = [
    "Batch",
    "one_hot",
    "parity",
    "find_the_year",
    "xor_of_neighbours",
    "binary_addition",
    "adding",
    "multiplication",
    "latch",
    "two_sequence",
    "temporal_order",
    "copy_memory",
    "copy",
    "repeat_copy",
    "associative_recall",
    "reber",
    "embedded_reber",
    "continual_reber",
    "legal_next",
    "anbn",
    "brackets",
    "Alphabet",
    "documentation_text",
    "text_windows",
    "narma",
    "mackey_glass",
    "sines",
    "windows",
    "Series",
    "sunspots",
    "el_nino",
    "co2",
    "digits",
    "Lexicon",
    "Pairs",
    "number_words",
    "lexicon",
    "translation",
    "one_hot_until",
    "read_word",
    "exact_match",
    "list_ops",
    "arithmetic",
    "Forest",
    "from_nested",
    "chain",
    "balanced",
    "join",
    "interleave",
    "height",
    "levels",
    "checked_forest",
]
