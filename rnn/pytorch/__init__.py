r"""The PyTorch twin: the names of `rnn.reference`, as modules that are called like `torch.nn`.

A cell is ``h, state = cell(x, state, lengths)``, time first, and so is a net of cells; under each
lies a pure function of state, x and parameters, ``run``. Where `torch.nn` has two biases there is
one here, and U, W are its weight_ih, weight_hh; `from_torch` and `to_torch` carry parameters over,
and `from_reference` and `to_reference` between the twins.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as missing:
    raise ImportError('rnn.pytorch needs PyTorch: pip install "rnn-companion[torch]"') from missing

from rnn._unfold import unfold
from rnn.pytorch import cells, nets
from rnn.pytorch.cells import *  # noqa: F403
from rnn.pytorch.cells import theta
from rnn.pytorch.cells.theta import *  # noqa: F403
from rnn.pytorch.convert import (
    from_reference,
    from_torch,
    load_reference,
    to_pytorch,
    to_reference,
    to_torch,
)
from rnn.pytorch.net import Forward, RNNTheta, bptt, explain, forward
from rnn.pytorch.nets import *  # noqa: F403
from rnn.pytorch.nets import sequences
from rnn.pytorch.nets.sequences import *  # noqa: F403
from rnn.pytorch.outputs import bernoulli, cross_entropy, readout, softmax, squared_error
from rnn.pytorch.paths import PATHS

__all__ = [
    "unfold",
    "readout",
    "softmax",
    "cross_entropy",
    "squared_error",
    "bernoulli",
    "RNNTheta",
    "Forward",
    "forward",
    "bptt",
    "PATHS",
    "explain",
    *theta.__all__,
    *cells.__all__,
    *nets.__all__,
    *sequences.__all__,
    "to_pytorch",
    "to_reference",
    "from_reference",
    "load_reference",
    "from_torch",
    "to_torch",
]
