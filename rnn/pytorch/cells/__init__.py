r"""Cells as modules: f, its parameters, and the ways to walk it through time."""

from rnn.pytorch.cells.attention import Attended, Attention
from rnn.pytorch.cells.clockwork import Clocked, Masked, clockwork
from rnn.pytorch.cells.context import Context, InContext
from rnn.pytorch.cells.contract import Cell
from rnn.pytorch.cells.deep import DeepTransition
from rnn.pytorch.cells.feedback import Fed, Feedback, feed
from rnn.pytorch.cells.gated import GRU, LSTM
from rnn.pytorch.cells.leaky import Leaky
from rnn.pytorch.cells.memory import ExplicitMemory
from rnn.pytorch.cells.simple import RNN, Memoryless
from rnn.pytorch.cells.skip import Skip
from rnn.pytorch.cells.tanh import tanh_cell

__all__ = [
    "tanh_cell",
    "Cell",
    "RNN",
    "Memoryless",
    "Leaky",
    "Skip",
    "Clocked",
    "Masked",
    "clockwork",
    "LSTM",
    "GRU",
    "DeepTransition",
    "Fed",
    "feed",
    "Feedback",
    "InContext",
    "Context",
    "Attended",
    "Attention",
    "ExplicitMemory",
]
