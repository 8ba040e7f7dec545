r"""One role, one colour, through the whole book."""

import matplotlib.style
from cycler import cycler
from matplotlib.colors import to_hex, to_rgb

__all__ = ["COLOURS", "tint", "use_style"]

COLOURS = {
    "input": "#228833",
    "state": "#4477AA",
    "hidden": "#4477AA",
    "initial": "#888888",
    "output": "#CCBB44",
    "loss": "#AA3377",
    "target": "#66CCEE",
    "context": "#664400",
    "parameter": "#333333",
    "gradient": "#EE6677",
    "ink": "#222222",
    "faint": "#BBBBBB",
}
"""Role to colour, told apart by colour-blind readers too: Paul Tol's "bright" scheme and a brown.

A test keeps them apart as deuteranopes and protanopes see them. The letters of the book work as
well: ``COLOURS["h"]`` is ``COLOURS["state"]``.
"""

_LETTERS = {
    "x": "input",
    "h": "state",
    "s": "state",
    "a": "state",
    "o": "output",
    "y_hat": "output",
    "L": "loss",
    "y": "target",
    "C": "context",
    "theta": "parameter",
    "grad": "gradient",
}
COLOURS.update({letter: COLOURS[role] for letter, role in _LETTERS.items()})

_STYLE = {
    "figure.dpi": 120,
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "mathtext.fontset": "cm",
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": "#666666",
    "axes.linewidth": 0.8,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(
        color=[COLOURS[role] for role in ("state", "gradient", "input", "output", "target", "loss")]
    ),
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.color": "#666666",
    "ytick.color": "#666666",
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.cmap": "viridis",
    "savefig.facecolor": "white",
}


def use_style() -> None:
    """Set matplotlib's defaults for every figure that follows."""
    matplotlib.style.use(_STYLE)


def tint(colour: str, strength: float) -> str:
    """Mix a colour with white; strength 0 is white, 1 the colour itself.

    Examples
    --------
    >>> tint("#000000", 0.2)
    '#cccccc'
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength: expected a number in [0, 1], got {strength}")
    r, g, b = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return to_hex((r, g, b))
