"""Explicit memories, and the unit that says when to stop: cells that put out two things at once."""

from dataclasses import replace

import numpy as np
import oracles_cells as of
from oracles_memory import explicit_memory, stop_unit
from problems import D_Y, FORCED, cell, fed, plain

from rnn.reference import cells as c
from rnn.reference.nets import sequences as s

SMALL = {"slots": 4, "d_m": 2}
APART = 10  # from these draws on no slot passes close to zero, where its direction has no float32


def focused(tree, rng):
    """Return a state in which every head looks somewhere: weights above zero that sum to one."""
    if not isinstance(tree, tuple):
        return tree
    tree = type(tree)(*(focused(part, rng) for part in tree))
    if not isinstance(tree, c.MemoryState):
        return tree
    drawn = rng.dirichlet(np.ones(tree.M.shape[1]), (2, len(tree.M))).astype(tree.M.dtype)
    return tree._replace(reading=drawn[0], writing=drawn[1])


def remembering(name, net, oracle, reads=plain, without="walk", more="", **own):
    """Return the case of a cell with an explicit memory, whose heads begin on the simplex."""
    one = cell(name, net, oracle, reads, without, more, **own)

    def make(seed, *args, **options):
        p = one.make(seed + APART, *args, **options)
        return p._replace(state=focused(p.state, np.random.default_rng(seed)))

    return replace(one, make=make)


def memory(inner, oracle, **choices):
    net = c.ExplicitMemory(inner, **SMALL, **choices)
    return net, explicit_memory(oracle, net)


MEMORIES = [
    *[
        remembering(f"memory-{name}-{where}", *memory(one, oracle, addressing=where, **shifts))
        for name, one, oracle, shifts in [
            ("rnn", c.RNN(), of.rnn(), {}),
            ("memoryless", c.Memoryless(), of.memoryless(), {}),
            ("lstm", c.LSTM(), of.lstm(), {"shifts": (2, 0)}),
        ]
        for where in ("both", "content", "location")
    ],
    remembering(
        "memory-memory",
        *memory(*memory(c.RNN(), of.rnn())),
        without="walk full",
    ),
    *[
        remembering(
            f"feedback-memory-{own}-{when}",
            c.Feedback(net, own),
            of.feedback(oracle, own),
            fed(FORCED[when]),
            without="",
            more="own" * (when != "taught"),
            d_y=D_Y,
        )
        for net, oracle in [memory(c.Memoryless(), of.memoryless())]
        for own, when in [("o", "taught"), ("softmax", "mixed"), ("o", "free")]
    ],
]

STOPS = [
    cell(
        f"stop-{name}-{own}-{when}",
        s.StopUnit(c.Feedback(one, own)),
        stop_unit(oracle, own),
        fed(FORCED[when]),
        "walk",
        "own" * (own != "argmax" and when != "taught"),
        d_y=D_Y,
    )
    for name, one, oracle in [("rnn", c.RNN(), of.rnn()), ("lstm", c.LSTM(), of.lstm())]
    for own, when in [("argmax", "taught"), ("softmax", "mixed"), ("o", "free")]
]

REMEMBERING = [*MEMORIES, *STOPS]
