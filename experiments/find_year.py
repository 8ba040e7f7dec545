r"""Claim 2: a year at a place never seen in training is lost on the MLP, and found by the RNN.

Both nets read sentences of eight words with one year among them and name the year after the last
word. In training the year stands at five of the places, in the test also at two others. The MLP
reads all words side by side, so that each place has weights of its own; it is the same net as the
RNN, walked for a single step over the joined words, with the same optimiser, and about as many
parameters. Guessing finds one year in ten.

Sharing makes the rule at new places possible, not certain: a state can also keep the time. The
same RNN is therefore trained a second time, hurried by ten times the learning rate.
"""

import numpy as np

from experiments import harness
from rnn.reference import backward, cross_entropy_adjoint, forward, init_theta
from rnn.tasks import find_the_year

SETTINGS = {
    "seen": [0, 1, 3, 4, 6],
    "held_out": [2, 5],
    "d_h_rnn": 64,
    "d_h_mlp": 32,
    "updates": 1500,
    "batch": 64,
    "lr": 1e-3,
    "lr_hurried": 1e-2,
    "test_batch": 2000,
}
QUICK = {"updates": 20, "test_batch": 100}
BOUNDS = {
    "mlp_seen": (">=", 0.95),
    "mlp_held_out": ("<=", 0.4),
    "rnn_seen": (">=", 0.95),
    "rnn_held_out": (">=", 0.7),
    "hurried_seen": (">=", 0.95),
    "hurried_held_out": ("<=", 0.9),
}


def trial(seed, *, seen, held_out, d_h_rnn, d_h_mlp, lr, lr_hurried, test_batch, **training):
    r"""Train the nets; return accuracies at seen and held-out places, and parameter counts."""
    nets = {
        "mlp": (joined, d_h_mlp, lr),
        "rnn": (in_order, d_h_rnn, lr),
        "hurried": (in_order, d_h_rnn, lr_hurried),
    }
    measured = {}
    for name, (read, d_h, rate) in nets.items():
        rng = np.random.default_rng(seed)
        theta = learn(rng, read, seen, d_h, lr=rate, **training)
        measured[f"{name}_parameters"] = sum(p.size for p in theta) - (read is joined) * d_h**2
        for places, positions in (("seen", seen), ("held_out", held_out)):
            measured[f"{name}_{places}"] = accuracy(theta, read, rng, positions, test_batch)
    return measured


def in_order(x):
    r"""Present a sentence word by word, (8, B, 24)."""
    return x


def joined(x):
    r"""Present a sentence as one long vector, (8, B, 24) -> (1, B, 192): then W has no use."""
    return x.transpose(1, 0, 2).reshape(1, x.shape[1], -1)


def learn(rng, read, positions, d_h, *, updates, batch, lr):
    r"""Train on sentences with the year at one of `positions`."""

    def gradient(theta):
        x, y, *_ = find_the_year(rng, batch, positions=positions)
        return gradient_at_the_end(read(x), y, theta)

    d_x = read(find_the_year(rng, 1, positions=positions).x).shape[-1]
    return harness.train(init_theta(rng, d_x, d_h, 10), gradient, updates, lr=lr)


def gradient_at_the_end(x, y, theta):
    r"""Return the gradient of the mean loss at the last step, the only one that counts."""
    run = forward(None, x, theta)
    grad_o = np.zeros_like(run.o)
    grad_o[-1:] = cross_entropy_adjoint(run.o[-1:], y[None], reduction="mean")
    return backward(grad_o, run, None, x, theta).grad


def accuracy(theta, read, rng, positions, batch):
    r"""Return the fraction of sentences whose year is named."""
    x, y, *_ = find_the_year(rng, batch, positions=positions)
    return (forward(None, read(x), theta).o[-1].argmax(-1) == y).mean()


def main():
    r"""Run and record; ``--quick`` runs a small version and records nothing."""
    harness.run("find_year", trial, SETTINGS, QUICK, BOUNDS)


if __name__ == "__main__":
    main()
