r"""Recurrent nets as models of sequences: likelihood, sampling, and three ways to end (§10.2).

Enumeration, which counts and does not learn, stands in `rnn.reference.nets.sequences` alone.
"""

from rnn.pytorch.nets.sequences.bernoulli_stop import BernoulliStop
from rnn.pytorch.nets.sequences.end_symbol import EndSymbol
from rnn.pytorch.nets.sequences.ended import EndedSample
from rnn.pytorch.nets.sequences.length_first import LengthFirst, LengthTheta
from rnn.pytorch.nets.sequences.likelihood import LogLikelihood, log_likelihood
from rnn.pytorch.nets.sequences.sampling import Sample, sample
from rnn.pytorch.nets.sequences.stop_unit import StopState, StopTheta, StopUnit

__all__ = [
    "LogLikelihood",
    "log_likelihood",
    "Sample",
    "sample",
    "EndedSample",
    "EndSymbol",
    "StopTheta",
    "StopState",
    "StopUnit",
    "BernoulliStop",
    "LengthTheta",
    "LengthFirst",
]
