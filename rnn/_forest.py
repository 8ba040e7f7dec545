r"""Binary trees as data (10.6), shared by the tasks and by both twins.

A batch of trees is four arrays of whole numbers, so that a net can visit all nodes of one height
at once. Nothing here calls itself: a chain of 100 000 leaves is as good as a balanced tree.
"""

import numpy as np

from rnn._checks import require_instance, require_shape
from rnn._tree_shapes import Forest, balanced, chain, from_nested, interleave, join

__all__ = [
    "Forest",
    "from_nested",
    "chain",
    "balanced",
    "join",
    "interleave",
    "height",
    "levels",
    "checked_forest",
]


def height(forest):
    r"""Return the height of every node, (n_nodes,): 0 at a leaf, else 1 + the higher child.

    Found by doubling: a node that knows all heights less than :math:`2^k` below it passes them
    to its ancestor :math:`2^k` steps up. That is n_nodes log(height) work without a walk.

    Raises
    ------
    ValueError
        If there is a cycle.
    """
    high = np.zeros(len(forest.left), int)
    for nodes, ancestors, steps in _climb(_parents(forest)):
        np.maximum.at(high, ancestors, high[nodes] + steps)
    return high


def levels(forest):
    r"""Return the inner nodes by height, a list of index arrays: heights 1, 2, ....

    All children of ``levels(forest)[k]`` are leaves or stand in ``levels(forest)[:k]``, so a
    net computes one level after the other, and all nodes of a level in one product.

    Examples
    --------
    >>> levels(balanced(5))
    [array([5, 6]), array([7]), array([8])]
    """
    high = height(forest)
    order = np.argsort(high, kind="stable")
    bounds = np.searchsorted(high[order], np.arange(1, high.max(initial=0) + 1))
    return np.split(order, bounds)[1:]


def checked_forest(forest, leaves=None):
    r"""Return the forest, its arrays as NumPy integers, or say what is wrong with it.

    Parameters
    ----------
    forest : Forest
    leaves : int, optional
        Number of inputs: a leaf must be below it.

    Raises
    ------
    TypeError
        If it is not a `Forest` of whole numbers.
    ValueError
        For arrays that do not fit each other; an index out of range; a node with exactly one
        child, with children and an input, or with neither; a node with two parents; an input at
        two leaves; a root that has a parent or stands twice; a cycle; a node that no root
        reaches. The message names the node.
    """
    require_instance("forest", forest, Forest, "build one with rnn.tasks.from_nested")
    forest = Forest(*map(_whole_numbers, forest._fields, forest))
    for name in ("right", "leaf"):
        require_shape(f"forest.{name}", getattr(forest, name), "n_nodes", n_nodes=len(forest.left))
    _check_ranges(forest, leaves)
    _check_nodes(forest)
    _check_once(forest)
    height(forest)  # refuses a cycle
    _check_roots(forest)
    return forest


def _parents(forest):
    up = np.full(len(forest.left), -1)
    inner = np.flatnonzero(forest.left >= 0)
    up[forest.left[inner]] = inner
    up[forest.right[inner]] = inner
    return up


def _climb(up):
    steps, nodes = 1, np.flatnonzero(up >= 0)
    while len(nodes):
        if steps >= len(up):
            raise ValueError(f"forest: expected trees, got a cycle through node {up[nodes[0]]}")
        yield nodes, up[nodes], steps
        up[nodes] = up[up[nodes]]
        steps, nodes = 2 * steps, nodes[up[nodes] >= 0]


def _whole_numbers(name, array):
    array = np.asarray(array)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"forest.{name}: expected whole numbers, got dtype {array.dtype}")
    require_shape(f"forest.{name}", array, "B" if name == "root" else "n_nodes")
    return array.astype(int)


def _refuse(bad, say):
    if bad.any():
        raise ValueError("forest" + say(int(bad.argmax())))


def _check_ranges(forest, leaves):
    n = len(forest.left)
    for name, low, high in (
        ("left", -1, n),
        ("right", -1, n),
        ("root", 0, n),
        ("leaf", -1, leaves),
    ):
        array = getattr(forest, name)
        bad = (array < low) | (False if high is None else array >= high)
        wanted = f"expected an index in [{low}, {'...' if high is None else high})"
        _refuse(bad, lambda k, a=array, name=name, w=wanted: f".{name}[{k}]: {w}, got {a[k]}")


def _check_nodes(forest):
    children = (forest.left >= 0).astype(int) + (forest.right >= 0)
    _refuse(children == 1, lambda k: f": expected two children or none, node {k} has one")
    both, neither = (children > 0) & (forest.leaf >= 0), (children == 0) & (forest.leaf < 0)
    _refuse(both, lambda k: f": node {k} has children, and input {forest.leaf[k]} too")
    _refuse(neither, lambda k: f": node {k} has neither children nor an input")


def _check_once(forest):
    for array, say in (
        (np.r_[forest.left, forest.right], "node {} has two parents"),
        (forest.leaf, "input {} stands at two leaves"),
        (forest.root, "root {} stands twice"),
    ):
        values, counts = np.unique(array[array >= 0], return_counts=True)
        _refuse(counts > 1, lambda k, v=values, say=say: ": " + say.format(v[k]))


def _check_roots(forest):
    up = _parents(forest)
    _refuse(up[forest.root] >= 0, lambda k: f".root[{k}]: node {forest.root[k]} has a parent")
    lost = up < 0
    lost[forest.root] = False
    _refuse(lost, lambda k: f": no root reaches node {k}")
