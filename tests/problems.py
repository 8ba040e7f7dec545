"""What a transversal test walks through: a cell or net, all that goes into it, and its oracle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import oracles_nets as nets_of

from rnn._tree import tree_map
from rnn.reference import cells as c

D_X, D_H, D_Y, PLACES = 2, 4, 3, 3
FORCED = {"taught": 1.1, "free": -1, "mixed": 0.5}  # shares of the steps


class Problem(NamedTuple):
    """A net with all that goes into it, and the gradients that arrive at what comes out."""

    net: Any
    theta: Any
    state: Any
    x: Any
    lengths: Any
    grad_h: Any
    grad_state: Any


class Out(NamedTuple):
    """What a net computed: outputs (K, B, d_out), the last state, and what `back` needs."""

    h: Any
    state: Any
    run: Any


class Grads(NamedTuple):
    """What came back; None where a net gives no such gradient. `h` is the full one at outputs."""

    theta: Any
    x: Any
    state: Any
    h: Any


def walk(p, **options):
    run = p.net.forward(p.state, p.x, p.theta, p.lengths, **options)
    return Out(run.h, run.state, run)


def back(p, run):
    found = p.net.backward(p.grad_h, run, p.theta, grad_state=p.grad_state)
    return Grads(found.grad, found.grad_x, found.grad_state, found.grad_h)


ALL = frozenset(("f", "walk", "causal", "turns", "lengths", "state", "full", "empty"))


@dataclass(frozen=True)
class Case:
    """One cell or net, small, with its oracle (a row at a time) and how it is called.

    `tags` say which tests it has a part in: "f" can be called, one step at a time; "walk" has a
    walk of its own; "causal" can be cut in time; "turns" takes ``reverse=``; "lengths" takes
    lengths; "state" is given a first state and a gradient at the last; "full" returns the full
    gradient at each output; "empty" takes inputs of no steps; "end" puts out one vector a row;
    "own" feeds its outputs back to itself, and a gradient passes there; "loss" puts out one
    number for all rows together.
    """

    name: str
    make: Callable  # (seed, tau, batch, dtype, lengths=bool) -> Problem
    oracle: Callable  # (xp, state, x, theta) -> outputs, state
    tags: frozenset = ALL
    walk: Callable = walk
    back: Callable = back


def mixed(tau, batch):
    """Return unequal lengths, 0 among them where there is more than one row."""
    if batch == 1:
        return np.array([tau // 2])
    return np.array([(tau, 0, (tau + 1) // 2)[k % 3] for k in range(batch)], int)


def like(rng, tree, dtype, whole=False):
    """Draw a tree like another; where that has whole numbers, draw them too, or put zeros."""

    def draw(leaf):
        if np.issubdtype(leaf.dtype, np.integer):
            return rng.integers(0, 4, leaf.shape) if whole else np.zeros(leaf.shape, dtype)
        return rng.normal(size=leaf.shape).astype(dtype)

    return tree_map(draw, tree)


def maker(net, reads, draw, call=walk, stateful=True):
    """Return the `make` of a case, from how its input and its parameters are drawn."""

    def make(seed, tau, batch, dtype=np.float64, lengths=False):
        rng = np.random.default_rng(seed)
        theta, x = draw(net, rng, dtype), reads(rng, tau, batch, dtype)
        p = Problem(net, theta, None, x, mixed(tau, batch) if lengths else None, None, None)
        out = call(p)
        p = p._replace(grad_h=like(rng, out.h, dtype))
        state = like(rng, out.state, dtype, whole=True)
        grad_state = like(rng, out.state, dtype)
        return p._replace(state=state, grad_state=grad_state) if stateful else p

    return make


def sizes(**own):
    """Return what draws parameters of these sizes, by the net's own rule."""
    return lambda net, rng, dtype: net.init_theta(rng, D_X, D_H, dtype=dtype, **own)


def plain(rng, tau, batch, dtype):
    return rng.normal(size=(tau, batch, D_X)).astype(dtype)


def fed(forced, inner=plain):
    """Read x, and the truth at a part `forced` of the steps."""

    def reads(rng, tau, batch, dtype):
        x = inner(rng, tau, batch, dtype)
        y, noise = rng.normal(size=(2, tau, batch, D_Y)).astype(dtype)
        return c.Fed(x, y, rng.random((tau, batch)) < forced, noise)

    return reads


def attended(inner=plain):
    """Read x beside a memory, of which the second row has nothing."""

    def reads(rng, tau, batch, dtype):
        present = rng.random((PLACES, batch)) < 0.7
        present[:, 1:2] = False
        memory = rng.normal(size=(PLACES, batch, 2)).astype(dtype)
        return c.Attended(inner(rng, tau, batch, dtype), memory, present)

    return reads


def in_context(inner=plain):
    """Read x beside one vector."""

    def reads(rng, tau, batch, dtype):
        vector = rng.normal(size=(batch, 2)).astype(dtype)
        return c.InContext(inner(rng, tau, batch, dtype), vector)

    return reads


def cell(name, net, oracle, reads=plain, without="", more="", **own):
    """Return the case of a cell, whose tags are all but those `without`, and `more`."""
    tags = ALL - set(without.split()) | set(more.split())
    return Case(name, maker(net, reads, sizes(**own)), nets_of.layer(oracle).run, tags)
