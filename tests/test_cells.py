"""What holds for every cell and net of the reference: evidence of each kind, and good manners."""

import axes
import numpy as np
import pytest
from compare import furthest, relative, worst_of
from evidence import KINDS, VARIED, complex_step_error, inside
from problems import mixed
from registry import CASES

from rnn import reference
from rnn._tree import tree_leaves, tree_map
from rnn.reference import Feedback, FourDirections, Output

BY_NAME = {case.name: case for case in CASES}


def every(*tags):
    """Parametrise over the cases that have these tags."""
    cases = [case for case in CASES if case.tags.issuperset(tags)]
    return pytest.mark.parametrize("case", [pytest.param(one, id=one.name) for one in cases])


def pairs():
    """List every case with every kind of evidence that there is for it."""
    for case in CASES:
        for name, kind in KINDS.items():
            if kind.tag in case.tags | {None}:
                yield pytest.param(case, name, id=f"{case.name}-{name}")


@pytest.mark.parametrize(("case", "kind"), list(pairs()))
def test_the_worst_error_is_within_its_bound(case, kind):
    if KINDS[kind].needs_torch:
        pytest.importorskip("torch", reason="needs PyTorch")
    assert KINDS[kind].error(case) <= KINDS[kind].bound


def everything(case, p, **options):
    """Return all that a case gives: outputs, last state, gradients."""
    out = case.walk(p, **options)
    return (*out[:2], case.back(p, out.run))


@every("f")
def test_a_state_comes_back_as_it_is_accepted(case):
    for batch in (1, 2, 3):
        p = case.make(batch, 2, batch)
        once = p.net(p.state, axes.at(p.x, 0), p.theta)
        twice = p.net(once, axes.at(p.x, 1), p.theta)
        assert furthest(twice, case.walk(p).state) <= 1e-12
        assert [a.dtype for a in tree_leaves(twice)] == [a.dtype for a in tree_leaves(p.state)]


@every()
def test_no_argument_is_changed_and_the_same_seed_gives_the_same_bits(case):
    lengths = "lengths" in case.tags
    p, same = (case.make(3, 4, 3, lengths=lengths) for _ in range(2))
    for leaf in tree_leaves(p[1:]):
        if leaf is not None:
            leaf.setflags(write=False)
    first, second = everything(case, p), everything(case, same)
    assert furthest(first, second) == furthest(first, everything(case, p)) == 0
    assert furthest(tuple(p[1:]), tuple(same[1:])) == 0


@every("empty")
@pytest.mark.parametrize(("tau", "batch"), [(0, 2), (3, 0), (0, 0)])
def test_empty_inputs_give_empty_results_and_zero_gradients(case, tau, batch):
    p = case.make(4, tau, batch)
    h, state, grads = everything(case, p)
    assert h.shape[:2] == (1 if "end" in case.tags else tau, batch)
    if "state" in case.tags:
        assert furthest(state, p.state) == 0
        assert furthest(grads.state, p.grad_state) == 0 or "end" in case.tags
    assert complex_step_error(case, tau, batch) <= 1e-12
    if batch == 0 or "end" not in case.tags:
        assert worst_of(np.abs(g).max(initial=0) for g in tree_leaves(grads.theta)) == 0


@pytest.mark.parametrize("shape", [(0, 2, 1, 2), (2, 0, 1, 2), (2, 2, 0, 2)])
def test_an_empty_grid_gives_an_empty_result(shape, rng):
    net = FourDirections()
    theta = net.init_theta(rng, 2, 3)
    h, runs = net.forward(np.zeros(shape), theta)
    assert h.shape == (*shape[:3], 12)
    assert net.backward(h, runs, theta)[1].shape == shape


@pytest.mark.parametrize("at", ["start", "both"])
def test_a_context_reaches_the_state_after_no_steps(at):
    assert complex_step_error(BY_NAME[f"context-rnn-{at}"], 0, 2) <= 1e-12


@every("lengths")
def test_what_stands_in_the_padding_changes_no_bit(case):
    p = case.make(5, 5, 3, lengths=True)
    beyond = inside(case, p) == 0
    grad_h = np.where(beyond, np.nan, p.grad_h)
    dirty = p._replace(x=axes.spoiled(p.x, p.lengths), grad_h=grad_h)
    assert any(np.isnan(leaf).any() for leaf in tree_leaves(dirty.x) if leaf.dtype == float)
    assert furthest(everything(case, p), everything(case, dirty)) == 0


@every("lengths")
def test_outputs_in_the_padding_are_zero_or_the_bias_of_the_readout(case):
    p = case.make(5, 5, 3, lengths=True)
    value = p.theta.c if isinstance(p.net, Output) or p.net is reference else 0
    h, beyond = case.walk(p).h, inside(case, p) == 0
    np.testing.assert_array_equal(h, np.where(beyond, value, h))


@pytest.mark.parametrize("own", ["o", "argmax"])
def test_what_is_forced_in_the_padding_does_not_matter(own):
    case = BY_NAME[f"feedback-rnn-{own}-taught"]
    p = case.make(5, 5, 3, lengths=True)
    forced = np.arange(5)[:, None] < p.lengths
    other = p._replace(x=p.x._replace(forced=forced))
    assert furthest(everything(case, p), everything(case, other)) <= 1e-12


@every("turns")
def test_reverse_is_the_same_walk_through_turned_time(case):
    p = case.make(6, 5, 3)
    turned = p._replace(x=axes.turned(p.x), grad_h=p.grad_h[::-1])
    h, state, grads = everything(case, p, reverse=True)
    h2, state2, grads2 = everything(case, turned)
    assert furthest((h, state), (h2[::-1], state2)) <= 1e-12
    expected = grads2._replace(x=axes.turned(grads2.x, p.x), h=None)
    assert furthest(grads, expected) <= 1e-12
    h, state, _ = everything(case, turned, reverse=True)
    assert furthest((h[::-1], state), case.walk(p)[:2]) <= 1e-12


@every("lengths", "turns")
def test_reverse_begins_at_the_end_of_each_row(case):
    p = case.make(7, 5, 3, lengths=True)
    whole = everything(case, p, reverse=True)
    total = tree_map(np.zeros_like, p.theta)
    for b, length in enumerate(mixed(5, 3)):
        row = tree_map(lambda leaf, b=b: leaf[[b]], (p.state, p.grad_state))
        x = axes.cut(axes.chosen(p.x, [b]), 0, length)
        alone = p._replace(x=x, lengths=None, grad_h=p.grad_h[:length, [b]])
        alone = alone._replace(state=row[0], grad_state=row[1])
        h, state, grads = everything(case, alone, reverse=True)
        assert relative(whole[0][:length, [b]], h) <= 1e-12
        assert furthest(tree_map(lambda leaf, b=b: leaf[[b]], whole[1]), state) <= 1e-12
        total = tree_map(np.add, total, grads.theta)
    assert furthest(whole[2].theta, total) <= 1e-12


@every()
def test_every_gradient_is_given(case):
    grads = everything(case, case.make(8, 3, 2))[2]
    assert not any(leaf is None for leaf in tree_leaves(grads.theta))
    if "state" in case.tags:
        assert not any(leaf is None for leaf in tree_leaves((grads.x, grads.state)))
    assert ("full" in case.tags) <= (grads.h is not None)


@every()
def test_the_dtype_is_kept_everywhere(case):
    p = case.make(8, 3, 2, np.float32)
    h, state, grads = everything(case, p)
    assert h.dtype == np.float32
    assert grads.h is None or grads.h.dtype == np.float32
    for found, given in [(state, p.state), *((getattr(grads, n), getattr(p, n)) for n in VARIED)]:
        if found is None or given is None:
            continue
        for a, b in zip(tree_leaves(found), tree_leaves(given), strict=True):
            assert a is None or b.dtype != np.float32 or a.dtype == np.float32


def test_no_gradient_passes_through_the_likeliest_class():
    case = BY_NAME["feedback-memoryless-o-free"]
    p = case.make(9, 3, 2)
    likeliest = p._replace(net=Feedback(p.net.cell, "argmax"))
    assert everything(case, p)[2].x.noise[0].any()
    assert not everything(case, likeliest)[2].x.noise.any()
