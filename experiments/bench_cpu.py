r"""Speed on the CPU: the reference against `torch.nn`, forward and all weight gradients.

Everything is float32 and takes x to the mean cross-entropy and to the gradients of every weight and
bias. In one run, ours and the peer's take turns after a warm-up; each pair gives a ratio, and the
median counts, with the quartiles beside it. Only ratios mean anything beyond the machine. Threads
are what the environment says (``OMP_NUM_THREADS``).

``--quick`` does less and records nothing; ``--figure`` only draws what is stored.
"""

import statistics
import sys
import time

import numpy as np
import torch

from experiments.bench_report import figure, table
from experiments.record import load, record
from experiments.timing import pairs, peak
from rnn import reference

SHAPES = [  # tau, B, d_x, d_h
    (100, 1, 64, 128),
    (100, 32, 64, 128),
    (100, 32, 256, 256),
    (100, 64, 512, 512),
    (1000, 1, 64, 128),
    (200, 128, 128, 128),
]
BIG = (100, 64, 512, 512)
LONG = (20_000, 8, 32, 64)
CELLS = {"RNN": reference.RNN(), "GRU": reference.GRU(), "LSTM": reference.LSTM()}
D_Y = 10
REPEATS = 25


def main():
    r"""Measure, print and record."""
    if "--figure" in sys.argv[1:]:
        return figure(load("bench_cpu"))
    quick = "--quick" in sys.argv[1:]
    shapes = [shape for shape in SHAPES if not (quick and shape == BIG)]
    start, repeats = time.perf_counter(), 3 if quick else REPEATS
    speed = {kind: {key(s): compare(kind, s, repeats) for s in shapes} for kind in CELLS}
    measured = {"speed": speed, "geometric_mean": {k: mean_ratio(v) for k, v in speed.items()}}
    measured["products"] = product_rate(repeats)
    measured["checkpointed"] = checkpointing((2000, *LONG[1:]) if quick else LONG, repeats=3)
    print(table(measured))
    if quick:
        return None
    settings = {"repeats": REPEATS, "d_y": D_Y, "dtype": "float32", "unit": "milliseconds"}
    seconds = time.perf_counter() - start
    return figure(
        record("bench_cpu", seeds=[0], measured=measured, settings=settings, seconds=seconds)
    )


def key(shape):
    r"""Name a shape, such as ``100x1x64x128`` for tau, B, d_x, d_h."""
    return "x".join(map(str, shape))


def compare(kind, shape, repeats):
    r"""Return the median milliseconds of both, and median and quartiles of peer's over ours."""
    ours, peer = contestants(kind, *shape)
    np.testing.assert_allclose(ours(), peer(), rtol=1e-4)
    return pairs(peer, ours, repeats, ("peer", "ours"))


def mean_ratio(by_shape):
    r"""Return the geometric mean of the ratios."""
    return statistics.geometric_mean(row["ratio"] for row in by_shape.values())


def contestants(kind, tau, batch, d_x, d_h):
    r"""Return two functions that give the loss, having computed all weight gradients of one net."""
    rng, net = np.random.default_rng(0), reference.Output(CELLS[kind])
    theta = net.init_theta(rng, d_x, d_h, D_Y, dtype=np.float32)
    x = rng.normal(size=(tau, batch, d_x)).astype(np.float32)
    y = rng.integers(0, D_Y, (tau, batch))
    return (
        lambda: net.bptt(None, x, y, theta, reduction="mean")[0],
        peer_of(kind, torch.tensor(x), torch.tensor(y), theta),
    )


def peer_of(kind, x, y, theta):
    r"""Return a function that does with `torch.nn` what `Output.bptt` does."""
    layer, d_h = getattr(torch.nn, kind)(x.shape[-1], theta.layer.W.shape[1]), theta.V.shape[1]
    out = torch.nn.Linear(d_h, D_Y)
    parameters = [*layer.parameters(), *out.parameters()]
    second_bias = np.zeros_like(theta.layer.b)
    if kind == "GRU":
        second_bias[-d_h:] = theta.layer.b_hn
    values = [*theta.layer[:3], second_bias, theta.V, theta.c]
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(torch.from_numpy(value))

    def run():
        L = torch.nn.functional.cross_entropy(out(layer(x)[0]).flatten(0, 1), y.flatten())
        torch.autograd.grad(L, parameters)
        return float(L.detach())

    return run


def product_rate(repeats):
    r"""Compare BPTT at 512 units with one large matrix product, in operations a second.

    Returns
    -------
    dict
        ``ratio`` is the part of the large product's rate that the net's own products reach while
        everything else, the tanh and the softmax too, is counted as time.
    """
    tau, batch, d_x, d_h = BIG
    ours, _ = contestants("RNN", *BIG)
    square = np.random.default_rng(0).normal(size=(2048, 2048)).astype(np.float32)
    out = np.empty_like(square)
    measured = pairs(lambda: np.dot(square, square, out=out), ours, repeats, ("square", "ours"))
    scale = 2 * tau * batch * (2 * d_x * d_h + 3 * d_h**2 + 3 * d_h * D_Y) / (2 * 2048**3)
    return measured | {name: scale * measured[name] for name in ("ratio", "low", "high")}


def checkpointing(shape, repeats):
    r"""Compare peak allocation and time of checkpointed with plain BPTT."""
    tau, batch, d_x, d_h = shape
    rng, net = np.random.default_rng(0), reference.Output()
    theta = net.init_theta(rng, d_x, d_h, D_Y, dtype=np.float32)
    x = rng.normal(size=(tau, batch, d_x)).astype(np.float32)
    y = rng.integers(0, D_Y, (tau, batch))
    plain = lambda: net.bptt(None, x, y, theta, reduction="mean")  # noqa: E731
    sparing = lambda: reference.checkpointed_bptt(net, None, x, y, theta, reduction="mean")  # noqa: E731
    timed = pairs(sparing, plain, repeats, ("checkpointed", "plain"))
    return timed | {"shape": key(shape), "memory": peak(sparing) / peak(plain)}


if __name__ == "__main__":
    main()
