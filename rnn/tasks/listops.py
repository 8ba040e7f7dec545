r"""Nested list operations: a sequence whose meaning is a tree."""

import numpy as np

from rnn._checks import require_in_range, require_size
from rnn._forest import from_nested, interleave
from rnn.tasks._common import conditional_entropy, one_hot_or_zero, require_common
from rnn.tasks._listops_law import law_of_values
from rnn.tasks.batch import Batch

__all__ = ["TOKENS", "list_ops", "parse", "evaluate", "spell"]

OPERATIONS = ("MAX", "MIN", "MED", "SM")
TOKENS = (*"0123456789", *(f"[{name}" for name in OPERATIONS), "]")
FIRST, CLOSE = 10, 14
LONGEST = 10_000


def list_ops(rng, batch, *, max_depth=5, max_args=5, nesting=0.25, dtype=np.float64):
    r"""Draw nested list operations, such as ``[MAX 2 9 [MIN 4 7 ] 0 ]``, and ask for the value.

    MAX, MIN, MED (the median; for an even number of arguments the mean of the middle two, rounded
    down) and SM (the sum modulo 10) act on digits or on values of other operations. Source:
    Nangia and Bowman (2018), whose data has at most 20 levels, 5 arguments and nesting 0.25; as
    there, an operation has 2 to `max_args` arguments, each number equally likely, and every
    sequence is an operation. Departure: no sequence is rejected for its length or its value.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch : int
        Number of sequences.
    max_depth : int
        Levels of brackets, at least 1.
    max_args : int
        At least 2.
    nesting : float
        The probability in [0, 1] that an argument is an operation, where depth allows.

    Returns
    -------
    batch : Batch
        x is (tau, B, 15), one-hot over `TOKENS` and zero in the padding, where tau is the length
        of the longest; y is (B,), the values 0 to 9. The last token is always a bracket that
        closes, so a predictor without memory pays the entropy of the law of the values. It is
        computed exactly, level by level.
    forest : Forest
        The parse of each sequence, binary, ((([MAX 2) 9) ...) ]). Its leaves are all tokens,
        brackets too: leaf ``t * B + b`` is token t of sequence b, so the inputs of a tree net are
        ``x.reshape(-1, 15)``. (`TOKENS`, `spell` and `evaluate` stand in `rnn.tasks.listops`.)

    Raises
    ------
    ValueError
        For an argument out of range, or if more than 10 000 tokens are to be expected.
    """
    dtype, batch = require_common(rng, dtype, batch)
    max_depth = require_size("max_depth", max_depth)
    max_args = require_size("max_args", max_args, 2)
    nesting = require_in_range("nesting", nesting, 0, 1)
    _check_length(max_depth, max_args, nesting)
    rows = [_draw(rng, max_depth, max_args, nesting) for _ in range(batch)]
    lengths = np.array([len(row) for row in rows], int)
    classes = np.full((lengths.max(initial=0), batch), -1)
    for b, row in enumerate(rows):
        classes[: len(row), b] = row
    y = np.array([evaluate(row) for row in rows], int)
    loss = conditional_entropy(law_of_values(max_depth, max_args, nesting)[None])
    x = one_hot_or_zero(classes, len(TOKENS), dtype)
    return Batch(x, y, lengths, loss), interleave(parse(row) for row in rows)


def evaluate(tokens):
    r"""Return the value of an operation, given as classes of `TOKENS`.

    Raises
    ------
    ValueError
        If the tokens are not one complete operation (or one digit).

    Examples
    --------
    >>> evaluate([10, 2, 13, 8, 7, 14, 0, 14])  # [MAX 2 [SM 8 7 ] 0 ]
    5
    """
    return _read(tokens, lambda k, token: [token], _operate)


def parse(tokens):
    r"""Return the `Forest` of one operation; leaf k is token k.

    Within an operation the tree branches to the left, and the bracket that closes comes last, so
    that a subtree of the operation and its arguments so far stands at every node.

    Examples
    --------
    >>> parse([10, 2, 9, 14]).left  # ((([MAX 2) 9) ])
    array([-1, -1,  0, -1,  2, -1,  4])
    """
    return from_nested(_read(tokens, lambda k, token: [k], _branch))


def spell(tokens):
    r"""Write classes of `TOKENS` out.

    Examples
    --------
    >>> spell([11, 3, 10, 0, 1, 14, 14])
    '[MIN 3 [MAX 0 1 ] ]'
    """
    return " ".join(TOKENS[_class(k, token)] for k, token in enumerate(tokens))


def _draw(rng, max_depth, max_args, nesting):
    tokens, missing = [], [1]  # arguments that each open operation still lacks, outermost first
    while missing:
        depth = len(missing) - 1
        if not missing[-1]:
            missing.pop()
            tokens.append(CLOSE)
            continue
        missing[-1] -= 1
        if depth < max_depth and (not depth or rng.random() < nesting):
            tokens.append(FIRST + int(rng.integers(len(OPERATIONS))))
            missing.append(int(rng.integers(2, max_args + 1)))
        else:
            tokens.append(int(rng.integers(10)))
    return tokens[:-1]


def _read(tokens, begin, finish):
    r"""Fold nested brackets: each becomes `finish` of its first token and of what it holds."""
    stack = [[]]
    for k, token in enumerate(tokens):
        if FIRST <= _class(k, token) < CLOSE:
            stack.append(begin(k, token))
        elif token < FIRST:
            stack[-1] += begin(k, token)
        elif len(stack) > 1 and len(stack[-1]) > 1:
            done = finish([*stack.pop(), *begin(k, token)])
            stack[-1].append(done)
        else:
            raise ValueError(f"tokens: nothing to close at {k}")
    if len(stack) > 1 or len(stack[0]) != 1:
        raise ValueError("tokens: expected one complete operation")
    return stack[0][0]


def _class(k, token):
    if not 0 <= token < len(TOKENS):
        raise ValueError(f"tokens: expected classes in [0, {len(TOKENS)}), got {token} at {k}")
    return token


def _operate(parts):
    operation, *values, _ = parts
    values, n = sorted(values), len(values)
    middle = (values[(n - 1) // 2] + values[n // 2]) // 2
    return int((values[-1], values[0], middle, sum(values) % 10)[operation - FIRST])


def _branch(parts):
    tree, *others = parts
    for other in others:
        tree = (tree, other)
    return tree


def _check_length(max_depth, max_args, nesting):
    mean, expected = (2 + max_args) / 2, 1.0
    for _ in range(max_depth):
        expected = 2 + mean * (1 - nesting + nesting * expected)
        if expected > LONGEST:
            advice = "lower max_depth, max_args or nesting"
            raise ValueError(f"nesting: more than {LONGEST} tokens are to be expected; {advice}")
