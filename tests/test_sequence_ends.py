r"""Three ways to end a sequence: an end symbol, a Bernoulli stop, the length first (§10.2.3)."""

import math

import numpy as np
import pytest
from test_sequences import assert_frequencies, assert_gradient, classes

from rnn._tree import tree_leaves, tree_map
from rnn.reference import GRU, LSTM, RNN, Context, Feedback, InContext, Memoryless, Output
from rnn.reference.nets.sequences import (
    BernoulliStop,
    EndSymbol,
    LengthFirst,
    StopUnit,
    all_sequences,
    log_likelihood,
)

K, LONGEST = 2, 4
CELLS = {"RNN": RNN(), "LSTM": LSTM(), "GRU": GRU(), "Memoryless": Memoryless()}
ENDS = [EndSymbol, BernoulliStop, LengthFirst]
TELLS = ("remaining", "tau", "nothing")


def drawn_theta(model, seed=0, d_h=3, d_x=0, scale=2, dtype=np.float64):
    sizes = {"tau_max": LONGEST} if isinstance(model, LengthFirst) else {}
    sizes |= {"d_c": 2} if isinstance(model.cell, Context) else {}
    rng = np.random.default_rng(seed)
    theta = model.init_theta(rng, d_x, d_h, K, dtype=dtype, **sizes)
    theta = tree_map(lambda leaf: (scale * leaf).astype(dtype), theta)
    if not isinstance(model, LengthFirst):
        return theta
    return theta._replace(length=np.array([0, 1, -1, 0.5, 0.2], dtype))


def sequences(model, theta, x=None):
    """Map every sequence that ends within LONGEST, and every one that does not, to its log p."""
    log_p = {}
    for n in range(0 if model.__class__ != BernoulliStop else 1, LONGEST + 1):
        y = all_sequences(K, n)
        found = model.log_likelihood(y, theta, x=inputs(model, x, n, y.shape[1])).log_p
        log_p |= {(*row, "end"): p for row, p in zip(y.T.tolist(), found, strict=True)}
    if isinstance(model, LengthFirst):
        return log_p
    going_on = {"ended": np.zeros(K**LONGEST, bool)}
    y = all_sequences(K, LONGEST)
    x = inputs(model, x, LONGEST, y.shape[1])
    found = model.log_likelihood(y, theta, x=x, **going_on).log_p
    log_p |= {tuple(row): p for row, p in zip(y.T.tolist(), found, strict=True)}
    if isinstance(model, EndSymbol):
        log_p = {s: p for s, p in log_p.items() if len(s) <= LONGEST}
    return log_p


def inputs(model, x, n, batch):
    """Repeat one row of x, or one context, for a likelihood of n steps."""
    if isinstance(x, InContext):
        return InContext(None, np.repeat(x.context, batch, axis=0))
    steps = n + isinstance(model, EndSymbol)
    return None if x is None else np.repeat(x[:steps], batch, axis=1)


@pytest.mark.parametrize("inner", CELLS)
@pytest.mark.parametrize("end", ENDS)
def test_all_sequences_and_those_that_go_on_make_one(end, inner):
    model = end(classes(CELLS[inner]))
    p = np.exp(list(sequences(model, drawn_theta(model)).values()))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p.max() > 2 * p.min()


@pytest.mark.parametrize("end", ENDS)
def test_they_make_one_given_any_context_and_any_x(end):
    rng = np.random.default_rng(5)
    model = end(Context(classes(GRU()), "both"))
    for context in rng.normal(size=(2, 1, 2)):
        found = sequences(model, drawn_theta(model), InContext(None, context))
        assert np.exp(list(found.values())).sum() == pytest.approx(1, abs=1e-12)
    model = end(classes(RNN()))
    found = sequences(model, drawn_theta(model, d_x=2), rng.normal(size=(LONGEST + 1, 1, 2)))
    assert np.exp(list(found.values())).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("end", [EndSymbol, LengthFirst])
def test_an_output_that_is_told_nothing_can_end_too(end):
    model = end(Output(RNN()))
    p = np.exp(list(sequences(model, drawn_theta(model)).values()))
    assert p.sum() == pytest.approx(1, abs=1e-12)


def test_an_end_symbol_worked_out_by_hand():
    model = EndSymbol(classes(RNN()))
    theta = tree_map(np.zeros_like, drawn_theta(model))
    theta = theta._replace(c=np.log([2.0, 1.0, 1.0]))  # P(0) = 1/2, P(1) = P(end) = 1/4
    found = model.log_likelihood([[0, 1], [1, 1]], theta, [2, 0], ended=np.array([True, True]))
    np.testing.assert_allclose(found.log_p, np.log([1 / 32, 1 / 4]), rtol=1e-14)
    going_on = model.log_likelihood([[0], [1]], theta, ended=np.array([False]))
    np.testing.assert_allclose(going_on.log_p, np.log([1 / 8]), rtol=1e-14)


def test_a_bernoulli_stop_worked_out_by_hand():
    model = BernoulliStop(classes(RNN()))
    theta = tree_map(np.zeros_like, drawn_theta(model))
    theta = theta._replace(c_stop=np.log([1 / 3]))  # stops with probability 1/4, P(0) = P(1) = 1/2
    y, ended = np.zeros((3, 2), int), np.array([True, False])
    found = model.log_likelihood(y, theta, [3, 2], ended=ended).log_p_t
    expected = np.log([[3 / 8, 3 / 8], [3 / 8, 3 / 8], [1 / 8, 1]])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("tells", "reads"), [("remaining", [2, 1, 0]), ("tau", [3, 3, 3]), ("nothing", None)]
)
def test_a_length_drawn_first_is_read_as_a_share_of_the_longest(tells, reads):
    """(10.34), with lengths 0 to 4 that have the weights 1, 2, 1, 3, 1."""
    model = LengthFirst(classes(GRU()), tells)
    theta = drawn_theta(model)._replace(length=np.log([1.0, 2.0, 1.0, 3.0, 1.0]))
    y = np.array([[0], [1], [1]])
    x = None if reads is None else np.array(reads).reshape(3, 1, 1) / 4
    given = log_likelihood(model.cell, y, theta.cell, x).log_p[0]
    assert model.log_likelihood(y, theta).log_p[0] == pytest.approx(math.log(3 / 8) + given)


@pytest.mark.parametrize("tells", TELLS)
def test_only_a_net_that_is_told_the_length_begins_otherwise(tells):
    model = LengthFirst(classes(RNN()), tells)
    theta, y = drawn_theta(model), np.array([[0], [1], [1], [0]])
    first = [model.log_likelihood(y, theta, [n]).log_p_t[0, 0] for n in (1, 2, 3, 4)]
    assert (np.ptp(first) < 1e-15) == (tells == "nothing")
    assert np.ptp(first) < 1e-15 or np.ptp(first) > 1e-4


def test_the_stop_knows_the_outputs_before_but_not_its_own():
    model = BernoulliStop(classes(RNN()))
    theta = drawn_theta(model)
    y = all_sequences(K, 2)
    stops, goes_on = (
        model.log_likelihood(y, theta, ended=np.full(4, ended)).log_p for ended in (True, False)
    )
    odds = (stops - goes_on).reshape(2, 2)  # s of step 2, given y of step 1, and y of step 2
    np.testing.assert_allclose(odds[:, 0], odds[:, 1], rtol=1e-13)
    assert abs(odds[0, 0] - odds[1, 0]) > 0.1


@pytest.mark.parametrize("inner", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("end", ENDS)
def test_what_is_drawn_comes_as_often_as_its_probability_says(end, inner):
    model, n = end(classes(CELLS[inner])), 20_000
    theta, rng = drawn_theta(model), np.random.default_rng(1)
    steps = () if end is LengthFirst else (LONGEST,)
    drawn = model.sample(rng, theta, *steps, n)
    expected = sequences(model, theta)
    counts = dict.fromkeys(expected, 0)
    rows = zip(drawn.y.T.tolist(), drawn.lengths, drawn.ended, strict=True)
    for row, (y, length, ended) in enumerate(rows):
        key = (*y[:length], "end") if ended else tuple(y)
        counts[key] += 1
        assert row > 50 or drawn.log_p[row] == pytest.approx(expected[key], abs=1e-12)
    assert_frequencies(np.array(list(counts.values())), np.exp(list(expected.values())))


@pytest.mark.parametrize("end", ENDS)
def test_the_log_probability_of_a_sample_is_its_likelihood(end):
    cells = [Context(classes(LSTM()))]
    cells += [Feedback(GRU(), "o")] if end is not EndSymbol else []
    for model in map(end, cells):
        theta, rng = drawn_theta(model), np.random.default_rng(2)
        context = rng.normal(size=(50, 2)) if isinstance(model.cell, Context) else None
        x = None if context is None else InContext(None, context)
        steps = () if end is LengthFirst else (LONGEST,)
        y, lengths, ended, log_p = model.sample(rng, theta, *steps, 50, x=x)
        known = {} if end is LengthFirst else {"ended": ended}
        found = model.log_likelihood(y, theta, lengths, x=x, **known)
        np.testing.assert_allclose(log_p, found.log_p, atol=1e-12)
        assert len(set(lengths.tolist())) > 2
        assert not any(y[n:, row].any() for row, n in enumerate(lengths))


def test_a_stop_that_needs_no_symbol_ends_numbers_with_the_density_of_both():
    model = BernoulliStop(Feedback(Memoryless("linear"), "o"))
    theta = tree_map(np.zeros_like, drawn_theta(model))
    y = np.array([[[0.5, -1.0]], [[2.0, 0.0]]])
    # two steps of two unit Gaussians around 0, one decision to go on and one to stop, 1/2 each
    expected = -(0.25 + 1 + 4) / 2 - 2 * math.log(2 * math.pi) - 2 * math.log(2)
    assert model.log_likelihood(y, theta).log_p[0] == pytest.approx(expected, rel=1e-14)


def trained(model, seed=3):
    """Return theta, y, lengths and options with which rows end early, late and not at all."""
    theta, rng = drawn_theta(model, scale=1), np.random.default_rng(seed)
    numbers = isinstance(model.cell, Feedback) and model.cell.own == "o"
    y = rng.normal(size=(LONGEST, 3, K)) if numbers else rng.integers(0, K, (LONGEST, 3))
    if isinstance(model, LengthFirst):
        return theta, y, [4, 1, 2], {}
    return theta, y, [4, 1, 2], {"ended": np.array([True, True, False])}


INNER = {name: classes(cell) for name, cell in CELLS.items()}
INNER |= {"numbers": Feedback(RNN(), "o"), "context": Context(classes(RNN()), "both")}
PAIRS = [(end, name) for end in ENDS for name in INNER if (end, name) != (EndSymbol, "numbers")]


@pytest.mark.parametrize(("end", "inner"), PAIRS)
def test_the_loss_is_minus_the_mean_log_likelihood(end, inner):
    model = end(INNER[inner])
    theta, y, lengths, how = trained(model)
    context = InContext(None, np.random.default_rng(0).normal(size=(3, 2)))
    x = context if inner == "context" else None
    L, _ = model.bptt(y, theta, lengths, reduction="mean", x=x, **how)
    found = model.log_likelihood(y, theta, lengths, x=x, **how).log_p
    assert -found.mean() == pytest.approx(L, rel=1e-14)


@pytest.mark.parametrize("end", ENDS)
def test_float32_stays_and_the_same_seed_draws_the_same_bits(end):
    model = end(classes(RNN()))
    theta = drawn_theta(model, dtype=np.float32)
    steps = () if end is LengthFirst else (LONGEST,)
    a, b = (model.sample(np.random.default_rng(7), theta, *steps, 9) for _ in range(2))
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))
    _, grad = model.bptt(a.y, theta, np.maximum(a.lengths, 1), reduction="mean")
    dtypes = {leaf.dtype for leaf in (a.log_p, *tree_leaves(grad))}
    assert dtypes == {np.dtype(np.float32)}


@pytest.mark.parametrize("end", [BernoulliStop, LengthFirst])
def test_padding_is_never_read(end):
    model, y = end(Feedback(RNN(), "o")), np.random.default_rng(0).normal(size=(LONGEST, 2, K))
    theta = drawn_theta(model)
    y[2:, 1] = np.nan
    L, grad = model.bptt(y, theta, [4, 2], reduction="sum")
    parts = [model.bptt(one, theta, reduction="sum") for one in (y[:, :1], y[:2, 1:])]
    assert parts[0][0] + parts[1][0] == pytest.approx(L, rel=1e-14)
    expected = tree_leaves(tree_map(np.add, parts[0][1], parts[1][1]))
    assert_gradient(grad, expected, 1e-13)


@pytest.mark.parametrize("end", ENDS)
def test_no_rows_cost_nothing(end):
    model = end(classes(RNN()))
    theta = drawn_theta(model)
    L, grad = model.bptt(np.zeros((2, 0), int), theta, reduction="mean")
    assert L == 0
    assert not any(leaf.any() for leaf in tree_leaves(grad))


STOP, END, FIRST = BernoulliStop(), EndSymbol(), LengthFirst()
Y = np.zeros((3, 2), int)
BAD = {
    "end inside": (lambda: END.log_likelihood(Y + 2, drawn_theta(END)), r"classes in \[0, 2\)"),
    "end of numbers": (lambda: EndSymbol(Feedback(RNN(), "o")), "cell: expected own='argmax'"),
    "no feedback": (lambda: BernoulliStop(Output()), "cell: expected Feedback, got Output"),
    "two stops": (lambda: BernoulliStop(StopUnit()), "cell: expected Feedback, got StopUnit"),
    "stop in first": (lambda: LengthFirst(StopUnit()), "use BernoulliStop"),
    "empty": (
        lambda: STOP.log_likelihood(Y, drawn_theta(STOP), [3, 0]),
        "lengths: expected at least 1 where a row has ended, got 0 at row 1",
    ),
    "ended": (
        lambda: STOP.log_likelihood(Y, drawn_theta(STOP), ended=np.array([1, 0])),
        "ended: expected dtype bool",
    ),
    "ended rows": (
        lambda: END.log_likelihood(Y, drawn_theta(END), ended=np.array([True])),
        r"ended: expected shape \(B=2,\)",
    ),
    "too long": (
        lambda: FIRST.log_likelihood(np.zeros((5, 2), int), drawn_theta(FIRST), [1, 5]),
        "lengths: row 1 has length 5, beyond tau_max=4",
    ),
    "tells": (lambda: LengthFirst(tells="time"), "tells: expected one of"),
    "theta": (lambda: FIRST.log_likelihood(Y, drawn_theta(END)), "theta: expected LengthTheta"),
    "other theta": (lambda: STOP.log_likelihood(Y, drawn_theta(END)), r"theta: expected StopTheta"),
    "x": (
        lambda: FIRST.log_likelihood(Y, drawn_theta(FIRST), x=np.zeros((2, 2, 1))),
        "x: expected shape",
    ),
    "reduction": (
        lambda: FIRST.bptt(Y, drawn_theta(FIRST), reduction="none"),
        "reduction: expected one of",
    ),
    "d_y": (lambda: END.init_theta(np.random.default_rng(), 0, 3, 0), "d_y: expected"),
    "rng": (lambda: FIRST.sample(3, drawn_theta(FIRST), 2), "rng: expected Generator"),
    "tau": (lambda: END.sample(np.random.default_rng(), drawn_theta(END), 1.5, 2), "tau: expected"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case):
    call, message = BAD[case]
    with pytest.raises((ValueError, TypeError), match=message):
        call()
