"""Losses as problems: `bptt` as a net that puts out one number for all rows together."""

import numpy as np
from problems import D_Y, Case, Grads, Out, Problem, like, mixed

from rnn import reference
from rnn._tree import tree_map

LOSSES = {"cross_entropy": "mean", "squared_error": "sum", "bernoulli": "mean"}


def targets(rng, loss, shape, dtype=np.float64):
    """Draw classes, numbers or bits."""
    if loss == "cross_entropy":
        return rng.integers(0, D_Y, shape)
    if loss == "squared_error":
        return rng.normal(size=(*shape, D_Y)).astype(dtype)
    return rng.integers(0, 2, (*shape, D_Y)).astype(dtype)


def bought(name, net, oracle, call, owes, draw):
    """Return the case of a loss: ``call(p)`` gives L and the gradient, `owes` draws an `Owed`."""

    def make(seed, tau, batch, dtype=np.float64, lengths=False):
        rng = np.random.default_rng(seed)
        theta = draw(net, rng, dtype)
        p = Problem(net, theta, None, None, None, np.full((1, 1, 1), 0.5 + seed, dtype), None)
        return p._replace(x=owes(rng, p, tau, batch, seed))

    def walk(p):
        L, grad = call(p)
        return Out(np.asarray(L).reshape(1, 1, 1), (), grad)

    def back(p, grad):
        return Grads(tree_map(lambda g: g * p.grad_h[0, 0, 0], grad), None, None, None)

    return Case(name, make, oracle, frozenset(["loss"]), walk, back)


def whichever(rng, seed, tau, batch):
    """Leave out lengths, or steps, or nothing, from one problem to the next."""
    return (
        mixed(tau, batch) if seed % 2 else None,
        rng.random((tau, batch)) < 0.7 if seed % 3 == 0 else None,
    )


def stated(p, x, rng, seed):
    """Draw a first state, or leave it to the net, from one problem to the next."""
    if seed % 4 == 0:
        return None
    if p.net is reference:
        return rng.normal(size=(x.shape[1], len(p.theta.b))).astype(x.dtype)
    return like(rng, p.net.forward(None, x, p.theta).state, p.grad_h.dtype)
