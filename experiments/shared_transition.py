r"""Claim 10: one shared transition is learnt from far fewer sequences than one for each step.

The task is running parity of ten bits; some of the 1024 strings are for training, the others for
the test. Three nets with the same training differ only in what is shared:

tied : one theta for all steps, the recurrent net of the chapter.
untied : a theta of its own for each step, still walking from state to state.
separate : a net of its own for each step that reads the whole history at once, g of (10.6).

One gradient serves all three: every step has its copy of theta, and the tied net adds up what
its copies get, which is how (10.25) defines the gradient.
"""

import numpy as np

from experiments import harness
from experiments.copies import gradient_of_copies, outputs
from rnn.reference import RNNTheta, init_theta

SETTINGS = {
    "tau": 10,
    "d_h": 16,
    "sizes": [16, 32, 64, 128, 256, 512],
    "updates": 1500,
    "batch": 32,
    "lr": 1e-2,
    "wanted": 0.95,
}
QUICK = {"updates": 5, "sizes": [16, 64]}
BOUNDS = {"tied_64": (">=", 0.9), "untied_64": ("<=", 0.85), "separate_64": ("<=", 0.85)}


def trial(seed, *, tau, sizes, wanted, **training):
    r"""Train each kind on n strings; return accuracies on the rest, and the n that was needed."""
    bits = np.random.default_rng(seed).permutation(all_strings(tau), axis=1)
    measured = {}
    for kind in ("tied", "untied", "separate"):
        right = {n: learn(seed, kind, bits, n, **training) for n in sizes}
        measured |= {f"{kind}_{n}": accuracy for n, accuracy in right.items()}
        measured[f"{kind}_needed"] = needed(right, wanted, otherwise=2**tau)
    return measured


def all_strings(tau):
    r"""Return every string of tau bits, (tau, 2^tau)."""
    return np.array(list(np.ndindex(*[2] * tau))).T


def needed(right, wanted, *, otherwise):
    r"""Return the least n from which on the accuracy stays at `wanted` or above."""
    short = [n for n, accuracy in right.items() if accuracy < wanted]
    return min((n for n in right if n > max(short, default=0)), default=otherwise)


def learn(seed, kind, bits, n, *, d_h, updates, batch, lr):
    r"""Train on the first n strings; return the fraction of steps right on the others."""
    rng = np.random.default_rng(seed)
    x, y = 2.0 * bits[..., None] - 1, bits.cumsum(axis=0) % 2
    x = histories(x) if kind == "separate" else x

    def gradient(thetas):
        rows = rng.integers(0, n, batch)
        return shared(kind, gradient_of_copies(x[:, rows], y[:, rows], thetas))

    thetas = init_thetas(rng, kind, x, d_h)
    thetas = harness.train(thetas, gradient, updates, lr=lr)
    _, o = outputs(x[:, n:], thetas)
    return (o.argmax(-1) == y[:, n:]).mean()


def histories(x):
    r"""Give each step all bits so far, zeros for those to come: (tau, B, 1) -> (tau, B, tau)."""
    return np.array([np.where(np.arange(len(x)) <= t, x[..., 0].T, 0) for t in range(len(x))])


def init_thetas(rng, kind, x, d_h):
    r"""Stack one theta a step: the same for "tied", and without a W for "separate"."""
    drawn = [init_theta(rng, x.shape[-1], d_h, d_y=2) for _ in x]
    drawn = drawn[:1] * len(x) if kind == "tied" else drawn
    thetas = RNNTheta(*map(np.array, zip(*drawn, strict=True)))
    return thetas._replace(W=0 * thetas.W) if kind == "separate" else thetas


def shared(kind, grad):
    r"""Turn the gradients of the copies into those of the parameters."""
    if kind == "tied":
        return RNNTheta(*(np.broadcast_to(g.sum(axis=0), g.shape) for g in grad))  # (10.25)
    return grad._replace(W=0 * grad.W) if kind == "separate" else grad


def main():
    r"""Run and record; ``--quick`` runs a small version and records nothing."""
    harness.run("shared_transition", trial, SETTINGS, QUICK, BOUNDS)


if __name__ == "__main__":
    main()
