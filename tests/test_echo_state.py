r"""Echo state networks: the readout against its own gradient, the reservoir against its claims."""

import numpy as np
import pytest

from rnn.reference.cells import LSTM, RNN, CellTheta, Leaky
from rnn.reference.measure import jacobian_norms_by_lag, spectral_radius
from rnn.reference.nets import Output, OutputTheta
from rnn.reference.nets.echo_state import EchoState, ridge
from rnn.reference.nets.reservoir import reservoir, scaled_to_radius
from rnn.tasks import mackey_glass


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


def growth(W):
    r"""Return the limit of the k-th root of the norm of W^k (Gelfand), k = 2^40, by squaring."""
    W, log = W.astype(float), 0.0
    for m in range(41):
        norm = np.linalg.norm(W)
        log += np.log(norm) / 2**m
        W = (W / norm) @ (W / norm)
    return np.exp(log)


def test_the_radius_is_the_growth_of_the_powers(rng):
    W = scaled_to_radius(rng.normal(size=(30, 30)), 0.7)
    assert growth(W) == pytest.approx(0.7, rel=1e-10)
    assert spectral_radius(W) == pytest.approx(0.7, rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("choices", [{}, {"density": 0.2}, {"connections": 5}], ids=str)
def test_a_reservoir_has_the_radius_and_the_links_that_were_asked_for(choices, dtype):
    theta = reservoir(
        np.random.default_rng(3), 2, 40, radius=1.3, input_scale=0.5, dtype=dtype, **choices
    )
    assert growth(theta.W) == pytest.approx(1.3, rel=1e-10 if dtype == np.float64 else 1e-6)
    links = (theta.W != 0).sum(axis=1)
    if "connections" in choices:
        np.testing.assert_array_equal(links, 5)
    else:
        share = choices.get("density", 1)
        assert links.mean() / 40 == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share)) / 40)
    assert 0.4 < np.abs(theta.U).max() <= 0.5
    assert {leaf.dtype for leaf in theta} == {np.dtype(dtype)}


def problem(rng, tau=60, batch=2, d_h=5):
    return rng.normal(size=(tau, batch, d_h)), rng.normal(size=(tau, batch, 2))


@pytest.mark.parametrize("penalty", [0, 1e-9, 0.3, 1e6])
def test_claim_87_the_readout_is_where_the_gradient_is_zero(rng, penalty):
    h, y = problem(rng)
    V, c = ridge(h, y, penalty)
    error = c + h @ V.T - y
    grad_V = 2 * np.einsum("tbi,tbj->ij", error, h) + 2 * penalty * V
    grad_c = 2 * error.sum(axis=(0, 1))
    scale = 2 * np.einsum("tbi,tbj->ij", np.abs(y), np.abs(h)).max()
    assert max(np.abs(grad_V).max(), np.abs(grad_c).max()) < 1e-13 * scale


@pytest.mark.parametrize("seed", range(3))
def test_claim_87_gradient_descent_ends_there_wherever_it_starts(seed):
    rng = np.random.default_rng(seed)
    net, penalty, x = EchoState(penalty=20), 20, rng.normal(size=(80, 1, 1))
    theta = net.init_theta(rng, 1, 4, 1, radius=0.9)
    y = np.roll(x, 1, axis=0)
    solved = net.fit(None, x, y, theta)
    theta = OutputTheta(theta.layer, 10 * rng.normal(size=(1, 4)), 10 * rng.normal(size=1))
    for _ in range(600):
        _, grad = net.bptt(None, x, y, theta, reduction="sum", loss="squared_error")
        grad_V = grad.V + 2 * penalty * theta.V
        theta = theta._replace(V=theta.V - 2e-3 * grad_V, c=theta.c - 2e-3 * grad.c)
    assert relative(theta.V, solved.V) < 1e-9
    assert relative(theta.c, solved.c) < 1e-9


def test_ridge_equals_that_of_scikit_learn(rng):
    linear_model = pytest.importorskip("sklearn.linear_model")
    h, y = problem(rng)
    V, c = ridge(h, y, 0.7)
    other = linear_model.Ridge(alpha=0.7).fit(h.reshape(-1, 5), y.reshape(-1, 2))
    assert relative(V, other.coef_) < 1e-13
    assert relative(c, other.intercept_) < 1e-12


def test_without_a_penalty_units_that_say_the_same_share_the_weight(rng):
    # Two equal units need the sum of their weights to be 3: the smallest such V is (1.5, 1.5).
    h = rng.normal(size=(9, 1, 1))
    V, c = ridge(np.concatenate([h, h], axis=-1), 3 * h + 1, 0)
    np.testing.assert_allclose(V, [[1.5, 1.5]], rtol=1e-13)
    np.testing.assert_allclose(c, [1], rtol=1e-13)


def test_only_the_steps_that_count_are_read(rng):
    h, y = problem(rng)
    counted = rng.random((60, 2)) < 0.5
    V, c = ridge(h[counted][:, None], y[counted][:, None], 0.1)
    h[~counted], y[~counted] = np.nan, np.inf
    again = ridge(h, y, 0.1, counted=counted)
    assert relative(again[0], V) < 1e-13
    assert relative(again[1], c) < 1e-12


@pytest.mark.parametrize("cell", [RNN(), Leaky(RNN(), 0.3)], ids=["RNN", "Leaky"])
def test_fit_leaves_out_the_washout_and_the_padding(rng, cell):
    net, lengths = EchoState(cell, washout=4, penalty=0.2), [9, 3, 7]
    theta = net.init_theta(rng, 2, 5, 1, radius=0.8)
    x, y = rng.normal(size=(9, 3, 2)), rng.normal(size=(9, 3, 1))
    run = net.forward(None, x, theta)
    rows = [(run.run.h[4:n, [k]], y[4:n, [k]]) for k, n in enumerate(lengths) if n > 4]
    V, c = ridge(*(np.concatenate(part) for part in zip(*rows, strict=True)), 0.2)
    for row, n in enumerate(lengths):
        x[n:, row] = y[n:, row] = np.nan
    y[:4] = np.nan
    fitted = net.fit(None, x, y, theta, lengths)
    assert relative(fitted.V, V) < 1e-13
    assert relative(fitted.c, c) < 1e-12
    assert fitted.layer is theta.layer


def test_a_net_in_float32_keeps_float32_and_solves_in_float64(rng):
    x = rng.normal(size=(300, 1, 1))
    net = EchoState(penalty=1e-6)
    theta = net.init_theta(np.random.default_rng(0), 1, 30, 1, radius=0.9)
    small = net.init_theta(np.random.default_rng(0), 1, 30, 1, radius=0.9, dtype=np.float32)
    o = net.forward(None, x[1:], net.fit(None, x[1:], x[:-1], theta)).o
    x32 = x.astype(np.float32)
    fitted = net.fit(None, x32[1:], x32[:-1], small)
    assert fitted.V.dtype == fitted.c.dtype == np.float32
    assert relative(net.forward(None, x32[1:], fitted).o, o) < 1e-4


def test_it_computes_what_an_output_around_its_layer_computes(rng):
    x, net = rng.normal(size=(6, 2, 1)), EchoState(washout=2)
    theta = net.fit(None, x, x, net.init_theta(rng, 1, 4, 1, radius=0.9))
    plain = Output(RNN())
    np.testing.assert_array_equal(net.forward(None, x, theta).o, plain.forward(None, x, theta).o)


def test_free_running_reads_its_own_output(rng):
    net = EchoState(Leaky(RNN(), 0.2))
    theta = net.init_theta(rng, 2, 5, 2, radius=1.1)
    theta = theta._replace(V=rng.normal(size=(2, 5)), c=rng.normal(size=2))
    start, x = rng.normal(size=(3, 5)), rng.normal(size=(3, 2))
    run, h, o = net.generate(start, x, theta, 6), start, x
    for t in range(6):
        W, U = theta.layer.cell.W, theta.layer.cell.U
        h = 0.2 * h + 0.8 * np.tanh(h @ W.T + o @ U.T)
        o = theta.c + h @ theta.V.T
        np.testing.assert_allclose(run.o[t], o, rtol=1e-12)
    np.testing.assert_allclose(run.state, h, rtol=1e-12)
    none = net.generate(start, x, theta, 0)
    assert none.o.shape == (0, 3, 2)
    np.testing.assert_array_equal(none.state, start)


def test_a_linear_reservoir_goes_on_with_a_sum_of_two_sines():
    t = np.arange(700)
    x = (np.sin(0.3 * t) + 0.5 * np.cos(0.5 * t))[:, None, None]
    net = EchoState(RNN("linear"), washout=300, penalty=0)
    theta = net.init_theta(np.random.default_rng(0), 1, 8, 1, radius=0.8)
    theta = net.fit(None, x[:499], x[1:500], theta)
    run = net.forward(None, x[:500], theta)
    generated = net.generate(run.state, run.o[-1], theta, 199).o
    np.testing.assert_allclose(generated, x[501:], atol=1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_a_small_reservoir_sees_84_steps_ahead_of_mackey_glass(seed):
    x = np.tanh(mackey_glass(3000) - 1)[:, None, None]
    now, ahead = x[:-84], x[84:]
    net = EchoState(Leaky(RNN(), 0.5), washout=100, penalty=1e-8)
    theta = net.init_theta(np.random.default_rng(seed), 1, 150, 1, radius=0.95, connections=10)
    theta = net.fit(None, now[:2000], ahead[:2000], theta)
    error = np.std((net.forward(None, now, theta).o - ahead)[2000:])
    powers = np.polynomial.Polynomial.fit(now[:2000].ravel(), ahead[:2000].ravel(), 9)
    memoryless = np.std(powers(now[2000:]) - ahead[2000:])  # a curve through what x alone tells
    assert memoryless > 0.7 * x.std()
    assert error < 0.15 * memoryless


def gap(radius, input_scale, seed):
    r"""Return the distance (RMS) after 500 steps of two starts that hear the same input."""
    rng = np.random.default_rng(seed)
    theta = reservoir(rng, 1, 100, radius=radius, input_scale=input_scale)
    x = np.repeat(rng.normal(size=(500, 1, 1)), 2, axis=1)
    h = RNN().forward(rng.normal(size=(2, 100)), x, theta).h[-1]
    return np.sqrt(((h[0] - h[1]) ** 2).mean())


@pytest.mark.parametrize("seed", range(3))
def test_claim_91_a_strong_input_makes_a_large_radius_forget_its_start(seed):
    # E14: saturation bounds the state at every radius; whether it forgets is another question.
    assert all(gap(0.9, scale, seed) < 1e-12 for scale in (0, 0.1, 1, 5))
    assert gap(1.2, 0.1, seed) > 1e-4
    assert gap(1.2, 1, seed) < 1e-12
    assert min(gap(3, scale, seed) for scale in (0, 0.1, 1)) > 0.5
    assert gap(3, 30, seed) < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_claim_97_the_gradient_explodes_where_all_units_are_near_zero(seed):
    rng = np.random.default_rng(seed)
    theta, x = reservoir(rng, 1, 50, radius=1.5), np.zeros((100, 1, 1))
    at_origin = jacobian_norms_by_lag(RNN(), None, x, theta)[-1, 0]
    away = jacobian_norms_by_lag(RNN(), rng.normal(size=(1, 50)), x, theta)[-1, 0]
    power = np.linalg.matrix_power(theta.W, 100)
    assert at_origin == pytest.approx(np.linalg.svd(power, compute_uv=False)[0], rel=1e-10)
    assert at_origin > 1.5**100
    assert away < 1e-12 * at_origin


RNG = np.random.default_rng(0)
H, Y = np.ones((4, 1, 2)), np.ones((4, 1, 1))
NET = EchoState(washout=4)
THETA = NET.init_theta(RNG, 1, 3, 2, radius=0.9)
BAD = {
    "no radius": (lambda: scaled_to_radius(np.eye(3), np.nan), "radius: expected a positive"),
    "density 0": (lambda: reservoir(RNG, 1, 3, radius=1, density=0), "density: expected"),
    "density 2": (lambda: reservoir(RNG, 1, 3, radius=1, density=2), "density: expected"),
    "links": (lambda: reservoir(RNG, 1, 3, radius=1, connections=4), "connections: expected"),
    "both": (
        lambda: reservoir(RNG, 1, 3, radius=1, connections=2, density=0.5),
        "density: expected 1",
    ),
    "scale": (lambda: reservoir(RNG, 1, 3, radius=1, input_scale=-1), "input_scale: expected"),
    "seed": (lambda: reservoir(7, 1, 3, radius=1), "rng: expected Generator"),
    "washout": (lambda: EchoState(washout=-1), "washout: expected"),
    "targets": (lambda: ridge(H, Y[:3], 1), "y: expected shape"),
    "NaN": (lambda: ridge(H, Y * np.nan, 1), "y: expected finite"),
    "nothing left": (lambda: NET.fit(None, Y, H, THETA), "counted: expected at least one"),
    "width of x": (lambda: NET.generate(None, np.ones((1, 1)), THETA, 3), "x: expected shape"),
    "another cell": (lambda: EchoState(LSTM()).init_theta(RNG, 1, 3, 1, radius=1), "layer: exp"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    call, message = BAD[name]
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_the_same_seed_draws_the_same_bits():
    one, two = (reservoir(np.random.default_rng(5), 2, 9, radius=1, density=0.5) for _ in "ab")
    assert isinstance(one, CellTheta)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
