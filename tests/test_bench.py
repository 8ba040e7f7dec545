"""The benchmarks: contestants compute the same, and what is stored is what the package uses."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from experiments import bench_cpu, bench_report, paths, timing  # noqa: E402
from experiments.record import load  # noqa: E402

SMALL = (6, 2, 4, 5)


@pytest.mark.parametrize("kind", bench_cpu.CELLS)
def test_contestants_compute_the_same_loss(kind):
    ours, peer = bench_cpu.contestants(kind, *SMALL)
    assert ours() == pytest.approx(peer(), rel=1e-5)


def test_pairs_divide_the_first_by_the_second(monkeypatch):
    clock = iter(np.cumsum([0, 1, 0, 4, 0, 1, 0, 4, 0, 1, 0, 4.0]))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    row = timing.pairs(lambda: None, lambda: None, 3, ("a", "b"))
    assert row == {"a": 1000, "b": 4000, "ratio": 0.25, "low": 0.25, "high": 0.25}


def test_peak_counts_what_a_call_allocates():
    assert 8e6 <= timing.peak(lambda: np.ones(1_000_000).sum()) < 8.1e6


def test_the_stored_benchmark_is_whole_and_says_where_it_ran():
    result = load("bench_cpu")
    assert set(result["measured"]["speed"]) == set(bench_cpu.CELLS)
    for by_shape in result["measured"]["speed"].values():
        assert list(by_shape) == sorted(map(bench_cpu.key, bench_cpu.SHAPES))
        assert all(row["low"] <= row["ratio"] <= row["high"] for row in by_shape.values())
    assert result["hardware"]["threads"] == 2
    assert result["settings"]["repeats"] >= 15
    text = bench_report.table(result["measured"])
    assert "geometric mean" in text


def test_the_table_behind_auto_is_what_was_measured():
    assert json.loads(paths.TABLE.read_text(encoding="utf-8")) == paths.derived()


def test_auto_takes_what_was_fastest():
    from rnn import pytorch

    rows = [row for row in paths.derived() if row["device"] == "cpu" and row["grad"]]
    assert {row["kind"] for row in rows} == {"RNN", "GRU", "LSTM"}
    for row in rows:
        cell = getattr(pytorch, row["kind"])(3, row["d_h"])
        said = cell.explain(torch.zeros(row["tau"], row["batch"], 3))
        assert said.startswith(f"{row['order'][0]}: ")
        assert f"{row['tau']} x {row['batch']} x {row['d_h']}" in said
