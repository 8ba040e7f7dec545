r"""Copy parameters between the twins: the one module that knows both."""

import torch

from rnn import reference
from rnn.pytorch.net import RNNTheta

__all__ = ["to_pytorch", "to_reference"]


def to_pytorch(theta, *, device=None, dtype=None):
    r"""Copy parameters of the reference into tensors; dtype is kept unless given."""
    return RNNTheta(*(torch.tensor(p, device=device, dtype=dtype) for p in theta))


def to_reference(theta):
    r"""Copy parameters (or a gradient) of the PyTorch twin into NumPy arrays."""
    return reference.RNNTheta(*(p.detach().cpu().numpy().copy() for p in theta))
