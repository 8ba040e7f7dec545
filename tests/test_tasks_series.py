r"""Series by their definitions: recursions, the delay equation and its order, straight lines."""

import numpy as np
import pytest

from rnn import tasks
from rnn.tasks.mackey_glass import _solve


def best_of_bins(x, y, bins=200):
    r"""Estimate the error of the best predictor of y from x, by the means of narrow bins."""
    x, y = x.ravel(), y.ravel()
    place = np.digitize(x, np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1]))
    mean = np.bincount(place, y) / np.bincount(place)
    return np.mean((y - mean[place]) ** 2)


def narma_by_definition(u, order):
    r"""Walk the recursion for one row; u and y are zero before the first step."""
    y = {t: 0.0 for t in range(-order, 1)}
    for t in range(len(u)):
        delayed = u[t - order + 1] if t - order + 1 >= 0 else 0.0
        total = sum(y[t - i] for i in range(order))
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * total + 1.5 * delayed * u[t] + 0.1
    return [y[t + 1] for t in range(len(u))]


@pytest.mark.parametrize("order", [1, 3, 10])
@pytest.mark.parametrize("tau", [1, 5, 60])
def test_narma_obeys_its_recursion(rng, order, tau):
    x, y, lengths, *_ = tasks.narma(rng, tau, 4, order=order)
    assert lengths is None
    assert x.min() >= 0
    assert x.max() <= 0.5
    for b in range(4):
        wanted = narma_by_definition(x[:, b, 0].tolist(), order)
        np.testing.assert_allclose(y[:, b, 0], wanted, rtol=1e-13)


def test_narma_by_hand():
    x, y, *_ = tasks.narma(np.random.default_rng(1), 2, 1, order=1)
    u0, u1 = x.ravel()
    first = 1.5 * u0**2 + 0.1  # y = 0 before
    np.testing.assert_allclose(y.ravel(), [first, (0.3 + 0.05 * first) * first + 1.5 * u1**2 + 0.1])


def test_rows_of_narma_that_run_away_are_drawn_anew_and_no_others():
    u = np.random.default_rng(5).uniform(0, 0.5, (2000, 300))
    x, y, *_ = tasks.narma(np.random.default_rng(5), 2000, 300)
    kept = (x[..., 0] == u).all(axis=0)
    assert 290 < kept.sum() < 300
    assert y.max() <= 2
    for b in np.flatnonzero(~kept):
        assert max(narma_by_definition(u[:, b].tolist(), 10)) > 2


def test_memoryless_loss_of_narma_is_that_of_the_best_predictor_from_one_input(rng):
    batch = tasks.narma(rng, 500, 400)
    assert batch.memoryless_loss == pytest.approx(best_of_bins(batch.x, batch.y), rel=0.01)
    explained = (1.5 * 0.25) ** 2 * 0.25 / 12  # slope 1.5 E[u], times the variance of u
    assert batch.memoryless_loss == pytest.approx(batch.y.var() - explained, rel=0.02)


def test_mackey_glass_relaxes_exponentially_while_the_past_is_constant():
    start, t = 0.5, np.arange(18)
    limit = 0.2 * start / (1 + start**10) / 0.1
    exact = limit + (start - limit) * np.exp(-0.1 * t)
    np.testing.assert_allclose(
        tasks.mackey_glass(18, start=start, washout=0, substeps=20), exact, rtol=1e-11
    )


@pytest.mark.parametrize("until", [60, 200])
def test_the_integrator_is_of_order_four(until):
    def solution(substeps):
        return tasks.mackey_glass(until, washout=0, substeps=substeps)

    exact = solution(128)
    errors = [np.abs(solution(n) - exact).max() for n in (1, 2, 4, 8, 16)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders.min() >= 3.8
    assert orders.max() < 4.2


def test_the_solution_satisfies_the_delay_equation():
    n, delay = 20, 17
    x = _solve(300 * n, delay * n, 1 / n, 1.2)
    weights = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60 * n  # a derivative of order 6
    k = np.arange(delay * n * 6, 300 * n - 3)  # by then all kinks are in high derivatives
    slope = sum(w * x[k + j] for w, j in zip(weights, range(-3, 4), strict=True))
    delayed = x[k - delay * n]
    residual = slope - (0.2 * delayed / (1 + delayed**10) - 0.1 * x[k])
    assert np.abs(residual).max() < 1e-7
    assert np.abs(slope).max() > 0.05


def test_mackey_glass_drops_the_washout_and_samples_once_a_unit():
    long = tasks.mackey_glass(60, washout=0, delay=5)
    np.testing.assert_array_equal(tasks.mackey_glass(20, washout=40, delay=5), long[40:])
    fine = _solve(600, 50, 0.1, 1.2)
    np.testing.assert_array_equal(long, fine[:-1:10])
    assert tasks.mackey_glass(0, washout=0).shape == (0,)


def test_mackey_glass_rests_at_its_equilibrium_and_nowhere_else():
    np.testing.assert_allclose(tasks.mackey_glass(50, start=1.0), 1, rtol=1e-12)
    assert tasks.mackey_glass(500, start=1.001).std() > 0.1


@pytest.mark.parametrize("periods", [(7,), (5, 9.5), (7.0, 11.3, 19.7)])
def test_sines_obey_the_recurrence_of_their_periods(rng, periods):
    x, y, *_ = tasks.sines(rng, 40, 5, periods=periods)
    np.testing.assert_array_equal(x[1:], y[:-1])
    series = x[..., 0]
    for period in periods:  # s(t + 1) - 2 cos(w) s(t) + s(t - 1) removes one of them
        assert np.abs(series).max() > 0.05
        series = series[2:] - 2 * np.cos(2 * np.pi / period) * series[1:-1] + series[:-2]
    assert np.abs(series).max() < 1e-12


@pytest.mark.parametrize(("noise", "slack"), [(0.0, 0.005), (0.3, 0.01)])
@pytest.mark.parametrize("periods", [(6,), (7.0, 11.3, 19.7)])
def test_memoryless_loss_of_sines(rng, periods, noise, slack):
    batch = tasks.sines(rng, 2, 200_000, periods=periods, noise=noise)
    line = np.polynomial.Polynomial.fit(batch.x.ravel(), batch.y.ravel(), 1)
    assert batch.memoryless_loss == pytest.approx(
        np.mean((batch.y - line(batch.x)) ** 2), rel=slack
    )
    if len(periods) > 1 or not noise:
        best = best_of_bins(batch.x, batch.y)
        assert batch.memoryless_loss == pytest.approx(best, rel=2 * slack)
    assert batch.x.var() == pytest.approx(1 + noise**2, rel=slack)


@pytest.mark.parametrize("horizon", [1, 4])
def test_windows_stand_anywhere_and_their_targets_lie_ahead(rng, horizon):
    x, y, *_ = tasks.windows(rng, np.arange(12.0), 6, 500, horizon)
    np.testing.assert_array_equal(y, x + horizon)
    np.testing.assert_array_equal(np.diff(x, axis=0), 1)
    assert set(x[0].ravel()) == set(range(12 - 6 - horizon + 1))


def test_memoryless_loss_of_windows_is_that_of_the_fitted_line(rng):
    series = rng.normal(size=300).cumsum()
    line = np.polynomial.Polynomial.fit(series[:-3], series[3:], 1)
    wanted = np.mean((series[3:] - line(series[:-3])) ** 2)
    loss = tasks.windows(rng, series, 5, 2, horizon=3).memoryless_loss
    assert loss == pytest.approx(wanted, rel=1e-10)
    assert tasks.windows(rng, np.ones(9), 5, 2).memoryless_loss == 0


MAKERS = [
    lambda r, tau, batch, **more: tasks.narma(r, tau, batch, **more),
    lambda r, tau, batch, **more: tasks.sines(r, tau, batch, noise=0.1, **more),
    lambda r, tau, batch, **more: tasks.windows(r, np.sin(np.arange(99)), tau, batch, **more),
]


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_bits_in_either_precision(make):
    one, two, low = (
        make(np.random.default_rng(3), 9, 4, dtype=dtype)
        for dtype in (np.float64, np.float64, np.float32)
    )
    for field in ("x", "y"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))
        assert getattr(low, field).dtype == np.float32
        np.testing.assert_allclose(getattr(low, field), getattr(one, field), rtol=1e-6, atol=1e-7)
    other = make(np.random.default_rng(4), 9, 4)
    assert (other.x != one.x).any()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("tau", "batch"), [(0, 3), (4, 0)])
def test_nothing_asked_for_is_nothing_given(make, tau, batch):
    made = make(np.random.default_rng(0), tau, batch)
    assert made.x.shape == made.y.shape == (tau, batch, 1)
    assert np.isfinite(made.memoryless_loss)


def gen():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tasks.narma(0, 5, 2), TypeError, "rng"),
        (lambda: tasks.narma(gen(), -1, 2), ValueError, "tau"),
        (lambda: tasks.narma(gen(), 5, 2.5), TypeError, "batch"),
        (lambda: tasks.narma(gen(), 5, 2, order=11), ValueError, r"order: .*\[1, 10\], got 11"),
        (lambda: tasks.narma(gen(), 5, 2, order=0), ValueError, "order"),
        (lambda: tasks.narma(gen(), 5, 2, dtype=int), ValueError, "dtype"),
        (lambda: tasks.mackey_glass(-1), ValueError, "tau"),
        (lambda: tasks.mackey_glass(5, delay=0), ValueError, "delay"),
        (lambda: tasks.mackey_glass(5, delay=1.5), TypeError, "delay"),
        (lambda: tasks.mackey_glass(5, substeps=0), ValueError, "substeps"),
        (lambda: tasks.mackey_glass(5, washout=-1), ValueError, "washout"),
        (lambda: tasks.mackey_glass(5, start=0), ValueError, "start"),
        (lambda: tasks.mackey_glass(5, start=11), ValueError, "start"),
        (lambda: tasks.sines(gen(), 5, 2, periods=()), ValueError, "periods"),
        (lambda: tasks.sines(gen(), 5, 2, periods=(3, -1)), ValueError, "periods"),
        (lambda: tasks.sines(gen(), 5, 2, noise=-0.1), ValueError, "noise"),
        (lambda: tasks.sines(gen(), 5, 2, noise=np.nan), ValueError, "noise"),
        (lambda: tasks.windows(gen(), np.ones((5, 1)), 2, 2), ValueError, "series"),
        (
            lambda: tasks.windows(gen(), np.ones(5), 5, 2),
            ValueError,
            "series: .* = 6 values, got 5",
        ),
        (lambda: tasks.windows(gen(), [1, np.nan], 1, 1), ValueError, "series: .*nan at 1"),
        (lambda: tasks.windows(gen(), ["a", "b"], 1, 1), TypeError, "series"),
        (lambda: tasks.windows(gen(), np.ones(5), 2, 2, horizon=0), ValueError, "horizon"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()
