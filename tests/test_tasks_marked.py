r"""Adding, multiplying, temporal order, latching: targets worked out again from x alone."""

import re
from itertools import product

import numpy as np
import pytest
from test_tasks_discrete import rng

from rnn import tasks


@pytest.mark.parametrize("variant", ["2013", "1997"])
@pytest.mark.parametrize("tau", [20, 41, 100])
def test_two_marked_numbers_and_nothing_else_make_the_target(variant, tau):
    added = tasks.adding(rng(), tau, 400, variant=variant)
    multiplied = tasks.multiplication(rng(1), tau, 400, variant=variant)
    for row in range(400):
        (i, j), (k, m) = (np.flatnonzero(b.x[:, row, 1] == 1) for b in (added, multiplied))
        two = added.x[i, row, 0] + added.x[j, row, 0]
        expected = two / 2 if variant == "2013" else 0.5 + two / 4
        assert added.y[row, 0] == pytest.approx(expected, abs=1e-15)
        expected = multiplied.x[k, row, 0] * multiplied.x[m, row, 0]
        assert multiplied.y[row, 0] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("make", [tasks.adding, tasks.multiplication])
def test_the_markers_of_2013_stand_in_the_first_tenth_and_the_next_four(make):
    x, _, lengths, *_ = make(rng(), 40, 4000)
    assert lengths is None
    places = np.array([np.flatnonzero(x[:, row, 1]) for row in range(4000)])
    assert set(places[:, 0]) == set(range(4))
    assert set(places[:, 1]) == set(range(4, 20))
    assert set(np.unique(x[..., 1])) == {0, 1}
    assert 0 <= x[..., 0].min() < 0.001 < 0.999 < x[..., 0].max() < 1


@pytest.mark.parametrize(
    ("make", "low", "neutral"), [(tasks.adding, -1, 0), (tasks.multiplication, 0, 1)]
)
def test_the_markers_of_1997(make, low, neutral):
    x, _, lengths, *_ = make(rng(), 40, 8000, variant="1997")
    assert x.shape[0] == 44
    assert set(lengths) == set(range(40, 45))
    values, markers = x[..., 0], x[..., 1]
    at_first_ten, second = set(), set()
    for row, length in enumerate(lengths):
        places = np.flatnonzero(markers[:, row] == 1)
        assert len(places) == 2
        assert places[0] < 10
        assert places[1] < 20
        at_first_ten.add(places[0])
        second.add(places[1])
        assert markers[length - 1, row] == -1
        assert markers[0, row] == (1 if places[0] == 0 else -1)
        if places[0] == 0:
            assert values[0, row] == neutral
        others = np.delete(markers[:, row], [0, *places, length - 1])
        assert not others.any()
        assert not x[length:, row].any()
    assert at_first_ten == set(range(10))
    assert second == set(range(1, 20))
    assert low <= values.min() < low + 0.001 < 0.999 < values.max() <= 1
    marked_first = (markers[0] == 1).mean()
    expected = 1 / 10 + 9 / 10 / 19
    assert abs(marked_first - expected) < 5 * (expected / 8000) ** 0.5


@pytest.mark.parametrize("make", [tasks.adding, tasks.multiplication])
@pytest.mark.parametrize("variant", ["2013", "1997"])
def test_without_a_memory_the_mean_is_the_best_answer_to_marked_numbers(make, variant):
    x, y, lengths, loss, _ = make(rng(), 20, 150_000, variant=variant)
    last = x[(19 if lengths is None else lengths - 1), np.arange(len(y))]
    assert len(np.unique(last[:, 1])) == 1  # the marker is the same in all, and never that of X
    assert abs(np.corrcoef(last[:, 0], y[:, 0])[0, 1]) < 4 / len(y) ** 0.5
    squares = (y - y.mean()) ** 2
    assert abs(squares.mean() - loss) < 4 * squares.std() / len(y) ** 0.5


def test_the_loss_of_the_always_mean_answer_of_2013_is_known():
    assert tasks.adding(rng(), 10, 1).memoryless_loss == pytest.approx(0.0416667, abs=1e-7)
    product_loss = tasks.multiplication(rng(), 10, 1).memoryless_loss
    assert product_loss == pytest.approx(0.0486111, abs=1e-7)


ORDERS = {
    ("2013", 2): [range(4, 8), range(20, 24)],
    ("2013", 3): [range(4, 8), range(12, 16), range(24, 28)],
    ("1997", 2): [range(4, 9), range(20, 25)],
    ("1997", 3): [range(4, 9), range(13, 18), range(26, 31)],
}


@pytest.mark.parametrize(("variant", "n"), ORDERS)
def test_the_order_of_the_relevant_symbols_is_the_class(variant, n):
    x, y, lengths, loss, _ = tasks.temporal_order(rng(), 40, 3000, symbols=n, variant=variant)
    words = np.array(list("XYabcdEB"))[x.argmax(-1)]
    classes = ["".join(p) for p in product("XY", repeat=n)]
    assert loss == pytest.approx(np.log(len(classes)))
    places = set()
    for row in range(3000):
        word = "".join(words[: None if lengths is None else lengths[row], row])
        assert classes[y[row]] == re.sub("[^XY]", "", word)
        if variant == "1997":
            assert re.fullmatch("E[abcdXY]+B", word)
            assert not x[lengths[row] :, row].any()
        assert word[-1] not in "XY"
        places.add(tuple(m.start() for m in re.finditer("[XY]", word)))
    for k, window in enumerate(ORDERS[variant, n]):
        assert {place[k] for place in places} == set(window)
    assert lengths is None or set(lengths) == set(range(40, 45))
    assert x.shape == ((40, 3000, 6) if variant == "2013" else (44, 3000, 8))
    counts = np.bincount(y, minlength=len(classes))
    assert (abs(counts - 3000 / len(classes)) < 5 * (3000 / len(classes)) ** 0.5).all()


def test_the_windows_of_1997_are_the_papers_at_100_steps():
    for n, windows in ((2, [(10, 20), (50, 60)]), (3, [(10, 20), (33, 43), (66, 76)])):
        x, _, lengths, *_ = tasks.temporal_order(rng(), 100, 3000, symbols=n, variant="1997")
        places = np.array([np.flatnonzero(x[:, row, :2].any(-1)) for row in range(3000)])
        assert [(p.min(), p.max()) for p in places.T] == windows
        assert (lengths.min(), lengths.max()) == (100, 110)


def test_a_latched_class_stands_in_the_first_inputs_alone():
    x, y, lengths, loss, _ = tasks.latch(rng(), 12, 50_000, first=2, noise=0.7)
    assert lengths is None
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_array_equal(x[:2, :, 0], np.tile(2 * y - 1, (2, 1)))
    later = x[2:, :, 0]
    assert abs(later.std() - 0.7) < 0.005
    assert abs((later * (2 * y - 1)).mean(axis=1)).max() < 5 * 0.7 / 50_000**0.5
    assert abs(y.mean() - 0.5) < 0.015


def test_noise_at_the_start_leaves_the_mean_of_the_first_inputs():
    x, y, *_ = tasks.latch(rng(), 4, 50_000, first=1, start_noise=0.2**0.5)
    signed = x[0, :, 0] * (2 * y - 1)
    assert abs(signed.mean() - 1) < 0.01
    assert abs(signed.var() - 0.2) < 0.01
    assert abs(x[1:].std() - 0.2) < 0.01


def test_a_noisy_target_leaves_its_variance_to_a_perfect_memory():
    x, y, lengths, loss, _ = tasks.two_sequence(rng(), 33, 100_000, min_length=30)
    assert (lengths.min(), lengths.max()) == (30, 33)
    assert loss == pytest.approx(0.19)
    known = np.where(x[0] > 0, 0.2, 0.8)
    for answer, expected in ((y.mean(), 0.19), (known, 0.1)):
        squares = (y - answer) ** 2
        assert abs(squares.mean() - expected) < 4 * squares.std() / 100_000**0.5
