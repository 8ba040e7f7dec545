r"""Derive the table behind ``path="auto"`` from what the benchmarks have stored.

``python -m experiments.paths`` writes ``rnn/pytorch/measured.json``: for every kind of cell, shape,
device and mode, the paths from the fastest to the slowest. A test shows that the two agree.
"""

import json
from pathlib import Path

from experiments.record import load

__all__ = ["TABLE", "derived"]

TABLE = Path(__file__).parent.parent / "rnn" / "pytorch" / "measured.json"
DEVICES = {"bench_torch": "cpu", "bench_gpu": "cuda"}


def derived():
    r"""Return the rows of the table."""
    rows = []
    for name, device in DEVICES.items():
        try:
            measured = load(name)["measured"]
        except FileNotFoundError:
            continue
        for mode in ("training", "inference"):
            for kind, by_shape in measured.get(mode, {}).items():
                rows += [_row(kind, device, mode, *item) for item in by_shape.items()]
    return rows


def _row(kind, device, mode, shape, by_path):
    tau, batch, _, d_h = map(int, shape.split("x"))
    faster = {path: row["ratio"] for path, row in by_path.items() if path != "auto"}
    place = {"kind": kind, "device": device, "grad": mode == "training"}
    size = {"tau": tau, "batch": batch, "d_h": d_h}
    return place | size | {"order": sorted(faster, key=faster.get, reverse=True)}


def main():
    r"""Write the table, one row a line."""
    lines = ",\n".join(json.dumps(row) for row in derived())
    TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
