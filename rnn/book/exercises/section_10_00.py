r"""The warm-up on the start page."""

import numpy as np

from rnn.book.exercises.machinery import close, exercise

CLASSES = 64


@exercise(
    "10.0-a",
    "What is the probability of the character that comes, whichever it is?",
    "The loss of one prediction is minus the natural logarithm of that probability.",
    insight="ln 64 = 4.16 nats, or six bits. Every task has such a line, which a net that knows "
    "nothing does not cross but by luck. Look for it first.",
)
def uniform_loss(answer):
    if close(answer, np.log2(CLASSES), 2e-3):
        return "that is 6 bits; losses here are in nats, so take the natural logarithm"
    if close(answer, np.log10(CLASSES), 2e-3):
        return "that is the logarithm to base 10; take the natural one"
    if close(answer, 1 / CLASSES, 2e-3):
        return "that is the probability of what comes; the loss is minus its logarithm"
    if close(answer, -np.log(CLASSES), 2e-3):
        return "the size is right, but the loss is minus the log probability, so it is positive"
    if not close(answer, np.log(CLASSES), 2e-3) and close(answer, np.log(CLASSES), 2e-2):
        return "right, but not exact enough: write it as an expression"
    if not close(answer, np.log(CLASSES), 2e-3):
        return "begin with the probability that such a net gives to the character that comes"
    return None
