r"""What a walk does with the trees that it carries: slice, rest, split, add, stack."""

import numpy as np

from rnn._tree import tree_leaves, tree_map

__all__ = [
    "Still",
    "add_at_end",
    "at_end",
    "blank",
    "grad_like",
    "in_order",
    "keep_where",
    "moments",
    "plus",
    "split_where",
    "stacked",
    "zeros_like",
]


class Still:
    r"""Hold an array that is the same at every step, so that no walk copies it.

    Attributes
    ----------
    array : array
    """

    def __init__(self, array):
        self.array = array

    def __getitem__(self, t):
        return self


def moments(tree, counted=None):
    r"""List, for each t, the tree at t and which rows count, or None if all do."""
    tau = len(tree_leaves(tree)[0])
    mask = [None] * tau if counted is None else counted
    return [(tree_map(lambda leaf, t=t: leaf[t], tree), mask[t]) for t in range(tau)]


def stacked(trees):
    r"""Stack trees, one a step, into one tree whose leaves have time first."""
    return tree_map(_stack, *trees)


def _stack(*leaves):
    return leaves[0] if isinstance(leaves[0], Still) else np.stack(leaves)


def plus(tree, other):
    r"""Add two trees leaf by leaf."""
    return tree_map(np.add, tree, other)


def zeros_like(tree):
    r"""Return a tree of zeros."""
    return tree_map(np.zeros_like, tree)


def grad_like(state, dtype):
    r"""Return zeros for a gradient at a state; a step count gets one too, and it stays zero."""
    return tree_map(lambda leaf: np.zeros(leaf.shape, dtype), state)


def keep_where(counted, after, before):
    r"""Let the rows that do not count rest: return `after` where counted, else `before`."""
    if counted is None:
        return after
    return tree_map(lambda a, b: np.where(_along(counted, a), a, b), after, before)


def split_where(counted, grad):
    r"""Split a gradient into what goes through the step and what belongs to rows that rest."""
    if counted is None:
        return grad, zeros_like(grad)
    zeros = zeros_like(grad)
    return keep_where(counted, grad, zeros), keep_where(counted, zeros, grad)


def in_order(tree, reverse):
    r"""Turn the time axis of every leaf round if `reverse`; None stays None."""
    if not reverse:
        return tree
    return tree_map(lambda leaf: None if leaf is None else leaf[::-1], tree)


def blank(h, counted):
    r"""Set what stands in the padding to zero."""
    return h if counted is None else np.where(counted[..., None], h, 0)


def at_end(first, steps, counted):
    r"""Pick what each row has after its last step, from what it had first and at each step."""
    return np.concatenate([first[None], steps])[_ends(steps, counted), np.arange(len(first))]


def add_at_end(grad_steps, grad_last, counted):
    r"""Add a gradient where each row ends; return what belongs to the first, and to the steps."""
    all_of_them = np.concatenate([np.zeros_like(grad_last)[None], grad_steps])
    all_of_them[_ends(grad_steps, counted), np.arange(len(grad_last))] += grad_last
    return all_of_them[0], all_of_them[1:]


def _ends(steps, counted):
    r"""Return after how many steps of the walk each row has its last state."""
    tau, batch, _ = steps.shape
    if counted is None:
        return np.full(batch, tau)
    return np.where(counted, np.arange(1, tau + 1)[:, None], 0).max(axis=0, initial=0)


def _along(counted, leaf):
    return counted.reshape(-1, *[1] * (leaf.ndim - 1))
