r"""Tasks, tested by their definition, and the loss that a net must beat."""

import numpy as np
import pytest

from rnn import tasks


def rng(seed=0):
    return np.random.default_rng(seed)


def test_parity_counts_ones():
    x, y, lengths, *_ = tasks.parity(rng(), tau=30, batch=4)
    assert lengths is None
    for row in range(4):
        ones = 0
        for t in range(30):
            ones += x[t, row, 0] == 1
            assert y[t, row] == ones % 2
    assert set(np.unique(x)) == {-1, 1}


def test_parity_lengths_stay_within_their_bounds():
    lengths = tasks.parity(rng(), 20, 1000, min_length=5).lengths
    assert (lengths.min(), lengths.max()) == (5, 20)


@pytest.mark.parametrize("tau", [1, 2, 6])
def test_memoryless_loss_of_parity_by_enumeration(tau):
    bits = np.array(list(np.ndindex(*[2] * tau))).T
    agree = np.mean(bits == bits.cumsum(0) % 2)
    others = [p for p in (agree, 1 - agree) if p > 0]
    entropy = -sum(p * np.log(p) for p in others)
    assert tasks.parity(rng(), tau, 3).memoryless_loss == pytest.approx(entropy)


def test_find_the_year_hides_one_year_where_it_may_stand():
    x, y, *_ = tasks.find_the_year(rng(), 300, positions=[1, 5], n_words=8)
    words = x.argmax(-1)
    is_year = words < 10
    assert (is_year.sum(0) == 1).all()
    places = is_year.argmax(0)
    assert set(places) == {1, 5}
    np.testing.assert_array_equal(words[places, np.arange(300)], y)


def test_memoryless_loss_of_find_the_year():
    assert tasks.find_the_year(rng(), 1, positions=[7]).memoryless_loss == 0
    half = tasks.find_the_year(rng(), 1, positions=[0, 7]).memoryless_loss
    assert half == pytest.approx(np.log(10) / 2)


def test_the_same_seed_gives_the_same_bits():
    for make in (
        lambda r: tasks.parity(r, 9, 3, min_length=2),
        lambda r: tasks.find_the_year(r, 5, positions=[2]),
    ):
        for a, b in zip(make(rng(7)), make(rng(7)), strict=True):
            np.testing.assert_array_equal(a, b)


def test_documentation_is_a_real_text():
    text = tasks.documentation_text(50)
    assert len(text) > 100_000
    assert len(set(text)) == 50
    assert text.count(" the ") > 1000


def test_text_windows_shift_by_one():
    text = tasks.documentation_text()[:5000]
    alphabet = tasks.Alphabet.of(text)
    classes = alphabet.encode(text)
    assert alphabet.decode(classes) == text
    now, following = tasks.text_windows(rng(), classes, tau=20, batch=6)
    assert now.shape == following.shape == (20, 6)
    np.testing.assert_array_equal(now[1:], following[:-1])
    assert all(
        alphabet.decode(now[:, b]) + alphabet.decode(following[-1:, b]) in text for b in range(6)
    )


def test_one_hot():
    np.testing.assert_array_equal(tasks.one_hot(np.array([[1], [0]]), 2), [[[0, 1]], [[1, 0]]])
