r"""Claim 12: what the state keeps depends on what the net is trained for.

Every sequence carries two streams of random bits. Two nets start from the same parameters and see
the same sequences; net A is trained for the running parity of the first stream, net B for that of
the second. Then linear probes, fitted by least squares on fresh sequences and tested on others,
ask the state for both parities and for the two bits that have just come in; so they do for the
net before training. Half right is guessing.
"""

import numpy as np

from experiments import harness
from rnn.reference import bptt, forward, init_theta

SETTINGS = {
    "d_h": 16,
    "tau": 20,
    "updates": 3000,
    "batch": 32,
    "lr": 1e-2,
    "probed_from": 10,
    "probe_batch": 500,
}
QUICK = {"updates": 10, "probe_batch": 50}
BOUNDS = {
    "untrained_parity_1": ("<=", 0.6),
    "untrained_parity_2": ("<=", 0.6),
    "A_parity_1": (">=", 0.95),
    "A_parity_2": ("<=", 0.6),
    "B_parity_1": ("<=", 0.6),
    "B_parity_2": (">=", 0.95),
}
ASKED = ("parity_1", "parity_2", "bit_1", "bit_2")


def trial(seed, *, d_h, tau, updates, batch, lr, **probing):
    r"""Train both nets; return how often probes read each quantity from each net's state."""
    measured = {}
    for name, stream, steps in (("untrained", 0, 0), ("A", 0, updates), ("B", 1, updates)):
        rng = np.random.default_rng(seed)
        theta = learn(rng, stream, d_h, tau, steps, batch, lr)
        right = probed(theta, rng, tau, **probing)
        measured |= {f"{name}_{asked}": float(r) for asked, r in zip(ASKED, right, strict=True)}
    return measured


def streams(rng, tau, batch):
    r"""Draw two streams of bits; return x (tau, B, 2) in -1, 1 and both parities (tau, B, 2)."""
    bits = rng.integers(0, 2, (tau, batch, 2))
    return 2.0 * bits - 1, bits.cumsum(axis=0) % 2


def learn(rng, stream, d_h, tau, updates, batch, lr):
    r"""Train a net for the running parity of one stream."""

    def gradient(theta):
        x, parities = streams(rng, tau, batch)
        return bptt(None, x, parities[..., stream], theta, reduction="mean")[1]

    return harness.train(init_theta(rng, d_x=2, d_h=d_h, d_y=2), gradient, updates, lr=lr)


def probed(theta, rng, tau, *, probed_from, probe_batch):
    r"""Fit a linear probe for each quantity; return the fractions right on other sequences."""
    fit, test = (states_and_answers(theta, rng, tau, probed_from, probe_batch) for _ in range(2))
    probes, *_ = np.linalg.lstsq(*fit, rcond=None)
    h, answers = test
    return (np.sign(h @ probes) == answers).mean(axis=0)


def states_and_answers(theta, rng, tau, start, batch):
    r"""Return states with a constant 1, (n, d_h + 1), and what is `ASKED` in -1, 1, (n, 4)."""
    x, parities = streams(rng, tau, batch)
    h = forward(None, x, theta).h
    h = np.concatenate([h, np.ones_like(h[..., :1])], axis=-1)
    answers = np.concatenate([2.0 * parities - 1, x], axis=-1)
    return tuple(a[start:].reshape(-1, a.shape[-1]) for a in (h, answers))


def main():
    r"""Run and record; ``--quick`` runs a small version and records nothing."""
    harness.run("criterion", trial, SETTINGS, QUICK, BOUNDS)


if __name__ == "__main__":
    main()
