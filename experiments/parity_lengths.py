r"""Claim 1: trained on sequences of at most 20 steps, right on sequences of 500.

A tanh net learns running parity on lengths 1 to 20 and is then asked for every step of longer
sequences. A net with its own weights for each position has no output at all beyond step 20, so
what it must beat is a predictor without a memory, right in a fraction 1/2 + 1/(2 tau) of the
steps of a sequence of tau.
"""

import numpy as np

from experiments import harness
from rnn.reference import bptt, forward, init_theta
from rnn.tasks import parity

SETTINGS = {
    "d_h": 16,
    "longest": 20,
    "updates": 3000,
    "batch": 32,
    "lr": 1e-2,
    "lengths": [20, 100, 200, 500],
    "test_batch": 200,
}
QUICK = {"updates": 20, "lengths": [20, 100], "test_batch": 10}
BOUNDS = {f"accuracy_{tau}": (">=", 0.95) for tau in (100, 200, 500)}


def trial(seed, *, d_h, longest, updates, batch, lr, lengths, test_batch):
    r"""Train one net on short sequences; return the fraction of steps right at each length."""
    rng = np.random.default_rng(seed)
    theta = learn(rng, d_h, longest, updates, batch, lr)
    return {f"accuracy_{tau}": accuracy(theta, rng, tau, test_batch) for tau in lengths}


def learn(rng, d_h, longest, updates, batch, lr):
    r"""Train on running parity with lengths drawn from 1 to `longest`."""

    def gradient(theta):
        x, y, lengths, *_ = parity(rng, longest, batch, min_length=1)
        return bptt(None, x, y, theta, reduction="mean", lengths=lengths)[1]

    theta = init_theta(rng, d_x=1, d_h=d_h, d_y=2)
    return harness.train(theta, gradient, updates, lr=lr)


def accuracy(theta, rng, tau, batch):
    r"""Return the fraction of all steps at which the likelier class is the right one."""
    x, y, *_ = parity(rng, tau, batch)
    return (forward(None, x, theta).o.argmax(-1) == y).mean()


def main():
    r"""Run and record; ``--quick`` runs a small version and records nothing."""
    harness.run("parity_lengths", trial, SETTINGS, QUICK, BOUNDS)


if __name__ == "__main__":
    main()
