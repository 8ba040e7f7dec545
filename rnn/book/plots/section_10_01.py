r"""The measured figures of section 10.1. Dots are seeds; grey is what does not share.

Each function shows its figure at once, so that it stands above what the cell says next.
"""

import matplotlib.pyplot as plt
import numpy as np

from rnn.book.style import COLOURS

__all__ = [
    "plot_few_examples",
    "plot_influence",
    "plot_memory",
    "plot_new_places",
    "plot_probes",
    "plot_widths",
]

SHARED, SEPARATE = COLOURS["state"], COLOURS["initial"]


def plot_influence(tables):
    r"""Show how much each output depends on each input, one panel a net, on a log scale."""
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3), sharey=True)
    titles = "recurrent: all of the past", "convolution: three steps", "reversed: all of the future"
    for ax, title, table in zip(axes, titles, tables, strict=True):
        seen = np.log10(table, where=table > 0, out=np.full_like(table, np.nan))
        picture = ax.imshow(seen, cmap="Blues", vmin=-3.5, vmax=1, extent=(0.5, 12.5, 12.5, 0.5))
        ax.grid(False)
        ax.set_facecolor("#D8D8D8")
        ax.set_title(title, fontsize=10)
        ax.set(xlabel="input $j$", xticks=[1, 6, 12], yticks=[1, 6, 12])
    axes[0].set_ylabel("output $t$")
    bar = figure.colorbar(picture, ax=axes, ticks=[-2, -1, 0, 1], shrink=0.8)
    bar.ax.set_yticklabels(["0.01", "0.1", "1", "10"])
    bar.set_label("dependence")
    plt.show()


def plot_new_places(measured):
    r"""Compare the nets where the year stood in training and where it never did."""
    ax = plt.subplots(figsize=(6.4, 3))[1]
    looks = {"rnn": (SHARED, "o"), "hurried": (SHARED, "x"), "mlp": (SEPARATE, "o")}
    labels = "recurrent", "recurrent, hurried", "fully connected"
    for k, ((net, (colour, mark)), label) in enumerate(zip(looks.items(), labels, strict=True)):
        for place, kind in enumerate(("seen", "held_out")):
            dots = measured[f"{net}_{kind}"]
            where = place + 0.2 * k + np.linspace(-0.05, 0.05, len(dots))
            ax.scatter(where, dots, color=colour, marker=mark, s=24, label=None if place else label)
    ax.axhline(0.1, color=COLOURS["ink"], ls=":", lw=1)
    ax.text(0.7, 0.12, "chance", fontsize=9)
    ax.set(
        title="Shared weights can be right at a new place, separate ones cannot",
        ylabel="fraction right",
    )
    ax.set(xticks=[0.2, 1.2], xticklabels=["places seen in training", "new places"], ylim=(0, 1.05))
    ax.legend(loc="center left", bbox_to_anchor=(0.02, 0.45))
    plt.show()


def plot_few_examples(sizes, measured):
    r"""Plot accuracy on new sequences against the number of training sequences."""
    ax = plt.subplots(figsize=(6.4, 3.2))[1]
    looks = {"tied": SHARED, "untied": SEPARATE, "separate": COLOURS["context"]}
    labels = "one f", "a transition for each step", "a net for each length"
    for (name, colour), label in zip(looks.items(), labels, strict=True):
        values = [measured[f"{name}_{n}"] for n in sizes]
        ax.semilogx(sizes, values, "o", ms=3, color=colour, alpha=0.5)
        ax.semilogx(sizes, np.mean(values, axis=1), color=colour, label=label)
    ax.axhline(0.95, color=COLOURS["ink"], ls=":", lw=1)
    ax.set(
        title="One shared transition needs fewer examples", xlabel="training sequences (log scale)"
    )
    ax.set(ylabel="fraction of steps right", xticks=sizes, xticklabels=sizes, ylim=(0.5, 1.02))
    ax.minorticks_off()
    ax.legend()
    plt.show()


def plot_memory(curves):
    r"""Plot how well the input of k steps ago can be read out of linear states of several sizes."""
    ax = plt.subplots(figsize=(6.4, 3))[1]
    for N, r2 in curves.items():
        shade = 0.3 + 0.7 * N / max(curves)
        label = f"N = {N}: sum {r2.sum():.2f}"
        ax.plot(r2, "o-", ms=3, lw=1, color=SHARED, alpha=shade, label=label)
    ax.set(title="The memory of all lags together is at most N", xlabel="lag $k$ (steps)")
    ax.set(ylabel="share $r^2_k$", xlim=(-0.5, 40), ylim=(-0.03, 1.05))
    ax.legend(title="units")
    plt.show()


def plot_probes(measured):
    r"""Show what linear probes read out of three nets: worst and best seed of each question."""
    nets, questions = ("untrained", "A", "B"), ("bit_1", "bit_2", "parity_1", "parity_2")
    values = np.array([[measured[f"{net}_{q}"] for q in questions] for net in nets])
    ax = plt.subplots(figsize=(6.6, 2.6))[1]
    ax.imshow(values.mean(axis=-1), cmap="Blues", vmin=0.4, vmax=1.15, aspect="auto")
    for (row, column), low in np.ndenumerate(values.min(axis=-1)):
        text = f"{low:.2f} – {values[row, column].max():.2f}"
        colour = "white" if values[row, column].mean() > 0.9 else COLOURS["ink"]
        ax.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
    ax.grid(False)
    ax.set(title="A state keeps what it is asked for", yticks=range(3), xticks=range(4))
    ax.set_yticklabels(["before training", "A: parity of stream 1", "B: parity of stream 2"])
    ax.set_xticklabels(["last bit 1", "last bit 2", "parity 1", "parity 2"])
    plt.show()


def plot_widths(widths, measured):
    r"""Plot what is missing to perfection, for prediction and for giving the input back."""
    left, right = axes = plt.subplots(1, 2, figsize=(8, 3))[1]
    excess = [measured[f"excess_{n}"] for n in widths]
    wrong = 1 - np.array([measured[f"right_{n}"] for n in widths])
    for ax, values in zip(axes, (excess, wrong), strict=True):
        ax.semilogx(widths, values, "o", ms=3, color=SHARED, alpha=0.5)
        ax.semilogx(widths, np.mean(values, axis=1), color=SHARED)
        ax.set(xlabel="units", xticks=widths, xticklabels=widths)
        ax.minorticks_off()
    _level(left, np.mean(measured["excess_memoryless"]), "no memory", widths[-1])
    _level(right, 1 - np.mean(measured["right_blind"]), "blind guess", widths[-1])
    left.set(title="One unit is enough to predict", ylabel="excess loss (nats a symbol)")
    right.set(title="Eight units lose no symbol", ylabel="fraction of symbols wrong")
    left.set_ylim(-0.005, 0.165)
    right.set_ylim(-0.013, 0.4)
    plt.show()


def _level(ax, height, name, end):
    ax.axhline(height, color=COLOURS["ink"], ls=":", lw=1)
    ax.text(end, height, name, fontsize=9, ha="right", va="bottom")
