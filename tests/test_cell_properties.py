"""Properties that hold for every cell and net, tried on many inputs."""

import axes
import numpy as np
import pytest
from compare import furthest
from registry import CASES

from rnn._tree import tree_map

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

SEEDS, TAUS = st.integers(0, 10_000), st.integers(0, 6)
few = settings(max_examples=4, deadline=None, derandomize=True)


def every(*tags):
    cases = [case for case in CASES if case.tags.issuperset(tags) and "loss" not in case.tags]
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@every("causal")
@few
@given(SEEDS, TAUS, st.data())
def test_cut_anywhere_and_carry_the_state_is_one_run(case, seed, tau, data):
    p = case.make(seed, tau, 2)
    where = data.draw(st.integers(0, tau))
    first = p._replace(x=axes.cut(p.x, 0, where), grad_h=p.grad_h[:where])
    out = case.walk(first)
    second = p._replace(x=axes.cut(p.x, where, tau), grad_h=p.grad_h[where:], state=out.state)
    rest, whole = case.walk(second), case.walk(p)
    assert furthest(rest.state, whole.state) <= 1e-12
    assert furthest(np.concatenate([out.h, rest.h]), whole.h) <= 1e-12
    later, full = case.back(second, rest.run), case.back(p, whole.run)
    before = case.back(first._replace(grad_state=later.state), out.run)
    assert furthest(before.state, full.state) <= 1e-11
    assert furthest(tree_map(np.add, before.theta, later.theta), full.theta) <= 1e-11


@every()
@few
@given(SEEDS, st.integers(1, 6), st.booleans(), st.lists(st.integers(0, 2), max_size=4))
def test_rows_do_not_see_each_other_nor_their_order(case, seed, tau, lengths, rows):
    p = case.make(seed, tau, 3, lengths=lengths and "lengths" in case.tags)
    rows = rows if "empty" in case.tags else [*rows, 0]

    def chosen(tree):
        return None if tree is None else tree_map(lambda leaf: leaf[rows], tree)

    some = p._replace(
        x=axes.chosen(p.x, rows),
        state=chosen(p.state),
        lengths=chosen(p.lengths),
        grad_h=p.grad_h[:, rows],
        grad_state=chosen(p.grad_state),
    )
    out, whole = case.walk(some), case.walk(p)
    assert furthest(out.h, whole.h[:, rows]) <= 1e-12
    assert furthest(out.state, chosen(whole.state)) <= 1e-12
    found, full = case.back(some, out.run), case.back(p, whole.run)
    assert furthest(found.x, axes.chosen(full.x, rows, p.x)) <= 1e-11
    assert furthest(found.state, chosen(full.state)) <= 1e-11
