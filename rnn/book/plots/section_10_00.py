r"""The figure of the start page."""

import matplotlib.pyplot as plt

from rnn.book.style import COLOURS

__all__ = ["plot_losses"]


def plot_losses(losses, levels):
    r"""Plot the loss of each update, and named levels that it must pass."""
    ax = plt.subplots()[1]
    ax.plot(losses, color=COLOURS["L"], lw=1)
    for name, level in levels.items():
        ax.axhline(level, color=COLOURS["ink"], ls=":", lw=1)
        ax.text(len(losses), level, name, ha="right", va="bottom", fontsize=9)
    ax.set(title="The net remembers more than one character", xlabel="update")
    ax.set(ylabel="loss (nats a character)", ylim=(0, 4.6))
    plt.show()
