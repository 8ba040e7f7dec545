"""Addressing, reading and writing an explicit memory, one pure function at a time."""

import numpy as np
import pytest

from rnn.reference import addressing as ad
from rnn.reference.cells import memory_addressing as ma

SLOTS, BATCH, WIDTH, SHIFTS = 5, 3, 2, (-1, 0, 2)


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


def simplex(rng, *shape):
    weights = rng.gamma(1.0, size=shape)
    return weights / weights.sum(axis=0)


def column(*numbers):
    return np.array(numbers, float)[:, None]


def test_content_weights_by_hand():
    # cos of (3, 4) with (4, 3) is 24/25, with (-4, 3) it is 0: odds exp(beta 24/25) = 3 to 1
    key, memory = np.array([[3.0, 4.0]]), np.array([[[4.0, 3.0]], [[-4.0, 3.0]]])
    weights = ma.content_weights(key, np.array([np.log(3) * 25 / 24]), memory)
    np.testing.assert_allclose(weights.ravel(), [0.75, 0.25], rtol=1e-6)


def test_shift_by_hand():
    # half stays, a quarter each goes one back and two on, round a ring of four
    shifted = ma.shift(column(0, 1, 0, 0), column(0.25, 0.5, 0.25), SHIFTS)
    np.testing.assert_array_equal(shifted, column(0.25, 0.5, 0, 0.25))


def test_sharpen_by_hand():
    # squares 4 and 1 of a total of 5; cubes 8 and 1 of a total of 9
    weights = np.array([[2.0, 2.0], [1.0, 1.0], [0.0, 0.0]]) / 3
    expected = np.array([[4 / 5, 8 / 9], [1 / 5, 1 / 9], [0, 0]])
    np.testing.assert_allclose(ma.sharpen(weights, np.array([2.0, 3.0])), expected, rtol=1e-14)


def test_write_by_hand():
    # slot 0, weight 1/2: 8 (1 - 1/2 1) + 1/2 6 = 7 and 8 (1 - 0) + 1/2 (-2) = 7; slot 1 rests
    memory, weights = np.full((2, 1, 2), 8.0), column(0.5, 0)
    written = ad.write(memory, weights, np.array([[1.0, 0.0]]), np.array([[6.0, -2.0]]))
    np.testing.assert_array_equal(written[:, 0], [[7, 7], [8, 8]])


def with_zeros(rng):
    weights = simplex(rng, SLOTS, BATCH)
    weights[[0, 3], 1] = 0
    return weights / weights.sum(axis=0)


def keys(rng):
    return rng.normal(size=(BATCH, WIDTH))


def some_empty(rng):
    memory = rng.normal(size=(SLOTS, BATCH, WIDTH))
    memory[2] = 0
    return memory


def torch_cosine(t, k, M):
    return (k * M).sum(-1) / t.sqrt(((k * k).sum(-1) + 1e-6) * ((M * M).sum(-1) + 1e-6))


def torch_shift(t, w, s):
    places = range(SLOTS)
    return t.stack([sum(s[k] * w[(i - d) % SLOTS] for k, d in enumerate(SHIFTS)) for i in places])


def without_out(adjoint, *more):
    return lambda grad, out, *args: adjoint(grad, *args, *more)


CASES = {  # how to draw the arguments, the step, the same in torch, and its adjoint
    "cosine": (
        lambda rng: (keys(rng), some_empty(rng)),
        ma.cosine,
        torch_cosine,
        without_out(ma.cosine_adjoint),
    ),
    "content": (
        lambda rng: (keys(rng), rng.gamma(2.0, size=BATCH), some_empty(rng)),
        ma.content_weights,
        lambda t, k, beta, M: t.softmax(beta * torch_cosine(t, k, M), 0),
        ma.content_weights_adjoint,
    ),
    "interpolate": (
        lambda rng: (simplex(rng, SLOTS, BATCH), simplex(rng, SLOTS, BATCH), rng.random(BATCH)),
        ma.interpolate,
        lambda t, content, before, g: t.lerp(before, content, g.expand(SLOTS, BATCH)),
        without_out(ma.interpolate_adjoint),
    ),
    "shift": (
        lambda rng: (simplex(rng, SLOTS, BATCH), simplex(rng, len(SHIFTS), BATCH)),
        lambda w, s: ma.shift(w, s, SHIFTS),
        torch_shift,
        without_out(ma.shift_adjoint, SHIFTS),
    ),
    "sharpen": (
        lambda rng: (with_zeros(rng), np.array([1.5, 2.0, 7.0])),
        ma.sharpen,
        lambda t, w, gamma: w**gamma / (w**gamma).sum(0),
        ma.sharpen_adjoint,
    ),
    "sharpen-by-nothing": (
        lambda rng: (with_zeros(rng), np.ones(BATCH)),
        ma.sharpen,
        lambda t, w, gamma: w**gamma / (w**gamma).sum(0),
        ma.sharpen_adjoint,
    ),
    "write": (
        lambda rng: (
            some_empty(rng),
            simplex(rng, SLOTS, BATCH),
            rng.random((BATCH, WIDTH)),
            keys(rng),
        ),
        ad.write,
        lambda t, M, w, e, v: M * (1 - w[..., None] * e) + w[..., None] * v,
        without_out(ad.write_adjoint),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_step_and_its_adjoint_agree_with_autograd(rng, case):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    draw, ours, theirs, adjoint = CASES[case]
    args = draw(rng)
    leaves = [torch.tensor(a, requires_grad=True) for a in args]
    expected, out = theirs(torch, *leaves), ours(*args)
    np.testing.assert_allclose(out, expected.detach(), rtol=1e-13, atol=1e-15)
    grad = rng.normal(size=out.shape)
    expected.backward(torch.tensor(grad))
    for found, leaf in zip(adjoint(grad, out, *args), leaves, strict=True):
        assert relative(found, leaf.grad.numpy()) < 1e-12


def test_the_cosine_of_an_empty_slot_is_smooth():
    # by a complex step: at M = 0 the slope along k is |k| / sqrt(k.k + eps) / sqrt(eps), here 1000
    key, step = np.array([[3.0, 4.0]]), 1e-30
    at = ma.cosine(key, 1j * step * key[None] / 5)
    np.testing.assert_allclose(at.imag / step, 1000, rtol=1e-6)


@pytest.mark.parametrize("gamma", [1.0, 30.0, 1e4])
def test_sharpening_never_divides_nothing_by_nothing(gamma):
    weights = np.full((400, 1), 1 / 400)
    np.testing.assert_allclose(ma.sharpen(weights, np.array([gamma])), weights, rtol=1e-12)
    one = np.eye(1, 400).T
    np.testing.assert_array_equal(ma.sharpen(one, np.array([gamma])), one)


def test_what_makes_weights_out_of_weights_keeps_their_sum(rng):
    weights = with_zeros(rng)
    shifted = ma.shift(weights, simplex(rng, len(SHIFTS), BATCH), SHIFTS)
    mixed = ma.interpolate(weights, shifted, rng.random(BATCH))
    for made in (shifted, mixed, ma.sharpen(mixed, 1 + rng.gamma(2.0, size=BATCH))):
        assert (made >= 0).all()
        np.testing.assert_allclose(made.sum(axis=0), 1, rtol=1e-14)


def test_a_shift_of_one_comes_home_after_a_round(rng):
    weights = turned = simplex(rng, SLOTS, BATCH)
    for k in range(SLOTS):
        np.testing.assert_array_equal(turned, np.roll(weights, k, axis=0))
        turned = ma.shift(turned, np.ones((1, BATCH)), (1,))
    np.testing.assert_array_equal(turned, weights)


def test_a_soft_read_sends_its_gradient_where_the_weights_are(rng):
    # dL/dz_i = a_i (M_i - r).g; of two slots that hold the same, the ratio is that of the weights
    memory, grad_r = rng.normal(size=(SLOTS, BATCH, WIDTH)), rng.normal(size=(BATCH, WIDTH))
    memory[1] = memory[0]
    weights = ad.attend(rng.normal(size=(SLOTS, BATCH)) * 5)
    at_weights, _ = ad.read_adjoint(grad_r, weights, memory)
    at_scores = ad.attend_adjoint(at_weights, weights)
    for b in range(BATCH):
        r = sum(weights[j, b] * memory[j, b] for j in range(SLOTS))
        formula = [weights[i, b] * (memory[i, b] - r) @ grad_r[b] for i in range(SLOTS)]
        np.testing.assert_allclose(at_scores[:, b], formula, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(at_scores[1] / at_scores[0], weights[1] / weights[0], rtol=1e-12)


def test_a_part_of_a_vector_finds_the_whole_of_it(rng):
    # 20 slots of 32 signs; the first 12 as a cue, the rest of the key 0: all 20 come back whole
    memory = np.repeat(rng.choice([-1.0, 1.0], size=(20, 1, 32)), 20, axis=1)
    whole = memory[:, 0]
    cue = np.where(np.arange(32) < 12, whole, 0)
    found = ad.read(ma.content_weights(cue, np.full(20, 200.0), memory), memory)
    np.testing.assert_allclose(found, whole, atol=1e-3)


def test_a_cue_is_useless_where_a_slot_holds_one_letter(rng):
    memory = rng.choice([-1.0, 1.0], size=(20, 1, 1))
    weights = ma.content_weights(np.array([[1.0]]), np.array([200.0]), memory)
    alike = memory[:, 0, 0] > 0
    np.testing.assert_allclose(weights[:, 0], alike / alike.sum(), atol=1e-15)


def test_a_slot_of_weight_zero_is_copied_exactly_and_so_is_its_gradient(rng):
    memory, grad = rng.normal(size=(2, SLOTS, BATCH, WIDTH))
    args = with_zeros(rng), rng.random((BATCH, WIDTH)), rng.normal(size=(BATCH, WIDTH))
    resting = args[0] == 0
    np.testing.assert_array_equal(ad.write(memory, *args)[resting], memory[resting])
    np.testing.assert_array_equal(ad.write_adjoint(grad, memory, *args)[0][resting], grad[resting])


def test_a_hard_read_draws_each_slot_as_often_as_its_weight_says(rng):
    draws, weights = 20_000, np.array([0.0, 0.5, 0.2, 0.3, 0.0])
    memory = np.repeat(np.arange(5.0)[:, None, None], draws, axis=1)
    r, places = ad.read_one(rng, np.repeat(weights[:, None], draws, axis=1), memory)
    np.testing.assert_array_equal(r[:, 0], places)
    sigma = np.sqrt(weights * (1 - weights) / draws)
    assert (np.abs(np.bincount(places, minlength=5) / draws - weights) <= 4 * sigma).all()


def test_the_estimate_of_a_hard_read_is_right_in_the_mean(rng):
    # over all slots, each as often as its weight: the gradient of sum_i a_i L_i at the scores
    weights, L = simplex(rng, SLOTS, BATCH), rng.normal(size=(SLOTS, BATCH))
    drawn = [ad.read_one_adjoint(L[i], np.full(BATCH, i), weights) for i in range(SLOTS)]
    mean = sum(weights[i] * drawn[i] for i in range(SLOTS))
    np.testing.assert_allclose(mean, ad.attend_adjoint(L, weights), rtol=1e-12, atol=1e-15)
