"""The worst error of a case, by kind of evidence: what the tests bound and a table can show."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import axes
import numpy as np
from compare import VARIED, converted, derivatives, furthest, gradient_error, relative, worst_of

from rnn._tree import tree_leaves, tree_map
from rnn.reference.cells import Cell

SHAPES = [(tau, batch) for tau in (1, 2, 7) for batch in (1, 2, 3)]


def problems(case):
    """Make small problems of all shapes, with and without lengths and a gradient at the end."""
    for k, (tau, batch) in enumerate(SHAPES):
        for lengths in {False, "lengths" in case.tags}:
            p = case.make(k, tau, batch, lengths=lengths)
            yield p._replace(grad_state=None) if k % 2 else p


def by_rows(case, xp, p):
    """Return the outputs and the last state of each row, by the oracle."""

    def one(b):
        state = None if p.state is None else tree_map(lambda leaf: leaf[b], p.state)
        x = axes.row(p.x, b, None if p.lengths is None else p.lengths[b])
        return case.oracle(xp, state, x, p.theta)

    return [one(b) for b in range(p.grad_h.shape[1])]


def loss(xp, p, rows):
    """Weigh all outputs and last states with the gradients that arrive there."""
    total = 0
    for b, (outputs, last) in enumerate(rows):
        pairs = [(h, p.grad_h[k]) for k, h in enumerate(outputs)]
        if p.grad_state is not None:
            pairs += zip(tree_leaves(last), tree_leaves(p.grad_state), strict=True)
        total = total + sum((h * xp.asarray(g[b])).sum() for h, g in pairs)
    return total


def oracle_error(case):
    """Compare outputs and last states with the oracle."""
    return worst_of(_oracle_error(case, p) for p in problems(case))


def _oracle_error(case, p):
    out, errors = case.walk(p), []
    for b, (outputs, last) in enumerate(by_rows(case, np, p)):
        expected = np.array(outputs).reshape(-1, out.h.shape[-1])
        errors.append(relative(out.h[: len(outputs), b], expected))
        errors.append(furthest(tree_map(lambda leaf, b=b: leaf[b], out.state), last))
    return worst_of(errors)


def autograd_error(case):
    """Compare outputs and gradients with PyTorch's, through the oracle."""
    return worst_of(_autograd(case, p)[0] for p in problems(case))


def full_gradient_error(case):
    """Compare the full gradient at each output, its own and all later ways, with PyTorch's."""
    return worst_of(_autograd(case, p)[1] for p in problems(case))


def _autograd(case, p):
    import torch

    free = converted(p, lambda leaf: torch.tensor(leaf, requires_grad=True))
    rows = by_rows(case, torch, free)
    for h in (h for outputs, _ in rows for h in outputs if h.requires_grad):
        h.retain_grad()
    total = loss(torch, p, rows)
    if getattr(total, "requires_grad", False):
        total.backward()
    out = case.walk(p)
    found = case.back(p, out.run)
    expected = {name: tree_map(_grad_of, getattr(free, name)) for name in VARIED}
    full, h = np.zeros(p.grad_h.shape), np.array(out.h)
    for b, (outputs, _) in enumerate(rows):
        for t, one in enumerate(outputs):
            full[t, b], h[t, b] = _grad_of(one), one.detach()
    errors = [relative(out.h, h), gradient_error(found, expected)]
    return worst_of(errors), furthest(found.h, full)


def _grad_of(leaf):
    if leaf is None or getattr(leaf, "grad", None) is None:
        return None if leaf is None else np.zeros(np.shape(leaf))
    return leaf.grad.numpy()


def complex_step_error(case, tau=3, batch=2):
    """Compare the gradients with the derivatives of the NumPy oracle by a complex step."""
    p = case.make(5, tau, batch, lengths="lengths" in case.tags)
    vary = converted(p, lambda leaf: leaf.astype(complex))

    def slope(array, index):
        array[index] += 1e-30j
        value = loss(np, vary, by_rows(case, np, vary))
        array[index] = array[index].real
        return np.imag(value) / 1e-30

    found = case.back(p, case.walk(p).run)
    return gradient_error(found, derivatives(p, vary, slope, found))


def difference_error(case, by=1e-5):
    """Compare the gradients with central differences of the package's own forward pass."""
    p = case.make(6, 3, 2, lengths="lengths" in case.tags)
    vary = converted(p, np.copy)

    def moved(array, index, by):
        kept = array[index]
        array[index] = kept + by
        out = case.walk(vary)
        array[index] = kept
        total = (inside(case, p) * p.grad_h * out.h).sum()
        if p.grad_state is None:
            return total
        last = zip(tree_leaves(out.state), tree_leaves(p.grad_state), strict=True)
        return total + sum((s * g).sum() for s, g in last)

    def slope(array, index):
        return (moved(array, index, by) - moved(array, index, -by)) / (2 * by)

    found = case.back(p, case.walk(p).run)
    return gradient_error(found, derivatives(p, vary, slope, found))


def inside(case, p):
    """Tell which outputs count, as floats (K, 1, 1) or (K, B, 1)."""
    if p.lengths is None or "end" in case.tags:
        return np.ones((len(p.grad_h), 1, 1))
    return (np.arange(len(p.grad_h))[:, None] < p.lengths)[..., None].astype(float)


def walk_error(case):
    """Compare a cell's own walk with the one that the contract defines by `step`."""
    return worst_of(apart(case, p, p._replace(net=by_steps(p.net))) for p in problems(case))


def by_steps(cell):
    """Return a cell that walks as `Cell` does."""
    walks = {"walk": Cell.walk, "walk_back": Cell.walk_back}
    slow = type(f"Slow{type(cell).__name__}", (type(cell),), walks)
    return slow(*(getattr(cell, field.name) for field in dataclasses.fields(cell)))


def single_error(case):
    """Compare float32 with float64 over 50 steps, outputs and gradients."""
    p = case.make(7, 50, 3, np.float32, lengths="lengths" in case.tags)
    return apart(case, p, converted(p, np.float64, (*VARIED, "grad_h", "grad_state")))


def apart(case, p, other):
    """Return the worst error of all that one problem gives against another."""
    out, expected = case.walk(p), case.walk(other)
    grads = furthest(case.back(p, out.run), case.back(other, expected.run))
    return worst_of([furthest(out[:2], expected[:2]), grads])


class Kind(NamedTuple):
    """A kind of evidence: its error, what the error may be, the tag that it asks for."""

    error: Callable
    bound: float
    tag: str | None = None
    needs_torch: bool = False


KINDS = {
    "oracle": Kind(oracle_error, 1e-12),
    "autograd": Kind(autograd_error, 1e-12, needs_torch=True),
    "complex step": Kind(complex_step_error, 1e-12),
    "differences": Kind(difference_error, 1e-6),
    "full gradient": Kind(full_gradient_error, 1e-12, "full", needs_torch=True),
    "steps": Kind(walk_error, 1e-12, "walk"),
    "float32": Kind(single_error, 2e-6),
}


def of(case):
    """Return the kinds of evidence that there are for a case, by name."""
    return {name: kind for name, kind in KINDS.items() if kind.tag in case.tags | {None}}


def worst_errors(case):
    """Return the worst error of a case for each kind of evidence that there is for it."""
    return {name: kind.error(case) for name, kind in of(case).items()}
