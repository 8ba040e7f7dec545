r"""A walk as a CUDA graph: all its kernels are launched at once, not one by one from Python.

Shapes must be the same from call to call; each combination is captured once, and the last few are
kept. Inputs are copied into a graph and results out of it, so that calls do not see each other. The
way back is a graph of its own, which walks forward once more and needs nothing kept in between.
"""

from collections import OrderedDict
from weakref import WeakKeyDictionary

import torch

from rnn._tree import tree_leaves, tree_map
from rnn.pytorch.cells.carry import Still

__all__ = ["Captured", "walk_captured"]

KEPT = 8  # combinations of shapes for each cell
WARM_UP = 3
PLANS: WeakKeyDictionary = WeakKeyDictionary()


class Captured:
    r"""Capture a function of tensors that returns a tuple of tensors, for tensors like these."""

    def __init__(self, f, tensors):
        self.inputs = [tensor.detach().clone() for tensor in tensors]
        side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                f(*self.inputs)
        torch.cuda.current_stream().wait_stream(side)
        with torch.cuda.graph(graph):
            self.outputs = f(*self.inputs)
        self.graph = graph

    def __call__(self, *tensors):
        for own, given in zip(self.inputs, tensors, strict=True):
            own.copy_(given)
        self.graph.replay()
        return tuple(output.clone() for output in self.outputs)


class Plan:
    r"""Hold the graphs of one walk: forward, and back as soon as it is asked for."""

    def __init__(self, walk, tensors):
        self.walk = walk
        self.forward = Captured(self._forward, tensors)
        self._back = None

    def back(self, *tensors):
        r"""Return gradients at the tensors that float, given those and the gradients of outputs."""
        self._back = self._back or Captured(self._backward, tensors)
        return self._back(*tensors)

    def _forward(self, *tensors):
        with torch.no_grad():
            return tuple(self.walk(*tensors))

    def _backward(self, *tensors):
        n = len(self.forward.inputs)
        inputs = [t.detach().requires_grad_(t.dtype.is_floating_point) for t in tensors[:n]]
        with torch.enable_grad():
            outputs = self.walk(*inputs)
        pairs = [(o, g) for o, g in zip(outputs, tensors[n:], strict=True) if o.requires_grad]
        wanted = [t for t in inputs if t.requires_grad]
        options = {"allow_unused": True, "materialize_grads": True}
        outputs, grads = zip(*pairs, strict=True)
        return torch.autograd.grad(outputs, wanted, grads, **options)


class Replay(torch.autograd.Function):
    r"""Run a plan forward, and back."""

    @staticmethod
    def forward(ctx, plan, *tensors):
        ctx.plan = plan
        ctx.save_for_backward(*tensors)
        outputs = plan.forward(*tensors)
        whole = [o for o in outputs if not o.dtype.is_floating_point]
        ctx.mark_non_differentiable(*whole)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *grads):
        tensors = ctx.saved_tensors
        found = iter(ctx.plan.back(*tensors, *grads))
        floats = [t.dtype.is_floating_point for t in tensors]
        return None, *[next(found) if is_float else None for is_float in floats]


def walk_captured(cell, state, x, theta, counted):
    r"""Walk a cell as a graph; return outputs (tau, B, d_out) and the last state."""
    trees = (cell.drive(x, theta), state, theta, () if counted is None else (counted,))
    tensors = [_bare(leaf) for leaf in tree_leaves(trees)]
    fuses = cell.why_not("fused", cell.request(x, theta, counted)) is None
    plan = _plan(cell, fuses, trees, tensors)
    h, *last = Replay.apply(plan, *tensors)
    last = iter(last)
    return h, tree_map(lambda _: next(last), state)


def _plan(cell, fuses, trees, tensors):
    r"""Find the plan for tensors of these shapes, or capture it and forget the oldest."""
    plans = PLANS.setdefault(cell, OrderedDict())
    key = tuple((tuple(t.shape), t.dtype, t.device) for t in tensors), len(trees[3])
    if key not in plans:
        plans[key] = Plan(_function(cell, fuses, trees), tensors)
        while len(plans) > KEPT:
            plans.popitem(last=False)
    plans.move_to_end(key)
    return plans[key]


def _function(cell, fuses, trees):
    r"""Return the walk, fused if it can be, as a function of a flat list of tensors."""
    still = [isinstance(leaf, Still) for leaf in tree_leaves(trees)]
    shape = tree_map(lambda _: None, trees)

    def walk(*tensors):
        leaves = iter(Still(t) if s else t for t, s in zip(tensors, still, strict=True))
        z, state, theta, counted = tree_map(lambda _: next(leaves), shape)
        parts = state, z, theta, counted[0] if counted else None
        h, last = cell.driven("fused" if fuses else "hoisted", *parts)
        return h, *tree_leaves(last)

    return walk


def _bare(leaf):
    return leaf.tensor if isinstance(leaf, Still) else leaf
