r"""The order in which a recursive net visits the nodes of a forest, so that autograd stays linear.

A walk that writes into one table of all nodes would copy the table at each height, and one that
reads out of it would make a gradient as large as the table. Here each height's nodes are sent, by
one split, to the heights of their parents, where what arrived is put in order: each node is sent
once and read once, whatever the shape of the trees.
"""

from typing import NamedTuple

import numpy as np
import torch

from rnn._forest import height

__all__ = ["Level", "Plan", "planned"]


class Level(NamedTuple):
    r"""Hold how the m nodes of one height are computed and sent on.

    Attributes
    ----------
    left, right : integer tensor, (m,)
        Which of the 2 m vectors that arrived are the children.
    sizes, heights : list of int
        How many of the m nodes go to which height; -1 stands for nowhere, after a root.
    """

    left: torch.Tensor
    right: torch.Tensor
    sizes: list
    heights: list


class Plan(NamedTuple):
    r"""Hold the leaves' inputs in the order of the walk, its levels, and the way to node order.

    Attributes
    ----------
    leaf : integer tensor, (n_leaves,)
    levels : list of Level
        Height 0, the leaves, comes first.
    place : integer tensor, (n_nodes,)
        Where each node stands in the order of the walk.
    """

    leaf: torch.Tensor
    levels: list
    place: torch.Tensor


def planned(forest, device):
    r"""Return the plan of a checked forest, with its index tensors on a device."""
    high = height(forest)
    up = _height_of_parent(forest, high)
    order = np.lexsort((up, high))  # by height; within one, by where a node goes
    place = _inverse(order)
    arrival = _arrival(up, place)
    inner = order[high[order] > 0]
    sizes, heights = _sent(up[order], high[order])
    parts = [forest.leaf[order[: len(order) - len(inner)]], place]
    parts += [arrival[side[inner]] for side in (forest.left, forest.right)]
    leaf, place, left, right = (torch.as_tensor(part, device=device) for part in parts)
    counts = np.bincount(high, minlength=1)[1:].tolist()
    sides = zip(*((side[:0], *side.split(counts)) for side in (left, right)), strict=True)
    levels = [Level(*both, *sent) for both, *sent in zip(sides, sizes, heights, strict=True)]
    return Plan(leaf, levels, place)


def _height_of_parent(forest, high):
    r"""Return, for each node, the height at which it is read, -1 for a root."""
    up, inner = np.full(len(high), -1), np.flatnonzero(high)
    for side in (forest.left, forest.right):
        up[side[inner]] = high[inner]
    return up


def _arrival(up, place):
    r"""Return where each node stands among all that arrive at its parent's height."""
    order = np.lexsort((place, up))
    first = np.searchsorted(up[order], up)
    return _inverse(order) - first


def _sent(up, high):
    r"""List, for each height, how many of its nodes go to which height; nodes are in order."""
    start = np.flatnonzero(np.r_[True, (np.diff(up) != 0) | (np.diff(high) != 0)][: len(up)])
    runs = np.diff(np.r_[start, len(up)]), up[start]
    bounds = np.searchsorted(high[start], np.arange(1, high.max(initial=0) + 1))
    return ([part.tolist() for part in np.split(run, bounds)] for run in runs)


def _inverse(order):
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place
