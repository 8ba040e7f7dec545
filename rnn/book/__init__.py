r"""What only the notebooks need: figures, claims, exercises, sliders.

Nothing here computes a recurrent net; that is `rnn.reference` and `rnn.pytorch`.
"""

from rnn.book.claims import claim, claims_table
from rnn.book.draw import draw_both, draw_folded, draw_graph, draw_unfolded
from rnn.book.exercises import check, hint
from rnn.book.interact import progress, slider
from rnn.book.nets import figure_graph, figure_unfolded
from rnn.book.notes import show_source
from rnn.book.stored import stored
from rnn.book.style import COLOURS, tint, use_style

__all__ = [
    "use_style",
    "COLOURS",
    "tint",
    "figure_graph",
    "figure_unfolded",
    "draw_both",
    "draw_folded",
    "draw_unfolded",
    "draw_graph",
    "show_source",
    "claim",
    "claims_table",
    "stored",
    "check",
    "hint",
    "slider",
    "progress",
]
