r"""Claim 13: to predict, a state need keep little; to give the input back, it must keep all of it.

The source is the even process: random zeros and ones, except that ones come in runs of even
length. One bit about the past is all that its next symbol depends on. Nets of several widths read
the same eight symbols, with the same optimiser, updates and minibatches. One predicts each next
symbol, at `excess` nats a step above the best predictor that there is, which pays ln 2 where the
symbol is free and nothing inside a run. The other gives all eight symbols back from its last
state alone, by a linear readout; a fraction `right` of them is right.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments import harness
from experiments.even_process import blind_guess, even_process, excess_loss, memoryless
from rnn.reference import backward, cross_entropy_adjoint, forward, init_theta

SETTINGS = {
    "widths": [1, 2, 4, 8, 16],
    "tau": 8,
    "updates": 4000,
    "batch": 64,
    "lr": 1e-2,
    "test_batch": 2000,
    "excess_allowed": 0.02,
    "right_wanted": 0.99,
}
QUICK = {"widths": [1, 2], "updates": 10, "test_batch": 50}
BOUNDS = {
    "excess_memoryless": (">=", 0.1),
    "excess_1": ("<=", 0.02),
    "right_4": ("<=", 0.97),
    "right_8": (">=", 0.99),
}


class Task(NamedTuple):
    r"""Say what is asked: targets (tau, B), and where in the outputs the answers stand.

    ``answers(o)`` is a view of o as (tau, B, 2), so that gradients can be written through it.
    """

    d_y: Callable
    targets: Callable
    answers: Callable


PREDICT = Task(
    d_y=lambda tau: 2,
    targets=lambda symbols: symbols[1:],
    answers=lambda o: o,
)
RECONSTRUCT = Task(
    d_y=lambda tau: 2 * tau,
    targets=lambda symbols: symbols[:-1],
    answers=lambda o: o[-1].reshape(o.shape[1], -1, 2).swapaxes(0, 1),
)


def trial(seed, *, widths, tau, test_batch, excess_allowed, right_wanted, **training):
    r"""Train both nets of each width; return their scores, and the least widths that will do."""
    symbols, free = even_process(np.random.default_rng(seed), tau, test_batch)
    excess, right = {}, {}
    for d_h in widths:
        o = learnt_answers(seed, PREDICT, d_h, symbols, **training)
        excess[d_h] = excess_loss(o, symbols, free)
        o = learnt_answers(seed, RECONSTRUCT, d_h, symbols, **training)
        right[d_h] = (o.argmax(-1) == symbols[:-1]).mean()
    return {
        "excess_memoryless": excess_loss(memoryless(symbols), symbols, free),
        "right_blind": blind_guess(symbols[:-1]),
        **{f"excess_{d_h}": nats for d_h, nats in excess.items()},
        **{f"right_{d_h}": fraction for d_h, fraction in right.items()},
        "width_to_predict": least_width(excess, lambda nats: nats < excess_allowed),
        "width_to_reconstruct": least_width(right, lambda fraction: fraction >= right_wanted),
    }


def learnt_answers(seed, task, d_h, symbols, *, updates, batch, lr):
    r"""Train a net for one of the tasks; return its answers on the test symbols."""
    rng, tau = np.random.default_rng([seed, 1]), len(symbols) - 1

    def gradient(theta):
        return gradient_of(task, theta, even_process(rng, tau, batch)[0])

    theta = init_theta(rng, d_x=1, d_h=d_h, d_y=task.d_y(tau))
    theta = harness.train(theta, gradient, updates, lr=lr)
    return task.answers(forward(None, inputs(symbols), theta).o)


def gradient_of(task, theta, symbols):
    r"""Return the gradient of the mean loss of the answers."""
    x = inputs(symbols)
    run = forward(None, x, theta)
    grad_o = np.zeros_like(run.o)
    o, y = task.answers(run.o), task.targets(symbols)
    task.answers(grad_o)[:] = cross_entropy_adjoint(o, y, reduction="mean")
    return backward(grad_o, run, None, x, theta).grad


def inputs(symbols):
    r"""Turn all symbols but the last into x, (tau, B, 1) in -1, 1."""
    return 2.0 * symbols[:-1, :, None] - 1


def least_width(scores, good):
    r"""Return the least width whose score is good, or twice the greatest if none is."""
    return min((d_h for d_h, score in scores.items() if good(score)), default=2 * max(scores))


def main():
    r"""Run and record; ``--quick`` runs a small version and records nothing."""
    harness.run("prediction_or_reconstruction", trial, SETTINGS, QUICK, BOUNDS)


if __name__ == "__main__":
    main()
