"""Each cell is a simpler one where its own part does nothing, tried on many inputs."""

import axes
import numpy as np
import pytest
from compare import furthest, worst_of
from problems import like

from rnn.reference import (
    GRU,
    LSTM,
    RNN,
    CellTheta,
    Clocked,
    Fed,
    Feedback,
    Leaky,
    LeakyTheta,
    LSTMState,
    Masked,
    Memoryless,
    MemorylessTheta,
    PeepholeTheta,
    Skip,
)

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

SEEDS, TAUS, SIZES = st.integers(0, 10_000), st.integers(0, 6), st.integers(1, 3)
quick = settings(max_examples=20, deadline=None, derandomize=True)


def beside(seed, tau, cell, theta, plain, theta_plain):
    """Return how far two cells are apart on the same input, there and back at x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(tau, 2, 2))
    runs = cell.forward(None, x, theta), plain.forward(None, x, theta_plain)
    grad_h = rng.normal(size=runs[0].h.shape)
    at_x = [
        net.backward(grad_h, run, own).grad_x
        for net, run, own in zip((cell, plain), runs, (theta, theta_plain), strict=True)
    ]
    return worst_of([furthest(runs[0].h, runs[1].h), furthest(*at_x)])


def theta_of(cell, seed, d_h=4, **more):
    return cell.init_theta(np.random.default_rng(seed), 2, d_h, **more)


INNER = pytest.mark.parametrize("inner", [RNN(), LSTM(), GRU("before")], ids=["rnn", "lstm", "gru"])


@INNER
@quick
@given(SEEDS, TAUS)
def test_alpha_0_is_the_plain_cell_and_alpha_1_never_changes(inner, seed, tau):
    theta = theta_of(inner, seed)
    cell, zeros = Leaky(inner), np.zeros(4)
    assert beside(seed, tau, cell, LeakyTheta(theta, zeros), inner, theta) <= 1e-12
    rng = np.random.default_rng(seed)
    x, still = rng.normal(size=(tau, 2, 2)), LeakyTheta(theta, zeros + 1)
    state = like(rng, inner.zero_state(2, theta), float)
    assert furthest(cell.forward(state, x, still).state, state) == 0


@INNER
@quick
@given(SEEDS, TAUS, SIZES)
def test_all_periods_1_and_a_mask_of_all_true_change_nothing(inner, seed, tau, groups):
    theta = theta_of(inner, seed, d_h=6)
    whole = ((True,) * groups,) * groups
    for cell in (Clocked(inner, (1,) * groups), Masked(inner, whole)):
        assert beside(seed, tau, cell, theta, inner, theta) <= 1e-12


@INNER
@quick
@given(SEEDS, TAUS, SIZES)
def test_a_skip_connection_of_zero_is_the_cell(inner, seed, tau, delay):
    cell = Skip(inner, delay)
    theta = theta_of(cell, seed)
    theta = theta._replace(W_d=np.zeros_like(theta.W_d))
    assert beside(seed, tau, cell, theta, inner, theta.cell) <= 1e-12


@quick
@given(SEEDS, TAUS, st.sampled_from(["fgq", "gq", "fq", "q", ""]), st.booleans())
def test_peepholes_of_zero_are_the_lstm(seed, tau, gates, book):
    options = {"candidate": "sigmoid" if book else "tanh", "gates": gates}
    plain = LSTM(**options)
    theta = theta_of(plain, seed)
    peeping = PeepholeTheta(*theta, P=np.zeros((len(gates), 4)))
    assert beside(seed, tau, LSTM(peepholes=True, **options), peeping, plain, theta) <= 1e-12


@quick
@given(
    SEEDS, TAUS, st.sampled_from(["after", "before", "none"]), st.sampled_from(["unit", "shared"])
)
def test_an_update_gate_at_1_keeps_the_state(seed, tau, reset, gating):
    cell = GRU(reset, gating=gating)
    theta, rng = theta_of(cell, seed), np.random.default_rng(seed)
    cell.split(theta.b, 4)["u"][...] = 100
    state = rng.normal(size=(2, 4))
    run = cell.forward(state, rng.normal(size=(tau, 2, 2)), theta)
    assert furthest(run.state, state) <= 1e-14
    back = cell.backward(np.zeros_like(run.h), run, theta, grad_state=state)
    assert furthest(back.grad_state, state) <= 1e-12


@quick
@given(SEEDS, TAUS)
def test_constant_gates_make_the_lstm_a_leaky_unit(seed, tau):
    # f = sigma(b_f) and g = 1 - f for good, the candidate sees only x: s is a leaky unit with
    # alpha = f, and h = tanh(s) q.
    rng, cell = np.random.default_rng(seed), LSTM()
    theta = theta_of(cell, seed)
    for name in "gfq":
        cell.split(theta.U)[name][...] = 0
    f, q = cell.split(theta.b)["f"], cell.split(theta.b)["q"]
    cell.split(theta.b)["g"][...] = -f
    theta = theta._replace(W=np.zeros_like(theta.W))
    candidate = MemorylessTheta(cell.split(theta.U)["k"], cell.split(theta.b)["k"])
    leaky = LeakyTheta(candidate, 1 / (1 + np.exp(-f)))
    x, s = rng.normal(size=(tau, 2, 2)), rng.normal(size=(2, 4))
    run = cell.forward(LSTMState(np.zeros((2, 4)), s), x, theta)
    slow = Leaky(Memoryless()).forward(s, x, leaky)
    assert furthest(run.state.s, slow.state) <= 1e-12
    assert furthest(run.h, np.tanh(slow.h) / (1 + np.exp(-q))) <= 1e-12


def fed(rng, tau, forced):
    y = rng.normal(size=(tau, 2, 3))
    return Fed(rng.normal(size=(tau, 2, 2)), y, np.full((tau, 2), forced), np.zeros_like(y))


@quick
@given(SEEDS, TAUS)
def test_an_output_that_is_fed_back_is_a_recurrence_of_low_rank(seed, tau):
    # Figure 10.4 is an RNN with W' = R V and b' = b + R c, whose rank is at most d_y.
    rng, cell = np.random.default_rng(seed), Feedback(Memoryless())
    theta = theta_of(cell, seed, d_y=3)
    x, h0 = fed(rng, tau, False), rng.normal(size=(2, 4))
    y0 = theta.c + h0 @ theta.V.T
    hidden = CellTheta(theta.cell.U, theta.R @ theta.V, theta.cell.b + theta.R @ theta.c)
    states = RNN().forward(h0, x.x, hidden).h
    run = cell.forward(cell.zero_state(2, theta)._replace(y=y0), x, theta)
    assert furthest(run.h, theta.c + states @ theta.V.T) <= 1e-12
    assert np.linalg.matrix_rank(hidden.W) == 3


@quick
@given(SEEDS, st.integers(1, 6))
def test_taught_without_a_memory_all_steps_at_once_are_one_after_the_other(seed, tau):
    rng, cell = np.random.default_rng(seed), Feedback(Memoryless(), "softmax")
    theta, x = theta_of(cell, seed, d_y=3), fed(np.random.default_rng(seed), tau, True)
    before = np.concatenate([np.zeros((1, 2, 3)), x.y[:-1]])
    wide = MemorylessTheta(np.hstack([theta.cell.U, theta.R]), theta.cell.b)
    h = Memoryless().forward(None, np.concatenate([x.x, before], -1), wide).h
    run = cell.forward(None, x, theta)
    assert furthest(run.h, theta.c + h @ theta.V.T) <= 1e-12
    state = cell.zero_state(2, theta)
    for t in range(tau):
        state = cell(state, axes.at(x, t), theta)
        assert furthest(state.o, run.h[t]) <= 1e-12
    # What the net says itself is not read: its noise changes nothing.
    noisy = x._replace(noise=rng.normal(size=x.y.shape))
    assert furthest(cell.forward(None, noisy, theta).h, run.h) == 0
