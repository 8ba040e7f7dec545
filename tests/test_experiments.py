r"""Experiments: their pieces by other means, their quick versions, and what they have stored."""

import json
import math
import re
import sys

import numpy as np
import pytest

from experiments import (
    copies,
    criterion,
    even_process,
    find_year,
    harness,
    parity_lengths,
    prediction_or_reconstruction,
    record,
    shared_transition,
)
from rnn.reference import RNNTheta, bptt, cross_entropy, forward, init_theta

EXPERIMENTS = {
    "parity_lengths": parity_lengths,
    "find_year": find_year,
    "shared_transition": shared_transition,
    "criterion": criterion,
    "prediction_or_reconstruction": prediction_or_reconstruction,
}
by_name = pytest.mark.parametrize("name", EXPERIMENTS)


def rng(seed=0):
    return np.random.default_rng(seed)


def close(a, b):
    return all(np.abs(p - q).max() <= 1e-12 * np.abs(q).max() for p, q in zip(a, b, strict=True))


def slope(loss, theta, direction, step=1e-6):
    r"""Return the central difference of a loss along a direction in parameter space."""
    at = [
        loss(RNNTheta(*(p + s * d for p, d in zip(theta, direction, strict=True))))
        for s in (step, -step)
    ]
    return (at[0] - at[1]) / (2 * step)


def agrees_with_differences(loss, gradient, theta):
    direction = RNNTheta(*(rng(9).normal(size=p.shape) for p in theta))
    by_hand = sum(np.vdot(g, d) for g, d in zip(gradient, direction, strict=True))
    return abs(by_hand - slope(loss, theta, direction)) <= 1e-7 * abs(by_hand)


# What is stored


@by_name
def test_the_stored_result_has_five_seeds_of_finite_numbers(name):
    result = record.load(name)
    assert result["seeds"] == [0, 1, 2, 3, 4]
    for values in result["measured"].values():
        assert len(values) == 5
        assert all(math.isfinite(v) for v in values)


@by_name
def test_every_seed_of_the_stored_result_clears_the_bounds(name):
    bounds = EXPERIMENTS[name].BOUNDS
    assert bounds
    assert harness.holds(record.load(name)["measured"], bounds)


@by_name
def test_the_stored_result_comes_from_the_script_as_it_is(name):
    result, module = record.load(name), EXPERIMENTS[name]
    assert result["settings"] == module.SETTINGS
    assert {k: tuple(v) for k, v in result["bounds"].items()} == module.BOUNDS
    assert result["command"] == f"python -m experiments.{name}"
    assert {"python", "numpy"} <= set(result["versions"])


def test_stored_results_hold_no_path():
    files = list(record.RESULTS.glob("*.json"))
    assert {f.stem for f in files} >= set(EXPERIMENTS)
    for file in files:
        assert not re.search(r'"[/~]|[A-Z]:\\', file.read_text(encoding="utf-8"))


# The harness


@by_name
def test_a_quick_run_prints_finite_numbers_and_records_nothing(name, monkeypatch, capsys):
    def refuse(*args, **kwargs):
        raise AssertionError("a quick run must not be recorded")

    monkeypatch.setattr(sys, "argv", ["experiment", "--quick"])
    monkeypatch.setattr(harness, "record", refuse)
    EXPERIMENTS[name].main()
    _, *lines = capsys.readouterr().out.splitlines()
    assert set(EXPERIMENTS[name].BOUNDS) & {line.split()[0] for line in lines}
    assert all(math.isfinite(float(v)) for line in lines for v in line.split()[1:4])


def test_a_full_run_uses_five_seeds_and_its_own_settings(monkeypatch, capsys):
    kept = {}
    monkeypatch.setattr(sys, "argv", ["experiment"])
    monkeypatch.setattr(harness, "record", lambda name, **fields: kept.update(fields))
    harness.run("x", lambda seed, k: {"a": seed + k}, {"k": 1}, {"k": 2}, {"a": ("<=", 4)})
    assert kept["measured"] == {"a": [1, 2, 3, 4, 5]}
    assert kept["settings"] == {"k": 1}
    assert "FAIL" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "bound", "verdict"),
    [
        ([0.9, 0.8], (">=", 0.8), True),
        ([0.9, 0.7], (">=", 0.8), False),
        ([0.1, 0.2], ("<=", 0.2), True),
        ([0.1, 0.3], ["<=", 0.2], False),
        ([math.nan, 0.9], (">=", 0.8), False),
        ([math.nan, 0.1], ("<=", 0.8), False),
    ],
)
def test_bounds_hold_only_if_every_seed_clears_them(values, bound, verdict):
    assert harness.holds({"a": values, "b": [math.nan]}, {"a": bound}) is verdict


def test_training_follows_the_gradient_to_the_bottom():
    goal = RNNTheta(*(rng(1).normal(size=p.shape) for p in init_theta(rng(), 2, 3, 4)))
    start = init_theta(rng(), 2, 3, 4)

    def gradient(theta):
        return RNNTheta(*(p - q for p, q in zip(theta, goal, strict=True)))

    end = harness.train(start, gradient, 2000, lr=1e-2)
    assert max(np.abs(p - q).max() for p, q in zip(end, goal, strict=True)) < 1e-3


def test_a_record_is_rounded_sorted_and_read_back(tmp_path):
    given = {"b": [1 / 3, 2], "a": np.float64(2e-9 / 3)}
    stored = record.record("x", seeds=range(2), measured=given, folder=tmp_path, seconds=1.0)
    assert stored["measured"] == {"a": 6.66667e-10, "b": [0.333333, 2]}
    assert (stored["seeds"], stored["seconds"]) == ([0, 1], 1.0)
    assert record.load("x", folder=tmp_path) == stored
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == json.dumps(stored, indent=1, sort_keys=True) + "\n"


def test_a_record_refuses_nan_and_leaves_the_old_file(tmp_path):
    stored = record.record("x", seeds=[0], measured={"a": 1.0}, folder=tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.record("x", seeds=[0], measured={"a": math.nan}, folder=tmp_path)
    assert record.load("x", folder=tmp_path) == stored


def test_a_missing_record_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.absent"):
        record.load("absent", folder=tmp_path)


# The pieces


def stacked(tau=4, d_x=2):
    drawn = [init_theta(rng(k), d_x, 3, 2) for k in range(tau)]
    return RNNTheta(*map(np.array, zip(*drawn, strict=True)))


def test_equal_copies_are_the_recurrent_net_and_their_gradients_add_up():
    x, y, theta = rng(1).normal(size=(4, 5, 2)), rng(2).integers(0, 2, (4, 5)), stacked()
    equal = RNNTheta(*(np.repeat(p[:1], 4, axis=0) for p in theta))
    net = RNNTheta(*(p[0] for p in theta))
    np.testing.assert_allclose(copies.outputs(x, equal)[1], forward(None, x, net).o, atol=1e-14)
    grad = copies.gradient_of_copies(x, y, equal)
    _, wanted = bptt(None, x, y, net, reduction="mean")
    assert close([g.sum(axis=0) for g in grad], wanted)


def test_the_gradient_of_different_copies_by_differences():
    x, y, theta = rng(1).normal(size=(4, 5, 2)), rng(2).integers(0, 2, (4, 5)), stacked()

    def loss(theta):
        return cross_entropy(copies.outputs(x, theta)[1], y, reduction="mean")

    grad = copies.gradient_of_copies(x, y, theta)
    assert agrees_with_differences(loss, grad, theta)
    assert not agrees_with_differences(loss, grad._replace(W=1.01 * grad.W), theta)


def test_only_the_tied_net_shares_and_only_the_separate_one_has_no_walk():
    x = rng().normal(size=(4, 5, 2))
    thetas = {k: shared_transition.init_thetas(rng(), k, x, 3) for k in ("tied", "untied")}
    assert (thetas["tied"].W == thetas["tied"].W[0]).all()
    assert not (thetas["untied"].W[1] == thetas["untied"].W[0]).any()
    assert not shared_transition.init_thetas(rng(), "separate", x, 3).W.any()
    grad = stacked()
    tied = shared_transition.shared("tied", grad)
    np.testing.assert_array_equal(tied.U[2], grad.U.sum(axis=0))
    assert not shared_transition.shared("separate", grad).W.any()
    assert shared_transition.shared("untied", grad) is grad


def test_histories_show_the_past_and_hide_the_future():
    x = np.array([[5.0], [6.0], [7.0]])[..., None]
    wanted = [[[5, 0, 0]], [[5, 6, 0]], [[5, 6, 7]]]
    np.testing.assert_array_equal(shared_transition.histories(x), wanted)


def test_needed_counts_from_the_last_size_that_fell_short():
    right = {16: 0.96, 32: 0.9, 64: 0.97, 128: 0.99}
    assert shared_transition.needed(right, 0.95, otherwise=1024) == 64
    assert shared_transition.needed(right, 0.5, otherwise=1024) == 16
    assert shared_transition.needed(right, 0.999, otherwise=1024) == 1024


def test_all_strings_are_there_once():
    strings = shared_transition.all_strings(3)
    assert strings.shape == (3, 8)
    assert len({tuple(column) for column in strings.T}) == 8


def test_only_the_last_step_counts_for_the_year():
    x, y, theta = (
        rng(1).normal(size=(4, 5, 2)),
        rng(2).integers(0, 3, 5),
        init_theta(rng(), 2, 4, 3),
    )

    def loss(theta):
        return cross_entropy(forward(None, x, theta).o[-1:], y[None], reduction="mean")

    assert agrees_with_differences(loss, find_year.gradient_at_the_end(x, y, theta), theta)


def test_the_joined_sentence_makes_an_mlp_of_the_net():
    x, theta = rng(1).normal(size=(8, 3, 24)), init_theta(rng(), 192, 5, 10)
    for row in range(3):
        hidden = np.tanh(theta.U @ np.concatenate([word[row] for word in x]) + theta.b)
        o = forward(None, find_year.joined(x), theta).o[-1, row]
        np.testing.assert_allclose(o, theta.V @ hidden + theta.c, atol=1e-12)
    grad = find_year.gradient_at_the_end(find_year.joined(x), np.array([0, 1, 2]), theta)
    assert not grad.W.any()


def test_the_two_streams_have_parities_of_their_own():
    x, parities = criterion.streams(rng(), 9, 4)
    for stream in (0, 1):
        ones = 0
        for t in range(9):
            ones = ones + (x[t, :, stream] > 0)
            np.testing.assert_array_equal(parities[t, :, stream], ones % 2)


def test_a_probe_reads_what_the_state_holds_and_nothing_else():
    theta = init_theta(rng(), 2, 2, 2)
    theta = theta._replace(U=np.diag([0.5, 0.5]), W=0 * theta.W, b=0 * theta.b)
    right = criterion.probed(theta, rng(), 20, probed_from=10, probe_batch=200)
    np.testing.assert_array_equal(right[2:], 1)
    assert np.abs(right[:2] - 0.5).max() < 0.05


def test_ones_of_the_even_process_come_in_pairs():
    symbols, free = even_process.even_process(rng(), 40, 200)
    for column, was_free in zip(symbols.T, free.T, strict=True):
        ones = 0
        for symbol, choice in zip(column, was_free, strict=True):
            assert choice == (ones % 2 == 0)
            assert symbol == 1 or choice
            ones = ones + 1 if symbol else 0
    assert abs(symbols[free].mean() - 0.5) < 0.02


def test_the_best_predictor_has_no_excess_and_the_memoryless_one_has():
    symbols, free = even_process.even_process(rng(), 8, 5000)
    best = np.where(free[1:, :, None], 0.0, [-50.0, 0.0])
    assert abs(even_process.excess_loss(best, symbols, free)) < 1e-12
    o = even_process.memoryless(symbols)
    assert 0.1 < even_process.excess_loss(o, symbols, free) < 0.2
    better = even_process.excess_loss(o + np.array([0, 0.05]), symbols, free)
    assert better > even_process.excess_loss(o, symbols, free)


def test_a_blind_guess_is_right_as_often_as_the_automaton_says():
    symbols, _ = even_process.even_process(rng(), 7, 20_000)
    free, right = 1.0, []
    for _ in range(8):
        right.append(max(free / 2, 1 - free / 2))  # the probability of a zero is free / 2
        free = free / 2 + (1 - free)  # after a zero, or after the second one of a pair
    assert abs(even_process.blind_guess(symbols) - np.mean(right)) < 0.005


@pytest.mark.parametrize("task", ["PREDICT", "RECONSTRUCT"])
def test_gradients_of_both_tasks_by_differences(task):
    task = getattr(prediction_or_reconstruction, task)
    symbols, _ = even_process.even_process(rng(), 4, 6)
    theta = init_theta(rng(), 1, 3, task.d_y(4))
    x = prediction_or_reconstruction.inputs(symbols)

    def loss(theta):
        answers = task.answers(forward(None, x, theta).o)
        return cross_entropy(answers, task.targets(symbols), reduction="mean")

    grad = prediction_or_reconstruction.gradient_of(task, theta, symbols)
    assert agrees_with_differences(loss, grad, theta)


def test_reconstruction_reads_only_the_last_step():
    o = rng().normal(size=(3, 5, 6))
    answers = prediction_or_reconstruction.RECONSTRUCT.answers(o)
    for t in range(3):
        np.testing.assert_array_equal(answers[t], o[-1][:, 2 * t : 2 * t + 2])


def test_the_least_width_or_twice_the_greatest():
    scores = {1: 0.5, 2: 0.99, 4: 1.0}
    least = prediction_or_reconstruction.least_width
    assert least(scores, lambda score: score >= 0.99) == 2
    assert least(scores, lambda score: score > 1) == 8
