r"""The reference: NumPy, float64 by default, every gradient derived by hand.

`forward`, `backward` and `bptt` are the chapter's net (10.8)-(10.28), fast; `plain` holds the same
net laid over the equations. Everything else is made of cells (`rnn.reference.cells.contract` says
what that is) and of nets, which are wiring of cells. Each is used in the same way::

    net = Output(LSTM())
    theta = net.init_theta(rng, d_x=2, d_h=16, d_y=3)
    L, grad = net.bptt(None, x, y, theta, reduction="mean")
"""

from rnn._unfold import unfold
from rnn.reference import cells, learning, losses, measure, nets, plain
from rnn.reference.cells import *  # noqa: F403
from rnn.reference.fused import Backward, backward, bptt, forward
from rnn.reference.learning import *  # noqa: F403
from rnn.reference.losses import *  # noqa: F403
from rnn.reference.measure import *  # noqa: F403
from rnn.reference.nets import *  # noqa: F403
from rnn.reference.nets import sequences
from rnn.reference.nets.sequences import *  # noqa: F403
from rnn.reference.outputs import readout, softmax
from rnn.reference.theta import Forward, RNNTheta, init_theta

__all__ = [
    "unfold",
    "readout",
    "softmax",
    "RNNTheta",
    "init_theta",
    "Forward",
    "forward",
    "Backward",
    "backward",
    "bptt",
    "plain",
    *cells.__all__,
    *nets.__all__,
    *sequences.__all__,
    *losses.__all__,
    *learning.__all__,
    *measure.__all__,
]
