r"""The checkers of the exercises, tested: the stub, the right answer, and plausible wrong ones."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("IPython", reason="needs IPython")

from rnn._unfold import unfold
from rnn.book.exercises import check, hint, judge, known

CHAPTERS = Path(__file__).parent.parent / "chapters"


def run_cell(state, bit, theta):
    current, longest = state
    current = current + 1 if bit else 0
    return current, max(longest, current)


def parity_by(scale=5.0, thresholds=(0, -10), start=(-1, -1)):
    W = scale * np.array([[1, -1], [1, -1]])
    return np.full((2, 1), scale), W, scale / 5 * np.array(thresholds, float), list(start)


def mixed_up():
    U, _, b, start = parity_by()
    return U, np.full((2, 2), 5.0), b, start


def swapped(state, bit, theta):
    return run_cell(state[::-1], bit, theta)[::-1]


def hoard(state, bit, theta):
    bits = [*state[0], bit]
    return bits, longest(bits)


def longest(bits):
    return max(map(len, "".join(map(str, bits)).split("0")))


def crash(*_):
    raise RuntimeError("oops")


RIGHT = {
    "10.0-a": np.log(64),
    "10.1-a": (11, 10),
    "10.1-b": (0.25, 0.5, 1),
    "10.1-c": 12,
    "10.1-d": unfold,
    "10.1-e": (run_cell, (0, 0)),
    "10.1-f": parity_by(),
}

# exercise: (wrong answer, what the message must say)
WRONG = {
    "10.0-a": [
        (6, "nats"),
        (1 / 64, "minus its logarithm"),
        (-4.1589, "positive"),
        (1, "begin with the probability"),
        (1.806, "base 10"),
        (4.2, "exact enough"),
    ],
    "10.1-a": [
        ((10, 9), "before the first step"),
        ((10, 10), "arrows are right"),
        ((10, 11), "other order"),
        ((11, 9), "one arrow is missing"),
        ((11, 15), "arrows into one state"),
        ((6, 5), "states only"),
        ((9, 8), "tau = 4"),
        ((5, 4), "only; x and h"),
        ((11, 12), "circles are right"),
        ((12, 10), "arrows are right"),
        ((3, 3), "draw the five steps"),
        (11, "two numbers"),
    ],
    "10.1-b": [
        ((1, 0.5, 0.25), "reverse"),
        ((0.125, 0.25, 0.5), "too many"),
        ((0.5, 0.25, 0.125), "in reverse, and one factor"),
        ((1, 1, 1), "plain sum"),
        ((0.5, 0.5, 1), "halved once more"),
        ((1, 2, 3), "step by step"),
        ((1, 2), "three coefficients"),
    ],
    "10.1-c": [
        (4, "one of the three copies"),
        (3, "three copies of theta, yes"),
        (8, "itself"),
        (6, "exponent"),
        (7, "differentiate"),
    ],
    "10.1-d": [
        (lambda f, s, xs, theta: unfold(f, s, xs, theta)[-1], "last state only"),
        (lambda f, s, xs, theta: [s, *unfold(f, s, xs, theta)], "begins with the first state"),
        (lambda f, s, xs, theta: [s, *unfold(f, s, xs, theta)][:-1], "before each step"),
        (lambda f, s, xs, theta: unfold(f, s, xs, theta)[:1], "inside the loop"),
        (lambda f, s, xs, theta: [f(s, x, theta) for x in xs], "carry the new state"),
        (lambda f, s, xs, theta: unfold(f, s, xs[::-1], theta), "last input to the first"),
        (lambda f, s, xs, t: unfold(lambda a, b, c: f(b, a, c), s, xs, t), "state first"),
        (lambda f, s, xs, theta: ["s"], "the states should be"),
        (lambda f, s: [s], "TypeError"),
        (lambda f, s, xs, theta: None, "without `return`"),
        (lambda f, s, xs, theta: [f(s, x) for x in xs], r"f\(\) missing 1 required .*theta"),
    ],
    "10.1-e": [
        ((lambda s, x, _: (s[0] + x, s[0] + x), (0, 0)), "counts all ones"),
        ((lambda s, x, _: ((s[0] + 1) * x,) * 2, (0, 0)), "the run at the end"),
        ((lambda s, x, _: ((s[0] + 1) * x, max(s)), (0, 0)), "after it has grown"),
        ((lambda s, x, _: (0, 7), (0, 0)), "the longest run is"),
        ((crash, (0, 0)), "RuntimeError: oops"),
        ((lambda s, x, _: s + x, 0), "should be a tuple"),
        ((swapped, (0, 0)), "not the last entry"),
        ((hoard, ([], 0)), "holds the whole sequence"),
        ((lambda s, x, _: None, (0, 0)), "without `return`"),
    ],
    "10.1-f": [
        (parity_by(start=[1, -1]), "upside down"),
        (parity_by(scale=1.0), "errors build up"),
        (parity_by(thresholds=(40, 40)), "never crosses 1"),
        (mixed_up(), "signs and sizes"),
        (parity_by()[:3], "first state"),
        (([[5], [5]], np.zeros((2, 2)), [5, -10], [0, 0]), "last bit"),
        (([[5], [5]], np.zeros((3, 3)), [5, -10], [0, 0]), r"W: expected shape \(2, 2\)"),
        (parity_by(start=[-1]), "first state: expected shape"),
        (parity_by(thresholds=(-5, -10)), r"wrong at step \d, where the parity before is"),
    ],
}


def test_every_exercise_is_in_both_tables():
    assert set(RIGHT) == set(WRONG) == set(known())
    assert all(len(answers) >= 3 for answers in WRONG.values())


@pytest.mark.parametrize("name", known())
def test_the_stub_is_not_attempted_yet(name):
    assert judge(name).status == "not attempted yet"
    assert judge(name, (..., ..., ..., ...)).status == "not attempted yet"


@pytest.mark.parametrize("name", known())
def test_the_right_answer_is_correct(name):
    assert judge(name, RIGHT[name]).status == "correct", judge(name, RIGHT[name])


@pytest.mark.parametrize(
    ("name", "answer", "says"), [(n, a, says) for n in WRONG for a, says in WRONG[n]]
)
def test_a_wrong_answer_hears_what_is_wrong(name, answer, says):
    verdict = judge(name, answer)
    assert verdict.status == "not yet"
    assert re.search(says, verdict.message), verdict


def test_a_stub_inside_a_matrix_is_not_attempted():
    answer = ([[...], [...]], [[..., ...], [..., ...]], [..., ...], [..., ...])
    assert judge("10.1-f", answer).status == "not attempted yet"


def test_functions_that_return_a_stub_are_not_attempted():
    assert judge("10.1-d", lambda f, s, xs, theta: ...).status == "not attempted yet"
    assert judge("10.1-e", (lambda s, x, theta: ..., (0, 0))).status == "not attempted yet"
    assert judge("10.1-e", (lambda s, x, theta: (..., ...), (0, 0))).status == "not attempted yet"


def test_a_state_that_is_changed_in_place_does_not_leak():
    def f(state, bit, theta):
        state[0] = (state[0] + 1) * bit
        state[1] = max(state[1], state[0])
        return state

    assert judge("10.1-e", (f, [0, 0])).status == "correct"


def test_generators_and_arrays_are_lists_of_states():
    def walk(f, s, xs, theta):
        yield from unfold(f, s, xs, theta)

    assert judge("10.1-d", walk).status == "correct"
    assert judge("10.1-d", lambda *a: np.array(unfold(*a))).status == "correct"


def test_check_and_hint_print(capsys):
    check("10.1-a", (10, 9))
    hint("10.1-a")
    hint("10.1-a", 2)
    out = capsys.readouterr().out
    assert "✗ 10.1-a, not yet: you left out the state before the first step" in out
    assert '(2 hints: `hint("10.1-a", 1)`)' in out
    assert '10.1-a has 2 hints: `hint("10.1-a", 1)` gives the first.' in out
    assert "Hint 2 of 2. There is one x a step" in out


def test_there_are_no_hints_beyond_the_last():
    with pytest.raises(ValueError, match="1 to 2, got 3"):
        hint("10.1-a", 3)
    with pytest.raises(ValueError, match=r"no exercise '10.1-z'; there are 10\.0-a"):
        check("10.1-z")


@pytest.mark.parametrize("name", known())
def test_every_exercise_stands_in_its_notebook_and_is_solved_elsewhere(name):
    section = name.split("-")[0]
    chapter, part = section.split(".", 1)
    number = f"{chapter}.{part if len(part.split('.')[0]) > 1 else '0' + part}"
    (text,) = (CHAPTERS / "text").glob(f"{number}-*.py")
    source = text.read_text(encoding="utf-8")
    assert f'check("{name}"' in source
    assert re.search(r"^from rnn\.book import .*\bhint\b", source, re.MULTILINE)
    solved = (CHAPTERS / "solutions" / "text" / text.name).read_text(encoding="utf-8")
    assert f'check("{name}"' in solved
