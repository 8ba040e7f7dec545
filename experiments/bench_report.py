r"""The benchmark as a table and as a figure."""

import math

import numpy as np

from experiments.record import RESULTS

__all__ = ["figure", "table"]


KINDS = ("RNN", "GRU", "LSTM")


def table(measured):
    r"""Lay out what was measured, as text."""
    lines = [f"{'tau x B x d_x x d_h':20}" + "".join(f"{kind:>24}" for kind in KINDS)]
    for shape in measured["speed"]["RNN"]:
        cells = [measured["speed"][kind][shape] for kind in KINDS]
        spread = [f"{c['ratio']:.2f} ({c['low']:.2f}-{c['high']:.2f})" for c in cells]
        lines.append(f"{shape:20}" + "".join(f"{s:>24}" for s in spread))
    means = "".join(f"{measured['geometric_mean'][kind]:24.2f}" for kind in KINDS)
    rate, sparing = measured["products"]["ratio"], measured["checkpointed"]
    return "\n".join(
        [
            "times as fast as torch.nn: median (quartiles)",
            *lines,
            f"{'geometric mean':20}{means}",
            f"at 512 units {rate:.0%} of the rate of one large matrix product",
            f"checkpointed BPTT over {sparing['shape']}: {sparing['memory']:.1%} of the memory, "
            f"{sparing['ratio']:.2f} times the time",
        ]
    )


def figure(result):
    r"""Draw the ratios to ``bench_cpu.png``."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measured, (fig, ax) = result["measured"], plt.subplots(figsize=(8, 3.6))
    shapes = sorted(measured["speed"]["RNN"], key=size)
    for k, (kind, marker) in enumerate(zip(KINDS, "osD", strict=True)):
        rows = [measured["speed"][kind][shape] for shape in shapes]
        middle = np.array([row["ratio"] for row in rows])
        spread = [middle - [row["low"] for row in rows], [row["high"] for row in rows] - middle]
        places = np.arange(len(shapes)) + 0.2 * (k - 1)
        label = f"{kind}, mean {measured['geometric_mean'][kind]:.1f}"
        ax.errorbar(places, middle, np.abs(spread), fmt=marker, capsize=3, label=label)
    ax.axhline(1, color="0.5", lw=1)
    ax.set_yscale("log", base=2)
    ax.set_yticks([0.5, 1, 2, 4, 8], ["½", "1", "2", "4", "8"])
    ax.set_xticks(range(len(shapes)), [two_lines(shape) for shape in shapes], fontsize=9)
    ax.set_xlabel("steps × batch, inputs × units")
    ax.set_ylabel("times as fast as torch.nn")
    hardware = result["hardware"]
    ax.set_title(
        f"NumPy by hand against torch.nn, {hardware['threads']} threads of {hardware['processor']}",
        fontsize=10,
    )
    ax.legend()
    fig.tight_layout()
    fig.savefig(RESULTS / "bench_cpu.png", dpi=120)


def size(shape):
    r"""Return how many numbers a shape such as ``100x32x64x128`` multiplies to."""
    return math.prod(map(int, shape.split("x")))


def two_lines(shape):
    r"""Write a shape in two lines, so that neighbours do not touch."""
    tau, batch, d_x, d_h = shape.split("x")
    return f"{tau} × {batch}\n{d_x} × {d_h}"
