r"""The NumPy reference: hand numbers, naive oracles, and gradients found three ways."""

import math

import numpy as np
import pytest

from rnn import reference
from rnn.reference import RNNTheta, init_theta, plain

PATHS = {"plain": plain, "fused": reference}
SHAPES = [(tau, batch) for tau in (1, 2, 7) for batch in (1, 2, 3)]


def problem(seed=0, tau=7, batch=2, d_x=3, d_h=5, d_y=4, dtype=np.float64):
    rng = np.random.default_rng(seed)
    theta = init_theta(rng, d_x, d_h, d_y, dtype)
    x, state = rng.normal(size=(tau, batch, d_x)), rng.normal(size=(batch, d_h))
    y = rng.integers(0, d_y, (tau, batch))
    return state.astype(dtype), x.astype(dtype), y, theta


def naive_loss(state, x, y, theta):
    r"""Compute L (sum) with scalars and loops only; complex numbers pass through."""
    L = 0
    for row in range(x.shape[1]):
        h = list(state[row])
        for t in range(x.shape[0]):
            a = [
                theta.b[i]
                + sum(theta.W[i, j] * h[j] for j in range(len(h)))
                + sum(theta.U[i, j] * x[t, row, j] for j in range(x.shape[2]))
                for i in range(len(h))
            ]
            h = [np.tanh(a_i) for a_i in a]
            o = [
                c + sum(v * h_j for v, h_j in zip(V, h, strict=True))
                for c, V in zip(theta.c, theta.V, strict=True)
            ]
            L += np.log(sum(np.exp(o_k) for o_k in o)) - o[y[t, row]]
    return L


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize("path", PATHS)
def test_two_steps_worked_out_by_hand(path):
    # One unit, U = 1, W = -1, V = (1, 0), biases 0, x = (atanh 0.5, 0.5 + atanh 0.8):
    # h = (0.5, tanh(-0.5 + 0.5 + atanh 0.8)) = (0.5, 0.8) and o = (h, 0).
    theta = RNNTheta(*map(np.array, ([[1.0]], [[-1.0]], [[1.0], [0.0]], [0.0], [0.0, 0.0])))
    x = np.array([math.atanh(0.5), 0.5 + math.atanh(0.8)]).reshape(2, 1, 1)
    run = PATHS[path].forward(None, x, theta)
    np.testing.assert_allclose(run.h[:, 0, 0], [0.5, 0.8], rtol=1e-15)
    L, grad = PATHS[path].bptt(None, x, np.array([[0], [1]]), theta, reduction="sum")
    # y = (0, 1): L = log(1 + e^-0.5) + log(1 + e^0.8).
    assert L == pytest.approx(math.log1p(math.exp(-0.5)) + math.log1p(math.exp(0.8)), rel=1e-15)
    # grad_o[0] = p - 1 and q, with p = 1/(1 + e^-0.5), q = 1/(1 + e^-0.8); V passes both on.
    p, q = 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(-0.8))
    grad_a2 = q * (1 - 0.64)  # (10.19) and the slope of tanh
    grad_a1 = (p - 1 - grad_a2) * (1 - 0.25)  # (10.21) with W = -1
    assert grad.b[0] == pytest.approx(grad_a1 + grad_a2, rel=1e-14)  # (10.23)
    assert grad.W[0, 0] == pytest.approx(grad_a2 * 0.5, rel=1e-14)  # (10.26): h before is 0, 0.5
    assert grad.V[:, 0] == pytest.approx([(p - 1) * 0.5 + q * 0.8, (1 - p) * 0.5 - q * 0.8])
    assert grad.c == pytest.approx([p - 1 + q, 1 - p - q])  # (10.22)
    assert grad.U[0, 0] == pytest.approx(grad_a1 * x[0, 0, 0] + grad_a2 * x[1, 0, 0])  # (10.28)


@pytest.mark.parametrize("path", PATHS)
def test_loss_equals_the_naive_loop(path):
    state, x, y, theta = problem()
    L, _ = PATHS[path].bptt(state, x, y, theta, reduction="sum")
    assert naive_loss(state, x, y, theta) == pytest.approx(L, rel=1e-14)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("field", RNNTheta._fields)
def test_gradient_equals_the_complex_step(path, field):
    state, x, y, theta = problem(tau=4, batch=2, d_x=2, d_h=3, d_y=3)
    _, grad = PATHS[path].bptt(state, x, y, theta, reduction="sum")
    numeric = np.empty_like(getattr(theta, field))
    for index in np.ndindex(numeric.shape):
        moved = getattr(theta, field).astype(complex)
        moved[index] += 1e-30j
        numeric[index] = naive_loss(state, x, y, theta._replace(**{field: moved})).imag / 1e-30
    assert relative(getattr(grad, field), numeric) < 1e-13


@pytest.mark.parametrize(("tau", "batch"), SHAPES)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_plain_equals_fused(tau, batch, reduction, dtype, bound):
    state, x, y, theta = problem(1, tau, batch, dtype=dtype)
    L, grad = reference.bptt(state, x, y, theta, reduction=reduction)
    L_plain, grad_plain = plain.bptt(state, x, y, theta, reduction=reduction)
    assert relative(L, L_plain) < bound
    for ours, theirs in zip(grad, grad_plain, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        assert relative(ours, theirs) < bound


def test_float32_stays_close_to_float64_over_two_thousand_steps():
    state, x, y, theta = problem(2, tau=2000, batch=1)
    theta = theta._replace(W=theta.W * 0.9 / np.abs(np.linalg.eigvals(theta.W)).max())
    _, grad = reference.bptt(state, x, y, theta, reduction="sum")
    single = [np.float32(a) for a in (state, x)]
    _, grad32 = reference.bptt(*single, y, RNNTheta(*map(np.float32, theta)), reduction="sum")
    assert max(relative(a, b) for a, b in zip(grad32, grad, strict=True)) < 2e-6


def test_backward_gives_the_gradients_at_inputs_and_states():
    state, x, y, theta = problem()
    run = reference.forward(state, x, theta)
    grad_o = reference.cross_entropy_adjoint(run.o, y, reduction="sum")
    back = reference.backward(grad_o, run, state, x, theta)
    for name, array, grad in (("x", x, back.grad_x), ("state", state, back.grad_state)):
        for index in [(0, 0, 1), (6, 1, 2), (3, 1, 0)] if name == "x" else [(0, 1), (1, 4)]:
            moved = array.astype(complex)
            moved[index] += 1e-30j
            args = (state, moved) if name == "x" else (moved, x)
            assert grad[index] == pytest.approx(naive_loss(*args, y, theta).imag / 1e-30, rel=1e-12)
    expected_last = grad_o[-1] @ theta.V  # (10.19)
    np.testing.assert_allclose(back.grad_h[-1], expected_last, rtol=1e-14)
    slope = 1 - run.h[1:] ** 2
    expected = (back.grad_h[1:] * slope) @ theta.W + grad_o[:-1] @ theta.V  # (10.21), E1 mended
    np.testing.assert_allclose(back.grad_h[:-1], expected, rtol=1e-12)


def test_a_gradient_at_the_last_state_travels_back():
    state, x, y, theta = problem(tau=9)
    early, late = x[:4], x[4:]
    whole = reference.forward(state, x, theta)
    grad_o = reference.cross_entropy_adjoint(whole.o, y, reduction="sum")
    all_at_once = reference.backward(grad_o, whole, state, x, theta)
    first = reference.forward(state, early, theta)
    second = reference.forward(first.state, late, theta)
    back2 = reference.backward(grad_o[4:], second, first.state, late, theta)
    back1 = reference.backward(grad_o[:4], first, state, early, theta, grad_last=back2.grad_state)
    for whole_grad, a, b in zip(all_at_once.grad, back1.grad, back2.grad, strict=True):
        np.testing.assert_allclose(a + b, whole_grad, rtol=1e-11)
    np.testing.assert_allclose(back1.grad_state, all_at_once.grad_state, rtol=1e-12)
    np.testing.assert_array_equal(second.state, whole.state)


def test_softmax_and_loss_survive_large_outputs():
    o = np.array([[[1000.0, 0.0]]])
    assert reference.softmax(o).sum() == 1
    assert reference.cross_entropy(o, np.array([[1]]), reduction="sum") == 1000


def test_reductions_agree():
    state, x, y, theta = problem()
    o = reference.forward(state, x, theta).o
    each = reference.cross_entropy(o, y, reduction="none")
    assert each.shape == y.shape
    assert reference.cross_entropy(o, y, reduction="sum") == pytest.approx(each.sum())
    assert reference.cross_entropy(o, y, reduction="mean") == pytest.approx(each.mean())
    np.testing.assert_allclose(reference.softmax(o).sum(axis=-1), 1, rtol=1e-14)


def test_no_argument_is_changed():
    state, x, y, theta = problem()
    before = [a.copy() for a in (state, x, y, *theta)]
    reference.bptt(state, x, y, theta, reduction="sum", lengths=[7, 3])
    run = reference.forward(state, x, theta, [7, 3])
    reference.backward(run.o, run, state, x, theta, [7, 3], grad_last=state)
    for array, was in zip((state, x, y, *theta), before, strict=True):
        np.testing.assert_array_equal(array, was)


def test_a_returned_state_is_no_view_of_the_run():
    _, x, _, theta = problem()
    run = reference.forward(None, x, theta)
    run.h[:] = 0
    assert np.abs(run.state).min() > 0


def test_adam_takes_its_first_step_by_hand():
    # After one step m/(1-beta1) = g and v/(1-beta2) = g^2, so each entry moves by lr * sign(g).
    theta = RNNTheta(*(np.zeros(2) for _ in range(5)))
    grad = RNNTheta(*(np.array([3.0, -0.5]) for _ in range(5)))
    moved, opt = reference.adam(theta, grad, reference.adam_init(theta), lr=0.1)
    np.testing.assert_allclose(moved.W, [-0.1, 0.1], rtol=1e-7)
    assert opt.steps == 1
    assert theta.W.sum() == 0


def test_clip_norm_keeps_direction_and_bounds_the_length():
    grad = RNNTheta(*(np.full(2, 3.0) for _ in range(5)))  # norm = sqrt(90)
    clipped, norm = reference.clip_norm(grad, 1.5)
    flat = np.concatenate(clipped)
    assert norm == pytest.approx(math.sqrt(90))
    assert np.linalg.norm(flat) == pytest.approx(1.5)
    assert flat @ np.concatenate(grad) == pytest.approx(1.5 * math.sqrt(90))
    assert reference.clip_norm(grad, 10)[0] is grad
    with pytest.raises(ValueError, match="max_norm"):
        reference.clip_norm(grad, -1)
    with pytest.raises(ValueError, match=r"grad\.V"):
        reference.clip_norm(grad._replace(V=np.array([np.nan])), 1)


def test_a_small_net_learns_parity_from_three_seeds():
    from rnn.tasks import parity

    for seed in range(3):
        rng = np.random.default_rng(seed)
        theta = init_theta(rng, 1, 16, 2)
        opt = reference.adam_init(theta)
        for _ in range(3000):
            x, y, lengths, *_ = parity(rng, tau=20, batch=32, min_length=1)
            _, grad = reference.bptt(None, x, y, theta, reduction="mean", lengths=lengths)
            theta, opt = reference.adam(theta, reference.clip_norm(grad, 1.0)[0], opt, lr=1e-2)
        x, y, *_ = parity(rng, tau=100, batch=64)
        run = reference.forward(None, x, theta)
        assert (run.o.argmax(-1) == y).mean() > 0.99, seed
