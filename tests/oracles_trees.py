"""Recursive nets once more: plain recursion, one node and one product at a time."""

import numpy as np
from oracles_cells import PHI


def nodes(xp, net, x, tree, root, theta):
    """Return h of every node below a root, by node."""
    h, phi = {}, PHI[net.nonlinearity]

    def visit(node):
        if tree.leaf[node] >= 0:
            a = theta.V @ x[tree.leaf[node]]
            h[int(node)] = a if net.leaf == "linear" else phi(xp, theta.b + a)
            return h[int(node)]
        left, right = visit(tree.left[node]), visit(tree.right[node])
        a = theta.b + theta.U @ left + theta.W @ right
        if net.node == "tensor":
            p = xp.concatenate([left, right])
            a = a + xp.einsum("kij,i,j->k", theta.T, p, p)
        h[int(node)] = phi(xp, a)
        return h[int(node)]

    visit(root)
    return h


def recursive(net):
    """Put out every node of one tree; what it shows at the end is its root."""

    def run(xp, state, x, theta):
        h = nodes(xp, net, x.x, x, x.root, theta)
        return [h[node] for node in range(len(x.leaf))], h[int(x.root)]

    return run


def readout(net, at_every_node):
    """Read an output out of the root, or of every node."""

    def run(xp, state, x, theta):
        h, root = recursive(net.layer)(xp, state, x, theta.layer)
        return [theta.c + theta.V @ one for one in (h if at_every_node else [root])], root

    return run


def plant(rng, leaves):
    """Draw a tree over leaves 0, 1, ... in any order: left, right, leaf by node, and the root."""
    rows = [(-1, -1, leaf) for leaf in rng.permutation(leaves).tolist()]
    tops = list(range(leaves))
    while len(tops) > 1:
        k = int(rng.integers(len(tops) - 1))
        rows.append((tops[k], tops[k + 1], -1))
        tops[k : k + 2] = [len(rows) - 1]
    new = rng.permutation(len(rows))
    left, right, leaf = np.array(rows)[np.argsort(new)].T
    named = np.append(new, -1)
    return named[left], named[right], leaf.copy(), named[tops[0]]
