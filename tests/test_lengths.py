r"""Sequences of unequal lengths: what stands in the padding never matters."""

import numpy as np
import pytest
from test_reference import problem, relative

from rnn import reference

LENGTHS = [7, 0, 3]


@pytest.fixture
def padded():
    state, x, y, theta = problem(tau=7, batch=3)
    for row, length in enumerate(LENGTHS):
        x[length:, row] = np.nan
        y[length:, row] = 99
    return state, x, y, theta


def test_a_batch_is_its_rows(padded):
    state, x, y, theta = padded
    run = reference.forward(state, x, theta, LENGTHS)
    L, grad = reference.bptt(state, x, y, theta, reduction="sum", lengths=LENGTHS)
    alone = []
    for row, length in enumerate(LENGTHS):
        one = (state[[row]], x[:length, [row]])
        by_itself = reference.forward(*one, theta)
        np.testing.assert_allclose(run.h[:length, row], by_itself.h[:, 0], rtol=1e-13)
        np.testing.assert_array_equal(run.h[length:, row], 0)
        np.testing.assert_allclose(run.state[row], by_itself.state[0], rtol=1e-13)
        alone.append(reference.bptt(*one, y[:length, [row]], theta, reduction="sum"))
    assert pytest.approx(sum(L for L, _ in alone)) == L
    for k, g in enumerate(grad):
        assert relative(sum(one[k] for _, one in alone), g) < 1e-12


def test_a_row_of_length_zero_keeps_its_state(padded):
    state, x, _, theta = padded
    run = reference.forward(state, x, theta, LENGTHS)
    np.testing.assert_array_equal(run.state[1], state[1])
    grad_last = np.ones_like(state)
    back = reference.backward(
        np.zeros_like(run.o),
        run,
        state,
        x,
        theta,
        LENGTHS,
        grad_last=grad_last,
    )
    np.testing.assert_array_equal(back.grad_state[1], grad_last[1])


def test_padding_changes_no_bit(padded):
    state, x, y, theta = padded
    other = np.where(np.isnan(x), 1e6, x)
    for a, b in zip(
        reference.bptt(state, x, y, theta, reduction="sum", lengths=LENGTHS)[1],
        reference.bptt(state, other, y, theta, reduction="sum", lengths=LENGTHS)[1],
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_gradients_in_the_padding_are_not_read(padded):
    state, x, y, theta = padded
    run = reference.forward(state, x, theta, LENGTHS)
    grad_o = reference.cross_entropy_adjoint(run.o, y, reduction="sum", lengths=LENGTHS)
    dirty = grad_o.copy()
    for row, length in enumerate(LENGTHS):
        dirty[length:, row] = np.nan
    clean = reference.backward(grad_o, run, state, x, theta, LENGTHS)
    for a, b in zip(
        clean.grad, reference.backward(dirty, run, state, x, theta, LENGTHS).grad, strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert not np.isnan(clean.grad_x).any()


def test_mean_counts_only_what_is_inside(padded):
    state, x, y, theta = padded
    total, grad_total = reference.bptt(state, x, y, theta, reduction="sum", lengths=LENGTHS)
    mean, grad_mean = reference.bptt(state, x, y, theta, reduction="mean", lengths=LENGTHS)
    assert mean == pytest.approx(total / 10)
    np.testing.assert_allclose(grad_mean.W, grad_total.W / 10, rtol=1e-12)


@pytest.mark.parametrize(("tau", "batch"), [(0, 2), (3, 0), (0, 0)])
def test_empty_inputs_give_empty_results(tau, batch):
    state, x, y, theta = problem(tau=tau, batch=batch)
    run = reference.forward(state, x, theta)
    assert run.h.shape == (tau, batch, 5)
    np.testing.assert_array_equal(run.state, state)
    for bptt in (reference.bptt, reference.plain.bptt):
        L, grad = bptt(state, x, y, theta, reduction="mean")
        assert L == 0
        assert all((g == 0).all() for g in grad)
