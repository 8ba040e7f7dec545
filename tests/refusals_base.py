"""What a row of the table of bad input is, and short ways to write many."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from registry import CASES

BY_NAME = {case.name: case for case in CASES}
EITHER = (TypeError, ValueError)
NAN, INF = float("nan"), float("inf")
OUTSIDE = [-0.1, 1.5, NAN, INF]  # the unit interval
TAU, BATCH = 4, 3


class Refusal(NamedTuple):
    """One row of the table."""

    what: str
    call: Callable
    error: Any
    message: str


def rng():
    return np.random.default_rng(0)


def problem(name, seed=2):
    """Make a small problem of the registry, with a first state and without lengths."""
    return BY_NAME[name].make(seed, TAU, BATCH)


def walked(name, change):
    return BY_NAME[name].walk(change(problem(name)))


def wrong_at(value, *index):
    def change(array):
        array = array.copy()
        array[index] = value
        return array

    return change


def refused(error, message, **calls):
    """Return a row for each call, by what is given in it."""
    return [Refusal(what.replace("_", " "), call, error, message) for what, call in calls.items()]


def numbers(name, call, bad, message, error=EITHER):
    """Return a row for each bad number, which `call` takes."""
    return [Refusal(f"{name} = {b!r}", partial(call, b), error, message) for b in bad]
