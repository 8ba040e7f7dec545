r"""Exercises of section 10.1: unfolding."""

from copy import deepcopy
from itertools import chain, product
from types import SimpleNamespace

import numpy as np

from rnn._unfold import unfold
from rnn.book.exercises.machinery import attempted, close, exercise
from rnn.reference import tanh_cell

TWO_WRONG_COUNTS = {
    (10, 11): "the numbers are right but in the other order: circles first",
    (10, 9): "you left out the state before the first step, h^(0), and its arrow",
    (10, 10): "the arrows are right; the state before the first step, h^(0), is a circle too",
    (11, 9): "one arrow is missing: h^(1) needs x^(1) and h^(0)",
    (11, 15): "count the arrows into one state: one from its x and one from the state before",
    (11, 5): "each state has two arrows: one from its x and one from the state before",
    (6, 5): "you counted the states only; the inputs are circles too, each with an arrow",
    (5, 4): "you counted h^(1) to h^(5) only; x and h^(0) are circles too, with their arrows",
    (9, 8): "that is the graph for tau = 4",
    (13, 12): "that is the graph for tau = 6",
}


@exercise(
    "10.1-a",
    "Write the five steps down: which circle does each arrow start from?",
    "There is one x a step, and one state more than there are steps.",
    insight="5 inputs and 6 states, and two arrows into each new state. One step more adds two "
    "circles and two arrows: the graph grows with tau, the folded picture does not.",
)
def count_circles_and_arrows(answer):
    if close(answer, (11, 10)):
        return None
    for wrong, say in TWO_WRONG_COUNTS.items():
        if close(answer, wrong):
            return say
    if np.shape(answer) != (2,):
        return "expected two numbers, (circles, arrows)"
    if answer[0] == 11:
        return "the circles are right; how many arrows enter each new state?"
    if answer[1] == 10:
        return "the arrows are right; count the circles again, h^(0) among them"
    return "draw the five steps and count circles, then arrows"


@exercise(
    "10.1-b",
    r"Start with $s^{(1)} = \frac12 \cdot 0 + x^{(1)}$ and put it into $s^{(2)}$.",
    r"$s^{(3)} = \frac12 s^{(2)} + x^{(3)}$: which input has been halved how often?",
    insight="the newest input counts fully, each older one half as much as the one after it. "
    "So g^(3) is a list of three numbers, g^(4) of four, while f stays one line.",
)
def coefficients_of_g(answer):
    if close(answer, (1, 0.5, 0.25)):
        return "the right numbers in reverse: x^(1) has been halved twice, x^(3) never"
    if close(answer, (0.125, 0.25, 0.5)):
        return "one factor of 1/2 too many: x^(t) enters s^(t) as it is, and is halved later"
    if close(answer, (0.5, 0.25, 0.125)):
        return "in reverse, and one factor of 1/2 too many: x^(3) has not been halved yet"
    if close(answer, (0.5, 0.5, 1)):
        return "x^(1) is halved once more on the way from s^(2) to s^(3)"
    if close(answer, (1, 1, 1)):
        return "that is a plain sum; the state is halved before each new input is added"
    if np.shape(answer) != (3,):
        return "expected three coefficients, for x^(1), x^(2), x^(3)"
    return None if close(answer, (0.25, 0.5, 1)) else "substitute step by step, beginning at s^(1)"


@exercise(
    "10.1-c",
    r"Write $s^{(3)}$ out, in terms of $\theta$ and $s^{(0)}$ alone.",
    r"Now give each arrow its own copy, $s^{(3)} = \theta_3\theta_2\theta_1 s^{(0)}$. What does "
    "a change of each copy contribute?",
    insight="the three copies contribute theta^2 s^(0) = 4 each. A shared parameter collects the "
    "gradients of all its copies: that sum is the whole secret of section 10.2.2",
)
def shared_derivative(answer):
    if close(answer, 4):
        return "that is what one of the three copies of theta contributes; add up all of them"
    if close(answer, 3):
        return "three copies of theta, yes; how much does each of them contribute?"
    if close(answer, 8):
        return "that is s^(3) itself; how fast does it change when theta does?"
    if close(answer, 6):
        return "that is 3 theta; look at the exponent once more"
    return None if close(answer, 12) else "write s^(3) out with theta and s^(0), then differentiate"


@exercise(
    "10.1-d",
    "Keep a variable for the state; every step replaces it.",
    "`f` takes the state first, then x, then theta. Collect every new state in a list.",
    insight="that is `rnn.reference.unfold`, but for its option to walk in reverse. It never looks "
    "at what it carries, so it walks numbers, strings and the nodes of a graph alike",
)
def own_unfold(answer):
    def f(s, x, theta):
        return f"({s}{x}{theta})"

    f.__qualname__ = "f"  # so that Python's own messages name it as the exercise does
    got, expected = attempted(answer(f, "s", "abc", "*")), unfold(f, "s", "abc", "*")
    if isinstance(got, str) and got == expected[-1]:
        return "you return the last state only; collect the states of all steps"
    got = list(got)
    return None if got == expected else _diagnose_walk(got, expected, f)


def _diagnose_walk(got, expected, f):
    if got == ["s", *expected[:-1]]:
        return "you keep the state before each step; keep the new one, which f returns"
    if got == expected[:1]:
        return "you stop after the first step: is `return` inside the loop?"
    if got == ["s", *expected]:
        return "the list begins with the first state that was given; it should hold the new ones"
    if got == [f("s", x, "*") for x in "abc"]:
        return "every step starts from the first state again; carry the new state on"
    if got == unfold(f, "s", "cba", "*"):
        return "you walk from the last input to the first"
    if got == unfold(lambda s, x, theta: f(x, s, theta), "s", "abc", "*"):
        return "f takes the state first and the input second"
    return f"for three inputs a, b, c the states should be {expected}, yours are {got}"


@exercise(
    "10.1-e",
    "The state may be a pair. What must it remember besides the longest run so far?",
    "With (current, longest): a 1 makes current one larger, a 0 sets it to 0; what of longest?",
    insight="whatever can be computed by reading once, remembering a fixed number of things, is an "
    "f: claim 14. Finding the right state is the art; training finds it for you, if you are lucky",
)
def longest_run(answer):
    f, start = attempted(answer)
    short = chain.from_iterable(product((0, 1), repeat=n) for n in range(1, 6))
    for bits in chain(short, np.random.default_rng(0).integers(0, 2, (20, 30)).tolist()):
        last = attempted(unfold(f, deepcopy(start), bits)[-1])
        if not isinstance(last, tuple | list):
            return f"the state should be a tuple with the answer as last entry, not {last!r}"
        got, expected = attempted(last[-1]), _longest(bits)
        if got != expected:
            if expected in last[:-1] and bits == (1, 0):
                return "the right number is in your state, but it is not the last entry"
            return _diagnose_run(list(bits), got, expected)
    sizes = [len(repr(unfold(f, deepcopy(start), [1, 0] * n)[-1])) for n in (10, 500)]
    if sizes[1] > 4 * sizes[0]:
        return "right, but your state holds the whole sequence; find one that forgets"
    return None


def _longest(bits):
    return max(map(len, "".join(map(str, bits)).split("0")))


def _diagnose_run(bits, got, expected):
    after_last_zero = len("".join(map(str, bits)).split("0")[-1])
    if got == sum(bits):
        return f"for {bits} you say {got}: that counts all ones; a 0 ends a run"
    if got == after_last_zero:
        return f"for {bits} you say {got}: that is the run at the end; an earlier one was longer"
    if got == expected - 1:
        return f"for {bits} you say {got}: compare longest with the run after it has grown"
    return f"for {bits} the longest run is {expected}, but you say {got}"


@exercise(
    "10.1-f",
    "Two units that saturate can tell how many of (parity so far, new bit) are 1: let one be +1 "
    "when at least one is, the other when both are.",
    "With saturated units exactly one of the two is true when $h_1 - h_2 = 2$, and otherwise "
    "$h_1 - h_2 = 0$. So W reads the parity so far with rows proportional to (1, −1).",
    "In −1/+1 the parity so far is $h_1 - h_2 - 1$. Which sums of it and the bit should switch "
    "unit 1 on, and which unit 2?",
    "Unit 1 wants that sum above −1, unit 2 above +1. Multiply everything by 5, so that the tanh "
    "saturates.",
    insight="eight numbers, exact for as long as you like: saturation repairs small errors at each "
    "step. Section 10.7 shows the price: where a unit is saturated, its gradient is almost 0",
)
def parity_by_hand(answer):
    if len(answer) != 4:
        return f"expected (U, W, b, first state), got {len(answer)} things"
    shapes = {"U": (2, 1), "W": (2, 2), "b": (2,), "the first state": (2,)}
    for (name, shape), given in zip(shapes.items(), attempted(answer), strict=True):
        if np.shape(_filled_in(given)) != shape:
            return f"{name}: expected shape {shape}, got {np.shape(given)}"
    U, W, b, start = (np.array(given, float) for given in answer)
    theta = SimpleNamespace(U=U, W=W, b=b)
    bits = np.random.default_rng(1).integers(0, 2, 500)
    h = np.array(unfold(tanh_cell, start, 2.0 * bits[:, None] - 1, theta))
    return _diagnose_parity(h, bits)


def _filled_in(given):
    if isinstance(given, list | tuple):
        return [_filled_in(part) for part in given]
    return attempted(given)


def _diagnose_parity(h, bits):
    said, odd = h[:, 0] - h[:, 1] > 1, bits.cumsum() % 2 == 1
    if (said == odd).all():
        return None
    if (said == ~odd).all():
        return "right at every step but upside down: the first state should mean an even count"
    if (said == (bits == 1)).all():
        return "the net repeats the last bit: does W carry the parity of the steps before?"
    if said.all() or not said.any():
        return "h_1 - h_2 never crosses 1: look at the signs and sizes in W and U, then at b"
    return _first_mistake(int(np.argmax(said != odd)), h, bits, odd)


def _first_mistake(t, h, bits, odd):
    if t > 3 and np.abs(h[:t]).min() < 0.9:
        return f"right for {t} steps, then errors build up: make the weights larger"
    before = "odd" if t and odd[t - 1] else "even"
    return (
        f"wrong at step {t + 1}, where the parity before is {before} and the bit is "
        f"{'+1' if bits[t] else '−1'}: your units are ({h[t, 0]:.2f}, {h[t, 1]:.2f})"
    )
