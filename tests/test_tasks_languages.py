r"""Formal languages: strings against regular expressions, losses against whole languages."""

import re
from itertools import pairwise

import numpy as np
import pytest
from test_tasks_discrete import pooled, rng

from rnn import tasks
from rnn.tasks.grammars import SYMBOLS

INNER = r"B(?:(?:TS*X|PT*VP)(?:XT*VP)*(?:S|XT*VV)|PT*VV)E"
PATTERN = {"reber": INNER, "embedded": f"B(?:T{INNER}T|P{INNER}P)E"}
# the same graph in another form: what may follow a state that is named by the string that led there
LEADS = {
    "": {"B": "B"},
    "B": {"T": "BT", "P": "BP"},
    "BT": {"S": "BT", "X": "BTX"},
    "BP": {"T": "BP", "V": "BPV"},
    "BTX": {"X": "BP", "S": "end"},
    "BPV": {"P": "BTX", "V": "end"},
    "end": {"E": "stop"},
}


def strings(least):
    """Return every string of Reber's grammar with probability above `least`, and it."""
    whole, open_ones = [], [("", "", 1.0)]
    while open_ones:
        word, state, p = open_ones.pop()
        for symbol, target in LEADS[state].items():
            q = p / len(LEADS[state])
            if target == "stop":
                whole.append((word + symbol, q))
            elif q > least:
                open_ones.append((word + symbol, target, q))
    return whole


def embedded(words):
    return [(f"B{s}{word}{s}E", p / 2) for word, p in words for s in "TP"]


def spelled(batch):
    """Return the strings of a batch; the inputs and the targets must tell the same one."""
    words = []
    for row, length in enumerate(batch.lengths):
        x = "".join(SYMBOLS[k] for k in batch.x[:length, row].argmax(-1))
        y = "".join(SYMBOLS[k] for k in batch.y[:length, row])
        assert x[1:] == y[:-1]
        assert not batch.x[length:, row].any()
        words.append(x + y[-1])
    assert len(batch.x) == max(batch.lengths)
    return words


WORDS = strings(1e-5)
LOSSES = {"reber": (tasks.reber, WORDS), "embedded": (tasks.embedded_reber, embedded(WORDS))}


@pytest.mark.parametrize("grammar", LOSSES)
def test_reber_strings_are_those_of_the_grammar_each_with_its_probability(grammar):
    make, words = LOSSES[grammar]
    drawn = spelled(make(rng(), 20_000))
    assert all(re.fullmatch(PATTERN[grammar], word) for word in drawn)
    assert all(re.fullmatch(PATTERN[grammar], word) for word, _ in words)
    for word, p in sorted(words, key=lambda pair: -pair[1])[:12]:
        assert abs(drawn.count(word) / 20_000 - p) < 5 * (p / 20_000) ** 0.5


def pairs_of_symbols():
    """Pass probability through the graph, step by step, until hardly any is left."""
    pairs, mass = [], {("", ""): 1.0}
    for _ in range(400):
        onward = {}
        for (state, last), p in mass.items():
            for symbol, target in LEADS[state].items():
                q = p / len(LEADS[state])
                pairs += [(q, last, symbol)] * bool(last)
                onward[target, symbol] = onward.get((target, symbol), 0) + q
        mass = {key: p for key, p in onward.items() if key[0] != "stop"}
    assert sum(mass.values()) < 1e-15
    return pairs


def test_memoryless_loss_of_reber_strings_by_passing_on_probability():
    pairs = pairs_of_symbols()
    assert tasks.reber(rng(), 1).memoryless_loss == pytest.approx(pooled(pairs), rel=1e-12)
    pairs += [(0.5, *pair) for s in "TP" for pair in ("B" + s, s + "B", "E" + s, s + "E")]
    loss = tasks.embedded_reber(rng(), 1).memoryless_loss
    assert loss == pytest.approx(pooled(pairs), rel=1e-12)


@pytest.mark.parametrize("grammar", LOSSES)
def test_legal_symbols_are_those_with_which_some_string_goes_on(grammar):
    make, words = LOSSES[grammar]
    follows = {}
    for word, _ in words:
        for t in range(1, len(word)):
            follows.setdefault(word[:t], set()).add(word[t])
    batch = make(rng(2), 200)
    legal = tasks.legal_next(batch.x, grammar)
    for row, word in enumerate(spelled(batch)):
        for t in range(min(len(word) - 1, 9)):
            found = {s for s, may in zip(SYMBOLS, legal[t, row], strict=True) if may}
            assert found == follows[word[: t + 1]]
        assert not legal[batch.lengths[row] :, row].any()


def test_a_continual_stream_is_whole_strings_and_the_beginning_of_one():
    tau = 400
    x, y, lengths, _, counted = tasks.continual_reber(rng(), tau, 20)
    assert lengths is counted is None
    for row in range(20):
        stream = "".join(SYMBOLS[k] for k in [*x[:, row].argmax(-1), y[-1, row]])
        assert [SYMBOLS[k] for k in y[:, row]] == list(stream[1:])
        rest = re.sub(f"^(?:{PATTERN['embedded']})+", "", stream)
        assert len(rest) < 100
        assert stream.count("E") > 40
        tasks.legal_next(np.eye(7)[[SYMBOLS.index(s) for s in rest]][:, None], "embedded")
    legal = tasks.legal_next(x, "continual")
    assert np.take_along_axis(legal, y[..., None], -1).all()
    assert set(np.unique(legal.sum(-1))) == {1, 2}


@pytest.mark.parametrize("tau", [1, 4, 300])
def test_memoryless_loss_of_a_continual_stream_by_sample(tau):
    x, y, _, loss, _ = tasks.continual_reber(rng(), tau, 600_000 // tau)
    counts = np.zeros((7, 7))
    np.add.at(counts, (x.argmax(-1), y), 1)
    pairs = [(counts[a, b], a, b) for a in range(7) for b in range(7) if counts[a, b]]
    assert loss == pytest.approx(pooled(pairs), abs=3e-3)


def test_a_symbol_that_breaks_the_grammar_is_named():
    x = np.eye(7)[[[SYMBOLS.index(s) for s in word] for word in zip("BTS", "BPX", strict=True)]]
    with pytest.raises(ValueError, match=r"x: 'X' at \(t, batch\) = \(2, 1\)"):
        tasks.legal_next(x, "reber")


def test_as_many_b_as_a():
    x, y, lengths, *_ = tasks.anbn(rng(), 400, max_n=6)
    seen = set()
    for row, length in enumerate(lengths):
        given = "".join("$ab"[k] for k in x[:length, row].argmax(-1))
        asked = "".join("$ab"[k] for k in y[:length, row])
        n = length // 2
        assert given + "$" == "$" + asked == "$" + "a" * n + "b" * n + "$"
        assert not x[length:, row].any()
        seen.add(n)
    assert seen == set(range(1, 7))


@pytest.mark.parametrize("max_n", [1, 2, 7])
def test_memoryless_loss_of_counting_by_enumeration(max_n):
    words = ["$" + "a" * n + "b" * n + "$" for n in range(1, max_n + 1)]
    pairs = [(1, a, b) for word in words for a, b in pairwise(word)]
    loss = tasks.anbn(rng(), 1, max_n=max_n).memoryless_loss
    assert loss == pytest.approx(pooled(pairs), rel=1e-12, abs=1e-15)


def balanced(pairs, openers="([", closers=")]"):
    """Return all balanced strings with so many pairs, by the first bracket's partner."""
    if not pairs:
        return [""]
    return [
        o + inside + c + after
        for o, c in zip(openers, closers, strict=True)
        for k in range(pairs)
        for inside in balanced(k, openers, closers)
        for after in balanced(pairs - 1 - k, openers, closers)
    ]


def test_every_balanced_string_is_equally_likely():
    x, y, *_ = tasks.brackets(rng(), 6, 40_000)
    words, counts = np.unique(["".join("([)]"[k] for k in row) for row in y.T], return_counts=True)
    assert words.tolist() == sorted(balanced(3))
    p = 1 / len(words)
    assert (abs(counts / 40_000 - p) < 5 * (p / 40_000) ** 0.5).all()
    np.testing.assert_array_equal(x[1:].argmax(-1), y[:-1])
    assert (x[0].argmax(-1) == 4).all()


@pytest.mark.parametrize("kinds", [1, 3])
def test_long_strings_of_brackets_vanish_pair_by_pair(kinds):
    names = "([{"[:kinds] + ")]}"[:kinds]
    for row in tasks.brackets(rng(), 200, 20, kinds=kinds).y.T:
        word, before = "".join(names[k] for k in row), None
        while word != before:
            word, before = re.sub(r"\(\)|\[\]|\{\}", "", word), word
        assert word == ""


@pytest.mark.parametrize("pairs", [1, 2, 5])
@pytest.mark.parametrize("kinds", [1, 2])
def test_memoryless_loss_of_brackets_by_enumeration(pairs, kinds):
    words = ["$" + word for word in balanced(pairs, "(["[:kinds], ")]"[:kinds])]
    triples = [(1, a, b) for word in words for a, b in pairwise(word)]
    loss = tasks.brackets(rng(), 2 * pairs, 1, kinds=kinds).memoryless_loss
    assert loss == pytest.approx(pooled(triples), rel=1e-12)
