r"""Nets: wiring of cells, each with its forward pass and its gradient."""

from rnn.reference.nets.encoder_decoder import (
    AttentionDecoder,
    BothTheta,
    EncoderDecoder,
    TranslationRun,
)
from rnn.reference.nets.grid import FourDirections
from rnn.reference.nets.output import LastOutput, Output, OutputRun, OutputTheta
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
]
