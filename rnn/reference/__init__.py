r"""The reference: NumPy, float64 by default, every gradient derived by hand.

`forward`, `backward` and `bptt` are fast; `plain` holds the same net laid over the equations.
"""

from rnn._unfold import unfold
from rnn.reference import plain
from rnn.reference.cells import tanh_cell, tanh_cell_adjoint
from rnn.reference.fused import Backward, backward, bptt, forward
from rnn.reference.learning import AdamState, adam, adam_init, clip_norm
from rnn.reference.outputs import cross_entropy, cross_entropy_adjoint, readout, softmax
from rnn.reference.theta import Forward, RNNTheta, init_theta

__all__ = [
    "unfold",
    "tanh_cell",
    "tanh_cell_adjoint",
    "readout",
    "softmax",
    "cross_entropy",
    "cross_entropy_adjoint",
    "RNNTheta",
    "init_theta",
    "Forward",
    "forward",
    "Backward",
    "backward",
    "bptt",
    "plain",
    "AdamState",
    "adam",
    "adam_init",
    "clip_norm",
]
