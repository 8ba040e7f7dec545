r"""Recurrent nets as models of sequences: likelihood, sampling, length, enumeration (§10.2)."""

from rnn.reference.nets.sequences.bernoulli_stop import BernoulliStop
from rnn.reference.nets.sequences.end_symbol import EndSymbol
from rnn.reference.nets.sequences.ended import EndedSample
from rnn.reference.nets.sequences.enumeration import (
    Filled,
    all_sequences,
    count_parameters,
    joint_probabilities,
    marginals,
    missing_values,
    table_parameters,
)
from rnn.reference.nets.sequences.length_first import LengthFirst, LengthTheta
from rnn.reference.nets.sequences.likelihood import (
    LogLikelihood,
    likelihood_bptt,
    log_likelihood,
)
from rnn.reference.nets.sequences.sampling import Sample, sample
from rnn.reference.nets.sequences.stop_unit import StopState, StopTheta, StopUnit

__all__ = [
    "LogLikelihood",
    "log_likelihood",
    "likelihood_bptt",
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
    "all_sequences",
    "joint_probabilities",
    "marginals",
    "Filled",
    "missing_values",
    "table_parameters",
    "count_parameters",
]
