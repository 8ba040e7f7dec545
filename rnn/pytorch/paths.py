r"""The ways to walk a cell through time, and which of them to take.

loop : one call of f a step, nothing taken out of it. The definition; differentiable twice.
hoisted : the drive of all steps in one product before the walk. Also differentiable twice.
fused : the hoisted walk in place, with a gradient derived by hand. Differentiable once.
lean : as fused, but it keeps h and s alone and computes the gates again on the way back. Only on
    request, where memory is short.
library : oneDNN's or cuDNN's own kernel, where it computes the same.
scan : no walk from step to step, for linear recurrences and where there is none.
graph : the hoisted or fused walk as a CUDA graph, which costs no launches from Python.
"""

import json
import math
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import torch

from rnn._checks import require_choice
from rnn._tree import tree_leaves
from rnn._unfold import unfold
from rnn.pytorch.cells.carry import keep_where, moments, stacked

__all__ = ["PATHS", "Request", "chosen", "explained", "walk", "walk_steps"]

PATHS = ("auto", "loop", "hoisted", "fused", "lean", "library", "scan", "graph")
MEASURED = Path(__file__).with_name("measured.json")
UNMEASURED = ("scan", "fused", "library", "hoisted", "loop")
IN_PLACE = ("fused", "lean", "graph")

is_exporting = getattr(torch.compiler, "is_exporting", lambda: False)  # new in PyTorch 2.7


class Request(NamedTuple):
    r"""Hold what the choice of a path depends on; `told`: no step waits for an output."""

    device: str
    dtype: torch.dtype
    tau: int
    batch: int
    d_h: int
    grad: bool
    lengths: bool
    reverse: bool
    told: bool = False

    @classmethod
    def of(cls, x, theta, counted, d_h, reverse=False):
        r"""Read the request off the arguments of a walk."""
        parameters, read = tree_leaves(theta), tree_leaves(x)
        grad = torch.is_grad_enabled() and any(t.requires_grad for t in [*parameters, *read])
        tau, batch = read[0].shape[:2]
        like = parameters[0]
        has_lengths = counted is not None
        return cls(like.device.type, like.dtype, tau, batch, d_h, grad, has_lengths, reverse)

    @property
    def rests_first(self):
        r"""Tell whether rows rest at the start of the walk, before their first step."""
        return self.lengths and self.reverse


def chosen(cell, path, request):
    r"""Return the path to take and why, or raise ValueError if the one asked for cannot run."""
    require_choice("path", path, PATHS)
    if path == "auto":
        return _automatic(cell, request)
    why_not = _why_not(cell, path, request)
    if why_not is None:
        return path, "you asked for it"
    other, _ = _automatic(cell, request)
    raise ValueError(f"path: {path!r} cannot run here: {why_not}; 'auto' would take {other!r}")


def _why_not(cell, path, request):
    if path in IN_PLACE and is_exporting():
        return "a walk in place cannot be exported"
    if path in (*IN_PLACE, "library") and torch._C._are_functorch_transforms_active():
        return "torch.func cannot look inside"
    return cell.why_not(path, request)


def explained(cell, path, request):
    r"""Return a sentence that names the path that would run, and why."""
    path, why = chosen(cell, path, request)
    return f"{path}: {_WHAT[path]}, because {why}"


def walk(cell, path, state, x, theta, counted):
    r"""Walk by a path that can run; return outputs (tau, B, d_out) and the last state."""
    device, compiling = tree_leaves(theta)[0].device.type, torch.compiler.is_compiling()
    walks = _WHILE_COMPILING if compiling else _WALKS
    if not torch.is_autocast_enabled(device):
        return walks[path](cell, state, x, theta, counted)
    with torch.autocast(device, enabled=False):
        return walks[path](cell, state, x, theta, counted)


def _loop(cell, state, x, theta, counted):
    def f(before, now, theta):
        t, counted_t = now
        z = cell.drive(cell.moment(x, t), theta)
        after = cell.step(before, moments(z)[0][0], theta)
        return keep_where(counted_t, after, before)

    tau = len(tree_leaves(x)[0])
    mask = [None] * tau if counted is None else counted
    return _outputs(cell, state, unfold(f, state, list(zip(range(tau), mask, strict=True)), theta))


def _hoisted(cell, state, x, theta, counted):
    return cell.reading("hoisted", state, x, theta, counted)


def walk_steps(cell, state, z, theta, counted=None):
    r"""Apply ``cell.step`` once for every z; rows rest where `counted` is False."""

    def f(before, now, theta):
        z_t, counted_t = now
        return keep_where(counted_t, cell.step(before, z_t, theta), before)

    return _outputs(cell, state, unfold(f, state, moments(z, counted), theta))


def _outputs(cell, state, states):
    h = stacked([cell.output(s) for s in states], cell.output(state))
    return h, states[-1] if states else state


def _fused(cell, state, x, theta, counted):
    return cell.reading("fused", state, x, theta, counted)


def _lean(cell, state, x, theta, counted):
    return cell.reading("lean", state, x, theta, counted)


def _library(cell, state, x, theta, counted):
    return cell.reading("library", state, x, theta, counted)


def _scan(cell, state, x, theta, counted):
    return cell.reading("scan", state, x, theta, counted)


def _graph(cell, state, x, theta, counted):
    from rnn.pytorch.graphs import walk_captured

    return walk_captured(cell, state, x, theta, counted)


def _eager(f):
    r"""Keep a walk through time out of the compiler, which would unroll it step by step."""
    return torch.compiler.disable(f, recursive=True)


_WALKS = {
    "loop": _loop,
    "hoisted": _hoisted,
    "fused": _fused,
    "lean": _lean,
    "library": _library,
    "scan": _scan,
    "graph": _graph,
}
_WHILE_COMPILING = {n: f if n == "scan" else _eager(f) for n, f in _WALKS.items()}
_WHAT = {
    "loop": "one call of the cell for each step",
    "hoisted": "the drive of all steps in one product, then one step after the other",
    "fused": "the walk in place, with the gradient derived by hand",
    "lean": "the walk in place, which keeps h and s and computes the gates again",
    "library": "the kernel of oneDNN or cuDNN",
    "scan": "no walk from step to step, since the recurrence is linear or there is none",
    "graph": "the walk as a CUDA graph",
}


@_eager
def _automatic(cell, request):
    row = None if is_exporting() else _nearest(cell.kind, *_place(request))
    order = row["order"] if row else UNMEASURED
    path = next(p for p in (*order, *UNMEASURED) if _why_not(cell, p, request) is None)
    if not row or path not in order:
        return path, "nothing was measured for this cell here, and it does the least work"
    shape = "{tau} x {batch} x {d_h}".format(**row)
    return path, f"it was the fastest that can run here at steps x batch x units = {shape}"


def _place(request):
    return request.device, request.grad, request.tau, request.batch, request.d_h


@lru_cache(maxsize=1024)
def _nearest(kind, device, grad, *size):
    r"""Return the measured row whose steps, batch and units are nearest, as ratios."""
    here = kind, device, grad
    rows = [row for row in _measured() if (row["kind"], row["device"], row["grad"]) == here]
    return min(rows, key=lambda row: _distance(row, size), default=None)


def _distance(row, size):
    names = zip(("tau", "batch", "d_h"), size, strict=True)
    return sum(abs(math.log(max(n, 1) / row[name])) for name, n in names)


@cache
def _measured():
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else []
