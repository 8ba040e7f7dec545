r"""Real data against facts about it, and number words against the library that knows them."""

import subprocess
import sys

import numpy as np
import pytest

from rnn import tasks
from rnn.tasks.numbers import END


def needs(library):
    return pytest.importorskip(library, reason=f"needs {library}")


def test_digits_are_the_pictures_row_by_row():
    data = needs("sklearn.datasets").load_digits()
    parts = {
        order: [tasks.digits(order, s) for s in ("train", "test")] for order in ("rows", "pixels")
    }
    for order, (train, test) in parts.items():
        assert len(train.y) == 1437
        assert len(test.y) == 360
        np.testing.assert_array_equal(np.r_[train.y, test.y], data.target)
        x = np.concatenate([train.x, test.x], axis=1)
        assert x.shape[0] == (8 if order == "rows" else 64)
        for b in (0, 7, 1436, 1437, 1796):
            np.testing.assert_array_equal(x[:, b].reshape(8, 8), data.images[b] / 16)
    assert tasks.digits(dtype=np.float32).x.dtype == np.float32


@pytest.mark.parametrize("split", ["train", "test"])
def test_memoryless_loss_of_digits_is_the_entropy_of_their_counts(split):
    needs("sklearn")
    batch = tasks.digits(split=split)
    shares = [np.mean(batch.y == k) for k in range(10)]
    assert batch.memoryless_loss == pytest.approx(-sum(p * np.log(p) for p in shares))
    assert np.log(10) - 0.01 < batch.memoryless_loss < np.log(10)


def test_sunspots_peak_in_1957_and_come_back_after_eleven_years():
    needs("statsmodels")
    time, values, filled = tasks.sunspots()
    assert (len(time), time[0], time[-1], filled.any()) == (309, 1700, 2008, False)
    assert time[values.argmax()] == 1957
    power = np.abs(np.fft.rfft(values - values.mean())) ** 2
    assert 309 / power[1:].argmax() == pytest.approx(11, abs=0.6)


def test_el_nino_is_monthly_and_hottest_in_its_great_years():
    needs("statsmodels")
    time, values, filled = tasks.el_nino()
    assert len(time) == 61 * 12
    assert not filled.any()
    np.testing.assert_allclose(np.diff(time), 1 / 12)
    assert (time[0], time[-1]) == pytest.approx((1950 + 1 / 24, 2011 - 1 / 24))
    yearly = values.reshape(61, 12)
    anomaly = (yearly - yearly.mean(axis=0)).mean(axis=1)
    assert set(1950 + np.argsort(anomaly)[-3:]) == {1983, 1997, 1998}


def test_co2_is_weekly_and_its_gaps_are_bridged():
    needs("statsmodels")
    time, values, filled = tasks.co2()
    assert (len(values), filled.sum()) == (2284, 59)
    assert np.isfinite(values).all()
    assert np.diff(time) == pytest.approx(7 / 365.25, rel=0.01)
    assert time[0] == pytest.approx(1958 + 87 / 365)  # 29 March
    assert values[:8] == pytest.approx([316.1, 317.3, 317.6, 317.5, 316.4, 316.9, 317.2, 317.5])
    assert filled[:8].tolist() == [False] * 6 + [True, False]
    assert np.abs(np.diff(values)).max() < 3.5
    rise = np.polynomial.Polynomial.fit(time, values, 1).convert().coef[1]
    assert rise == pytest.approx(1.3, abs=0.1)  # parts per million a year


@pytest.mark.parametrize(
    ("n", "language", "words"),
    [
        (21, "de", "einundzwanzig"),
        (80, "fr", "quatre-vingts"),
        (1100, "en", "one thousand, one hundred"),
        (0, "it", "zero"),
        (407, "digits", "407"),
    ],
)
def test_number_words(n, language, words):
    if language != "digits":
        needs("num2words")
    assert tasks.number_words(n, language) == words


@pytest.mark.parametrize("languages", [("en", "de"), ("digits", "fr"), ("it", "digits")])
def test_both_sides_of_a_translation_name_the_same_number(rng, languages):
    num2words = needs("num2words").num2words
    pairs = tasks.translation(rng, 40, *languages, largest=400)
    for b in range(40):
        texts = [
            tasks.read_word(pairs.x[: pairs.x_lengths[b], b], pairs.source),
            tasks.read_word(pairs.y[:, b], pairs.target),
        ]
        named = [
            {n for n in range(401) if text == (str(n) if to == "digits" else num2words(n, lang=to))}
            for text, to in zip(texts, languages, strict=True)
        ]
        assert named[0] == named[1]
        assert len(named[0]) == 1
        assert len(texts[0]) == pairs.x_lengths[b]
        assert len(texts[1]) + 1 == pairs.y_lengths[b]
        assert not pairs.y[pairs.y_lengths[b] - 1 :, b].any()  # the end, and the padding
    assert pairs.source.characters[0] == pairs.target.characters[0] == END
    assert (len(pairs.x), len(pairs.y)) == (pairs.x_lengths.max(), pairs.y_lengths.max())


def test_a_lexicon_spares_the_spelling_and_changes_nothing():
    ready = tasks.lexicon("digits", 500)
    draws = [
        tasks.translation(np.random.default_rng(3), 9, source, "digits", largest=500)
        for source in ("digits", ready, ready)
    ]
    for other in draws[1:]:
        for a, b in zip(draws[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_numbers_can_be_kept_for_a_test(rng):
    even = range(0, 100, 2)
    pairs = tasks.translation(rng, 300, "digits", "digits", largest=200, numbers=even)
    drawn = {int(tasks.read_word(pairs.x[:, b], pairs.source)) for b in range(300)}
    assert drawn <= set(even)
    assert len(drawn) > 40
    assert tasks.translation(rng, 0, "digits", "digits").x.shape == (0, 0)


def test_one_hot_until_the_length():
    got = tasks.one_hot_until([[1, 0], [2, 2]], [2, 1], 3)
    np.testing.assert_array_equal(got, [[[0, 1, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 0]]])


def test_exact_match_wants_every_character_and_the_end():
    y = np.array([[3, 3, 3, 3, 0], [4, 4, 4, 4, 0], [0, 0, 0, 0, 0]])
    y_hat = np.array([[3, 3, 3, 9, 0], [4, 4, 9, 4, 7], [0, 5, 0, 0, 7], [8, 8, 8, 8, 8]])
    lengths = [3, 3, 3, 3, 1]  # right; no end; a wrong middle; a wrong start; ends at once
    assert tasks.exact_match(y_hat, y, lengths).tolist() == [True, False, False, False, True]
    assert tasks.exact_match(y_hat[:2], y, lengths).tolist() == [False] * 4 + [True]
    assert tasks.exact_match(y, y, lengths).all()


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("sklearn.datasets", lambda: tasks.digits()),
        ("statsmodels.datasets.sunspots", lambda: tasks.sunspots()),
        ("num2words", lambda: tasks.number_words(3, "en")),
    ],
)
def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch, module, call):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r'pip install "rnn-companion\[data\]"'):
        call()


def test_importing_the_tasks_imports_none_of_the_libraries():
    code = "import sys, rnn.tasks; print([m for m in sys.modules if m.split('.')[0] in sys.argv])"
    command = [sys.executable, "-c", code, "sklearn", "statsmodels", "num2words", "pandas", "scipy"]
    assert subprocess.check_output(command, text=True).strip() == "[]"


def gen():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tasks.digits("columns"), ValueError, "order: .*'rows', 'pixels'; got 'columns'"),
        (lambda: tasks.digits(split="all"), ValueError, "split"),
        (lambda: tasks.digits(dtype=int), ValueError, "dtype"),
        (lambda: tasks.number_words(-1, "digits"), ValueError, "n: "),
        (lambda: tasks.number_words(1.5, "digits"), TypeError, "n: "),
        (lambda: tasks.lexicon("digits", -1), ValueError, "largest"),
        (lambda: tasks.translation(3, 2, "digits", "digits"), TypeError, "rng"),
        (lambda: tasks.translation(gen(), -1, "digits", "digits"), ValueError, "batch"),
        (
            lambda: tasks.translation(gen(), 2, tasks.lexicon("digits", 9), "digits", 50),
            ValueError,
            "source: expected a lexicon up to 50, got one up to 9",
        ),
        (
            lambda: tasks.translation(gen(), 2, "digits", "digits", 50, numbers=[3, 51]),
            ValueError,
            "numbers: .*largest=50.*one of 51",
        ),
        (
            lambda: tasks.translation(gen(), 2, "digits", "digits", numbers=[]),
            ValueError,
            "numbers",
        ),
        (lambda: tasks.one_hot_until([[1], [0]], [3], 2), ValueError, "lengths"),
        (
            lambda: tasks.exact_match(np.zeros((2, 3)), np.zeros((2, 2)), [1, 1]),
            ValueError,
            "y_hat",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("language", ["english", "", None])
def test_an_unknown_language_is_refused(language):
    needs("num2words")
    with pytest.raises(ValueError, match="language: expected one of 'digits'"):
        tasks.number_words(3, language)
