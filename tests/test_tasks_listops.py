r"""Nested expressions against evaluators on strings; the laws of their values by enumeration."""

import itertools
import re
import statistics

import numpy as np
import pytest

from rnn import tasks
from rnn._forest import checked_forest
from rnn.tasks.arithmetic import SYMBOLS
from rnn.tasks.listops import TOKENS, evaluate, parse, spell

LOOSE = {"max_depth": 4, "max_args": 4, "nesting": 0.4}


def value_of(text):
    r"""Rewrite innermost brackets by their values until one digit is left."""
    while "[" in text:
        text = re.sub(r"\[(MAX|MIN|MED|SM) ([\d ]+) \]", bracket_value, text)
    return int(text)


def bracket_value(match):
    numbers = [int(word) for word in match[2].split()]
    how = {"MAX": max, "MIN": min, "MED": statistics.median, "SM": lambda v: sum(v) % 10}
    return str(int(how[match[1]](numbers)))


def rows(batch):
    classes = batch.x.argmax(-1)
    return [classes[:length, b].tolist() for b, length in enumerate(batch.lengths)]


def nested(forest, node):
    if forest.leaf[node] >= 0:
        return int(forest.leaf[node])
    return tuple(nested(forest, side[node]) for side in (forest.left, forest.right))


def flat(tree):
    return [tree] if isinstance(tree, int) else flat(tree[0]) + flat(tree[1])


def test_the_targets_are_the_values_of_the_expressions(rng):
    batch, _ = tasks.list_ops(rng, 400, **LOOSE)
    texts = [spell(row) for row in rows(batch)]
    assert [value_of(text) for text in texts] == batch.y.tolist()
    assert set(batch.y) == set(range(10))
    for b, length in enumerate(batch.lengths):
        np.testing.assert_array_equal(batch.x[:, b].sum(-1), np.arange(len(batch.x)) < length)
    assert len(batch.x) == batch.lengths.max()
    deepest = [
        max(itertools.accumulate((w[0] == "[") - (w == "]") for w in t.split())) for t in texts
    ]
    arguments = [len(m[1].split()) for t in texts for m in re.finditer(r"\[\w+ ([\d ]+) \]", t)]
    assert (min(deepest), max(deepest)) == (1, 4)
    assert (min(arguments), max(arguments)) == (2, 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[MAX 2 9 [MIN 4 7 ] 0 ]", 9),  # the example of the paper
        ("[MED 1 4 ]", 2),  # 2.5, rounded down
        ("[MED 9 0 3 ]", 3),
        ("[MED 8 1 7 2 ]", 4),  # (2 + 7) / 2
        ("[SM 9 8 [SM 5 6 ] ]", 8),  # 11 -> 1, then 18
        ("7", 7),
    ],
)
def test_values_by_hand(text, value):
    tokens = [TOKENS.index(word) for word in text.split()]
    assert evaluate(tokens) == value == value_of(text)
    assert spell(tokens) == text


def test_the_parse_has_every_token_once_in_order_and_branches_left(rng):
    batch, forest = tasks.list_ops(rng, 60, **LOOSE)
    tau, B, _ = batch.x.shape
    forest = checked_forest(forest, tau * B)
    for b, tokens in enumerate(rows(batch)):
        tree = nested(forest, forest.root[b])
        assert flat(tree) == [t * B + b for t in range(len(tokens))]
        todo = [tree]
        while todo:
            left, right = todo.pop()
            for part, is_right in ((left, False), (right, True)):
                words = [TOKENS[tokens[leaf // B]] for leaf in flat(part)]
                closed = words.count("]") == sum(word[0] == "[" for word in words)
                alone = len(words) == 1
                assert alone or words[0][0] == "["
                assert alone or not is_right or closed  # an argument is a digit or a whole bracket
                assert is_right or not closed or words[0] == "]"  # what is begun stands on the left
                todo += [] if alone else [part]


def test_a_parse_by_hand():
    forest = parse([10, 2, 11, 4, 7, 14, 14])  # [MAX 2 [MIN 4 7 ] ]
    assert nested(forest, forest.root[0]) == (((0, 1), (((2, 3), 4), 5)), 6)


def value_law(argument, max_args):
    r"""Enumerate all operations on arguments of a given law."""
    law = np.zeros(10)
    for n in range(2, max_args + 1):
        for values in itertools.product(range(10), repeat=n):
            weight = np.prod(argument[list(values)]) / 4 / (max_args - 1)
            median = int(statistics.median(values))
            for result in (max(values), min(values), median, sum(values) % 10):
                law[result] += weight
    return law


@pytest.mark.parametrize(("depth", "max_args", "nesting"), [(1, 2, 0), (1, 4, 1), (3, 3, 0.6)])
def test_memoryless_loss_is_the_entropy_of_the_values(depth, max_args, nesting):
    law = value_law(np.full(10, 0.1), max_args)
    for _ in range(depth - 1):
        law = value_law((1 - nesting) / 10 + nesting * law, max_args)
    batch, _ = tasks.list_ops(
        np.random.default_rng(2), 5000, max_depth=depth, max_args=max_args, nesting=nesting
    )
    assert batch.memoryless_loss == pytest.approx(-law @ np.log(law), rel=1e-12)
    # 9 degrees of freedom: chi-squared exceeds 27.9 once in 1000 draws
    assert ((np.bincount(batch.y, minlength=10) - 5000 * law) ** 2 / (5000 * law)).sum() < 27.9


def infix(tree, symbols):
    if isinstance(tree, int):
        return symbols[tree]
    (left, sign), right = tree
    return f"({infix(left, symbols)}{symbols[sign]}{infix(right, symbols)})"


@pytest.mark.parametrize("leaves", [1, 2, 3, 8])
def test_arithmetic_is_what_python_says_of_the_bracketed_expression(rng, leaves):
    batch, forest = tasks.arithmetic(rng, 200, leaves)
    tau, B, _ = batch.x.shape
    forest = checked_forest(forest, tau * B)
    symbols = [SYMBOLS[k] for k in batch.x.reshape(tau * B, -1).argmax(-1)]
    assert tau == 2 * leaves - 1
    for b in range(B):
        tree = nested(forest, forest.root[b])
        assert flat(tree) == [t * B + b for t in range(tau)]
        assert eval(infix(tree, symbols)) % 10 == batch.y[b]


def shapes(low, high):
    r"""All orders of the signs between digits low and high, with their probabilities."""
    if high - low == 1:
        return [(1.0, low)]
    return [
        (p * q / (high - low - 1), (left, split - 1, right))
        for split in range(low + 1, high)
        for p, left in shapes(low, split)
        for q, right in shapes(split, high)
    ]


def worth(shape, digits, signs):
    if isinstance(shape, int):
        return digits[shape]
    left, sign, right = shape
    a, b = worth(left, digits, signs), worth(right, digits, signs)
    return (a + b if signs[sign] == "+" else a * b) % 10


@pytest.mark.parametrize("leaves", [1, 2, 3, 4])
def test_memoryless_loss_of_arithmetic_by_enumeration(rng, leaves):
    table = np.zeros((10, 10))
    for digits in itertools.product(range(10), repeat=leaves):
        for signs in itertools.product("+*", repeat=leaves - 1):
            for weight, shape in shapes(0, leaves):
                table[digits[-1], worth(shape, digits, signs)] += weight
    p = table / table.sum()
    known = p > 0
    loss = -(p * np.log(np.divide(p, 0.1, where=known, out=np.ones_like(p)))).sum()
    batch, _ = tasks.arithmetic(rng, 1, leaves)
    assert batch.memoryless_loss == pytest.approx(loss, rel=1e-12, abs=1e-12)


def test_every_shape_of_the_tree_has_its_probability(rng):
    _, forest = tasks.arithmetic(rng, 4000, 4)
    shared = forest._replace(leaf=np.where(forest.leaf < 0, -1, forest.leaf // 4000))
    seen = [nested(shared, root) for root in forest.root]
    shares = sorted(seen.count(tree) / 4000 for tree in set(seen))
    # of the 5 shapes the balanced one arises from two of the 3! orders of the signs
    assert shares == pytest.approx([1 / 6] * 4 + [1 / 3], abs=0.03)


@pytest.mark.parametrize(
    "make",
    [
        lambda r, n, **more: tasks.list_ops(r, n, **more),
        lambda r, n, **more: tasks.arithmetic(r, n, 5, **more),
    ],
)
def test_the_same_seed_gives_the_same_bits(make):
    (one, trees), (two, others), (low, _) = (
        make(np.random.default_rng(3), 7, dtype=dtype)
        for dtype in (np.float64, np.float64, np.float32)
    )
    for a, b in zip((one.x, one.y, *trees), (two.x, two.y, *others), strict=True):
        np.testing.assert_array_equal(a, b)
    assert low.x.dtype == np.float32
    np.testing.assert_array_equal(low.x, one.x)
    empty, forest = make(np.random.default_rng(3), 0)
    assert empty.x.shape[1] == len(empty.y) == len(checked_forest(forest).root) == 0


def gen():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tasks.list_ops(0, 2), TypeError, "rng"),
        (lambda: tasks.list_ops(gen(), -2), ValueError, "batch"),
        (lambda: tasks.list_ops(gen(), 2, max_depth=0), ValueError, "max_depth"),
        (lambda: tasks.list_ops(gen(), 2, max_args=1), ValueError, "max_args"),
        (lambda: tasks.list_ops(gen(), 2, nesting=1.1), ValueError, "nesting"),
        (
            lambda: tasks.list_ops(gen(), 2, max_depth=20, nesting=1),
            ValueError,
            "nesting: more than",
        ),
        (lambda: tasks.list_ops(gen(), 2, dtype=int), ValueError, "dtype"),
        (lambda: tasks.arithmetic(gen(), 2, 0), ValueError, "leaves"),
        (lambda: tasks.arithmetic(gen(), True, 2), TypeError, "batch"),
        (lambda: evaluate([15]), ValueError, r"tokens: .*\[0, 15\), got 15 at 0"),
        (lambda: spell([3, -1]), ValueError, "tokens: .*got -1 at 1"),
        (lambda: evaluate([]), ValueError, "tokens: expected one complete operation"),
        (lambda: evaluate([10, 3]), ValueError, "tokens: expected one complete operation"),
        (lambda: parse([10, 3, 14, 2]), ValueError, "tokens: expected one complete operation"),
        (lambda: parse([3, 14]), ValueError, "tokens: nothing to close at 1"),
        (lambda: parse([10, 14]), ValueError, "tokens: nothing to close at 1"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()
