"""A cell that controls an explicit memory: what the walks through the registry do not show."""

import dataclasses
from dataclasses import replace

import numpy as np
import oracles_cells as of
import pytest
from compare import furthest
from evidence import autograd_error, oracle_error
from oracles_memory import explicit_memory
from registry_memory import MEMORIES

from rnn._tree import tree_leaves, tree_map
from rnn.reference.cells.gru import GRU
from rnn.reference.cells.leaky import Leaky
from rnn.reference.cells.lstm import LSTM
from rnn.reference.cells.memory import ExplicitMemory
from rnn.reference.cells.simple import RNN, Memoryless
from rnn.reference.learning import adam, adam_init, clip_norm
from rnn.reference.nets.output import Output
from rnn.tasks import copy

D_X, D_H, TAU = 2, 3, 4
SMALL = {"slots": 4, "d_m": 2}
CLOSED = -800.0  # sigma and exp of it are exactly 0


CASES = {
    "rnn": ExplicitMemory(RNN(), **SMALL),
    "memoryless": ExplicitMemory(Memoryless(), **SMALL),
    "lstm": ExplicitMemory(LSTM(), **SMALL, shifts=(2, 0)),
    "content": ExplicitMemory(RNN(), **SMALL, addressing="content"),
    "location": ExplicitMemory(LSTM(), **SMALL, addressing="location"),
}


def normal_like(rng, tree):
    return tree_map(lambda leaf: rng.normal(size=leaf.shape).astype(leaf.dtype), tree)


def problem(cell, seed=0, batch=3, dtype=np.float64):
    """Draw parameters, a state with weights inside the simplex, an input, and two gradients."""
    rng = np.random.default_rng(seed)
    theta = tree_map(lambda leaf: 2 * leaf, cell.init_theta(rng, D_X, D_H, dtype=dtype))
    state = normal_like(rng, cell.zero_state(batch, theta))
    weights = rng.dirichlet(np.ones(cell.slots), (2, batch)).astype(dtype)
    state = state._replace(reading=weights[0], writing=weights[1])
    x = rng.normal(size=(TAU, batch, D_X)).astype(dtype)
    grad_h = rng.normal(size=(TAU, batch, D_H + cell.d_m)).astype(dtype)
    return theta, state, x, grad_h, normal_like(rng, state)


def inner_product(tree, other):
    return sum((a * b).sum() for a, b in zip(tree_leaves(tree), tree_leaves(other), strict=True))


@pytest.mark.parametrize("case", MEMORIES[:9], ids=lambda case: case.name)
def test_a_walk_from_the_default_start_agrees_with_the_oracle(case):
    pytest.importorskip("torch", reason="needs PyTorch")

    def make(seed, tau, batch, dtype=np.float64, lengths=False):
        p = case.make(seed, tau, batch, dtype, lengths)
        return p._replace(state=p.net.zero_state(batch, p.theta))

    start = dataclasses.replace(case, make=make)
    assert max(oracle_error(start), autograd_error(start)) <= 1e-12
    p = make(0, 3, 2)
    zero = explicit_memory(of.memoryless(), p.net).zero(np, p.theta)
    for found, expected in zip(p.state[1:], zero[1:], strict=True):
        np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-14)
    assert furthest(case.walk(p._replace(state=None))[:2], case.walk(p)[:2]) == 0


def by_hand(start=0.01):
    """Make a controller that passes x on, writes x one slot further, and reads slot 0."""
    cell = ExplicitMemory(Memoryless("linear"), 2, 1, (0, 1), "location", start)
    theta = tree_map(np.zeros_like, cell.init_theta(np.random.default_rng(0), 1, 1))
    theta.cell.U[:] = 1
    cell.split(theta.Q)["add"][:] = 1
    cell.split(theta.b)["erase"][:] = -CLOSED
    cell.split(theta.b)["read_shift"][:] = [0, CLOSED]
    cell.split(theta.b)["write_shift"][:] = [CLOSED, 0]
    return cell, theta


def test_three_steps_by_hand():
    # both heads begin at slot 0 of two; x = 3, 5, 7 goes to slots 1, 0, 1; then slot 0 is read
    cell, theta = by_hand()
    run = cell.forward(None, np.array([3.0, 5.0, 7.0]).reshape(3, 1, 1), theta)
    empty = 0.01 * np.sqrt(0.5)  # start cos(pi / 4)
    np.testing.assert_allclose(run.h[:, 0], [[3, empty], [5, 5], [7, 5]], rtol=1e-14)
    np.testing.assert_array_equal(run.state.M[0], [[5], [7]])
    np.testing.assert_array_equal(run.state.writing[0], [0, 1])


def test_an_untouched_memory_carries_value_and_gradient_through_fifty_steps_unchanged(rng):
    cell = ExplicitMemory(RNN(), **SMALL)
    theta, state, *_ = problem(cell)
    for name in ("erase", "add"):
        cell.split(theta.Q)[name][:] = cell.split(theta.b)[name][:] = 0
    cell.split(theta.b)["erase"][:] = CLOSED
    run = cell.forward(state, rng.normal(size=(50, 3, D_X)), theta)
    np.testing.assert_array_equal(run.state.M, state.M)
    arriving = tree_map(np.zeros_like, state)._replace(M=rng.normal(size=state.M.shape))
    back = cell.backward(np.zeros_like(run.h), run, theta, grad_state=arriving)
    np.testing.assert_array_equal(back.grad_state.M, arriving.M)


def test_a_slot_that_no_head_addresses_outlives_what_happens_to_the_others(rng):
    cell, theta = by_hand()
    cell = replace(cell, slots=5)
    cell.split(theta.b)["write_shift"][:] = [0, CLOSED]  # the focus stays at slot 0
    run = cell.forward(None, rng.normal(size=(50, 1, 1)), theta)
    arriving = tree_map(np.ones_like, run.state)
    back = cell.backward(np.zeros_like(run.h), run, theta, grad_state=arriving)
    start = cell.zero_state(1, theta).M
    np.testing.assert_array_equal(run.state.M[:, 1:], start[:, 1:])
    np.testing.assert_array_equal(back.grad_state.M[0, :, 0], [0, 1, 1, 1, 1])


def test_around_a_feed_forward_controller_the_whole_is_recurrent():
    cell = CASES["memoryless"]
    theta, _, x, grad_h, _ = problem(cell)
    grad_h[:-1] = 0
    whole = cell.backward(grad_h, cell.forward(None, x, theta), theta).grad_x
    alone = Memoryless()
    run = alone.forward(None, x, theta.cell)
    without = alone.backward(grad_h[..., :D_H], run, theta.cell).grad_x
    assert not without[:-1].any()
    assert (np.abs(whole).max(axis=(1, 2)) > 1e-4).all()


@pytest.mark.parametrize(("addressing", "ignores"), [("location", True), ("both", False)])
def test_addressing_by_location_ignores_the_content(addressing, ignores):
    cell = ExplicitMemory(RNN(), **SMALL, addressing=addressing)
    theta, state, x, *_ = problem(cell)
    theta.R[:] = 0  # else the controller sees the content
    other = state._replace(M=state.M[:, ::-1] + 1)
    runs = [cell.forward(s, x, theta).state for s in (state, other)]
    for name in ("reading", "writing"):
        assert np.array_equal(*(getattr(run, name) for run in runs)) == ignores


def test_addressing_by_content_finds_a_vector_wherever_it_stands():
    # written once more in another order of slots, the memory reads the same
    cell = CASES["content"]
    theta, state, x, *_ = problem(cell)
    turned = state._replace(M=np.roll(state.M, 1, axis=1))
    run, other = (cell.forward(s, x, theta) for s in (state, turned))
    np.testing.assert_allclose(other.h, run.h, rtol=1e-12)
    np.testing.assert_allclose(np.roll(run.state.M, 1, axis=1), other.state.M, rtol=1e-12)


@pytest.mark.parametrize("addressing", ["content", "location", "both"])
def test_from_the_default_start_no_two_slots_stay_alike(addressing):
    cell = ExplicitMemory(RNN(), slots=6, d_m=3, addressing=addressing)
    theta, _, x, *_ = problem(replace(cell, d_m=3))
    M = cell.forward(None, x, theta).state.M
    apart = np.abs(M[:, :, None] - M[:, None]).max(axis=-1) + np.eye(6)
    assert apart.min() > 1e-5


def test_the_default_start_has_the_dtype_of_the_parameters():
    theta = CASES["lstm"].init_theta(np.random.default_rng(0), D_X, D_H, dtype=np.float32)
    assert {leaf.dtype for leaf in tree_leaves(CASES["lstm"].zero_state(1, theta))} == {
        theta.b.dtype
    }


def test_no_parameter_depends_on_the_number_of_slots():
    cell, theta = by_hand()
    more = replace(cell, slots=7)
    run = more.forward(None, np.arange(1.0, 7).reshape(6, 1, 1), theta)
    np.testing.assert_array_equal(run.state.M[0, 1:, 0], np.arange(1.0, 7))


@pytest.mark.parametrize("inner", [GRU(), Leaky(LSTM()), ExplicitMemory(RNN(), **SMALL)])
def test_any_cell_can_be_the_controller(rng, inner):
    cell = ExplicitMemory(inner, 5, 3)
    theta, x = cell.init_theta(rng, D_X, D_H), rng.normal(size=(TAU, 2, D_X))
    run = cell.forward(None, x, theta)
    grad_h, step = rng.normal(size=run.h.shape), 1e-6
    back = cell.backward(grad_h, run, theta)
    assert run.h.shape[-1] == cell.width_out(theta)
    along = normal_like(rng, (theta, x))

    def L(step):
        moved, z = tree_map(lambda a, d: a + step * d, (theta, x), along)
        return (grad_h * cell.forward(None, z, moved).h).sum()

    slope = inner_product((back.grad, back.grad_x), along)
    assert (L(step) - L(-step)) / (2 * step) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ({"slots": 0}, ValueError, "slots: expected a whole number >= 1, got 0"),
        ({"d_m": 2.5}, TypeError, "d_m: expected a whole number"),
        ({"shifts": [0, 1]}, TypeError, "shifts: expected tuple, got list"),
        ({"shifts": ()}, TypeError, r"shifts\[0\]: expected a whole number"),
        ({"shifts": (0, 0.5)}, TypeError, r"shifts\[1\]: expected a whole number"),
        ({"addressing": "key"}, ValueError, "addressing: expected one of 'content'"),
        ({"start": -1}, ValueError, r"start: expected a number in \[0, 1\], got -1"),
    ],
)
def test_choices_that_make_no_sense_are_refused(wrong, kind, said):
    with pytest.raises(kind, match=said):
        ExplicitMemory(**wrong)


def test_a_state_or_parameters_of_another_memory_are_refused():
    cell = CASES["rnn"]
    theta, state, x, *_ = problem(cell)
    with pytest.raises(ValueError, match=r"state\.M: expected shape \(3, 5, 2\), got \(3, 4, 2\)"):
        replace(cell, slots=5).forward(state, x, theta)
    with pytest.raises(ValueError, match=r"theta\.R: expected shape \(3, 1\), got \(3, 2\)"):
        replace(cell, d_m=1).forward(None, x, theta)


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_to_copy(seed):
    # a feed-forward controller has nothing but the memory; without one the loss is ln 2 a bit
    rng, bits = np.random.default_rng(seed), 2
    net = Output(ExplicitMemory(Memoryless(), slots=5, d_m=4))
    theta = net.init_theta(rng, d_x=bits + 1, d_h=12, d_y=bits)
    opt, losses = adam_init(theta), []
    for _ in range(350):
        x, y, lengths, memoryless, counted = copy(rng, 3, 16, bits=bits, min_length=1)
        which = {"lengths": lengths, "counted": counted, "loss": "bernoulli"}
        L, grad = net.bptt(None, x, y, theta, reduction="mean", **which)
        theta, opt = adam(theta, clip_norm(grad, 5)[0], opt, lr=0.02)
        losses.append(L / bits)
    assert losses[0] > 0.9 * memoryless
    assert np.mean(losses[-20:]) < 0.4 * memoryless
