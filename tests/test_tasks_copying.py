r"""Copying and recall: targets read off x alone, behind the delimiters that stand in it."""

from itertools import product

import numpy as np
import pytest
from test_tasks_discrete import pooled, rng

from rnn import tasks


def spans(x, channel, bits):
    """Yield (row, step of the mark, vectors before it) for every row with a mark in `channel`."""
    for row in range(x.shape[1]):
        mark = int(np.flatnonzero(x[:, row, channel])[0])
        yield row, mark, x[:mark, row, :bits]


def test_a_copy_is_what_stood_before_the_delimiter():
    x, y, lengths, loss, counted = tasks.copy(rng(), 6, 500, bits=3, min_length=2)
    assert loss == pytest.approx(np.log(2))
    seen = set()
    for row, mark, shown in spans(x, 3, 3):
        recall = np.arange(mark + 1, 2 * mark + 1)
        np.testing.assert_array_equal(np.flatnonzero(counted[:, row]), recall)
        np.testing.assert_array_equal(y[recall, row], shown)
        assert x[mark, row].tolist() == [0, 0, 0, 1]
        assert not x[mark + 1 :, row].any()
        assert lengths[row] == 2 * mark + 1
        seen.add(mark)
    assert seen == set(range(2, 7))
    assert not y[~counted].any()
    assert abs(y[counted].mean() - 0.5) < 0.03
    assert tasks.copy(rng(), 6, 2).lengths is None


def test_copies_are_repeated_as_often_as_the_number_says():
    made = tasks.repeat_copy(rng(), 3, 4, 900, bits=2, min_length=1, min_repeats=2)
    x, y, lengths, _, counted = made
    seen = set()
    for row, mark, shown in spans(x, 2, 2):
        R = round(x[mark, row, 2] * 8.25**0.5 + 5.5)
        answer = np.vstack([np.tile(shown, (R, 1)), np.zeros((1, 2))])
        end = mark + 1 + mark * R
        np.testing.assert_array_equal(np.flatnonzero(counted[:, row]), range(mark + 1, end + 1))
        np.testing.assert_array_equal(y[mark + 1 : end + 1, row, :2], answer)
        np.testing.assert_array_equal(np.flatnonzero(y[:, row, 2]), [end])
        assert not x[mark + 1 :, row].any()
        assert not x[mark, row, :2].any()
        assert lengths[row] == end + 1
        seen.add((mark, R))
    assert seen == set(product((1, 2, 3), (2, 3, 4)))
    assert not y[~counted].any()


def test_the_number_of_copies_has_mean_0_and_variance_1_in_the_papers_range():
    x = tasks.repeat_copy(rng(), 1, 10, 40_000, bits=1, min_repeats=1).x
    assert len(np.unique(x[1, :, 1])) == 10
    assert np.unique(x[1, :, 1]).mean() == pytest.approx(0, abs=1e-12)
    assert np.unique(x[1, :, 1]).var() == pytest.approx(1)


def test_memoryless_loss_of_repeat_copy_by_enumeration():
    pairs = []
    for n, R in product((1, 2, 3), (2, 3, 4)):
        for vectors in product((0, 1), repeat=n):
            answer = [(v, 0) for v in vectors * R] + [(0, 1)]
            pairs += [(2.0**-n, channel, y[channel]) for y in answer for channel in (0, 1)]
    made = tasks.repeat_copy(rng(), 3, 4, 1, bits=1, min_length=1, min_repeats=2)
    assert made.memoryless_loss == pytest.approx(pooled(pairs), rel=1e-12)


def test_memorised_symbols_are_asked_for_after_the_signal():
    x, y, lengths, loss, counted = tasks.copy_memory(rng(), 7, 400, n_symbols=3, n_recall=4)
    words = x.argmax(-1)
    assert lengths is None
    assert (x.sum(-1) == 1).all()
    assert (words[4:] == np.array([3] * 7 + [4] + [3] * 3)[:, None]).all()
    np.testing.assert_array_equal(y[-4:], words[:4])
    assert (y[:-4] == 3).all()
    np.testing.assert_array_equal(counted, np.repeat([[False], [True]], [11, 4], 0).repeat(400, 1))
    assert set(np.unique(words[:4])) == {0, 1, 2}
    assert loss == pytest.approx(np.log(3))


def test_the_item_after_the_one_asked_for_is_recalled():
    made = tasks.associative_recall(rng(), 4, 600, min_items=2, item_length=2, bits=2)
    x, y, lengths, loss, counted = made
    assert loss == pytest.approx(np.log(2))
    seen = set()
    for row in range(600):
        starts, query = np.flatnonzero(x[:, row, 2]), np.flatnonzero(x[:, row, 3])
        items = [x[s + 1 : s + 3, row, :2].tolist() for s in starts]
        assert starts.tolist() == list(range(0, 3 * len(items), 3))
        assert query.tolist() == [3 * len(items), 3 * len(items) + 3]
        asked = [
            k
            for k, item in enumerate(items)
            if item == x[query[0] + 1 : query[1], row, :2].tolist()
        ]
        (k,) = asked
        answer = np.arange(query[1] + 1, query[1] + 3)
        np.testing.assert_array_equal(y[answer, row], items[k + 1])
        np.testing.assert_array_equal(np.flatnonzero(counted[:, row]), answer)
        assert len({str(item) for item in items}) == len(items)
        assert not x[[*starts, *query], row, :2].any()
        assert not x[answer[0] :, row].any()
        assert lengths[row] == answer[-1] + 1
        seen.add((len(items), k))
    assert seen == {(2, 0), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2)}
    assert not y[~counted].any()
    assert abs(y[counted].mean(axis=0) - 0.5).max() < 0.06


def test_all_items_that_there_are_can_stand_in_one_list():
    x = tasks.associative_recall(rng(), 8, 20, item_length=3, bits=1).x
    items = x[:32, :, 0].reshape(8, 4, 20)[:, 1:]
    numbers = np.sort(np.tensordot([4, 2, 1], items, (0, 1)), axis=0)
    np.testing.assert_array_equal(numbers, np.arange(8)[:, None].repeat(20, 1))
