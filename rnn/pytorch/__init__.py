r"""The PyTorch twin: the public names of `rnn.reference`, with autograd as a second opinion."""

try:
    import torch as _torch  # noqa: F401
except ImportError as missing:
    raise ImportError('rnn.pytorch needs PyTorch: pip install "rnn-companion[torch]"') from missing

from rnn._unfold import unfold
from rnn.pytorch.cells import tanh_cell
from rnn.pytorch.convert import to_pytorch, to_reference
from rnn.pytorch.modules import TanhRNN
from rnn.pytorch.net import PATHS, Forward, RNNTheta, bptt, explain, forward
from rnn.pytorch.outputs import cross_entropy, readout, softmax

__all__ = [
    "unfold",
    "tanh_cell",
    "readout",
    "softmax",
    "cross_entropy",
    "RNNTheta",
    "Forward",
    "forward",
    "bptt",
    "PATHS",
    "explain",
    "TanhRNN",
    "to_pytorch",
    "to_reference",
]
