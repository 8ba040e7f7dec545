r"""Speed on the CPU: the reference against `torch.nn.RNN`, forward and all weight gradients.

Everything is float32 and takes x to the mean cross-entropy and to the gradients of U, W, V, b, c.
In one run the contestants take turns after a warm-up, and the median counts. Only ratios mean
anything beyond the machine. Threads are what the environment says (``OMP_NUM_THREADS``).
"""

import statistics
import sys
import time

import numpy as np
import torch

from experiments.record import record
from rnn import pytorch, reference

SHAPES = [  # tau, B, d_x, d_h
    (100, 1, 64, 128),
    (100, 32, 64, 128),
    (100, 32, 256, 256),
    (100, 64, 512, 512),
    (1000, 1, 64, 128),
    (200, 128, 128, 128),
]
BIG = (100, 64, 512, 512)
D_Y = 10
PEER = "nn.RNN"


def main():
    r"""Measure all shapes, print times and ratios, and record them; ``--quick`` does less."""
    quick = "--quick" in sys.argv[1:]
    shapes = [shape for shape in SHAPES if not (quick and shape == BIG)]
    start = time.perf_counter()
    measured = {"x".join(map(str, s)): measure(s, repeats=3 if quick else 15) for s in shapes}
    print(table(measured))
    if not quick:
        record(
            "bench_cpu",
            seeds=[0],
            measured=measured,
            settings={"repeats": 15, "d_y": D_Y, "dtype": "float32", "unit": "milliseconds"},
            seconds=time.perf_counter() - start,
        )


def measure(shape, repeats):
    r"""Return the median milliseconds of each contestant, which must agree on the loss."""
    runs = contestants(*shape)
    losses = [float(run()) for run in runs.values()]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-4)
    taken = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            taken[name].append(seconds(run))
    return {name: 1000 * statistics.median(times) for name, times in taken.items()}


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def contestants(tau, batch, d_x, d_h):
    r"""Return functions that compute the loss and all weight gradients of the same net."""
    rng = np.random.default_rng(0)
    theta = reference.init_theta(rng, d_x, d_h, D_Y, np.float32)
    x = rng.normal(size=(tau, batch, d_x)).astype(np.float32)
    y = rng.integers(0, D_Y, (tau, batch))
    x_torch, y_torch, theta_torch = torch.tensor(x), torch.tensor(y), pytorch.to_pytorch(theta)
    return {
        "plain": lambda: reference.plain.bptt(None, x, y, theta, reduction="mean")[0],
        "fused": lambda: reference.bptt(None, x, y, theta, reduction="mean")[0],
        "pytorch loop": lambda: pytorch.bptt(
            None, x_torch, y_torch, theta_torch, reduction="mean", path="loop"
        )[0],
        PEER: peer(x_torch, y_torch, theta),
    }


def peer(x, y, theta):
    r"""Return a function that does with `torch.nn` what `bptt` does."""
    rnn, out = torch.nn.RNN(theta.U.shape[1], len(theta.b)), torch.nn.Linear(len(theta.b), D_Y)
    parameters = [*rnn.parameters(), *out.parameters()]
    values = [theta.U, theta.W, theta.b, 0 * theta.b, theta.V, theta.c]
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(torch.from_numpy(value))

    def run():
        L = torch.nn.functional.cross_entropy(out(rnn(x)[0]).flatten(0, 1), y.flatten())
        torch.autograd.grad(L, parameters)
        return L.detach()

    return run


def table(measured):
    r"""Lay out milliseconds, then how many times faster than the peer, as text."""
    names = list(next(iter(measured.values())))
    head = f"{'tau x B x d_x x d_h':20}" + "".join(f"{name:>14}" for name in names)
    rows = [(shape, list(ms.values())) for shape, ms in measured.items()]
    times = [f"{shape:20}" + "".join(f"{v:14.2f}" for v in values) for shape, values in rows]
    faster = [
        f"{shape:20}" + "".join(f"{measured[shape][PEER] / v:14.2f}" for v in values)
        for shape, values in rows
    ]
    return "\n".join(["milliseconds", head, *times, f"times as fast as {PEER}", head, *faster])


if __name__ == "__main__":
    main()
