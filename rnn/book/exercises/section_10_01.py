r"""Exercises of section 10.1: unfolding."""

from types import SimpleNamespace

import numpy as np

from rnn._unfold import unfold
from rnn.book.exercises.machinery import attempted, close, exercise
from rnn.reference import tanh_cell


@exercise(
    "10.1-a",
    "Write the five steps down: which circle does each arrow start from?",
    "There is one x a step, and one state more than there are steps.",
    insight="5 inputs and 6 states, and two arrows into each new state. One step more adds two "
    "nodes and two arrows: the graph grows with tau, the folded picture does not.",
)
def count_nodes_and_edges(answer):
    if close(answer, (10, 11)):
        return "the numbers are right but in the other order: nodes first"
    if close(answer, (10, 9)) or close(answer, (10, 10)):
        return "you left out the state before the first step, h^(0): h^(1) needs it"
    if close(answer, (11, 15)) or close(answer, (11, 5)):
        return "count the arrows into one state: one from its x and one from the state before"
    if not close(answer, (11, 10)):
        return "expected (nodes, arrows) for tau = 5; draw the five steps and count"
    return None


@exercise(
    "10.1-b",
    r"Start with $s^{(1)} = \frac12 \cdot 0 + x^{(1)}$ and put it into $s^{(2)}$.",
    r"$s^{(3)} = \frac12 s^{(2)} + x^{(3)}$: which input has been halved how often?",
    insight="The newest input counts fully, each older one half as much as the one after it. "
    "So g^(3) is a list of three numbers, g^(4) of four, while f stays one line.",
)
def coefficients_of_g(answer):
    if close(answer, (1, 0.5, 0.25)):
        return "the right numbers in reverse: x^(1) has been halved twice, x^(3) never"
    if close(answer, (0.125, 0.25, 0.5)):
        return "one factor of 1/2 too many: x^(t) enters s^(t) as it is, and is halved later"
    if close(answer, (1, 1, 1)):
        return "that is a plain sum; the state is halved before each new input is added"
    if not close(answer, (0.25, 0.5, 1)):
        return "expected three coefficients, for x^(1), x^(2), x^(3); substitute step by step"
    return None


@exercise(
    "10.1-c",
    r"$s^{(3)} = \theta^3 s^{(0)}$; differentiate that as a function of one number first.",
    r"Now give each arrow its own copy, $s^{(3)} = \theta_3\theta_2\theta_1 s^{(0)}$. What does "
    "each copy contribute?",
    insight="Three copies contribute theta^2 s^(0) = 4 each. A shared parameter collects the "
    "gradients of all its copies: that sum is the whole secret of section 10.2.2.",
)
def shared_derivative(answer):
    if close(answer, 4):
        return "that is the contribution of one copy; theta stands on all three arrows"
    if close(answer, 8):
        return "that is s^(3) itself; how fast does it change when theta does?"
    if close(answer, 6):
        return "3 theta is the derivative of something else; differentiate theta^3"
    if not close(answer, 12):
        return "differentiate s^(3) = theta^3 s^(0) at theta = 2, s^(0) = 1"
    return None


@exercise(
    "10.1-d",
    "Keep a variable for the state; every step replaces it.",
    "`f` takes the state first, then x, then theta. Collect every new state in a list.",
    insight="That is the whole of `rnn.reference.unfold`. It never looks at what it carries, so "
    "it walks numbers, strings and the nodes of a graph alike.",
)
def own_unfold(answer):
    def f(s, x, theta):
        return f"({s}{x}{theta})"

    got, expected = attempted(answer(f, "s", "abc", "*")), unfold(f, "s", "abc", "*")
    return None if got == expected else _diagnose_walk(got, expected, f)


def _diagnose_walk(got, expected, f):
    if got == expected[-1]:
        return "you return the last state only; collect the states of all steps"
    got = list(got)
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
    insight="Whatever can be computed by reading once, with a fixed amount of memory, is an f: "
    "claim 14. Finding the right state is the art; training finds it for you, if you are lucky.",
)
def longest_run(answer):
    f, start, read = attempted(answer)
    rng = np.random.default_rng(0)
    for bits in ([1], [0], [1, 1, 0], [1, 1, 0, 1], *rng.integers(0, 2, (20, 30)).tolist()):
        states = unfold(f, start, bits)
        got, expected = read(attempted(states[-1])), _longest(bits)
        if got != expected:
            return _diagnose_run(bits, got, expected)
    return None


def _longest(bits):
    return max(map(len, "".join(map(str, bits)).split("0")))


def _diagnose_run(bits, got, expected):
    after_last_zero = len("".join(map(str, bits)).split("0")[-1])
    if got == sum(bits):
        return f"for {bits} you say {got}: that counts all ones; a 0 ends a run"
    if got == after_last_zero:
        return f"for {bits} you say {got}: that is the run at the end; an earlier one was longer"
    if got is not None and got == expected - 1:
        return f"for {bits} you say {got}: compare longest with the run after it has grown"
    return f"for {bits} the longest run is {expected}, but you say {got}"


@exercise(
    "10.1-f",
    "Two units that saturate can tell how many of (parity so far, new bit) are 1: let one be +1 "
    "when at least one is, the other when both are.",
    "With saturated units parity = (h_1 - h_2)/2: exactly one is true. So 'parity so far' enters "
    "the pre-activations as W h with rows proportional to (1, -1).",
    "Measured in -1/+1, parity before is h_1 - h_2 - 1. Unit 1 wants the sum of that and x above "
    "-1, unit 2 above +1. Multiply everything by 5, so that the tanh saturates.",
    insight="Eight numbers, exact for as long as you like: saturation repairs small errors at each "
    "step. Section 10.7 shows the price: where a unit is saturated, its gradient is almost 0",
)
def parity_by_hand(answer):
    theta, start = attempted(answer)
    problem = _shape_problem(theta, start)
    if problem:
        return problem
    theta = SimpleNamespace(**{name: np.array(getattr(theta, name), float) for name in "UWb"})
    bits = np.random.default_rng(1).integers(0, 2, 500)
    states = unfold(tanh_cell, np.array(start, float), 2.0 * bits[:, None] - 1, theta)
    said = np.array([h[0] - h[1] > 1 for h in states])
    return _diagnose_parity(said, bits.cumsum() % 2 == 1, bits == 1)


def _shape_problem(theta, start):
    wanted = {"U": (2, 1), "W": (2, 2), "b": (2,)}
    for name, shape in wanted.items():
        got = np.shape(attempted(getattr(theta, name)))
        if got != shape:
            return f"theta.{name}: expected shape {shape}, got {got}"
    return None if np.shape(start) == (2,) else f"the first state has shape {np.shape(start)}"


def _diagnose_parity(said, odd, ones):
    if (said == odd).all():
        return None
    if (said == ~odd).all():
        return "right at every step but upside down: the first state should mean an even count"
    if (said == ones).all():
        return "the net repeats the last bit: does W carry the parity of the steps before?"
    if said.all() or not said.any():
        return "h_1 - h_2 never crosses 1: the units do not switch; look at the thresholds b"
    first = int(np.argmax(said != odd)) + 1
    if first <= 4:
        return f"wrong from step {first} on: check the four cases (parity before, bit) by hand"
    return f"right for {first - 1} steps, then errors build up: make the weights larger"
