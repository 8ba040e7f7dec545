r"""Cells: the f of :math:`s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta)` (10.4), each with its adjoint.

Start with `contract`, then `simple`; `wrapper` and what follows it put cells around cells.
"""

from rnn.reference.cells.attention import Attended, Attention, AttentionTheta
from rnn.reference.cells.clockwork import Clocked, ClockedState, Masked, clockwork
from rnn.reference.cells.context import Context, ContextTheta, InContext
from rnn.reference.cells.contract import Back, Cell, Run
from rnn.reference.cells.deep import DeepSkipTheta, DeepTheta, DeepTransition
from rnn.reference.cells.feedback import Fed, Feedback, FeedbackState, FeedbackTheta, feed
from rnn.reference.cells.gru import GRU, GRUTheta
from rnn.reference.cells.leaky import Leaky, LeakyTheta
from rnn.reference.cells.lstm import LSTM, LSTMState, PeepholeTheta
from rnn.reference.cells.memory import ExplicitMemory, ExplicitMemoryTheta, MemoryState
from rnn.reference.cells.simple import RNN, CellTheta, Memoryless, MemorylessTheta
from rnn.reference.cells.skip import Skip, SkipState, SkipTheta
from rnn.reference.cells.tanh import tanh_cell, tanh_cell_adjoint

__all__ = [
    "tanh_cell",
    "tanh_cell_adjoint",
    "Cell",
    "Run",
    "Back",
    "CellTheta",
    "RNN",
    "MemorylessTheta",
    "Memoryless",
    "LeakyTheta",
    "Leaky",
    "SkipTheta",
    "SkipState",
    "Skip",
    "ClockedState",
    "Clocked",
    "Masked",
    "clockwork",
    "PeepholeTheta",
    "LSTMState",
    "LSTM",
    "GRUTheta",
    "GRU",
    "DeepTheta",
    "DeepSkipTheta",
    "DeepTransition",
    "FeedbackTheta",
    "FeedbackState",
    "Fed",
    "feed",
    "Feedback",
    "ContextTheta",
    "InContext",
    "Context",
    "AttentionTheta",
    "Attended",
    "Attention",
    "ExplicitMemoryTheta",
    "MemoryState",
    "ExplicitMemory",
]
