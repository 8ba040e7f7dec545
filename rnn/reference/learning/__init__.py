r"""Learning: optimisers, clipping, and what keeps a gradient alive."""

from rnn.reference.learning.steps import AdamState, adam, adam_init, clip_norm

__all__ = ["AdamState", "adam", "adam_init", "clip_norm"]
