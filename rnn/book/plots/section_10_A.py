r"""The figures of the appendix on speed."""

import math
import statistics
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from rnn.book.style import COLOURS

__all__ = ["means_of_auto", "plot_auto", "plot_ladder", "rows_of_auto", "time_paths"]

PATHS = ("loop", "hoisted", "fused", "library")
MARKERS = {"RNN": "o", "GRU": "s", "LSTM": "D"}


def time_paths(net, x, repeats=5):
    r"""Return the median microseconds a step of each path, forward and backward."""
    taken = {}
    for path in PATHS:
        net.path = path
        _seconds(net, x)
        taken[path] = statistics.median(_seconds(net, x) for _ in range(repeats))
    return {path: 1e6 * t / len(x) for path, t in taken.items()}


def _seconds(net, x):
    start = time.perf_counter()
    h, _ = net(x)
    torch.autograd.grad(h.sum(), list(net.parameters()))
    return time.perf_counter() - start


def plot_ladder(times):
    r"""Draw the microseconds a step of each path as bars, a panel for each kind of cell."""
    axes = plt.subplots(1, len(times), figsize=(9, 2.5), sharex=True, sharey=True)[1]
    for ax, (kind, taken) in zip(axes, times.items(), strict=True):
        bars = ax.barh(list(taken), list(taken.values()), color=COLOURS["h"])
        ax.bar_label(bars, fmt="%.0f", padding=3)
        ax.set(title=f"{kind}: {min(taken, key=taken.get)} is the fastest")
        ax.set_xlabel("microseconds a step")
        ax.margins(x=0.15)
    axes[0].invert_yaxis()
    plt.show()


def means_of_auto(result):
    r"""Return, for each kind of cell, the geometric mean over shapes of peer's time over ours."""
    return {
        kind: statistics.geometric_mean(row["auto"]["ratio"] for row in shapes.values())
        for kind, shapes in result["measured"]["training"].items()
    }


def rows_of_auto(result):
    r"""Return ratio and quartiles of "auto" for every kind and shape."""
    by_kind = result["measured"]["training"].values()
    return [row["auto"] for shapes in by_kind for row in shapes.values()]


def plot_auto(result):
    r"""Draw how many times as fast as `torch.nn` the path "auto" is, at each shape."""
    ax, training = plt.subplots(figsize=(8, 3.4))[1], result["measured"]["training"]
    shapes = sorted(training["RNN"], key=lambda shape: math.prod(map(int, shape.split("x"))))
    for k, kind in enumerate(MARKERS):
        rows = [training[kind][shape]["auto"] for shape in shapes]
        middle = np.array([row["ratio"] for row in rows])
        ends = np.array([[row["low"], row["high"]] for row in rows]).T
        places = np.arange(len(rows)) + 0.2 * (k - 1)
        spread = np.abs(ends - middle)
        ax.errorbar(places, middle, spread, fmt=MARKERS[kind], capsize=3, label=kind)
    ax.axhline(1, color="0.5", lw=1)
    ax.set_yscale("log", base=2)
    ax.set_yticks([0.5, 1, 2, 4, 8], ["½", "1", "2", "4", "8"])
    labels = ["{} × {}\n{} × {}".format(*shape.split("x")) for shape in shapes]
    ax.set_xticks(range(len(shapes)), labels, fontsize=9)
    ax.set(title="Ahead where steps are small, level where they are large")
    ax.set_ylabel("times as fast")
    ax.set_xlabel("steps × batch, inputs × units")
    ax.legend()
    plt.show()
