r"""The parity of the twins: the worst difference of each cell, path and dtype, as a table.

`python -m experiments.parity` compares every cell of the registry with its PyTorch module, with
copied parameters and the same gradients arriving: outputs, last state, and the gradients of
parameters, inputs and state, relative to the largest entry of each. It writes
``results/parity.json`` and prints a row a cell. (It walks `tests/test_twins_cells.py`.)
"""

import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

from experiments.record import record

SHAPES = [(1, 1), (7, 3)]
DTYPES = {"float64": np.float64, "float32": np.float32}


def main():
    r"""Compare, print and record."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    import test_twins_cells as twins

    start = time.perf_counter()
    measured = {name: of(twins, name) for name in twins.MAKES}
    print(*map(line, measured.items()), sep="\n")
    seconds = time.perf_counter() - start
    record("parity", seeds=[0], measured=measured, worst=worst(measured), seconds=seconds)


def of(twins, name):
    r"""Return the worst error of a cell for each path and dtype, such as "fused float64"."""
    found = {}
    for (kind, dtype), (tau, batch), lengths in product(DTYPES.items(), SHAPES, (False, True)):
        p = twins.MAKES[name](tau, tau, batch, dtype, lengths=lengths)
        twin, state, x = twins.twin_of(p)
        expected = twins.ours(p, False)
        for path in twins.paths_of(twin, x, p.lengths, False):
            pairs = zip(twins.theirs(p, twin, state, x, False, path), expected, strict=True)
            error = float(twins.worst_of(twins.relative(a, b) for a, b in pairs))
            found[f"{path} {kind}"] = max(error, found.get(f"{path} {kind}", 0.0))
    return found


def worst(measured):
    r"""Return the worst error of each path and dtype over all cells."""
    columns = sorted({column for row in measured.values() for column in row})
    return {c: max(row[c] for row in measured.values() if c in row) for c in columns}


def line(item):
    r"""Write a row of the table."""
    name, row = item
    return f"{name:40}" + "  ".join(f"{column} {error:.0e}" for column, error in row.items())


if __name__ == "__main__":
    main()
