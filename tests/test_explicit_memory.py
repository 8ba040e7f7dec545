"""A cell that controls an explicit memory, against an oracle of one row and one slot at a time."""

from dataclasses import replace

import numpy as np
import pytest

from rnn._tree import tree_leaves, tree_map, tree_names
from rnn.reference.cells.gru import GRU
from rnn.reference.cells.leaky import Leaky
from rnn.reference.cells.lstm import LSTM, LSTMState
from rnn.reference.cells.memory import ExplicitMemory, MemoryState
from rnn.reference.cells.simple import RNN, Memoryless
from rnn.reference.learning import adam, adam_init, clip_norm
from rnn.reference.nets.output import Output
from rnn.tasks import copy

D_X, D_H, TAU, LENGTHS = 2, 3, 4, [4, 2, 0]
SMALL = {"slots": 4, "d_m": 2}
CLOSED = -800.0  # sigma and exp of it are exactly 0


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


# The oracle: lists of scalars and of rows of torch


def rnn_oracle(torch, h, x, theta, more):
    return (h := torch.tanh(theta.b + theta.W @ h + theta.U @ x + more)), h


def memoryless_oracle(torch, h, x, theta, more):
    return (h := torch.tanh(theta.b + theta.U @ x + more)), h


def lstm_oracle(torch, state, x, theta, more):
    g, f, k, q = (theta.b + theta.W @ state.h + theta.U @ x + more).reshape(4, -1)
    s = torch.sigmoid(f) * state.s + torch.sigmoid(g) * torch.tanh(k)
    h = torch.tanh(s) * torch.sigmoid(q)
    return LSTMState(h, s), h


def head_oracle(torch, cell, asked, before, M):
    """Take what one head is asked, its weights before and the slots; return its weights."""
    N, asked = len(M), list(asked)
    if cell.addressing != "location":
        key = torch.stack([asked.pop(0) for _ in range(cell.d_m)])
        beta = torch.log(1 + torch.exp(asked.pop(0)))
        norms = [torch.sqrt((key @ key + 1e-6) * (m @ m + 1e-6)) for m in M]
        e = [torch.exp(beta * (key @ m) / norm) for m, norm in zip(M, norms, strict=True)]
        weights = [e_i / sum(e) for e_i in e]
    if cell.addressing == "content":
        return weights
    if cell.addressing == "both":
        g = 1 / (1 + torch.exp(-asked.pop(0)))
        before = [g * w + (1 - g) * b for w, b in zip(weights, before, strict=True)]
    e = [torch.exp(asked.pop(0)) for _ in cell.shifts]
    moved = [sum(e[k] * before[(i - d) % N] for k, d in enumerate(cell.shifts)) for i in range(N)]
    powers = [(m / sum(e)) ** (1 + torch.log(1 + torch.exp(asked[0]))) for m in moved]
    return [p / sum(powers) for p in powers]


def oracle(torch, cell, controller, state, x, theta):
    """Walk one row, (tau, d_x); return the list of outputs and the last state."""
    shown, (inner, M, reading, writing, r) = [], state
    for x_t in x:
        inner, h = controller(torch, inner, x_t, theta.cell, theta.R @ r)
        asked = theta.Q @ h + theta.b
        n = (len(asked) - 2 * cell.d_m) // 2
        writing = head_oracle(torch, cell, asked[n : 2 * n], writing, M)
        e, v = torch.sigmoid(asked[2 * n : -cell.d_m]), asked[-cell.d_m :]
        M = [m * (1 - w * e) + w * v for w, m in zip(writing, M, strict=True)]
        reading = head_oracle(torch, cell, asked[:n], reading, M)
        r = sum(w * m for w, m in zip(reading, M, strict=True))
        shown.append(torch.cat([h, r]))
    pieces = (p if torch.is_tensor(p) else torch.stack(list(p)) for p in (M, reading, writing))
    return shown, MemoryState(inner, *pieces, r)


CASES = {
    "rnn": (ExplicitMemory(RNN(), **SMALL), rnn_oracle),
    "memoryless": (ExplicitMemory(Memoryless(), **SMALL), memoryless_oracle),
    "lstm": (ExplicitMemory(LSTM(), **SMALL, shifts=(2, 0)), lstm_oracle),
    "content": (ExplicitMemory(RNN(), **SMALL, addressing="content"), rnn_oracle),
    "location": (ExplicitMemory(LSTM(), **SMALL, addressing="location"), lstm_oracle),
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


@pytest.mark.parametrize("start", ["given", "default"])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_agree_with_the_oracle(case, lengths, start):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    cell, controller = CASES[case]
    theta, state, x, grad_h, grad_state = problem(cell)
    state = cell.zero_state(3, theta) if start == "default" else state
    dirty = x.copy()
    for row, length in enumerate(lengths or ()):
        dirty[length:, row] = np.nan
    run = cell.forward(state if start == "given" else None, dirty, theta, lengths)
    back = cell.backward(grad_h, run, theta, grad_state=grad_state)

    leaves = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), (theta, state, x))
    L, upstream = 0, tree_map(torch.tensor, (grad_h, grad_state))
    for b, length in enumerate(lengths or [TAU] * 3):
        row = tree_map(lambda leaf, b=b: leaf[b], leaves[1])
        row = row._replace(M=list(row.M), reading=list(row.reading), writing=list(row.writing))
        shown, last = oracle(torch, cell, controller, row, leaves[2][:length, b], leaves[0])
        for t, h in enumerate(shown):
            assert relative(run.h[t, b], h.detach().numpy()) < 1e-12
            L = L + upstream[0][t, b] @ h
        assert not run.h[length:, b].any()
        for ours, theirs in zip(tree_leaves(run.state), tree_leaves(last), strict=True):
            np.testing.assert_allclose(ours[b], theirs.detach(), rtol=1e-12, atol=1e-14)
        L = L + inner_product(tree_map(lambda leaf, b=b: leaf[b], upstream[1]), last)
    L.backward()
    ours = back.grad, back.grad_state, back.grad_x
    for name, a, b in zip(tree_names(ours), tree_leaves(ours), tree_leaves(leaves), strict=True):
        if b.grad is not None and b.grad.any():
            assert relative(a, b.grad.numpy()) < 1e-12, name
        else:
            assert not a.any(), name


def each_entry(tree):
    """Walk through the entries of a tree; return a function that moves one of them by a step."""
    leaves = tree_leaves(tree)
    for k, leaf in enumerate(leaves):
        for index in np.ndindex(leaf.shape):

            def moved(step, k=k, index=index):
                copies = iter([np.array(a, np.result_type(a, type(step))) for a in leaves])
                out = tree_map(lambda _: next(copies), tree)
                tree_leaves(out)[k][index] += step
                return out

            yield moved


def assert_close_by_tensor(found, numbers, bound):
    start = 0
    for name, leaf in zip(tree_names(found), tree_leaves(found), strict=True):
        expected = np.reshape(numbers[start : start + leaf.size], leaf.shape)
        assert np.abs(leaf - expected).max() <= bound * np.abs(expected).max(), name
        start += leaf.size
    assert start == len(numbers)


def gradients(cell, batch):
    theta, state, x, grad_h, grad_state = problem(cell, 1, batch)
    run = cell.forward(state, x, theta)
    back = cell.backward(grad_h, run, theta, grad_state=grad_state)
    found = back.grad, back.grad_state, back.grad_x
    return (theta, state, x), (grad_h, grad_state), found


@pytest.mark.parametrize("case", CASES)
def test_gradients_agree_with_a_complex_step(case):
    cell, _ = CASES[case]
    at, upstream, found = gradients(cell, batch=2)

    def L(moved):
        theta, state, x = moved
        walked = cell.walk(state, cell.drive(x, theta), theta)
        return inner_product(upstream, (walked.h, walked.state))

    expected = [L(moved(1e-40j)).imag / 1e-40 for moved in each_entry(at)]
    assert_close_by_tensor(found, expected, 1e-12)


@pytest.mark.parametrize("case", ["memoryless", "lstm"])
def test_gradients_agree_with_central_differences(case):
    cell, _ = CASES[case]
    at, upstream, found = gradients(cell, batch=1)

    def L(moved):
        theta, state, x = moved
        run = cell.forward(state, x, theta)
        return inner_product(upstream, (run.h, run.state))

    step = 1e-5
    pairs = ((L(moved(step)), L(moved(-step))) for moved in each_entry(at))
    expected = [(up - down) / (2 * step) for up, down in pairs]
    assert_close_by_tensor(found, expected, 1e-6)


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


@pytest.mark.parametrize("cut", range(TAU + 1))
@pytest.mark.parametrize("case", CASES)
def test_cut_anywhere_and_carry_the_state(case, cut):
    cell, _ = CASES[case]
    theta, state, x, grad_h, grad_state = problem(cell)
    whole = cell.forward(state, x, theta)
    first = cell.forward(state, x[:cut], theta)
    second = cell.forward(first.state, x[cut:], theta)
    np.testing.assert_array_equal(np.concatenate([first.h, second.h]), whole.h)
    back = cell.backward(grad_h, whole, theta, grad_state=grad_state)
    later = cell.backward(grad_h[cut:], second, theta, grad_state=grad_state)
    sooner = cell.backward(grad_h[:cut], first, theta, grad_state=later.grad_state)
    added = tree_map(np.add, sooner.grad, later.grad)
    pairs = zip(
        tree_leaves((added, sooner.grad_state)),
        tree_leaves((back.grad, back.grad_state)),
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_rows_of_a_batch_do_not_see_each_other_and_nothing_given_is_changed():
    cell, _ = CASES["lstm"]
    theta, state, x, grad_h, grad_state = given = problem(cell)
    before = tree_map(np.copy, given)
    changed = x.copy()
    changed[:, 1] += 1
    runs = [cell.forward(state, z, theta) for z in (x, changed)]
    backs = [cell.backward(grad_h, run, theta, grad_state=grad_state) for run in runs]
    for a, b in zip(*(tree_leaves(run.state) for run in runs), strict=True):
        np.testing.assert_array_equal(a[[0, 2]], b[[0, 2]])
        assert (a[1] != b[1]).any()
    np.testing.assert_array_equal(*(back.grad_x[:, [0, 2]] for back in backs))
    for a, b in zip(tree_leaves(given), tree_leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case):
    cell, _ = CASES[case]
    found = []
    for dtype in (np.float32, np.float64):
        theta, state, x, grad_h, grad_state = tree_map(
            lambda leaf, dtype=dtype: leaf.astype(dtype), problem(cell, dtype=np.float32)
        )
        run = cell.forward(state, x, theta, LENGTHS)
        back = cell.backward(grad_h, run, theta, grad_state=grad_state)
        found.append(tree_leaves((run.h, run.state, back)))
        assert all(leaf.dtype == dtype for leaf in found[-1])
        assert all(leaf.dtype == dtype for leaf in tree_leaves(cell.zero_state(1, theta)))
    for a, b in zip(*found, strict=True):
        assert np.abs(a - b).max() < 1e-5 * max(np.abs(b).max(), 1e-3)


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
    cell, _ = CASES["memoryless"]
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
    cell, _ = CASES["content"]
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
    cell, _ = CASES["rnn"]
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
