"""Optimisers and schedules: first steps by hand, PyTorch's own, and what is known of them."""

import numpy as np
import pytest

from rnn import reference
from rnn._tree import tree_leaves, tree_map
from rnn.reference import (
    LSTM,
    Leaky,
    Output,
    adam,
    adam_init,
    exponential_decay,
    forced_mask,
    freeze,
    inverse_sigmoid_decay,
    linear_decay,
    momentum,
    momentum_init,
    nesterov,
    sgd,
)


def one(number):
    return (np.array([number]),)


def followed(step, init, theta, gradient, updates, **options):
    """Walk an optimiser along a gradient; return where it was after each step."""
    opt, path = init(theta), []
    for _ in range(updates):
        theta, opt = step(theta, gradient(theta), opt, **options)
        path.append(theta)
    return path


@pytest.mark.parametrize(("step", "expected"), [(momentum, [0.8, 0.5]), (nesterov, [0.7, 0.35])])
def test_two_steps_by_hand(step, expected):
    # L = theta^2 from 1, with the gradient held at 2, then 2; lr = 0.1, mu = 1/2.
    # v: -0.2, then -0.1 - 0.2 = -0.3. Heavy ball adds v; Nesterov adds v / 2 - 0.2: -0.3, -0.35.
    path = followed(step, momentum_init, one(1.0), lambda theta: one(2.0), 2, lr=0.1, mu=0.5)
    np.testing.assert_allclose([theta[0][0] for theta in path], expected, rtol=1e-15)


def test_sgd_steps_by_hand():
    assert sgd(one(1.0), one(4.0), lr=0.25)[0] == 0


def quadratic(rng):
    A = rng.normal(size=(4, 4))
    A = A @ A.T + 0.1 * np.eye(4)
    start = (rng.normal(size=4), (rng.normal(size=4),))
    return A, start, lambda theta: tree_map(lambda p: A @ p, theta)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_twenty_steps_are_those_of_torch(rng, name):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    A, start, gradient = quadratic(rng)
    leaves = [torch.tensor(leaf, requires_grad=True) for leaf in tree_leaves(start)]
    own = {
        "sgd": (lambda p, g, opt, lr: (sgd(p, g, lr=lr), opt), momentum_init, {}),
        "momentum": (momentum, momentum_init, {"mu": 0.8}),
        "nesterov": (nesterov, momentum_init, {"mu": 0.8}),
        "adam": (adam, adam_init, {}),
    }[name]
    theirs = {"momentum": 0.8, "nesterov": 0.8}.get(name, 0)
    if name == "adam":
        optimiser = torch.optim.Adam(leaves, lr=0.02)
    else:
        optimiser = torch.optim.SGD(leaves, 0.02, momentum=theirs, nesterov=name == "nesterov")
    path = followed(own[0], own[1], start, gradient, 20, lr=0.02, **own[2])
    for theta in path:
        for leaf in leaves:
            leaf.grad = torch.tensor(A) @ leaf.detach()
        optimiser.step()
        for p, q in zip(tree_leaves(theta), leaves, strict=True):
            np.testing.assert_allclose(p, q.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_nesterov_stands_where_sutskever_looks_ahead(rng):
    # The paper's form, at the points behind: v = mu v - lr grad(theta + mu v); theta += v. With
    # an lr that changes, which torch, having it outside of v, follows otherwise.
    A, start, gradient = quadratic(rng)
    phi, opt, theta, v, buffer = start[0], momentum_init(start[0]), start[0], 0.0, 0.0
    outside = start[0]
    for lr in (0.05, 0.05, 0.01, 0.002, 0.03):
        phi, opt = nesterov(phi, gradient(phi), opt, lr=lr, mu=0.9)
        v = 0.9 * v - lr * A @ (theta + 0.9 * v)
        theta = theta + v
        buffer = 0.9 * buffer + A @ outside
        outside = outside - lr * (A @ outside + 0.9 * buffer)
        np.testing.assert_allclose(phi, theta + 0.9 * v, rtol=1e-12)
    assert np.abs(outside - phi).max() > 1e-3


def test_nesterov_keeps_its_guarantee_on_a_quadratic():
    # Curvatures 1 ... kappa, optimum 0. With lr = 1 / kappa and mu = (r - 1) / (r + 1),
    # r = sqrt(kappa), the loss falls by 1 - 1 / r a step (Nesterov, 2004, theorem 2.2.3):
    # L_n <= (1 - 1/r)^n (L_0 + |theta_0|^2 / 2). The best that sgd can promise is
    # ((kappa - 1) / (kappa + 1))^2 a step, and here it is no better.
    kappa, n = 1000.0, 300
    r = np.sqrt(kappa)
    curvature = np.geomspace(1, kappa, 8)
    theta, bound = np.ones(8), (1 - 1 / r) ** n * (curvature.sum() + 8) / 2
    mu = (r - 1) / (r + 1)
    last = followed(nesterov, momentum_init, theta, lambda p: curvature * p, n, lr=1 / kappa, mu=mu)
    loss = (curvature * last[-1] ** 2).sum() / 2
    plain = theta
    for _ in range(n):
        plain = sgd(plain, curvature * plain, lr=2 / (kappa + 1))
    assert loss < bound < 1e-3 * (curvature * plain**2).sum()


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_float32_stays_and_nothing_is_changed_in_place(rng, name):
    theta = (rng.normal(size=3).astype(np.float32), (rng.normal(size=2).astype(np.float32),))
    grad, before = tree_map(np.ones_like, theta), tree_map(np.copy, theta)
    if name == "sgd":
        new = [sgd(theta, grad, lr=np.float64(0.1))]
    else:
        init = adam_init if name == "adam" else momentum_init
        new = getattr(reference, name)(theta, grad, init(theta), lr=np.float64(0.1))
    arrays = [leaf for leaf in tree_leaves(tuple(new)) if isinstance(leaf, np.ndarray)]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    for a, b in zip(tree_leaves(theta), tree_leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)
        assert not any(np.shares_memory(a, c) for c in arrays)


def test_what_is_frozen_stays_and_the_rest_learns(rng):
    net = Output(Leaky(LSTM()))
    theta = net.init_theta(rng, 2, 3, 4)
    x, y = rng.normal(size=(5, 2, 2)), rng.integers(0, 4, (5, 2))
    opt, start = adam_init(theta), theta
    for _ in range(3):
        grad = net.bptt(None, x, y, theta, reduction="mean")[1]
        grad = freeze(grad, "layer.alpha", "layer.cell.W")
        theta, opt = adam(theta, grad, opt)
    np.testing.assert_array_equal(theta.layer.alpha, start.layer.alpha)
    np.testing.assert_array_equal(theta.layer.cell.W, start.layer.cell.W)
    assert np.abs(theta.layer.cell.U - start.layer.cell.U).min() > 1e-4
    branch = freeze(grad, "layer")
    assert not any(leaf.any() for leaf in tree_leaves(branch.layer))
    assert branch.V is grad.V


def test_optimisers_refuse_what_does_not_fit():
    theta = one(1.0)
    with pytest.raises(ValueError, match=r"names: expected some of \[0\]; got 'alpha'"):
        freeze(theta, "alpha")
    with pytest.raises(ValueError, match="lr: expected a positive"):
        sgd(theta, theta, lr=0)
    with pytest.raises(ValueError, match=r"mu: .*\[0, 1\], got 1.5"):
        momentum(theta, theta, momentum_init(theta), lr=0.1, mu=1.5)
    with pytest.raises(ValueError, match=r"beta2: .*\[0, 1\), got 1"):
        adam(theta, theta, adam_init(theta), beta2=1)
    with pytest.raises(TypeError, match="opt: expected MomentumState, got AdamState; use mom"):
        nesterov(theta, theta, adam_init(theta), lr=0.1)
    with pytest.raises(ValueError, match=r"grad\[0\]: expected shape \(1,\), got \(2,\)"):
        sgd(theta, (np.ones(2),), lr=0.1)
    with pytest.raises(TypeError, match=r"grad\[0\]: expected dtype float64, got float32"):
        sgd(theta, (np.ones(1, np.float32),), lr=0.1)


def test_schedules_by_hand():
    assert [linear_decay(i, slope=0.25, start=0.75, floor=0.2) for i in (0, 1, 2, 9)] == [
        0.75,
        0.5,
        0.25,
        0.2,
    ]
    assert [exponential_decay(i, base=0.5) for i in (0, 1, 3)] == [1, 0.5, 0.125]
    # k / (k + e^(i / k)) with k = 2: 2/3 at 0; at i = 2 log 2 it would be 1/2; at 4, 2/(2 + e^2).
    k = 2.0
    for i in (0, 1, 4):
        assert inverse_sigmoid_decay(i, scale=k) == pytest.approx(
            k / (k + np.exp(i / k)), rel=1e-13
        )
    assert inverse_sigmoid_decay(100_000, scale=50) == pytest.approx(0, abs=1e-300)
    assert inverse_sigmoid_decay(0, scale=1e6) == pytest.approx(1, abs=2e-6)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda i: linear_decay(i, slope=3e-3, floor=0.1),
        lambda i: exponential_decay(i, base=0.99),
        lambda i: inverse_sigmoid_decay(i, scale=30),
    ],
)
def test_a_schedule_is_a_probability_that_never_rises(schedule):
    path = np.array([schedule(i) for i in range(1000)])
    assert ((path >= 0) & (path <= 1)).all()
    assert (np.diff(path) <= 0).all()
    assert path[0] > 0.9
    assert path[-1] < 0.2


def test_a_mask_is_as_true_as_was_asked():
    def draw(p, seed=0):
        return forced_mask(np.random.default_rng(seed), 400, 50, p)

    assert draw(1).all()
    assert not draw(0).any()
    assert draw(0.3).dtype == bool
    # 20,000 coins: five standard deviations of the mean are 5 * sqrt(0.3 * 0.7 / 20000) < 0.017.
    assert abs(draw(0.3).mean() - 0.3) < 0.017
    np.testing.assert_array_equal(draw(0.3), draw(0.3))
    assert not (draw(0.3) & ~draw(0.6)).any()  # the same coins: told at 0.3 is told at 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forced_mask(np.random.default_rng(0), 3, 2, 1.01), "probability"),
        (lambda: forced_mask(np.random.default_rng(0), 3, 2, float("nan")), "probability"),
        (lambda: forced_mask(np.random.default_rng(0), -1, 2, 0.5), "tau"),
        (lambda: linear_decay(0, slope=0), "slope"),
        (lambda: linear_decay(0, slope=0.1, start=1.1), "start"),
        (lambda: linear_decay(0, slope=0.1, start=0.5, floor=0.6), "floor"),
        (lambda: exponential_decay(0, base=1.1), "base"),
        (lambda: inverse_sigmoid_decay(-1, scale=2), "update"),
        (lambda: inverse_sigmoid_decay(0, scale=0.5), "scale"),
        (lambda: inverse_sigmoid_decay(0, scale=float("inf")), "scale"),
    ],
)
def test_schedules_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()
