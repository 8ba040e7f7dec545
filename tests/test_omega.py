"""The regulariser (10.52): its value by hand, its gradient in three readings by complex steps."""

import numpy as np
import pytest

from rnn import reference
from rnn._tree import tree_leaves
from rnn.reference import GRU, LSTM, RNN, CellTheta, Leaky, Output, omega, omega_adjoint

APPLY = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "linear": lambda a: a,
    "relu": lambda a: np.where(a.real > 0, a, 0),
}
SLOPE = {
    "tanh": lambda a: 1 - np.tanh(a) ** 2,
    "sigmoid": lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2,
    "linear": np.ones_like,
    "relu": lambda a: np.where(a.real > 0, 1, 0),
}
STATE = np.random.default_rng(1).normal(size=(3, 4))


def problem(nonlinearity="tanh", lengths=None, seed=0, cell=None):
    rng = np.random.default_rng(seed)
    net = Output(cell or RNN(nonlinearity))
    theta = net.init_theta(rng, d_x=2, d_h=4, d_y=3)
    x, y = rng.normal(size=(6, 3, 2)), rng.integers(0, 3, (6, 3))
    run = net.forward(STATE, x, theta, lengths)
    grad_o = reference.cross_entropy_adjoint(run.o, y, reduction="sum", lengths=lengths)
    return net.layer, net.backward(grad_o, run, theta).grad_h, run.run, theta.layer


def by_hand(name, theta, held, g, run, through, lengths):
    """Compute Omega (10.52) once more, row by row, in complex numbers, the vectors g held.

    What is constant is taken from the parameters `held`: a = b + W h + U x at each step.
    """
    total = 0
    for row in range(run.x.shape[1]):
        h = h_held = STATE[row]
        for t in range(run.x.shape[0] if lengths is None else lengths[row]):
            x = run.x[t, row]
            a_held = held.b + held.W @ h_held + held.U @ x
            before = h if through == "time" else h_held
            a = theta.b + theta.W @ before + theta.U @ x
            slope = SLOPE[name](a_held if through == "weights" else a)
            v = theta.W.T @ (slope * g[t, row])  # J^T g, J = diag(slope) W
            total += (np.sqrt((v**2).sum()) / np.sqrt((g[t, row] ** 2).sum()) - 1) ** 2
            h, h_held = APPLY[name](a), APPLY[name](a_held)
    return total


def by_complex_steps(theta, f):
    grads = []
    for leaf_number, leaf in enumerate(theta):
        grad = np.empty(leaf.shape)
        for index in np.ndindex(leaf.shape):
            moved = [part.astype(complex) for part in theta]
            moved[leaf_number][index] += 1e-30j
            grad[index] = f(CellTheta(*moved)).imag / 1e-30
        grads.append(grad)
    return CellTheta(*grads)


@pytest.mark.parametrize("lengths", [None, [6, 2, 4]])
@pytest.mark.parametrize("through", ["weights", "step", "time"])
@pytest.mark.parametrize("name", sorted(APPLY))
def test_value_and_gradient_are_those_of_the_plain_loop(name, through, lengths):
    cell, g, run, theta = problem(name, lengths, seed=2)
    options = {"through": through, "lengths": lengths}

    def f(moved):
        return by_hand(name, moved, theta, g, run, **options)

    Omega, Omega_t = omega(cell, g, run, theta, reduction="sum")
    np.testing.assert_allclose(Omega, f(theta), rtol=1e-13)
    np.testing.assert_allclose(Omega_t.sum(), Omega, rtol=1e-14)
    grad = omega_adjoint(cell, g, run, theta, through=through, reduction="sum")
    expected = by_complex_steps(theta, f)
    for ours, hand in zip(grad, expected, strict=True):
        np.testing.assert_allclose(ours, hand, rtol=1e-11, atol=1e-13 * np.abs(expected.W).max())


def test_the_mean_is_over_the_steps_inside_the_lengths():
    cell, g, run, theta = problem(lengths=[6, 2, 4])
    assert omega(cell, g, run, theta, reduction="sum")[0] == pytest.approx(
        12 * omega(cell, g, run, theta, reduction="mean")[0], rel=1e-14
    )
    summed, mean = (
        omega_adjoint(cell, g, run, theta, through="time", reduction=reduction)
        for reduction in ("sum", "mean")
    )
    for a, b in zip(summed, mean, strict=True):
        np.testing.assert_allclose(a, 12 * b, rtol=1e-12)


def test_the_three_readings_differ():
    cell, g, run, theta = problem()
    grads = [
        omega_adjoint(cell, g, run, theta, through=through, reduction="sum")
        for through in ("weights", "step", "time")
    ]
    assert not grads[0].U.any()
    assert not grads[0].b.any()
    for a, b in ((0, 1), (1, 2)):
        assert np.abs(grads[a].W - grads[b].W).max() > 0.05 * np.abs(grads[2].W).max()


@pytest.mark.parametrize("through", ["weights", "step", "time"])
def test_an_orthogonal_linear_net_has_no_omega(through, rng):
    # Claim 134: W^T keeps every length, so each ratio is 1, and that is a minimum.
    cell, g, run, theta = problem("linear")
    theta = theta._replace(W=np.linalg.qr(rng.normal(size=(4, 4)))[0])
    run = cell.forward(None, run.x, theta)
    g = cell.backward(rng.normal(size=run.h.shape), run, theta).grad_h
    assert omega(cell, g, run, theta, reduction="sum")[0] < 1e-28
    grad = omega_adjoint(cell, g, run, theta, through=through, reduction="sum")
    assert max(np.abs(leaf).max() for leaf in grad) < 1e-13


def test_terms_by_hand():
    # Linear, W = diag(2, 1/2), batch 1. g = (3, 4): W^T g = (6, 2), ratio sqrt(40) / 5.
    # g = (0, 7): ratio 1/2, term 1/4. g = 0: no term. The mean is over two steps.
    cell = RNN("linear")
    theta = CellTheta(np.ones((2, 1)), np.diag([2.0, 0.5]), np.zeros(2))
    run = cell.forward(None, np.ones((3, 1, 1)), theta)
    g = np.array([[[3.0, 4.0]], [[0.0, 7.0]], [[0.0, 0.0]]])
    Omega, Omega_t = omega(cell, g, run, theta, reduction="mean")
    first = (np.sqrt(40) / 5 - 1) ** 2
    np.testing.assert_allclose(Omega_t[:, 0], [first, 0.25, 0], rtol=1e-14)
    np.testing.assert_allclose(Omega, (first + 0.25) / 2, rtol=1e-14)
    # Of the second step alone: u = 2 (1/2 - 1) (0, 1), p = (0, 1), so W_22 gets -1.
    grad = omega_adjoint(
        cell, g * [[[0]], [[1]], [[0]]], run, theta, through="weights", reduction="sum"
    )
    np.testing.assert_array_equal(grad.W, [[0, 0], [0, -1]])


@pytest.mark.parametrize("factor", [1e-280, 1e-3, -7.0, 1e280])
def test_omega_does_not_change_with_the_scale_of_the_loss(factor):
    cell, g, run, theta = problem()
    expected = omega(cell, g, run, theta, reduction="mean")
    for ours, wanted in zip(
        omega(cell, g * factor, run, theta, reduction="mean"), expected, strict=True
    ):
        np.testing.assert_allclose(ours, wanted, rtol=1e-12)
    options = {"through": "time", "reduction": "mean"}
    grad, scaled = (omega_adjoint(cell, k * g, run, theta, **options) for k in (1, factor))
    np.testing.assert_allclose(scaled.W, grad.W, rtol=1e-10, atol=1e-13)


def test_vanishing_gradients_in_float32_keep_their_ratio():
    # A linear net with W = I / 2: k steps back the gradient is 2^-k, whose square is 0 in float32
    # 75 steps back. Each ratio is 1/2, each term 1/4, as far as g has all its digits (2^-126).
    cell, tau = RNN("linear"), 140
    theta = CellTheta(
        *(a.astype(np.float32) for a in (np.ones((3, 1)), np.eye(3) / 2, np.zeros(3)))
    )
    run = cell.forward(None, np.ones((tau, 1, 1), np.float32), theta)
    grad_h = np.zeros_like(run.h)
    grad_h[-1] = 1
    g = cell.backward(grad_h, run, theta).grad_h
    _, Omega_t = omega(cell, g, run, theta, reduction="sum")
    np.testing.assert_allclose(Omega_t[-120:], 0.25, rtol=1e-6)
    assert Omega_t.dtype == np.float32


def test_where_nothing_passes_back_the_term_is_one_and_no_direction_is_made_up():
    cell = RNN("relu")
    theta = CellTheta(np.ones((2, 1)), np.eye(2), np.full(2, -5.0))
    run = cell.forward(None, np.ones((3, 1, 1)), theta)
    _, Omega_t = omega(cell, np.ones((3, 1, 2)), run, theta, reduction="sum")
    np.testing.assert_array_equal(Omega_t, 1)
    grad = omega_adjoint(cell, np.ones((3, 1, 2)), run, theta, through="time", reduction="sum")
    assert not any(leaf.any() for leaf in grad)


@pytest.mark.parametrize("cell", [GRU(), GRU(reset="before"), Leaky(RNN())], ids=str)
def test_other_cells_have_an_omega_by_their_jacobian(cell):
    layer, g, run, theta = problem(cell=cell)
    _, Omega_t = omega(layer, g, run, theta, reduction="sum")
    before = np.concatenate([STATE[None], run.h[:-1]])
    for t in range(len(g)):
        for row in range(g.shape[1]):
            J = np.empty((4, 4))
            for j in range(4):
                ends = [before[t].copy(), before[t].copy()]
                ends[0][row, j] += 1e-6
                ends[1][row, j] -= 1e-6
                plus, minus = (layer(h, run.x[t], theta)[row] for h in ends)
                J[:, j] = (plus - minus) / 2e-6
            ratio = np.linalg.norm(J.T @ g[t, row]) / np.linalg.norm(g[t, row])
            assert Omega_t[t, row] == pytest.approx((ratio - 1) ** 2, rel=1e-7, abs=1e-9)


def test_the_chapters_own_gradients_give_the_same(rng):
    theta = reference.init_theta(rng, 2, 4, 3)
    cell, of_cell = RNN(), CellTheta(theta.U, theta.W, theta.b)
    x, y = rng.normal(size=(6, 3, 2)), rng.integers(0, 3, (6, 3))
    run, state = reference.forward(None, x, theta), np.zeros((3, 4))
    grad_o = reference.cross_entropy_adjoint(run.o, y, reduction="sum")
    g = reference.backward(grad_o, run, state, x, theta).grad_h
    ours, _ = omega(cell, g, cell.forward(None, x, of_cell), of_cell, reduction="sum")
    net = Output(cell)
    nested = net.init_theta(rng, 2, 4, 3)._replace(layer=of_cell, V=theta.V, c=theta.c)
    other = net.forward(None, x, nested)
    back = net.backward(grad_o, other, nested)
    np.testing.assert_allclose(
        ours, omega(cell, back.grad_h, other.run, of_cell, reduction="sum")[0], rtol=1e-12
    )


def test_a_net_that_walks_backward_has_the_terms_of_its_mirror_image():
    cell, _, run, theta = problem()
    rng = np.random.default_rng(5)
    grad_h, x = rng.normal(size=run.h.shape), run.x
    there = cell.forward(None, x, theta)
    mirrored = cell.forward(None, x[::-1].copy(), theta, reverse=True)
    g = cell.backward(grad_h, there, theta).grad_h
    g_mirrored = cell.backward(grad_h[::-1].copy(), mirrored, theta).grad_h
    options = {"through": "time", "reduction": "sum"}
    np.testing.assert_array_equal(
        omega(cell, g_mirrored, mirrored, theta, reduction="sum")[1][::-1],
        omega(cell, g, there, theta, reduction="sum")[1],
    )
    for a, b in zip(
        omega_adjoint(cell, g_mirrored, mirrored, theta, **options),
        omega_adjoint(cell, g, there, theta, **options),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_omega_refuses_what_it_cannot_use():
    cell, g, run, theta = problem()
    with pytest.raises(ValueError, match="through: expected one of 'weights', 'step', 'time'"):
        omega_adjoint(cell, g, run, theta, through="all", reduction="sum")
    with pytest.raises(ValueError, match="reduction"):
        omega(cell, g, run, theta, reduction="none")
    with pytest.raises(ValueError, match=r"grad_h: expected shape \(6, 3, 4\), got \(5, 3, 4\)"):
        omega(cell, g[1:], run, theta, reduction="sum")
    g[2, 1, 0] = np.inf
    with pytest.raises(ValueError, match=r"grad_h: expected finite .* = \(2, 1\)"):
        omega(cell, g, run, theta, reduction="sum")
    gru = GRU()
    own = gru.init_theta(np.random.default_rng(0), 2, 4)
    with pytest.raises(
        TypeError, match="cell: expected RNN, got GRU; only its gradient is derived"
    ):
        omega_adjoint(
            gru, run.h, gru.forward(None, run.x, own), own, through="step", reduction="sum"
        )
    lstm = LSTM()
    own = lstm.init_theta(np.random.default_rng(0), 2, 4)
    with pytest.raises(TypeError, match="whose state is one array, h; its state is LSTMState"):
        omega(lstm, run.h, lstm.forward(None, run.x, own), own, reduction="sum")


def test_tau_zero_has_no_terms():
    cell, g, run, theta = problem()
    run = cell.forward(None, run.x[:0], theta)
    Omega, Omega_t = omega(cell, g[:0], run, theta, reduction="mean")
    assert (Omega, Omega_t.shape) == (0, (0, 3))
    grad = omega_adjoint(cell, g[:0], run, theta, through="time", reduction="mean")
    assert not any(leaf.any() for leaf in tree_leaves(grad))
