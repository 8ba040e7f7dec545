r"""Nets as modules: wiring of cells, under the names of `rnn.reference`."""

from rnn.pytorch.nets.echo_state import EchoState
from rnn.pytorch.nets.encoder_decoder import AttentionDecoder, EncoderDecoder
from rnn.pytorch.nets.grid import FourDirections
from rnn.pytorch.nets.output import LastOutput, Output
from rnn.pytorch.nets.recursive import Recursive
from rnn.pytorch.nets.recursive_output import NodeOutput, RecursiveOutput
from rnn.pytorch.nets.reservoir import reservoir, ridge, scaled_to_radius
from rnn.pytorch.nets.theta import (
    BothTheta,
    BothWays,
    OutputTheta,
    RecursiveTheta,
    TensorTheta,
)
from rnn.pytorch.nets.wiring import Bidirectional, Stack

__all__ = [
    "OutputTheta",
    "Output",
    "LastOutput",
    "Stack",
    "BothWays",
    "Bidirectional",
    "FourDirections",
    "BothTheta",
    "EncoderDecoder",
    "AttentionDecoder",
    "RecursiveTheta",
    "TensorTheta",
    "Recursive",
    "RecursiveOutput",
    "NodeOutput",
    "reservoir",
    "scaled_to_radius",
    "ridge",
    "EchoState",
]
