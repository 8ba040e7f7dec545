r"""How an exercise is registered, checked and hinted at."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnn.book.notes import say

__all__ = [
    "Exercise",
    "NotAttempted",
    "NothingThere",
    "Verdict",
    "attempted",
    "check",
    "close",
    "exercise",
    "hint",
    "judge",
    "known",
]


class Exercise(NamedTuple):
    r"""Hold a checker (answer -> None if right, else what is wrong), hints, and a last word."""

    wrong: Callable[[Any], str | None]
    hints: tuple[str, ...]
    insight: str


class Verdict(NamedTuple):
    r"""Hold a status ("not attempted yet", "correct", "not yet") and a message."""

    status: str
    message: str


class NotAttempted(Exception):
    r"""Say that an answer is still the stub."""


class NothingThere(Exception):
    r"""Say that an answer is None, as a function's is that forgets its `return`."""


_EXERCISES: dict[str, Exercise] = {}
_MARKS = {"correct": "✓", "not yet": "✗", "not attempted yet": "○"}


def exercise(name, *hints, insight):
    r"""Register the decorated function as the checker of an exercise.

    It gets the answer and returns None if that is right, or one or two sentences on what is
    wrong. Its oracle is the reference or hand calculation, never the student's own code.
    """

    def register(wrong):
        _EXERCISES[name] = Exercise(wrong, hints, insight)
        return wrong

    return register


def known():
    r"""Return the names of all exercises, in order."""
    return sorted(_EXERCISES)


def judge(name, answer=...):
    r"""Return the verdict on an answer. Nothing that an answer does makes this raise."""
    this = _find(name)
    try:
        attempted(answer)
        wrong = this.wrong(answer)
    except NotAttempted:
        return Verdict("not attempted yet", "put your answer in place of `...`")
    except NothingThere:
        return Verdict("not yet", "got None; does your function end without `return`?")
    except Exception as error:
        return Verdict("not yet", f"your answer raised {type(error).__name__}: {error}")
    return Verdict("not yet", wrong) if wrong else Verdict("correct", this.insight)


def check(name, answer=...):
    r"""Say whether an answer is right, and if not, what is wrong with it.

    Parameters
    ----------
    name : str
        Such as "10.1-a".
    answer : any
        A number, a tuple, or a function, as the exercise asks. `...` means not attempted yet.
    """
    status, message = judge(name, answer)
    stop = "" if message.endswith((".", "?", "!")) else "."
    help_ = "" if status == "correct" else f" *({_offer(name)})*"
    say(f"{_MARKS[status]} **{name}, {status}:** {message}{stop}{help_}")


def hint(name, number=None):
    r"""Say how many hints an exercise has, or give one of them, counted from 1."""
    hints = _find(name).hints
    if number is None:
        say(f"{name} has {_offer(name)} gives the first.")
    elif number in range(1, len(hints) + 1):
        say(f"**Hint {number} of {len(hints)}.** {hints[number - 1]}")
    else:
        raise ValueError(f"number: expected 1 to {len(hints)}, got {number!r}")


def attempted(value):
    r"""Return a value; raise `NotAttempted` if it is or holds a stub, `NothingThere` if None."""
    parts = value if isinstance(value, tuple | list) else (value,)
    if any(part is ... for part in parts):
        raise NotAttempted
    if any(part is None for part in parts):
        raise NothingThere
    return value


def close(answer, expected, rtol=1e-6):
    r"""Tell whether an answer has the expected numbers, and the shape."""
    answer, expected = np.asarray(answer, float), np.asarray(expected, float)
    return answer.shape == expected.shape and np.allclose(answer, expected, rtol=rtol, atol=1e-9)


def _find(name):
    if name not in _EXERCISES:
        raise ValueError(f"no exercise {name!r}; there are {', '.join(known())}")
    return _EXERCISES[name]


def _offer(name):
    return f'{len(_find(name).hints)} hints: `hint("{name}", 1)`'
