r"""Speed of the PyTorch twin on the CPU: every path of RNN, GRU and LSTM against `torch.nn`.

float32, x to all states, and for training the gradients of all weights and biases from a gradient
at every state. Ours and the peer's take turns; the median of the ratios counts, with the quartiles
beside it. ``auto`` is measured like the other paths. Threads are what ``OMP_NUM_THREADS`` says.

``--quick`` does less and records nothing. From what is stored `experiments.paths` derives which
path ``auto`` takes.
"""

import sys
import time

import torch

from experiments.bench_cpu import SHAPES, key, mean_ratio
from experiments.record import record
from experiments.timing import pairs
from rnn import pytorch

PATHS = ("loop", "hoisted", "fused", "library", "auto")
KINDS = ("RNN", "GRU", "LSTM")
REPEATS = 15
SLOW = ("loop", "hoisted")  # measured fewer times


def main():
    r"""Measure, print and record."""
    quick = "--quick" in sys.argv[1:]
    shapes = [s for s in SHAPES if s[-1] <= 128][:2] if quick else SHAPES
    start, repeats = time.perf_counter(), 3 if quick else REPEATS
    measured = {
        mode: {kind: {key(s): measure(kind, s, mode, repeats) for s in shapes} for kind in KINDS}
        for mode in ("training", "inference")
    }
    measured["forced"] = {str(B): forced_feedback(B, repeats) for B in (1, 8, 32)}
    print(table(measured))
    if not quick:
        settings = {"repeats": REPEATS, "dtype": "float32", "unit": "milliseconds"}
        seconds = time.perf_counter() - start
        record("bench_torch", seeds=[0], measured=measured, settings=settings, seconds=seconds)


def measure(kind, shape, mode, repeats):
    r"""Compare every path that can run with the peer; return one row a path."""
    tau, batch, d_x, d_h = shape
    torch.manual_seed(0)
    ours, peer = getattr(pytorch, kind)(d_x, d_h), getattr(torch.nn, kind)(d_x, d_h)
    x, grad_h = torch.randn(tau, batch, d_x), torch.randn(tau, batch, d_h)
    rows = {}
    for path in PATHS:
        ours.path = path
        if path != "auto" and ours.why_not(path, ours.request(x, ours.theta, None)):
            continue
        run = {m: runner(m, x, grad_h, mode) for m in (peer, ours)}
        times = max(3, repeats // 4) if path in SLOW else repeats
        rows[path] = pairs(run[peer], run[ours], times, ("peer", "ours"))
    return rows


def runner(module, x, grad_h, mode):
    r"""Return a function that runs a module forward, and back if it is for training."""
    parameters = list(module.parameters())

    def train():
        torch.autograd.grad(module(x)[0], parameters, grad_h)

    def infer():
        with torch.no_grad():
            module(x)

    return train if mode == "training" else infer


def forced_feedback(batch, repeats, tau=1000, d_x=16, d_h=128, d_y=16):
    r"""Compare teacher-forced output recurrence, all steps at once, with its loop."""
    torch.manual_seed(0)
    cell = pytorch.Feedback(pytorch.Memoryless(d_x, d_h), d_y)
    y = torch.randn(tau, batch, d_y)
    fed = pytorch.feed(y, torch.randn(tau, batch, d_x), d_y=d_y)

    def run(path):
        cell.path = path
        torch.autograd.grad(cell(fed)[0], list(cell.parameters()), y)

    times = max(3, repeats // 3)
    return pairs(lambda: run("loop"), lambda: run("auto"), times, ("loop", "auto"))


def table(measured):
    r"""Lay out how many times as fast as the peer each path is, as text."""
    lines = []
    for mode in ("training", "inference"):
        lines += [f"{mode}: times as fast as torch.nn, median (quartiles)"]
        for kind, by_shape in measured[mode].items():
            for shape, rows in by_shape.items():
                cells = "".join(f"{path:>10} {text(row)}" for path, row in rows.items())
                lines.append(f"{kind:5}{shape:16}{cells}")
            auto = mean_ratio({shape: rows["auto"] for shape, rows in by_shape.items()})
            lines.append(f"{kind:5}geometric mean of auto {auto:.2f}")
    forced = [f"B = {B}: {row['ratio']:.0f}" for B, row in measured["forced"].items()]
    return "\n".join([*lines, f"forced output recurrence, times as fast as its loop: {forced}"])


def text(row):
    return f"{row['ratio']:5.2f} ({row['low']:.2f}-{row['high']:.2f})"


if __name__ == "__main__":
    main()
