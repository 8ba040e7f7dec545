r"""Finite automata with two equally likely ways on from every state: the Reber grammars.

A state is a pair of edges, an edge is a symbol and the state that it leads to. One state after the
last is the end, from which nothing leads on.
"""

from typing import NamedTuple

import numpy as np

from rnn.tasks._common import conditional_entropy

__all__ = ["Automaton", "automaton", "follow", "memoryless_loss", "walk"]


class Automaton(NamedTuple):
    r"""Hold the edges of an automaton with n states, the end state being the last of them.

    Attributes
    ----------
    symbol, target : integer arrays, (n, 2)
        What each edge says and where it leads; a state with one way on has it twice, and the end
        says -1 and stays.
    alphabet : str
        The symbols; the index is the class.
    """

    symbol: np.ndarray
    target: np.ndarray
    alphabet: str


def automaton(edges, alphabet):
    r"""Number the edges, given for each state as one or two pairs such as ``("T", 2)``."""
    pairs = [(state[0], state[-1]) for state in edges]
    symbol = [[alphabet.index(s) for s, _ in pair] for pair in pairs] + [[-1, -1]]
    target = [[to for _, to in pair] for pair in pairs] + [[len(edges)] * 2]
    return Automaton(np.array(symbol), np.array(target), alphabet)


def walk(rng, machine, batch, steps=None):
    r"""Draw strings (steps, B), -1 after the end; without `steps`, until all have ended."""
    state, end = np.zeros(batch, int), len(machine.symbol) - 1
    path = []
    while (state < end).any() if steps is None else len(path) < steps:
        way = rng.integers(0, 2, batch)
        path.append(machine.symbol[state, way])
        state = machine.target[state, way]
    return np.array(path, int).reshape(len(path), batch)


def follow(machine, classes):
    r"""Return which symbols may follow each symbol of the strings, bool (steps, B, k).

    -1 stands for no symbol, after the end. A ValueError names a symbol that may not stand there.
    """
    end, k = len(machine.symbol) - 1, len(machine.alphabet)
    leads = np.full((end + 1, k + 1), -1)
    for way in (0, 1):
        leads[np.arange(end + 1), machine.symbol[:, way]] = machine.target[:, way]
    leads[:, k] = end
    legal = np.zeros((*classes.shape, k), bool)
    state = np.zeros(classes.shape[1], int)
    for t, now in enumerate(classes):
        state = leads[state, now]
        if (state < 0).any():
            row = int(state.argmin())
            wrong = machine.alphabet[now[row]]
            raise ValueError(f"x: {wrong!r} at (t, batch) = ({t}, {row}) breaks the grammar")
        legal[t] = leads[state, :k] >= 0
    return legal


def memoryless_loss(machine, steps=None):
    r"""Return the entropy of a symbol given the one before, in nats.

    Both are counted over whole strings, or over the first `steps` steps. How often each state is
    visited on average, v, solves :math:`v = e_0 + P^\top v`, where P holds the probabilities of
    passing from state to state; over a number of steps it is :math:`\sum_t (P^\top)^t e_0`.
    """
    n, k = len(machine.symbol), len(machine.alphabet)
    states = np.arange(n - 1)
    says, P, joint = np.zeros((n, k)), np.zeros((n, n)), np.zeros((k, k))
    for way in (0, 1):
        says[states, machine.symbol[:-1, way]] += 0.5
        P[states, machine.target[:-1, way]] += 0.5
    visits = _visits(P, steps)
    for way in (0, 1):
        then = visits[:-1, None] / 2 * says[machine.target[:-1, way]]
        np.add.at(joint, machine.symbol[:-1, way], then)
    return conditional_entropy(joint)


def _visits(P, steps):
    now = np.eye(len(P))[0]
    if steps is None:
        return np.append(np.linalg.solve(np.eye(len(P) - 1) - P[:-1, :-1].T, now[:-1]), 0)
    total = np.zeros(len(P))
    for _ in range(steps):
        total, now = total + now, now @ P
    return total
