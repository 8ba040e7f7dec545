r"""Times and memory, compared side by side in one run."""

import statistics
import time
import tracemalloc

import numpy as np

__all__ = ["pairs", "peak", "seconds_of"]


def pairs(first, second, repeats, names):
    r"""Time two functions in turn; return medians, and the quartiles of first over second."""
    for run in (first, second):
        run()
    taken = [(seconds_of(first), seconds_of(second)) for _ in range(repeats)]
    ratios = [a / b for a, b in taken]
    low, ratio, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    ms = {
        n: 1000 * statistics.median(c) for n, c in zip(names, zip(*taken, strict=True), strict=True)
    }
    return ms | {"ratio": ratio, "low": low, "high": high}


def seconds_of(run):
    r"""Time one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peak(run):
    r"""Return the peak of what a call allocates, in bytes."""
    tracemalloc.start()
    run()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest
