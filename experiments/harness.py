r"""What every experiment shares: train, repeat over seeds, compare with bounds, print, record.

An experiment is a function ``trial(seed, **settings)`` that returns named numbers. Bounds name
some of them: ``{"accuracy": (">=", 0.99)}`` holds if it is true for *every* seed.
"""

import operator
import sys
import time

from experiments.record import record
from rnn.reference import adam, adam_init, clip_norm

__all__ = ["SEEDS", "train", "over_seeds", "holds", "table", "run"]

SEEDS = (0, 1, 2, 3, 4)
CLEARS = {">=": operator.ge, "<=": operator.le}


def train(theta, gradient, updates, *, lr, max_norm=1.0):
    r"""Follow a gradient with Adam, clipped by norm (10.48)-(10.49).

    Parameters
    ----------
    theta : NamedTuple of arrays
    gradient : callable
        ``gradient(theta)``, usually on a fresh minibatch.
    updates : int
    lr, max_norm : float

    Returns
    -------
    theta : the same type
    """
    opt = adam_init(theta)
    for _ in range(updates):
        grad, _ = clip_norm(gradient(theta), max_norm)
        theta, opt = adam(theta, grad, opt, lr=lr)
    return theta


def over_seeds(trial, settings, seeds=SEEDS):
    r"""Run a trial for each seed; return, for each named number, the list over seeds."""
    trials = [trial(seed, **settings) for seed in seeds]
    return {name: [float(t[name]) for t in trials] for name in trials[0]}


def holds(measured, bounds):
    r"""Tell whether every seed clears every bound; NaN clears none."""
    return all(CLEARS[sign](v, at) for name, (sign, at) in bounds.items() for v in measured[name])


def table(measured, bounds):
    r"""Lay out mean, worst seed and bound of each named number as text."""
    width = max(map(len, measured))
    lines = [f"{'':{width}}     mean      min      max   bound"]
    for name, values in measured.items():
        numbers = (sum(values) / len(values), min(values), max(values))
        bound = "{} {:g}".format(*bounds[name]) if name in bounds else ""
        lines.append(f"{name:{width}}" + "".join(f" {v:8.4g}" for v in numbers) + f"   {bound}")
    return "\n".join(lines)


def run(name, trial, settings, quick, bounds):
    r"""Run an experiment from the command line; with ``--quick`` a small one, not recorded."""
    small = "--quick" in sys.argv[1:]
    settings, seeds = (settings | quick, SEEDS[:1]) if small else (settings, SEEDS)
    start = time.perf_counter()
    measured = over_seeds(trial, settings, seeds)
    seconds = time.perf_counter() - start
    print(table(measured, bounds))
    if small:
        return
    print(f"bounds {'hold' if holds(measured, bounds) else 'FAIL'}, {seconds:.0f} s")
    record(name, seeds=seeds, measured=measured, settings=settings, bounds=bounds, seconds=seconds)
