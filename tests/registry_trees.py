"""Recursive nets that the transversal tests walk through: one tree a row, any shape, any order."""

import numpy as np
from axes import Trees
from oracles_trees import plant, readout, recursive
from problems import D_X, D_Y, Case, Grads, Out, like, maker, sizes

from rnn.reference import nets as n
from rnn.tasks import Forest, interleave


def drawn(rng, tau, batch, dtype):
    trees = [plant(rng, tau) for _ in range(batch)]
    left, right, leaf = (np.stack(part, axis=1) for part in list(zip(*trees, strict=True))[:3])
    x = rng.normal(size=(tau, batch, D_X)).astype(dtype)
    return Trees(x, left, right, leaf, np.array([tree[3] for tree in trees]))


def forest_of(x):
    rows = range(x.x.shape[1])
    parts = (x.left, x.right, x.leaf)
    return interleave([Forest(*(p[:, b] for p in parts), x.root[[b]]) for b in rows])


def by_tree(nodes, batch):
    """Return what stands at the nodes of all trees, (n B, d), as (n, B, d)."""
    return nodes.reshape(batch, -1, nodes.shape[-1]).swapaxes(0, 1)


def by_node(h):
    return h.swapaxes(0, 1).reshape(-1, h.shape[-1])


def forward(p):
    return p.net.forward(p.x.x.reshape(-1, p.x.x.shape[-1]), forest_of(p.x), p.theta)


def found(p, back):
    grad_x = Trees(back.grad_x.reshape(p.x.x.shape), None, None, None, None)
    return Grads(back.grad, grad_x, None, by_tree(back.grad_h, p.x.x.shape[1]))


def walk_trees(p):
    run = forward(p)
    return Out(by_tree(run.h, p.x.x.shape[1]), run.root, run)


def back_trees(p, run):
    return found(p, p.net.backward(p.grad_state, run, p.theta, grad_h=by_node(p.grad_h)))


def walk_outputs(p):
    run = forward(p)
    batch = p.x.x.shape[1]
    return Out(by_tree(run.o, batch), run.state, run)


def back_outputs(p, run):
    return found(p, p.net.backward(by_node(p.grad_h), run, p.theta))._replace(h=None)


def tree_case(name, net, oracle, walk, back, tags="", **own):
    of_net = maker(net, drawn, sizes(**own), walk, stateful=False)

    def make(seed, tau, batch, dtype=np.float64, lengths=False):
        p = of_net(seed, tau, batch, dtype)
        if "full" not in tags:
            return p
        at_root = like(np.random.default_rng(seed), walk(p).state, dtype)
        return p._replace(grad_state=at_root)

    return Case(name, make, oracle, frozenset(tags.split()), walk, back)


NETS = [
    n.Recursive(node, phi, leaf)
    for node in ("affine", "tensor")
    for phi in ("tanh", "relu", "sigmoid", "linear")
    for leaf in ("node", "linear")
]

TREES = [
    *[
        tree_case(
            f"recursive-{net.node}-{net.nonlinearity}-{net.leaf}",
            net,
            recursive(net),
            walk_trees,
            back_trees,
            "full",
        )
        for net in NETS
    ],
    *[
        tree_case(
            f"{name}-{net.layer.node}-{net.layer.leaf}",
            net,
            readout(net, kind is n.NodeOutput),
            walk_outputs,
            back_outputs,
            d_y=D_Y,
        )
        for kind, name in [(n.RecursiveOutput, "root-output"), (n.NodeOutput, "node-output")]
        for net in [kind(n.Recursive()), kind(n.Recursive("tensor", leaf="linear"))]
    ],
]
