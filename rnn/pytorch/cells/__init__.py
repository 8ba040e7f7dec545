r"""Cells as modules: f, its parameters, and the ways to walk it through time."""

from rnn.pytorch.cells.contract import Cell
from rnn.pytorch.cells.gated import GRU, LSTM
from rnn.pytorch.cells.simple import RNN, Memoryless
from rnn.pytorch.cells.tanh import tanh_cell

__all__ = ["tanh_cell", "Cell", "RNN", "Memoryless", "LSTM", "GRU"]
