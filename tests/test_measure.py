r"""What measures a net: Jacobians against the complex step, spectra and rates against algebra."""

import numpy as np
import pytest

from rnn._tree import tree_leaves, tree_map
from rnn._unfold import unfold
from rnn.reference.cells import (
    GRU,
    LSTM,
    RNN,
    Attended,
    Attention,
    CellTheta,
    Clocked,
    Context,
    DeepTransition,
    Fed,
    Feedback,
    Leaky,
    Memoryless,
    MemorylessTheta,
    Skip,
    clockwork,
)
from rnn.reference.measure import (
    closed_form,
    gradient_norms_by_lag,
    influence,
    input_jacobian,
    jacobian_norms_by_lag,
    jacobian_product,
    largest_singular_value,
    linear_recurrence,
    lyapunov_exponents,
    memory_capacity,
    power_iteration,
    spectral_radius,
    step_jacobian,
)
from rnn.reference.nets import Bidirectional, LastOutput, Output, Stack

SIZES = {"d_x": 2, "d_h": 4}
CELLS = {
    "RNN": RNN(),
    "LSTM": LSTM(),
    "LSTM with peepholes": LSTM(peepholes=True),
    "GRU": GRU(),
    "GRU, reset before": GRU(reset="before"),
    "Leaky": Leaky(RNN(), alpha=(0.1, 0.9)),
    "Skip": Skip(RNN(), delay=3),
    "Skip around LSTM": Skip(LSTM(), delay=2),
    "Clocked": Clocked(RNN(), periods=(1, 2)),
    "clockwork": clockwork((1, 2)),
    "DeepTransition": DeepTransition(skip=True),
    "Feedback": Feedback(RNN(), own="softmax"),
    "Attention": Attention(RNN()),
}


def problem(name, tau, batch=2, seed=0):
    r"""Draw parameters, a start and inputs; return the cell, these, and the inputs of each step."""
    cell, rng = CELLS[name], np.random.default_rng(seed)
    sizes = SIZES | {"Feedback": {"d_y": 3}, "Attention": {"d_m": 3}}.get(name, {})
    theta = tree_map(lambda leaf: 1.5 * leaf, cell.init_theta(rng, **sizes))
    if "Leaky" in name:
        theta = theta._replace(alpha=theta.alpha / 1.5)
    x = rng.normal(size=(tau, batch, 2))
    each = list(x)
    if name == "Feedback":
        y, forced = rng.normal(size=(tau, batch, 3)), np.zeros((tau, batch), bool)
        x = Fed(x, y, forced, np.zeros_like(y))
        each = [Fed(*(leaf[t] for leaf in x)) for t in range(tau)]
    if name == "Attention":
        memory, present = rng.normal(size=(5, batch, 3)), np.ones((5, batch), bool)
        each = [Attended(x_t, memory, present) for x_t in x]
        x = Attended(x, memory, present)
    state = tree_map(
        lambda leaf: rng.normal(size=leaf.shape) if leaf.dtype == float else leaf,
        cell.zero_state(batch, theta),
    )
    return cell, state, x, each, theta


def flat(state):
    leaves = [leaf for leaf in tree_leaves(state) if leaf.dtype != int]
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=-1)


def complex_step_jacobian(f, state):
    r"""Move one number of the state after the other by 1e-30 i and look at Im f: (B, n, n)."""
    columns = []
    for k, leaf in enumerate(tree_leaves(state)):
        for index in np.ndindex(leaf.shape[1:] if leaf.dtype == float else (0,)):
            moved = [np.array(other, complex) if k == m else other for m, other in count(state)]
            moved[k][(slice(None), *index)] += 1e-30j
            rest = iter(moved)
            columns.append(flat(f(tree_map(lambda _, rest=rest: next(rest), state))).imag / 1e-30)
    return np.stack(columns, axis=-1)


def count(state):
    return enumerate(tree_leaves(state))


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize("name", CELLS)
def test_the_jacobian_of_a_step_equals_the_complex_step(name):
    cell, state, _, (x,), theta = problem(name, tau=1)
    J = step_jacobian(cell, state, x, theta)
    assert relative(J, complex_step_jacobian(lambda s: cell(s, x, theta), state)) < 1e-14


@pytest.mark.parametrize("name", CELLS)
def test_the_product_equals_the_complex_step_through_the_whole_walk(name):
    cell, state, x, each, theta = problem(name, tau=5)
    J = jacobian_product(cell, state, x, theta)

    def walk(state):
        return unfold(cell, state, each, theta)[-1]

    assert relative(J, complex_step_jacobian(walk, state)) < 1e-13


def test_the_jacobian_of_one_unit_worked_out_by_hand():
    # h = tanh(2 atanh(1/2) / 2) = 1/2, so the slope is (1 - 1/4) w, w = 2.
    theta = CellTheta(np.zeros((1, 0)), np.array([[2.0]]), np.zeros(1))
    state = np.array([[np.arctanh(0.5) / 2]])
    J = step_jacobian(RNN(), state, np.zeros((1, 0)), theta)
    np.testing.assert_allclose(J, [[[1.5]]], rtol=1e-15)


def test_a_walk_of_no_steps_has_the_identity():
    cell, state, x, _, theta = problem("LSTM", tau=1)
    J = jacobian_product(cell, state, x[:0], theta)
    np.testing.assert_array_equal(J, np.tile(np.eye(8), (2, 1, 1)))
    theta = RNN().init_theta(np.random.default_rng(0), 2, 4)
    assert input_jacobian(RNN(), None, x[:0], theta).shape == (0, 4, 0, 2, 2)


def linear(W, U=None, b=None):
    n = len(W)
    return CellTheta(np.zeros((n, 0)) if U is None else U, W, np.zeros(n) if b is None else b)


def test_norms_by_lag_are_those_of_the_powers_of_w():
    # Claim 93 and E3: radius 0.9, and yet a change may grow nineteenfold before it fades.
    W = np.array([[0.9, 5.0], [0.0, 0.9]])
    norms = jacobian_norms_by_lag(RNN("linear"), None, np.zeros((60, 1, 0)), linear(W))[:, 0]
    # W^k = 0.9^k [[1, 5 k / 0.9], [0, 1]]; the singular values of [[1, a], [0, 1]] are s and 1/s
    # with s - 1/s = a.
    k = np.arange(61)
    a = 5 * k / 0.9
    np.testing.assert_allclose(norms, 0.9**k * (a + np.sqrt(a**2 + 4)) / 2, rtol=1e-12)
    assert (norms.argmax(), round(norms.max(), 1)) == (9, 19.4)
    assert (spectral_radius(W), round(largest_singular_value(W), 2)) == (0.9, 5.16)


def test_norms_by_lag_multiply_slopes_into_w(rng):
    cell, state, x, _, theta = problem("RNN", tau=6, batch=1)
    h, J = cell.forward(state, x, theta).h[:, 0], np.eye(4)
    expected = [1.0]
    for t in range(6)[::-1]:
        J = J @ np.diag(1 - h[t] ** 2) @ theta.W
        expected.append(np.sqrt(np.linalg.eigvalsh(J @ J.T)[-1]))
    norms = jacobian_norms_by_lag(cell, state, x, theta)
    np.testing.assert_allclose(norms[:, 0], expected, rtol=1e-12)


def test_a_gradient_fades_by_w_a_step():
    # One linear unit, W = 1/2: the gradient k steps before a row's last is 2^-k of that there.
    x, theta = np.ones((4, 2, 1)), linear(np.array([[0.5]]), U=np.ones((1, 1)))
    run = RNN("linear").forward(None, x, theta, [4, 2])
    grad_h = np.zeros((4, 2, 1))
    grad_h[3, 0] = grad_h[1, 1] = 3
    norms = gradient_norms_by_lag(RNN("linear").backward(grad_h, run, theta).grad_h, [4, 2])
    expected = [[3, 3], [1.5, 1.5], [0.75, np.nan], [0.375, np.nan]]
    np.testing.assert_array_equal(norms, expected)


def complex_step_from_inputs(outputs, x):
    columns = []
    for index in np.ndindex(len(x), x.shape[2]):
        moved = x.astype(complex)
        moved[index[0], :, index[1]] += 1e-30j
        columns.append(outputs(moved).imag / 1e-30)
    columns = np.reshape(columns, (len(x), x.shape[2], *columns[0].shape))
    return columns.transpose(2, 4, 0, 3, 1)  # (tau, d_o, tau, B, d_x)


@pytest.mark.parametrize("layer", [RNN(), LSTM()], ids=["RNN", "LSTM"])
def test_the_jacobian_from_inputs_to_outputs_equals_the_complex_step(rng, layer):
    net, x = Output(layer), rng.normal(size=(4, 2, 2))
    theta = net.init_theta(rng, 2, 3, 2)

    def outputs(x):
        states = unfold(layer, layer.zero_state(2, theta.layer), x, theta.layer)
        return np.array([layer.output(s) @ theta.V.T + theta.c for s in states])

    expected = complex_step_from_inputs(outputs, x)
    J = input_jacobian(net, None, x, theta)
    assert relative(J, expected) < 1e-14
    last = input_jacobian(LastOutput(layer), None, x, theta)
    assert relative(last, expected[-1:]) < 1e-14


def test_a_linear_net_hears_the_past_through_powers_of_w(rng):
    theta = RNN().init_theta(rng, 1, 3)
    net, x = Stack((RNN("linear"), RNN("linear"))), rng.normal(size=(4, 1, 1))
    above = RNN().init_theta(rng, 3, 2)
    J = input_jacobian(net, None, x, (theta, above))[..., 0, :]
    power = np.linalg.matrix_power
    for t, s in np.ndindex(4, 4):
        paths = [power(above.W, t - r) @ above.U @ power(theta.W, r - s) for r in range(s, t + 1)]
        expected = sum(paths, np.zeros((2, 3))) @ theta.U
        np.testing.assert_allclose(J[t, :, s], expected, atol=1e-14)


def test_influence_of_inputs_stays_inside_the_lengths(rng):
    net = Bidirectional()
    theta = net.init_theta(rng, 2, 3)
    J = input_jacobian(net, None, rng.normal(size=(5, 2, 2)), theta, [5, 3])
    np.testing.assert_array_equal(influence(J[:, :, :, :1]) > 0, np.ones((5, 5)))
    inside = np.arange(5) < 3
    np.testing.assert_array_equal(influence(J[:, :, :, 1:]) > 0, np.outer(inside, inside))


def symmetric(rng, eigenvalues):
    Q = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))[0]
    return Q * eigenvalues @ Q.T, Q


def test_claim_80_the_closed_form_equals_the_walk(rng):
    A = rng.normal(size=(5, 5))
    W, h = (A + A.T) / 2, rng.normal(size=(3, 5))
    walked = linear_recurrence(W, h, 12)
    assert relative(closed_form(W, h, 12), walked) < 1e-13
    assert relative(walked[3], h @ np.linalg.matrix_power(W, 4).T) < 1e-14
    eigenvalues, Q = np.linalg.eigh(W)
    as_printed = h @ (Q.T * eigenvalues**4 @ Q).T  # E2: Q and its transpose the other way round
    assert relative(as_printed, walked[3]) > 0.1


def test_the_linear_recurrence_is_a_linear_cell_without_input(rng):
    W, h = rng.normal(size=(4, 4)), rng.normal(size=(2, 4))
    run = RNN("linear").forward(h, np.zeros((6, 2, 0)), linear(W))
    assert relative(linear_recurrence(W, h, 6), run.h) < 1e-14


def test_claim_81_what_is_not_in_the_top_eigenvector_is_lost(rng):
    W, Q = symmetric(rng, np.array([-2.0, 1.0, 0.5]))
    start = Q @ [1e-3, 1.0, 1.0]
    run = power_iteration(W, start, 60)
    outside = np.linalg.norm(run.h - np.outer(run.h @ Q[:, 0], Q[:, 0]), axis=1)
    # Outside stand 1 and 2^-t; inside 1e-3 (-2)^t.
    t = np.arange(1, 61)
    ratio = np.sqrt(1 + 0.25**t) / (1e-3 * 2.0**t)
    np.testing.assert_allclose(outside[:30], (ratio / np.sqrt(1 + ratio**2))[:30], rtol=1e-6)
    assert outside[-1] < 1e-14
    assert run.growth[-1] == pytest.approx(2, rel=1e-14)


def test_claim_90_a_perturbation_along_an_eigenvector_grows_by_its_eigenvalue(rng):
    W, Q = symmetric(rng, np.array([1.3, -1.1, 0.9, 0.2]))
    x, h = rng.normal(size=(25, 1, 2)), rng.normal(size=(1, 4))
    theta, delta, t = linear(W, U=rng.normal(size=(4, 2))), 0.1, np.arange(1, 26)[:, None]
    plain = RNN("linear").forward(h, x, theta).h
    for eigenvalue, v in zip([1.3, -1.1, 0.9, 0.2], Q.T, strict=True):
        moved = RNN("linear").forward(h + delta * v, x, theta).h
        gap = (moved - plain)[:, 0]
        assert np.abs(gap - delta * eigenvalue**t * v).max() < 1e-12 * np.abs(plain).max()


def test_claim_95_complex_eigenvalues_rotate_and_their_magnitude_decides():
    angle, r = 0.3, 0.95
    W = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    h, t = linear_recurrence(W, np.array([1.0, 0.0]), 100), np.arange(1, 101)
    np.testing.assert_allclose(h[:, 0], r**t * np.cos(angle * t), atol=1e-14)
    assert spectral_radius(W) == pytest.approx(r, rel=1e-15)


def test_exponents_of_a_linear_map_are_the_logs_of_its_eigenvalues(rng):
    eigenvalues = np.array([1.5, -1.0, 0.6, 0.2])
    P = rng.normal(size=(4, 4))  # not orthogonal: W is not symmetric
    W, x = P * eigenvalues @ np.linalg.inv(P), np.zeros((300, 1, 0))
    found = lyapunov_exponents(RNN("linear"), None, x, linear(W), washout=100)
    np.testing.assert_allclose(found[0], np.log(np.abs(eigenvalues)), atol=1e-12)
    at_origin = lyapunov_exponents(RNN(), None, x, linear(W), k=2, washout=100)
    np.testing.assert_allclose(at_origin[0], np.log([1.5, 1.0]), atol=1e-12)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "Leaky", "Clocked", "Skip"])
def test_all_exponents_sum_to_the_mean_log_determinant(name):
    cell, state, x, each, theta = problem(name, tau=12)
    logs = []
    for x_t in each:
        logs.append(np.linalg.slogdet(step_jacobian(cell, state, x_t, theta))[1])
        state = cell(state, x_t, theta)
    cell, state, x, _, theta = problem(name, tau=12)
    found = lyapunov_exponents(cell, state, x, theta, washout=2)
    np.testing.assert_allclose(found.sum(axis=-1), np.mean(logs[2:-2], axis=0), rtol=1e-12)


def test_the_largest_exponent_is_the_rate_at_which_two_near_states_part(rng):
    theta = linear(3 * rng.normal(size=(30, 30)) / np.sqrt(30))
    cell, x = RNN(), np.zeros((1500, 1, 0))
    h = cell.forward(rng.normal(size=(1, 30)), x[:200], theta).h[-1]
    found = lyapunov_exponents(cell, h, x, theta, k=1, washout=100)[0, 0]
    near, rates = h + 1e-8 * rng.normal(size=(1, 30)), []
    for _ in x:
        gap = near - h
        near = h + gap * 1e-8 / np.linalg.norm(gap)
        h, near = cell(h, x[0], theta), cell(near, x[0], theta)
        rates.append(np.log(np.linalg.norm(near - h) / 1e-8))
    assert found == pytest.approx(np.mean(rates[100:]), abs=0.01)
    assert found > 0.1  # chaos


def test_a_state_that_is_forgotten_at_once_has_minus_infinity():
    theta = MemorylessTheta(np.ones((2, 1)), np.zeros(2))
    found = lyapunov_exponents(Memoryless(), None, np.ones((3, 1, 1)), theta)
    np.testing.assert_array_equal(found, [[-np.inf, -np.inf]])


def test_claim_94_contraction_and_finite_precision_forget(rng):
    Q = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    theta = linear(0.5 * Q, U=rng.normal(size=(8, 1)))
    x = np.repeat(rng.normal(size=(60, 1, 1)), 2, axis=1)
    start = rng.normal(size=(2, 8))
    as_float32 = CellTheta(*(leaf.astype(np.float32) for leaf in theta))
    run = RNN().forward(start.astype(np.float32), x.astype(np.float32), as_float32)
    exact = RNN().forward(start, x, theta)
    apart = (run.h[:, 0] != run.h[:, 1]).any(axis=1)
    steps = len(apart) - apart[::-1].argmax() if apart.any() else 0
    assert 5 < steps < 40  # from here on the two are the same, bit by bit
    assert (exact.h[steps, 0] != exact.h[steps, 1]).any()  # and only precision made them so


def delay_line(n, factor=0.0):
    r"""Return units in a row, each of which hears the one before; `factor` closes the ring."""
    W = np.eye(n, k=-1)
    W[0, -1] = factor
    return linear(W, U=np.eye(n)[:, :1])


@pytest.mark.parametrize("held_out", [0, 0.5])
def test_a_delay_line_remembers_as_many_steps_as_it_has_units(rng, held_out):
    x = rng.normal(size=(2000, 2, 1))
    h = RNN("linear").forward(None, x, delay_line(7)).h
    capacity = memory_capacity(h, x[..., 0], 12, held_out=held_out)
    np.testing.assert_allclose(capacity[:7], 1, rtol=1e-12)
    assert capacity[7:].max() < 0.02


def test_a_ring_remembers_each_turn_a_little_less(rng):
    # Unit i holds the sum over turns j of r^(jN) u(t - i - jN), so that MC_k is the share of one
    # turn, r^(2jN) (1 - r^(2N)), j = k // N. From k = 1 on they sum to N - 1 + r^(2N), which is
    # what Rodan and Tino (2011) prove.
    n, turn = 10, 0.6  # r^N
    x = rng.normal(size=(20000, 1, 1))
    h = RNN("linear").forward(None, x, delay_line(n, turn)).h
    capacity = memory_capacity(h, x[..., 0], 49, washout=200)
    k = np.arange(50)
    np.testing.assert_allclose(capacity, turn ** (2 * (k // n)) * (1 - turn**2), atol=0.02)
    assert capacity.sum() == pytest.approx(n, abs=0.1)


def test_a_linear_reservoir_nears_the_bound_and_a_squashed_one_does_not(rng):
    from rnn.reference.nets.reservoir import reservoir

    n, x = 12, rng.normal(size=(6000, 1, 1))
    theta = reservoir(rng, 1, n, radius=0.95)
    total = {
        phi: memory_capacity(RNN(phi).forward(None, x, theta).h, x[..., 0], 40, washout=300).sum()
        for phi in ("linear", "tanh")
    }
    assert 0.9 * n < total["linear"] < 1.02 * n
    assert total["tanh"] < 0.7 * n


def test_states_that_say_nothing_remember_nothing(rng):
    capacity = memory_capacity(np.ones((50, 1, 3)), rng.normal(size=(50, 1)), 4)
    np.testing.assert_array_equal(capacity, 0)


X = np.zeros((5, 1, 2))
THETA = RNN().init_theta(np.random.default_rng(0), 2, 3)
BAD = {
    "a matrix that is not square": (lambda: spectral_radius(np.ones((2, 3))), "W: expected shape"),
    "NaN": (lambda: spectral_radius(np.full((2, 2), np.nan)), "W: expected finite"),
    "not symmetric": (lambda: closed_form(np.eye(2, k=1), np.ones(2), 3), "W: expected a symm"),
    "a vector of another width": (lambda: linear_recurrence(np.eye(2), np.ones(3), 3), "h: exp"),
    "a start of zero": (lambda: power_iteration(np.eye(2), np.zeros(2), 3), "h: expected"),
    "a net": (lambda: jacobian_product(Stack(), None, X, (THETA,)), "cell: expected Cell"),
    "a context": (lambda: jacobian_product(Context(), None, X, THETA), "without Context"),
    "a wide x": (lambda: step_jacobian(RNN(), None, X[0, :, :1], THETA), "x: expected shape"),
    "a narrow state": (lambda: step_jacobian(RNN(), X[0], X[0], THETA), "state: expected shape"),
    "too many": (lambda: lyapunov_exponents(RNN(), None, X, THETA, 4), "k: expected"),
    "washed out": (
        lambda: lyapunov_exponents(RNN(), None, X, THETA, washout=3),
        "washout: expected less",
    ),
    "an input of other steps": (lambda: memory_capacity(X, X[:4, :, 0], 1), "u: expected shape"),
    "too short": (lambda: memory_capacity(X, X[..., 0], 3), "h: expected more than 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    call, message = BAD[name]
    with pytest.raises((ValueError, TypeError), match=message):
        call()
