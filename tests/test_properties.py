r"""Properties that hold for any input, tried on many."""

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from test_reference import problem  # noqa: E402

from rnn import reference  # noqa: E402

SEEDS, TAUS = st.integers(0, 10_000), st.integers(1, 12)
quick = settings(max_examples=40, deadline=None, derandomize=True)


@quick
@given(SEEDS, TAUS, st.data())
def test_cut_anywhere_and_carry_the_state(seed, tau, data):
    state, x, _, theta = problem(seed, tau)
    cut = data.draw(st.integers(0, tau))
    whole = reference.forward(state, x, theta)
    first = reference.forward(state, x[:cut], theta)
    second = reference.forward(first.state, x[cut:], theta)
    np.testing.assert_allclose(np.concatenate([first.h, second.h]), whole.h, rtol=0, atol=1e-12)
    np.testing.assert_allclose(second.state, whole.state, rtol=0, atol=1e-12)


@quick
@given(SEEDS, TAUS)
def test_rows_of_a_batch_do_not_see_each_other(seed, tau):
    state, x, _, theta = problem(seed, tau, batch=3)
    changed = x.copy()
    changed[:, 1] += 1
    before, after = (reference.forward(state, z, theta).h for z in (x, changed))
    np.testing.assert_array_equal(before[:, [0, 2]], after[:, [0, 2]])
    assert (before[:, 1] != after[:, 1]).any()


@quick
@given(SEEDS, TAUS, st.data())
def test_the_order_of_lengths_does_not_matter(seed, tau, data):
    state, x, y, theta = problem(seed, tau, batch=3)
    lengths = np.array(data.draw(st.lists(st.integers(0, tau), min_size=3, max_size=3)))
    order = np.array(data.draw(st.permutations(range(3))))
    L, grad = reference.bptt(state, x, y, theta, reduction="sum", lengths=lengths)
    shuffled = state[order], x[:, order], y[:, order]
    L2, grad2 = reference.bptt(*shuffled, theta, reduction="sum", lengths=lengths[order])
    np.testing.assert_allclose(L2, L, rtol=0, atol=1e-12)
    for a, b in zip(grad, grad2, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@quick
@given(SEEDS, TAUS)
def test_the_past_does_not_see_the_future(seed, tau):
    state, x, _, theta = problem(seed, tau)
    changed = x.copy()
    changed[-1] += 1
    before, after = (reference.forward(state, z, theta).h for z in (x, changed))
    np.testing.assert_array_equal(before[:-1], after[:-1])


@quick
@given(SEEDS, TAUS)
def test_the_same_seed_gives_the_same_bits(seed, tau):
    runs = [reference.bptt(*problem(seed, tau), reduction="mean") for _ in range(2)]
    assert runs[0][0] == runs[1][0]
    for a, b in zip(runs[0][1], runs[1][1], strict=True):
        np.testing.assert_array_equal(a, b)
