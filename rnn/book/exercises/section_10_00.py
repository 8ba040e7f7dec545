r"""The warm-up on the start page."""

import numpy as np

from rnn.book.exercises.machinery import close, exercise

CLASSES = 64


@exercise(
    "10.0-a",
    "A net that knows nothing gives every one of the 64 characters the same probability.",
    "The loss of one step is minus the natural logarithm of the probability of what came.",
    insight="ln 64 = 4.16 nats: six bits. Every loss in this book has such a line that a net "
    "without knowledge, or without memory, cannot pass. Look for it first.",
)
def uniform_loss(answer):
    if close(answer, np.log2(CLASSES), 1e-2):
        return "that is 6 bits; losses here are in nats, so take the natural logarithm"
    if close(answer, 1 / CLASSES, 1e-2):
        return "that is the probability of the right character; the loss is minus its logarithm"
    if close(answer, -np.log(CLASSES), 1e-2):
        return "the size is right, but the loss is minus the log probability, so it is positive"
    if not close(answer, np.log(CLASSES), 1e-2):
        return "each of 64 characters has probability 1/64; what is minus its natural logarithm?"
    return None
