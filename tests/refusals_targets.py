"""What losses refuse: targets that are none, and choices that there are not."""

from functools import partial

import numpy as np
from refusals_base import BY_NAME, EITHER, Refusal, refused, rng, walked

from rnn import reference as r

OWING = """bptt-output-rnn-cross_entropy-mean bptt-output-both-ways-cross_entropy
    bptt-last-output-lstm-cross_entropy bptt-chapter-mean bptt-chapter-plain-mean
    bptt-feedback-rnn-softmax-cross_entropy bptt-encoder-decoder-cross_entropy
    bptt-attention-decoder-cross_entropy bptt-root-output-cross_entropy
    bptt-node-output-cross_entropy likelihood-cross_entropy-sum end-symbol-rnn-sum
    bernoulli-stop-lstm-cross_entropy-sum length-first-output-cross_entropy-sum""".split()


def of_y(change):
    return lambda p: p._replace(x=p.x._replace(y=change(p.x.y)))


TARGET_ROWS = [
    ("a class too large", of_y(lambda y: y + 9), ValueError, r"y: expected classes in \[0, 3\)"),
    ("a negative class", of_y(lambda y: y - 9), ValueError, r"y: expected classes in \[0, 3\)"),
    ("fractional classes", of_y(lambda y: y + 0.5), EITHER, "y: expected .*float64|y: .*shape"),
    (
        "targets of another batch",
        of_y(lambda y: y[:, :2]),
        ValueError,
        r"(y|x|state|forced|ended)\S*: expected",
    ),
]


def owing():
    for name in OWING:
        for what, change, error, message in TARGET_ROWS:
            yield Refusal(f"{what} ({name})", partial(walked, name, change), error, message)
        if not {"root", "last"} & set(name.split("-")):
            call = partial(walked, name, of_y(lambda y: y[:-1]))
            what = f"targets of another tau ({name})"
            yield Refusal(what, call, ValueError, r"(y|x|forced): expected shape")


Y, CLASSES = np.zeros((3, 2), int), r.Feedback(own="argmax")


def owed(name, loss, y):
    p = BY_NAME[name].make(2, 4, 3)
    return p.net.bptt(None, p.x.reads, y, p.theta, reduction="sum", loss=loss)


SMALL = "bptt-output-rnn-squared_error-sum"
PAID = [
    *refused(
        ValueError,
        "(loss|reduction): expected one of",
        an_unknown_loss=lambda: owed(SMALL, "hinge", np.ones((4, 3, 3))),
        no_reduction_of_a_likelihood=lambda: r.likelihood_bptt(
            CLASSES, Y, CLASSES.init_theta(rng(), 0, 3, d_y=2), reduction="avg"
        ),
    ),
    *refused(
        ValueError,
        r"y: expected shape \(tau=4, B=3, d_y=3\)",
        numbers_of_another_width=lambda: owed(SMALL, "squared_error", np.ones((4, 3, 2))),
        classes_as_numbers=lambda: owed(SMALL, "squared_error", np.ones((4, 3), int)),
    ),
    *refused(
        TypeError,
        "y: expected",
        float64_targets_for_float32=lambda: r.squared_error(
            np.zeros((3, 2, 2), np.float32), np.ones((3, 2, 2)), reduction="sum"
        ),
        complex_numbers_as_targets=lambda: owed(SMALL, "squared_error", 1j * np.ones((4, 3, 3))),
    ),
    *refused(
        TypeError,
        "counted: expected booleans",
        whole_numbers_as_counted=lambda: r.cross_entropy(
            np.zeros((3, 2, 2)), Y, reduction="sum", counted=np.ones((3, 2), int)
        ),
    ),
]

TARGETS = [*owing(), *PAID]
