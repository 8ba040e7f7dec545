r"""The PyTorch twin: the public names of `rnn.reference`, as modules that are called like `torch.nn`."""

try:
    import torch as _torch  # noqa: F401
except ImportError as missing:
    raise ImportError('rnn.pytorch needs PyTorch: pip install "rnn-companion[torch]"') from missing

from rnn._unfold import unfold
from rnn.pytorch import cells
from rnn.pytorch.cells import *  # noqa: F403
from rnn.pytorch.convert import to_pytorch, to_reference
from rnn.pytorch.net import Forward, RNNTheta, bptt, explain, forward
from rnn.pytorch.outputs import cross_entropy, readout, softmax
from rnn.pytorch.paths import PATHS

__all__ = [
    "unfold",
    "readout",
    "softmax",
    "cross_entropy",
    "RNNTheta",
    "Forward",
    "forward",
    "bptt",
    "PATHS",
    "explain",
    *cells.__all__,
    "to_pytorch",
    "to_reference",
]
