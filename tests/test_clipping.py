"""Clipping: the book's claims 126, 129, 130 and 131 as exact properties, and PyTorch's own."""

from typing import NamedTuple

import numpy as np
import pytest

from rnn._tree import tree_leaves, tree_map, tree_names
from rnn.reference import clip_norm, clip_value, random_step


class Cell(NamedTuple):
    W: np.ndarray
    b: np.ndarray


class Net(NamedTuple):
    cell: Cell
    c: np.ndarray


def draw(rng, scale=1.0, dtype=np.float64):
    shapes = Net(Cell([3, 3], [3]), [2])
    return tree_map(lambda shape: (scale * rng.normal(size=shape)).astype(dtype), shapes)


def flat(grad):
    return np.concatenate([leaf.ravel().astype(float) for leaf in tree_leaves(grad)])


@pytest.mark.parametrize("seed", range(5))
def test_norm_clipping_is_one_factor_for_all_parameters(seed):
    # Claim 126.
    grad = draw(np.random.default_rng(seed), 10.0)
    clipped, norm = clip_norm(grad, 2.5)
    np.testing.assert_allclose(norm, np.linalg.norm(flat(grad)), rtol=1e-15)
    np.testing.assert_allclose(flat(clipped), flat(grad) * 2.5 / norm, rtol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(flat(clipped)), 2.5, rtol=1e-14)
    assert clip_norm(grad, norm * 1.01)[0] is grad
    assert type(clipped.cell) is Cell


def test_element_wise_clipping_turns_the_gradient_but_never_uphill():
    # Claim 131. (3, 0.5) clipped at 1 is (1, 0.5): cosine (3 + 0.25) / sqrt(9.25 * 1.25) = 0.956.
    (clipped,) = clip_value((np.array([3.0, 0.5]),), 1)
    np.testing.assert_array_equal(clipped, [1, 0.5])
    for seed in range(20):
        grad = draw(np.random.default_rng(seed), 3.0)
        g, c = flat(grad), flat(clip_value(grad, 0.7))
        assert g @ c > 0
        assert g @ c < (1 - 1e-3) * np.linalg.norm(g) * np.linalg.norm(c)
        assert np.abs(c).max() <= 0.7
        np.testing.assert_array_equal(c[np.abs(g) <= 0.7], g[np.abs(g) <= 0.7])


def test_the_mean_of_clipped_gradients_is_not_the_clipped_mean():
    # Claim 130. Two examples with gradients (4, 0) and (0, 1), v = 1: the clipped are (1, 0) and
    # (0, 1), their mean (1/2, 1/2). The mean of the gradients is (2, 1/2): the large one counts
    # for less than its share, and in the direction (1, 1) instead of (4, 1) lies a bias.
    examples = [np.array([4.0, 0.0]), np.array([0.0, 1.0])]
    mean_of_clipped = np.mean([clip_norm((g,), 1)[0][0] for g in examples], axis=0)
    (clipped_mean,), _ = clip_norm((np.mean(examples, axis=0),), 1)
    np.testing.assert_array_equal(mean_of_clipped, [0.5, 0.5])
    np.testing.assert_allclose(clipped_mean, np.array([4, 1]) / np.sqrt(17), rtol=1e-15)


def test_batch_mates_of_a_large_gradient_count_for_less():
    # Claim 130 again: beside (40, 0) the share of (0, 1) in the clipped mean is ten times smaller.
    shares = [clip_norm((np.array([big, 1.0]) / 2,), 0.1)[0][0][1] for big in (0.0, 4.0, 40.0)]
    np.testing.assert_allclose(shares, [0.1, 0.1 / np.sqrt(17), 0.1 / np.sqrt(1601)], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
def test_both_agree_with_torch(rng, scale, dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    grad = draw(rng, scale, dtype)

    def theirs(clip):
        leaves = [torch.zeros(g.shape, dtype=torch.tensor(g).dtype) for g in tree_leaves(grad)]
        for leaf, g in zip(leaves, tree_leaves(grad), strict=True):
            leaf.grad = torch.tensor(g)
        returned = clip(leaves)
        return returned, np.concatenate([leaf.grad.numpy().ravel() for leaf in leaves])

    total, clipped = theirs(lambda leaves: torch.nn.utils.clip_grad_norm_(leaves, 0.9))
    ours, norm = clip_norm(grad, 0.9)
    np.testing.assert_allclose(flat(ours), clipped, rtol=1e-5)
    assert norm == pytest.approx(float(total), rel=1e-6)
    _, clipped = theirs(lambda leaves: torch.nn.utils.clip_grad_value_(leaves, 0.9))
    np.testing.assert_array_equal(flat(clip_value(grad, 0.9)), clipped)


@pytest.mark.parametrize(
    ("dtype", "size"),
    [(np.float32, 7e37), (np.float64, 4e307), (np.float32, 1e-30), (np.float64, 1e-200)],
)
def test_huge_and_tiny_gradients_have_a_norm(dtype, size):
    # (3, 4) s has the norm 5 s, although the squares overflow, or vanish; and it is clipped to
    # the direction (0.6, 0.8), even where 5 s itself lies beyond float64.
    grad, v = (np.array([3, 4], dtype) * dtype(size),), min(1.0, size / 10)
    (clipped,), norm = clip_norm(grad, v)
    assert norm == (np.inf if size > 1e307 else pytest.approx(5 * size, rel=1e-6))
    np.testing.assert_allclose(clipped.astype(float) / v, [0.6, 0.8], rtol=1e-6)
    assert clipped.dtype == dtype


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_refused_by_name_or_replaced(rng, bad):
    # Claim 129: a random step of size v, in every entry finite.
    grad = draw(rng)
    grad.cell.b[1] = bad
    for clip in (clip_norm, clip_value):
        with pytest.raises(ValueError, match=r"^grad\.cell\.b: expected finite numbers"):
            clip(grad, 1.0)
    step, norm = random_step(rng, grad, 0.3)
    assert not np.isfinite(norm)
    assert np.linalg.norm(flat(step)) == pytest.approx(0.3, rel=1e-14)
    assert tree_names(step) == tree_names(grad)


def test_a_random_step_is_taken_only_where_the_gradient_is_too_long(rng):
    grad = draw(rng)
    norm = np.linalg.norm(flat(grad))
    state = rng.bit_generator.state
    assert random_step(rng, grad, norm * 1.001) == (grad, pytest.approx(norm))
    assert rng.bit_generator.state == state
    step, reported = random_step(rng, grad, 0.5 * norm)
    assert reported == pytest.approx(norm)
    assert np.linalg.norm(flat(step)) == pytest.approx(0.5 * norm)
    assert rng.bit_generator.state != state


def test_a_random_step_has_no_favourite_direction():
    # Over 4,000 uniform directions in 14 dimensions the mean is 0 and the mean of u u^T is I / 14.
    # An entry's variance is at most 1/14 resp. 3 / 14^2, so 5.5 standard deviations are below:
    rng = np.random.default_rng(3)
    grad = draw(rng, 100.0, np.float32)
    steps = np.array([flat(random_step(rng, grad, 1.0)[0]) for _ in range(4000)])
    assert np.abs(steps.mean(axis=0)).max() < 5.5 / np.sqrt(14 * 4000)
    covariance = steps.T @ steps / 4000
    assert np.abs(covariance - np.eye(14) / 14).max() < 5.5 * np.sqrt(3 / 4000) / 14
    assert random_step(rng, grad, 1.0)[0].c.dtype == np.float32


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), float("inf")])
def test_thresholds_that_make_no_sense_are_refused(rng, bad):
    grad = draw(rng)
    with pytest.raises(ValueError, match="max_norm"):
        clip_norm(grad, bad)
    with pytest.raises(ValueError, match="max_norm"):
        random_step(rng, grad, bad)
    with pytest.raises(ValueError, match="limit"):
        clip_value(grad, bad)


def test_gradients_of_integers_are_refused():
    with pytest.raises(TypeError, match=r"grad\[0\]: expected float32 or float64, got int64"):
        clip_norm((np.array([3, 4]),), 1)


def test_a_limit_beyond_float32_clips_nothing():
    grad = (np.array([3e38, -1], np.float32),)
    np.testing.assert_array_equal(clip_value(grad, 1e300)[0], grad[0])
