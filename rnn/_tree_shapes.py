r"""Binary trees (10.6) as four arrays of whole numbers, and how to build them."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_instance, require_size

__all__ = ["Forest", "from_nested", "chain", "balanced", "join", "interleave"]


class Forest(NamedTuple):
    r"""Hold B binary trees with n_nodes nodes together.

    A node is a number in [0, n_nodes). The functions here number children before their parent,
    but any order of the nodes makes a forest.

    Attributes
    ----------
    left, right : integer arrays, (n_nodes,)
        The two children of a node; -1 for a leaf.
    leaf : integer array, (n_nodes,)
        Which input stands at a leaf; -1 for an inner node.
    root : integer array, (B,)
        The node at the top of each tree.
    """

    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    root: np.ndarray


def from_nested(*trees):
    r"""Turn nested pairs of whole numbers into one forest; the numbers are those of the leaves.

    Parameters
    ----------
    *trees : nested tuples or lists, or int
        One for each tree, such as ``((0, 1), 2)``; a lone number is a tree of one leaf. No leaf
        is renumbered, so trees that belong together use different numbers (see also `join`).

    Raises
    ------
    ValueError, TypeError
        For anything but pairs and whole numbers from 0.

    Examples
    --------
    >>> forest = from_nested(((0, 1), 2))
    >>> forest.left, forest.leaf, forest.root
    (array([-1, -1,  0, -1,  2]), array([ 0,  1, -1,  2, -1]), array([4]))
    """
    nodes = []
    root = [_plant(tree, nodes) for tree in trees]
    left, right, leaf = np.array(nodes, int).reshape(-1, 3).T.copy()
    return Forest(left, right, leaf, np.array(root, int))


def chain(tau):
    r"""Build the left-branching tree ((x1 x2) x3) ... of `tau` leaves: a sequence as a tree.

    Its height is tau - 1.

    Examples
    --------
    >>> chain(4)[:2]
    (array([-1, -1, -1, -1,  0,  4,  5]), array([-1, -1, -1, -1,  1,  2,  3]))
    """
    tau = require_size("tau", tau)
    inner = np.arange(tau, 2 * tau - 1)
    return _over_leaves(tau, np.r_[0, inner[:-1]][: tau - 1], np.arange(1, tau))


def balanced(tau):
    r"""Build the tree of least height over `tau` leaves in order.

    Neighbours are paired, and the pairs again, until one is left; an odd one out, always the
    last, moves up unpaired. The height is :math:`\lceil \log_2 \tau \rceil`.

    Examples
    --------
    >>> balanced(3)[:2]
    (array([-1, -1, -1,  0,  3]), array([-1, -1, -1,  1,  2]))
    """
    row = np.arange(require_size("tau", tau))
    left, right, top = [row[:0]], [row[:0]], tau
    while (pairs := len(row) // 2) > 0:
        left.append(row[: 2 * pairs : 2])
        right.append(row[1 : 2 * pairs : 2])
        row = np.concatenate([np.arange(top, top + pairs), row[2 * pairs :]])
        top += pairs
    return _over_leaves(tau, np.concatenate(left), np.concatenate(right))


def join(forests):
    r"""Lay forests side by side, their leaves one after the other.

    The nodes of each forest are shifted by the number of nodes before it, the leaves by the
    number of inputs before it (a forest has 1 + its largest leaf of them). So the inputs of the
    whole are the inputs of the parts, concatenated.

    Examples
    --------
    >>> join([chain(2), chain(1)]).leaf
    array([ 0,  1, -1,  2])
    """
    forests = _forests(forests)
    inputs = [1 + forest.leaf.max(initial=-1) for forest in forests]
    leaves = [forest.leaf for forest in forests]
    return _side_by_side(forests, _shifted(leaves, _before(inputs)))


def interleave(forests):
    r"""Lay B forests side by side whose leaves are the steps of a padded batch.

    Leaf t of forest b becomes ``t * B + b``: the row of ``x[t, b]`` in
    ``x.reshape(tau * B, d_x)``, where x is (tau, B, d_x).

    Examples
    --------
    >>> interleave([chain(2), chain(1)]).leaf
    array([ 0,  2, -1,  1])
    """
    forests = _forests(forests)
    leaves = [np.where(forest.leaf < 0, -1, forest.leaf * len(forests)) for forest in forests]
    return _side_by_side(forests, _shifted(leaves, np.arange(len(forests))))


_PAIR = object()


def _plant(tree, nodes):
    todo, done = [tree], []
    while todo:
        item = todo.pop()
        if item is _PAIR:
            right, left = done.pop(), done.pop()
            node = (left, right, -1)
        elif isinstance(item, tuple | list):
            todo += [_PAIR, *reversed(_pair(item))]
            continue
        else:
            node = (-1, -1, require_size("trees", item, 0))
        done.append(len(nodes))
        nodes.append(node)
    return done.pop()


def _pair(item):
    if len(item) != 2:
        raise ValueError(f"trees: expected pairs and whole numbers, got {len(item)} in one bracket")
    return item


def _over_leaves(tau, left, right):
    none = np.full(tau, -1)
    leaf = np.r_[np.arange(tau), np.full(tau - 1, -1)]
    return Forest(np.r_[none, left], np.r_[none, right], leaf, np.array([2 * tau - 2]))


def _forests(forests):
    forests = list(forests)
    for b, forest in enumerate(forests):
        require_instance(f"forests[{b}]", forest, Forest)
    return forests


def _before(sizes):
    return np.cumsum([0, *sizes])[:-1]


def _shifted(parts, shift):
    whole = np.concatenate([np.zeros(0, int), *parts])
    return np.where(whole < 0, -1, whole + np.repeat(shift, [len(part) for part in parts]))


def _side_by_side(forests, leaf):
    start = _before([len(forest.left) for forest in forests])
    left, right, root = (
        _shifted([getattr(forest, name) for forest in forests], start)
        for name in ("left", "right", "root")
    )
    return Forest(left, right, leaf, root)
