"""What every walk refuses, tried on many cells and nets of the registry."""

from functools import partial

import numpy as np
from refusals_base import BY_NAME, EITHER, INF, NAN, Refusal, problem, walked, wrong_at

from rnn._tree import tree_leaves, tree_map

WALKS = """rnn-tanh memoryless-tanh lstm-tanh-fgq lstm-tanh-fgq-peep gru-after-tanh-unit deep leaky
    skip-lstm clocked masked-gru feedback-rnn-o-mixed attention-gru context-lstm-both
    memory-lstm-both memory-rnn-content stop-rnn-softmax-mixed feedback-memory-o-free stack
    bidirectional stack-bidirectional output-rnn output-attention output-stack-bidirectional
    last-output-lstm last-output-bidirectional echo-state-leaky chapter""".split()


def innermost(x, change):
    """Change the array that the innermost cell reads."""
    return (
        x._replace(**{x._fields[0]: innermost(x[0], change)}) if isinstance(x, tuple) else change(x)
    )


def first(tree, change):
    """Change the first array of a tree."""
    changed = iter([change(tree_leaves(tree)[0]), *tree_leaves(tree)[1:]])
    return tree_map(lambda _: next(changed), tree)


def single(array):
    return array.astype(np.float32)


def lengths(*given):
    return lambda p: p._replace(lengths=list(given))


def of_x(change):
    return lambda p: p._replace(x=innermost(p.x, change))


def of(name, change):
    return lambda p: p._replace(**{name: first(getattr(p, name), change)})


# what is wrong, how a problem is changed, the error, the message
WALK_ROWS = [
    ("a length beyond tau", lengths(4, 2, 5), ValueError, r"row 2 has length 5, .*\[0, tau=4\]"),
    ("a negative length", lengths(-1, 2, 3), ValueError, "lengths: row 0 has length -1"),
    ("too few lengths", lengths(4, 2), ValueError, "lengths: expected 3 of them, .* got 2"),
    ("a fractional length", lengths(4, 2.5, 1), TypeError, r"lengths\[1\]: .*whole.*2\.5"),
    ("a boolean length", lengths(True, 2, 1), TypeError, r"lengths\[0\]: .*whole number"),
    (
        "lengths of rank 2",
        lambda p: p._replace(lengths=np.ones((3, 1), int)),
        ValueError,
        r"lengths: expected one rank.*\(3, 1\)",
    ),
    ("one length for all", lambda p: p._replace(lengths=3), TypeError, "lengths: .* got 3"),
    ("NaN in x", of_x(wrong_at(NAN, 2, 1)), ValueError, r"x: .*\(t, batch\) = \(2, 1\)"),
    ("infinity in x", of_x(wrong_at(INF, 3, 0)), ValueError, r"x: .*\(t, batch\) = \(3, 0\)"),
    ("x of another width", of_x(lambda x: x[..., :1]), ValueError, r"x: .*d_x=2.*\(4, 3, 1\)"),
    ("x of rank 2", of_x(lambda x: x[:, 0]), ValueError, r"x: .*\(tau, B, d_x=2\), got \(4, 2\)"),
    ("integers as x", of_x(lambda x: x.astype(int)), TypeError, "x: .*float64.*int64.*astype"),
    ("complex x", of_x(lambda x: x.astype(complex)), TypeError, "x: .*float64.*complex128"),
    ("float32 into float64", of_x(single), TypeError, "x: .*float64, got float32; convert it"),
    ("NaN in the state", of("state", wrong_at(NAN, 1)), ValueError, r"state\S*: .*= \(1"),
    (
        "a state of another batch",
        lambda p: p._replace(state=tree_map(lambda leaf: leaf[:2], p.state)),
        ValueError,
        r"state\S*: expected shape \(.*3, .*got \(2, ",
    ),
    (
        "a state of one row for all",
        lambda p: p._replace(state=tree_map(lambda leaf: leaf[:1], p.state)),
        ValueError,
        r"state\S*: expected shape \(.*3, .*got \(1, ",
    ),
    (
        "a state of another width",
        of("state", lambda h: h[:, :-1]),
        ValueError,
        r"state\S*: expected shape .*got \(3, \d",
    ),
    ("a float32 state", of("state", single), TypeError, r"state\S*: .*float64, got float32"),
    ("no tree as state", lambda p: p._replace(state="h"), EITHER, "state: expected"),
    ("U of another width", of("theta", lambda U: U[:, :1]), ValueError, r"(theta\S*\.\S|x): expec"),
    ("U of another dtype", of("theta", single), TypeError, r"(theta\S*|x): expected dtype float"),
    ("no array as U", of("theta", lambda U: U.tolist()), TypeError, r"theta\S*: expected ndarray"),
    ("no theta", lambda p: p._replace(theta=None), EITHER, "theta: expected .* got NoneType"),
]
BACK_ROWS = [
    ("a gradient of another tau", of("grad_h", lambda g: g[:-1]), ValueError, "grad_.*: expected"),
    ("a gradient of another width", of("grad_h", lambda g: g[..., 1:]), ValueError, "grad_.*shape"),
    ("a gradient of one row", of("grad_h", lambda g: g[:, :1]), ValueError, "grad_.*: expected sh"),
    ("a float32 gradient", of("grad_h", single), TypeError, "grad_.*: expected dtype float64"),
    (
        "a gradient at the state of one row",
        lambda p: p._replace(grad_state=tree_map(lambda leaf: leaf[:1], p.grad_state)),
        ValueError,
        r"grad_(state|last)\S*: expected shape",
    ),
]


def carried_back(name, change, other=None):
    """Walk, change the problem, walk back; with the run of another problem if there is one."""
    p = problem(name)
    run = BY_NAME[other or name].walk(problem(other or name)).run
    return BY_NAME[name].back(change(p), run)


def same(p):
    return p


def walks():
    for name in WALKS:
        for what, change, error, message in WALK_ROWS:
            yield Refusal(f"{what} ({name})", partial(walked, name, change), error, message)
        for what, change, error, message in BACK_ROWS:
            if "last-output" in name and "of another tau" in what:
                continue
            yield Refusal(f"{what} ({name})", partial(carried_back, name, change), error, message)


def stranger(what, call, message):
    return Refusal(what, call, EITHER, message)


def strangers():
    """Give each walk what belongs to its neighbour in the list."""
    for name, other in zip(WALKS, WALKS[1:] + WALKS[:1], strict=True):
        change = partial(lambda p, other: p._replace(theta=problem(other).theta), other=other)
        call = partial(walked, name, change)
        yield stranger(f"theta of {other} ({name})", call, r"theta\S*: expected")
        call = partial(carried_back, name, same, other)
        yield stranger(f"a run of {other} ({name})", call, r"run\S*: expected")


WALKED = [*walks(), *strangers()]
