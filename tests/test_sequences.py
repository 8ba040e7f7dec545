r"""Recurrent nets as probability models: what each sequence is worth, and what is drawn (§10.2)."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from rnn._tree import tree_leaves, tree_map
from rnn.reference import (
    GRU,
    LSTM,
    RNN,
    Context,
    Fed,
    Feedback,
    InContext,
    LastOutput,
    Memoryless,
    Output,
)
from rnn.reference.losses import squared_error
from rnn.reference.nets.sequences import (
    StopUnit,
    all_sequences,
    count_parameters,
    joint_probabilities,
    likelihood_bptt,
    log_likelihood,
    marginals,
    missing_values,
    sample,
    table_parameters,
)

K, TAU = 3, 4


def classes(inner):
    return Feedback(inner, "argmax")


MODELS = {
    "RNN": classes(RNN()),
    "LSTM": classes(LSTM()),
    "GRU": classes(GRU()),
    "figure 10.4": classes(Memoryless()),
    "figure 10.9": Context(classes(RNN()), "both"),
    "figure 10.3": Output(GRU()),
}


def problem(model, seed=0, d_x=2, d_y=K, tau=TAU, scale=3, dtype=np.float64):
    """Return a theta with marked preferences, and one row of x for it."""
    rng = np.random.default_rng(seed)
    sizes = {"d_c": 2} if isinstance(model, Context) else {}
    theta = model.init_theta(rng, d_x=d_x, d_h=4, d_y=d_y, dtype=dtype, **sizes)
    x = rng.normal(size=(tau, 1, d_x)).astype(dtype)
    theta = tree_map(lambda leaf: (scale * leaf).astype(dtype), theta)
    return theta, InContext(x, rng.normal(size=(1, 2))) if sizes else x


def repeated(x, n):
    if isinstance(x, InContext):
        return InContext(repeated(x.x, n), np.repeat(x.context, n, axis=0))
    return np.repeat(x, n, axis=1)


def chain():
    """A chain worked out by hand: first 1/2, then the last class again with probability 3/4."""
    cell = classes(Memoryless("linear"))
    theta = cell.init_theta(np.random.default_rng(0), d_x=0, d_h=1, d_y=2)
    theta = tree_map(np.zeros_like, theta)
    return cell, theta._replace(R=np.log([[3, 1 / 3]]), V=np.array([[1.0], [0.0]]))


def assert_frequencies(counts, p):
    """Compare counts with probabilities: chi-square, five deviations above its mean."""
    n, free = counts.sum(), len(p) - 1
    assert ((counts - n * p) ** 2 / (n * p)).sum() < free + 5 * math.sqrt(2 * free)


def assert_gradient(grad, expected, tolerance):
    for a, b in zip(tree_leaves(grad), expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1, np.abs(b).max(initial=0)))


def test_the_helpers_fail_on_what_is_wrong():
    with pytest.raises(AssertionError):
        assert_frequencies(np.array([5200, 4800]), np.array([0.5, 0.5]))
    with pytest.raises(AssertionError):
        assert_gradient((np.ones(2),), [np.array([1, 1 + 1e-5])], 1e-6)


def test_a_chain_worked_out_by_hand():
    cell, theta = chain()
    found = log_likelihood(cell, np.array([[0, 1], [0, 0], [1, 0]]), theta)
    expected = np.log([[1 / 2, 1 / 2], [3 / 4, 1 / 4], [1 / 4, 3 / 4]])
    np.testing.assert_allclose(found.log_p_t, expected, rtol=1e-14)  # (10.33)
    np.testing.assert_allclose(found.log_p, np.log([3 / 32, 3 / 32]), rtol=1e-14)  # (10.31)
    L, _ = likelihood_bptt(cell, np.array([[0], [0]]), theta, reduction="sum")
    assert L == pytest.approx(math.log(8 / 3), rel=1e-14)  # (10.32)


@pytest.mark.parametrize("name", MODELS)
def test_the_probabilities_of_all_sequences_sum_to_one(name):
    theta, x = problem(MODELS[name])
    p = joint_probabilities(MODELS[name], theta, TAU, x)
    assert len(p) == K**TAU
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p.max() > 2 * p.min()


def test_more_sequences_than_a_block_holds_are_all_there():
    theta, _ = problem(classes(RNN()), d_x=0, d_y=2)
    p = joint_probabilities(classes(RNN()), theta, 14)
    assert (len(p), p.sum()) == (2**14, pytest.approx(1, abs=1e-11))
    y = all_sequences(2, 14)[:, [5000]]
    assert log_likelihood(classes(RNN()), y, theta).log_p[0] == pytest.approx(np.log(p[5000]))


@pytest.mark.parametrize("name", MODELS)
def test_the_joint_is_the_sum_of_conditionals_on_the_truth(name):
    """(10.15) from the table of all pairs, (10.16) from the net that is told the truth."""
    theta, x = problem(MODELS[name], tau=2)
    table = joint_probabilities(MODELS[name], theta, 2, x).reshape(K, K)
    y = all_sequences(K, 2)
    steps = log_likelihood(MODELS[name], y, theta, repeated(x, K * K)).log_p_t
    first = table.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(steps[0].reshape(K, K)), first + 0 * table, atol=1e-13)
    np.testing.assert_allclose(np.exp(steps[1].reshape(K, K)), table / first, atol=1e-13)


def test_told_anything_but_the_truth_a_net_gives_another_joint():
    cell = classes(RNN())
    theta, _ = problem(cell, d_x=0)
    y = all_sequences(K, 2)
    truth, lie = np.eye(K)[y], np.eye(K)[(y + 1) % K]
    right, wrong = (cell.forward(None, told_all(told), theta).h for told in (truth, lie))
    log_p_2 = log_likelihood(cell, y, theta).log_p_t[1]
    normal = [np.log(np.exp(o).sum(-1)) for o in (right, wrong)]
    np.testing.assert_allclose(log_p_2, right[1, np.arange(9), y[1]] - normal[0][1], atol=1e-13)
    assert np.abs(log_p_2 - wrong[1, np.arange(9), y[1]] + normal[1][1]).max() > 0.1


def told_all(told):
    tau, batch, _ = told.shape
    return Fed(np.zeros((tau, batch, 0)), told, np.ones((tau, batch), bool), np.zeros_like(told))


def test_without_feedback_the_outputs_are_independent_given_x():
    """(10.29), (10.35): the joint is the product of marginals, which are the net's y_hat."""
    net = Output(LSTM())
    theta, x = problem(net, d_y=2, tau=3)
    joint = joint_probabilities(net, theta, 3, x)
    alone = marginals(joint, 2, 3)
    product = alone[np.arange(3)[:, None], all_sequences(2, 3)].prod(axis=0)
    np.testing.assert_allclose(joint, product, atol=1e-15)
    np.testing.assert_allclose(alone, net.forward(None, x, theta).y_hat[:, 0], atol=1e-15)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "figure 10.4"])
def test_with_feedback_they_are_not(name):
    """(10.30)"""
    theta, x = problem(MODELS[name])
    joint = joint_probabilities(MODELS[name], theta, TAU, x)
    alone = marginals(joint, K, TAU)
    product = alone[np.arange(TAU)[:, None], all_sequences(K, TAU)].prod(axis=0)
    assert np.abs(joint - product).max() > 1e-3


def test_two_equal_fair_coins_cost_one_bit_with_feedback_and_two_without():
    y = np.array([[0, 1], [0, 1]])
    cell, theta = chain()
    L, _ = likelihood_bptt(cell, y, theta._replace(R=np.array([[40.0, -40.0]])), reduction="mean")
    assert L == pytest.approx(math.log(2), abs=1e-12)
    net = Output(RNN())
    losses = [
        likelihood_bptt(net, y, problem(net, seed, d_x=0, d_y=2)[0], reduction="mean")[0]
        for seed in range(30)
    ]
    assert min(losses) >= 2 * math.log(2) - 1e-14
    even = tree_map(np.zeros_like, problem(net, d_x=0, d_y=2)[0])
    assert likelihood_bptt(net, y, even, reduction="mean")[0] == pytest.approx(2 * math.log(2))


def test_a_table_grows_with_tau_and_a_net_does_not():
    assert [table_parameters(2, tau) for tau in (0, 1, 10, 100)] == [0, 1, 1023, 2**100 - 1]
    theta, _ = problem(classes(RNN()), d_x=0)
    # W 16, b 4, R 12, V 12, c 3, the same for every tau
    assert count_parameters(theta) == 47


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_state_stands_for_all_that_came_before(name):
    cell, rng = MODELS[name], np.random.default_rng(1)
    theta, _ = problem(cell, d_x=0)
    y = rng.integers(0, K, (7, 5))
    whole = log_likelihood(cell, y, theta).log_p_t
    state = cell.forward(None, told_all(np.eye(K)[y[:3]]), theta).state
    np.testing.assert_allclose(log_likelihood(cell, y[3:], theta, state=state).log_p_t, whole[3:])
    drawn = sample(rng, cell, theta, 4, 5, state=state)
    again = log_likelihood(cell, np.concatenate([y[:3], drawn.y]), theta)
    np.testing.assert_allclose(drawn.log_p_t, again.log_p_t[3:], atol=1e-12)


def test_the_transition_is_stationary_unless_the_time_is_an_input():
    cell = classes(Memoryless())
    y = all_sequences(2, 6)

    def transitions(theta, x):
        steps = log_likelihood(cell, y, theta, x).log_p_t
        return np.array([steps[t, (y[t - 1] == 0) & (y[t] == 1)][0] for t in range(1, 6)])

    time = np.broadcast_to(np.linspace(0, 1, 6)[:, None, None], (6, 64, 1))
    assert np.ptp(transitions(problem(cell, d_x=0, d_y=2)[0], None)) < 1e-14
    assert np.ptp(transitions(problem(cell, d_x=1, d_y=2)[0], time)) > 0.1


def test_a_gap_in_a_chain_is_filled_as_forward_and_backward_messages_say():
    cell = classes(Memoryless())
    theta, _ = problem(cell, d_x=0)
    o = np.tanh(theta.cell.b + theta.R.T) @ theta.V.T + theta.c
    P = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
    filled = missing_values(cell, [0, 9, 9, 9, 2], np.array([0, 1, 1, 1, 0], bool), theta)
    assert filled.p.shape == (K**3,)
    expected = [
        np.linalg.matrix_power(P, n)[0] * np.linalg.matrix_power(P, 4 - n)[:, 2] for n in (1, 2, 3)
    ]
    expected /= np.sum(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(marginals(filled.p, K, 3), expected, atol=1e-14)


def test_what_comes_after_a_gap_changes_what_stands_in_it():
    cell, gap = classes(GRU()), np.array([0, 1, 0, 1], bool)
    theta, x = problem(cell)
    table = joint_probabilities(cell, theta, 4, x).reshape([K] * 4)
    found = [missing_values(cell, [1, 0, last, 0], gap, theta, x) for last in range(K)]
    for last, filled in enumerate(found):
        expected = table[1, :, last, :] / table[1, :, last, :].sum()
        np.testing.assert_allclose(filled.p, expected.ravel(), atol=1e-14)
        np.testing.assert_array_equal(filled.values, all_sequences(K, 2))
    assert np.abs(found[0].p - found[2].p).max() > 0.01


@pytest.mark.parametrize("name", MODELS)
def test_what_is_drawn_comes_as_often_as_its_probability_says(name):
    model, tau, n = MODELS[name], 3, 20_000
    theta, x = problem(model, tau=tau, scale=2)
    drawn = sample(np.random.default_rng(1), model, theta, tau, n, repeated(x, n))
    counts = np.bincount(K ** np.arange(tau)[::-1] @ drawn.y, minlength=K**tau)
    assert_frequencies(counts, joint_probabilities(model, theta, tau, x))
    found = log_likelihood(model, drawn.y, theta, repeated(x, n))
    np.testing.assert_allclose(drawn.log_p, found.log_p, atol=1e-12)


def test_a_sequence_that_was_begun_is_continued_as_the_conditional_says():
    cell, n = classes(GRU()), 20_000
    theta, _ = problem(cell, d_x=0, scale=2)
    begin = np.repeat([[2], [0]], n, axis=1)
    drawn = sample(np.random.default_rng(1), cell, theta, 4, n, first=begin)
    np.testing.assert_array_equal(drawn.y[:2], begin)
    table = joint_probabilities(cell, theta, 4).reshape([K] * 4)[2, 0]
    counts = np.bincount([3, 1] @ drawn.y[2:], minlength=9)
    assert_frequencies(counts, (table / table.sum()).ravel())
    np.testing.assert_allclose(drawn.log_p, log_likelihood(cell, drawn.y, theta).log_p, atol=1e-12)


def test_the_same_seed_draws_the_same_bits_and_mutates_nothing():
    theta, x = problem(MODELS["GRU"])
    kept = tree_map(np.copy, theta)
    a, b = (sample(np.random.default_rng(3), MODELS["GRU"], theta, TAU, 1, x) for _ in range(2))
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))
    assert tree_leaves(tree_map(np.array_equal, theta, kept)) == [True] * len(tree_leaves(theta))


def test_half_a_squared_error_is_a_gaussian_up_to_a_constant():
    cell, rng = Feedback(RNN(), "o"), np.random.default_rng(0)
    theta, _ = problem(cell, d_x=0)
    y = rng.normal(size=(5, 2, K))
    o = cell.forward(None, told_all(y), theta).h
    found = log_likelihood(cell, y, theta).log_p_t
    law = NormalDist()
    expected = [[sum(math.log(law.pdf(e)) for e in row) for row in step] for step in y - o]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    rest = -found - squared_error(o, y, reduction="none") / 2
    np.testing.assert_allclose(rest, K / 2 * math.log(2 * math.pi), rtol=1e-13)


def test_numbers_are_drawn_around_o_with_variance_one():
    cell, n = Feedback(RNN(), "o"), 5000
    theta, _ = problem(cell, d_x=0)
    first = np.ones((1, n, K))
    drawn = sample(np.random.default_rng(1), cell, theta, 3, n, first=first)
    np.testing.assert_allclose(drawn.log_p, log_likelihood(cell, drawn.y, theta).log_p, atol=1e-12)
    e = (drawn.y - cell.forward(None, told_all(drawn.y), theta).h)[1:].reshape(-1, K)
    # 10,000 numbers each: the mean is off by 0.01, a variance by 0.014, as a rule
    np.testing.assert_allclose(e.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(e.T), np.eye(K), atol=0.07)


@pytest.mark.parametrize("name", [*MODELS, "numbers"])
def test_the_loss_is_minus_the_mean_log_likelihood(name):
    model = Feedback(GRU(), "o") if name == "numbers" else MODELS[name]
    theta, x = problem(model, tau=3, scale=1)
    rng, lengths = np.random.default_rng(2), [3, 1, 0]
    y = rng.normal(size=(3, 3, K)) if name == "numbers" else rng.integers(0, K, (3, 3))
    x = repeated(x, 3)
    L, _ = likelihood_bptt(model, y, theta, reduction="mean", x=x, lengths=lengths)
    assert -log_likelihood(model, y, theta, x, lengths).log_p.mean() == pytest.approx(L, rel=1e-14)


def test_padding_is_never_read_and_float32_stays_float32():
    cell = Feedback(LSTM(), "o")
    theta, _ = problem(cell, d_x=0, dtype=np.float32)
    y = np.random.default_rng(0).normal(size=(4, 2, K)).astype(np.float32)
    y[2:, 1] = np.nan
    found = log_likelihood(cell, y, theta, lengths=[4, 2])
    short = log_likelihood(cell, y[:2, 1:], theta)
    np.testing.assert_allclose(found.log_p[1], short.log_p[0], rtol=1e-6)
    assert (found.log_p_t[2:, 1] == 0).all()
    drawn = sample(np.random.default_rng(0), cell, theta, 3, 2)
    assert {a.dtype for a in (found.log_p, drawn.y, drawn.log_p)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("model", [classes(RNN()), classes(Memoryless()), Output(RNN())])
def test_no_steps_are_certain_and_no_rows_cost_nothing(model):
    theta, _ = problem(model, d_x=0)
    np.testing.assert_array_equal(joint_probabilities(model, theta, 0), [1])
    assert sample(np.random.default_rng(0), model, theta, 2, 0).y.shape == (2, 0)
    L, grad = likelihood_bptt(model, np.zeros((2, 0), int), theta, reduction="mean")
    assert L == 0
    assert not any(leaf.any() for leaf in tree_leaves(grad))


CELL = classes(RNN())
THETA = problem(CELL, d_x=0)[0]
Y = np.zeros((3, 2), int)
BAD = {
    "class 3": (lambda: log_likelihood(CELL, Y + 3, THETA), r"y: expected classes in \[0, 3\)"),
    "floats": (lambda: log_likelihood(CELL, Y + 0.5, THETA), "y: expected integer classes"),
    "rank": (lambda: log_likelihood(CELL, Y[0], THETA), r"y: expected shape \(tau, B\)"),
    "length": (lambda: log_likelihood(CELL, Y, THETA, lengths=[4, 1]), "row 0 has length 4"),
    "RNN": (lambda: log_likelihood(RNN(), Y, THETA), "cell: expected Feedback, got RNN"),
    "last": (lambda: log_likelihood(LastOutput(), Y, THETA), "cell: expected Feedback, got Last"),
    "softmax": (lambda: log_likelihood(Feedback(RNN(), "softmax"), Y, THETA), "got own='softmax'"),
    "stop": (lambda: log_likelihood(StopUnit(CELL), Y, THETA), "use BernoulliStop"),
    "theta": (lambda: log_likelihood(Output(), Y, THETA), "theta: expected OutputTheta"),
    "x": (lambda: log_likelihood(CELL, Y, THETA, np.zeros((3, 2, 1))), "x: expected shape"),
    "reduction": (lambda: likelihood_bptt(CELL, Y, THETA, reduction="none"), "reduction: expected"),
    "rng": (lambda: sample(0, CELL, THETA, 3, 2), "rng: expected Generator"),
    "tau": (lambda: sample(np.random.default_rng(), CELL, THETA, -1, 2), "tau: expected"),
    "first": (lambda: sample(np.random.default_rng(), CELL, THETA, 2, 2, first=Y), "first: expec"),
    "million": (lambda: all_sequences(10, 7), "tau: expected at most 1000000 sequences"),
    "many": (lambda: all_sequences(2, 10**9), "tau: expected at most"),
    "gaps": (lambda: missing_values(CELL, Y[:, 0], Y[:, 0], THETA), "missing: expected booleans"),
    "numbers": (
        lambda: joint_probabilities(Feedback(RNN(), "o"), THETA, 2),
        "cell: expected own='argmax'",
    ),
    "joint": (lambda: marginals(np.ones(7), 2, 3), r"joint: expected shape \(n=8,\)"),
    "rows": (lambda: joint_probabilities(CELL, THETA, 3, np.zeros((3, 2, 0))), "x: expected shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case):
    call, message = BAD[case]
    with pytest.raises((ValueError, TypeError), match=message):
        call()
