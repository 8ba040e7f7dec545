r"""Learning: optimisers, clipping, what keeps a gradient alive, and BPTT over long sequences."""

from rnn.reference.learning.clipping import clip_norm, clip_value, random_step
from rnn.reference.learning.omega import omega, omega_adjoint
from rnn.reference.learning.optimisers import (
    AdamState,
    MomentumState,
    adam,
    adam_init,
    freeze,
    momentum,
    momentum_init,
    nesterov,
    sgd,
)
from rnn.reference.learning.schedules import (
    exponential_decay,
    forced_mask,
    inverse_sigmoid_decay,
    linear_decay,
)
from rnn.reference.learning.truncated import checkpointed_bptt, truncated_bptt

__all__ = [
    "sgd",
    "MomentumState",
    "momentum_init",
    "momentum",
    "nesterov",
    "AdamState",
    "adam_init",
    "adam",
    "freeze",
    "clip_value",
    "clip_norm",
    "random_step",
    "omega",
    "omega_adjoint",
    "truncated_bptt",
    "checkpointed_bptt",
    "linear_decay",
    "exponential_decay",
    "inverse_sigmoid_decay",
    "forced_mask",
]
