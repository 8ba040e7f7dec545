r"""Nets: wiring of cells, each with its forward pass and its gradient."""

from rnn.reference.nets.echo_state import EchoState, ridge
from rnn.reference.nets.encoder_decoder import (
    AttentionDecoder,
    BothTheta,
    EncoderDecoder,
    TranslationRun,
)
from rnn.reference.nets.grid import FourDirections
from rnn.reference.nets.output import LastOutput, Output, OutputRun, OutputTheta
from rnn.reference.nets.recursive import Recursive
from rnn.reference.nets.recursive_output import NodeOutput, RecursiveOutput
from rnn.reference.nets.recursive_parts import RecursiveTheta, TensorTheta, TreeBack, TreeRun
from rnn.reference.nets.reservoir import reservoir, scaled_to_radius
from rnn.reference.nets.wiring import Bidirectional, BothWays, LayersRun, Stack

__all__ = [
    "OutputTheta",
    "OutputRun",
    "Output",
    "LastOutput",
    "LayersRun",
    "Stack",
    "BothWays",
    "Bidirectional",
    "FourDirections",
    "BothTheta",
    "TranslationRun",
    "EncoderDecoder",
    "AttentionDecoder",
    "RecursiveTheta",
    "TensorTheta",
    "TreeRun",
    "TreeBack",
    "Recursive",
    "RecursiveOutput",
    "NodeOutput",
    "reservoir",
    "scaled_to_radius",
    "ridge",
    "EchoState",
]
