r"""Trees as data, against a recursive oracle, and everything that is not a tree refused."""

import numpy as np
import pytest

from rnn import _forest
from rnn._forest import Forest, balanced, chain, checked_forest, from_nested, height, levels

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

LONG = 100_000
SHAPES = st.recursive(st.just(None), lambda inner: st.tuples(inner, inner), max_leaves=25)
examples = settings(max_examples=60, deadline=None, derandomize=True)


def numbered(shape, leaves):
    r"""Number the leaves of a shape, drawn from an iterator, from left to right."""
    return next(leaves) if shape is None else tuple(numbered(part, leaves) for part in shape)


def nested(forest, node):
    if forest.leaf[node] >= 0:
        return int(forest.leaf[node])
    return tuple(nested(forest, side[node]) for side in (forest.left, forest.right))


def trees(forest):
    return [nested(forest, node) for node in forest.root]


def depth(tree):
    return 0 if isinstance(tree, int) else 1 + max(map(depth, tree))


def shuffled(forest, rng):
    r"""Give the nodes other numbers: the same trees."""
    new = rng.permutation(len(forest.left))
    old = np.argsort(new)
    named = np.r_[new, -1]
    return Forest(
        named[forest.left[old]], named[forest.right[old]], forest.leaf[old], new[forest.root]
    )


def test_a_small_tree_by_hand():
    forest = from_nested(((0, 1), 2))
    assert [a.tolist() for a in forest] == [
        [-1, -1, 0, -1, 2],
        [-1, -1, 1, -1, 3],
        [0, 1, -1, 2, -1],
        [4],
    ]
    assert height(forest).tolist() == [0, 0, 1, 0, 2]
    assert [level.tolist() for level in levels(forest)] == [[2], [4]]


@given(st.lists(SHAPES, max_size=4), st.integers(0, 2**32 - 1))
@examples
def test_any_trees_come_back_and_have_the_heights_of_the_recursive_definition(shapes, seed):
    rng = np.random.default_rng(seed)
    leaves = iter(rng.permutation(120).tolist())
    given_trees = [numbered(shape, leaves) for shape in shapes]
    for forest in (plain := from_nested(*given_trees), shuffled(plain, rng)):
        assert trees(checked_forest(forest, leaves=120)) == given_trees
        high = height(forest)
        assert high.tolist() == [depth(nested(forest, node)) for node in range(len(high))]
        seen = set(np.flatnonzero(forest.leaf >= 0))
        for level in levels(forest):
            assert set(forest.left[level]) | set(forest.right[level]) <= seen
            seen |= set(level)
        assert seen == set(range(len(high)))


@given(st.lists(st.lists(SHAPES, max_size=3), max_size=4))
@examples
def test_joined_forests_keep_their_trees_and_shift_their_leaves(batches):
    parts = [
        from_nested(*(numbered(shape, leaves) for shape in shapes))
        for shapes in batches
        for leaves in [iter(range(1000))]
    ]
    joined, start, wanted = checked_forest(_forest.join(parts)), 0, []
    for part in parts:
        wanted += trees(part._replace(leaf=np.where(part.leaf < 0, -1, part.leaf + start)))
        start += (part.leaf >= 0).sum()
    assert trees(joined) == wanted


def test_interleaved_leaves_index_the_rows_of_a_padded_batch(rng):
    parts = [chain(4), balanced(3), chain(1)]
    forest = checked_forest(_forest.interleave(parts), leaves=12)
    x = rng.normal(size=(4, 3, 2))
    rows = x.reshape(12, 2)
    for b, part in enumerate(parts):
        for own, common in zip(leaves_of(part, 0), leaves_of(forest, b), strict=True):
            np.testing.assert_array_equal(rows[common], x[own, b])


def leaves_of(forest, b):
    flat, todo = [], [trees(forest)[b]]
    while todo:
        item = todo.pop()
        flat += [item] if isinstance(item, int) else []
        todo += [] if isinstance(item, int) else reversed(item)
    return flat


@pytest.mark.parametrize("tau", [*range(1, 35), 64, 65, 100])
def test_a_chain_is_left_branching_and_a_balanced_tree_has_the_least_height(tau):
    left_branching = 0
    for leaf in range(1, tau):
        left_branching = (left_branching, leaf)
    assert trees(checked_forest(chain(tau), tau)) == [left_branching]
    forest = checked_forest(balanced(tau), tau)
    assert leaves_of(forest, 0) == list(range(tau))
    assert height(forest).max() == next(k for k in range(10) if 2**k >= tau)


@pytest.mark.parametrize("build", [chain, balanced])
def test_a_hundred_thousand_leaves_need_no_recursion(build):
    forest = checked_forest(build(LONG), LONG)
    assert height(forest)[forest.root[0]] == (LONG - 1 if build is chain else 17)
    assert sum(map(len, levels(forest))) == LONG - 1
    twice = checked_forest(_forest.join([forest, forest]), 2 * LONG)
    np.testing.assert_array_equal(height(twice), np.tile(height(forest), 2))


def test_nested_pairs_may_be_deep():
    tree = 0
    for leaf in range(1, LONG):
        tree = (leaf, tree) if leaf % 2 else (tree, leaf)
    forest = checked_forest(from_nested(tree))
    assert height(forest)[forest.root[0]] == LONG - 1


def test_no_trees_at_all_are_a_forest():
    for forest in (from_nested(), _forest.join([]), _forest.interleave([])):
        assert [len(a) for a in checked_forest(forest)] == [0, 0, 0, 0]
        assert levels(forest) == []


# Node 2 = (0, 1) stands in the sound forest that the broken ones change: leaves 0, 1, 3, root 4.
SOUND = from_nested(((0, 1), 2))


def broken(**fields):
    changed = {name: np.array(array) for name, array in SOUND._asdict().items()}
    for place, value in fields.items():
        name, node = place.split("_")
        changed[name][int(node)] = value
    return Forest(**changed)


@pytest.mark.parametrize(
    ("forest", "message"),
    [
        (broken(left_4=7), r"forest.left\[4\]: expected an index in \[-1, 5\), got 7"),
        (broken(right_2=-2), r"forest.right\[2\]: expected an index in \[-1, 5\), got -2"),
        (broken(root_0=5), r"forest.root\[0\]: expected an index in \[0, 5\), got 5"),
        (broken(root_0=-1), r"forest.root\[0\]: expected an index in \[0, 5\), got -1"),
        (broken(leaf_1=-2), r"forest.leaf\[1\]: expected an index in \[-1, 3\), got -2"),
        (broken(leaf_1=3), r"forest.leaf\[1\]: expected an index in \[-1, 3\), got 3"),
        (broken(right_4=-1), "expected two children or none, node 4 has one"),
        (broken(left_2=-1), "expected two children or none, node 2 has one"),
        (broken(leaf_2=2), "node 2 has children, and input 2 too"),
        (broken(leaf_3=-1), "node 3 has neither children nor an input"),
        (broken(right_4=1), "node 1 has two parents"),
        (broken(right_2=0), "node 0 has two parents"),
        (broken(leaf_3=1), "input 1 stands at two leaves"),
        (broken(root_0=2), r"forest.root\[0\]: node 2 has a parent"),
        (SOUND._replace(root=np.array([4, 4])), "root 4 stands twice"),
        (SOUND._replace(root=np.array([], int)), "no root reaches node 4"),
        (SOUND._replace(root=SOUND.root[:, None]), r"forest.root: expected shape \(B,\)"),
        (SOUND._replace(right=SOUND.right[:4]), r"forest.right: .*n_nodes=5.*got \(4,\)"),
        (Forest(*map(np.array, ([1, 0], [1, 0], [-1, -1], [0]))), "two parents"),
        (broken(left_2=4, root_0=0), "cycle through node [24]"),
        (broken(left_4=4, root_0=2), "cycle through node 4"),
    ],
)
def test_what_is_no_forest_is_refused_by_name(forest, message):
    assert checked_forest(SOUND, 3)
    with pytest.raises(ValueError, match=message):
        checked_forest(forest, 3)


def test_a_long_cycle_is_found():
    forest = chain(LONG)
    forest.left[LONG] = forest.root[0]  # the top of the chain becomes a child of its lowest node
    with pytest.raises(ValueError, match="cycle"):
        checked_forest(forest._replace(root=np.array([0])))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: checked_forest(tuple(SOUND)), TypeError, "forest: expected Forest, got tuple"),
        (lambda: checked_forest(SOUND._replace(left=SOUND.left * 1.0)), TypeError, "forest.left"),
        (lambda: from_nested((0, 1, 2)), ValueError, "trees: .*got 3 in one bracket"),
        (lambda: from_nested((0, -1)), ValueError, "trees"),
        (lambda: from_nested((0, "a")), TypeError, "trees"),
        (lambda: _forest.join([SOUND, 3]), TypeError, r"forests\[1\]: expected Forest, got int"),
        (lambda: chain(0), ValueError, "tau"),
        (lambda: balanced(True), TypeError, "tau"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_nothing_is_changed_by_a_look():
    before = [a.copy() for a in SOUND]
    levels(checked_forest(SOUND))
    _forest.join([SOUND, SOUND])
    for a, b in zip(before, SOUND, strict=True):
        np.testing.assert_array_equal(a, b)
