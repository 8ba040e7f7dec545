r"""Exercises: what `check` knows about right answers and about plausible wrong ones."""

from rnn.book.exercises import section_10_00, section_10_01  # noqa: F401
from rnn.book.exercises.machinery import Verdict, check, exercise, hint, judge, known

__all__ = ["check", "hint", "judge", "known", "exercise", "Verdict"]
