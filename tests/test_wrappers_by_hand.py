"""Cells around cells, worked out by hand in the comment beside each; see `by_hand`."""

import numpy as np
import pytest
from by_hand import LN3, bias, column, mat, same, steps, walked

from rnn.reference import (
    RNN,
    Attended,
    Attention,
    AttentionTheta,
    CellTheta,
    Clocked,
    Context,
    ContextTheta,
    Fed,
    Feedback,
    FeedbackTheta,
    InContext,
    Leaky,
    LeakyTheta,
    Masked,
    Memoryless,
    MemorylessTheta,
    Skip,
    SkipState,
    SkipTheta,
    clockwork,
)

LINEAR = CellTheta(mat([1]), mat([0]), bias(0))  # h = x


def test_leaky():
    # h1 = 1/4 * 1 + 3/4 * 3 = 5/2, h2 = 1/4 * 5/2 + 3/4 * 1 = 11/8.
    # At alpha: (h1 - 1) + 1/4 (h0 - 3) = 3/2 - 1/2; at h0: 1/16; at x: 3/16, 3/4.
    theta = LeakyTheta(LINEAR, bias(1 / 4))
    h, back = walked(Leaky(RNN("linear")), theta, steps(3, 1), mat([1]))
    same(h, 5 / 2, 11 / 8)
    same((back.grad.alpha, back.grad_state), 1, 1 / 16)
    same(back.grad_x, 3 / 16, 3 / 4)


def test_skip():
    # h(-1) = 5, h0 = 3, W_d = 2, d = 2: h1 = 1 + 2 * 5, h2 = 1 + 2 * 3, h3 = 1 + 2 * 11.
    # At W_d: h1 + 2 h(-1) = 21; at h(-1): 4; nothing at h0.
    theta, state = SkipTheta(LINEAR, mat([2])), SkipState(mat([3]), (mat([5]),))
    h, back = walked(Skip(RNN("linear"), 2), theta, steps(1, 1, 1), state)
    same(h, 11, 7, 23)
    same((back.grad.W_d, back.grad_state.cell, back.grad_state.past[0]), 21, 0, 4)


TWO = CellTheta(column(1, 1), np.zeros((2, 2)), np.zeros(2))  # both units copy x


def test_clocked():
    # Periods 1 and 2: at t = 1 the second unit rests at 7 (zero would be its start), at t = 2 both
    # move. With a loss at every output: U gets x1 + x2 and x2; the second h0 gets 1.
    cell = Clocked(RNN("linear"), (1, 2))
    state = cell.zero_state(1, TWO)._replace(cell=mat([9, 7]))
    h, back = walked(cell, TWO, steps(5, 6), state, np.ones((2, 1, 2)))
    same(h, 5, 7, 6, 6)
    same((back.grad.U, back.grad_state.cell), 11, 6, 0, 1)


WEIGHTS = CellTheta(column(0, 0), mat([1, 10], [100, 1000]), np.zeros(2))


def test_masked():
    # The first group sees itself, the second both: (1, 1) -> (1, 1100).
    cell = Masked(RNN("linear"), ((True, False), (True, True)))
    h, back = walked(cell, WEIGHTS, steps(0), mat([1, 1]))
    same(h, 1, 1100)
    same((back.grad.W, back.grad_state), 1, 0, 1, 1, 101, 1000)


def test_clockwork():
    # Periods 1 and 2: the fast unit sees both, the slow one itself. From (1, 1): t = 1 gives
    # (11, 1), the slow one rests; t = 2 gives (11 + 10, 1000).
    cell = clockwork((1, 2), RNN("linear"))
    state = cell.zero_state(1, WEIGHTS)._replace(cell=mat([1, 1]))
    h, back = walked(cell, WEIGHTS, steps(0, 0), state)
    same(h, 11, 1, 21, 1000)
    same(back.grad.W, 11 + 1, 1 + 1, 0, 1)


def fed(x, y, forced, d_y=1):
    told = np.array(y, float).reshape(len(x), 1, d_y)
    return Fed(x, told, np.array(forced)[:, None], np.zeros_like(told))


BACK_TO_IT = FeedbackTheta(MemorylessTheta(mat([1]), bias(0)), mat([2]), mat([3]), bias(1))


@pytest.mark.parametrize(
    ("forced", "o", "at_theta", "at_y"),
    [
        # h1 = 1, o1 = 1 + 3 = 4; h2 = 1 + 2 * 4 = 9, o2 = 28. V R = 6 at o1.
        # V: h2 + 6 h1, R: V o1, c: 1 + 6.
        ([False, False], (4, 28), (12, 15, 7), 0),
        # Told 10 instead of 4: h2 = 21, o2 = 64. V: h2, R: 3 * 10, c: 1; 6 at y1.
        ([True, True], (4, 64), (30, 21, 1), 6),
        ([True, False], (4, 64), (30, 21, 1), 6),
    ],
)
def test_feedback(forced, o, at_theta, at_y):
    x = fed(steps(1, 1), [10, -5], forced)
    out, back = walked(Feedback(Memoryless("linear")), BACK_TO_IT, x)
    same(out, *o)
    same((back.grad.R, back.grad.V, back.grad.c), *at_theta)
    same(back.grad_x.y, at_y, 0)


@pytest.mark.parametrize(
    ("own", "h", "at_c"), [("softmax", 5, (-3 / 4, 7 / 4)), ("argmax", 4, (0, 1))]
)
def test_feedback_of_a_distribution_or_its_likeliest_class(own, h, at_c):
    # o1 = (ln 3, 0), softmax (3/4, 1/4). h2 = 4 * 3/4 + 8 * 1/4 = 5, or 4 for the likeliest;
    # o2 = (ln 3, h2). Back from its second part: 1 at h2, (4, 8) at y1, and through the softmax
    # (3/4 (4 - 5), 1/4 (8 - 5)) at o1, whose c gets it beside the 1 of o2; through argmax nothing.
    cell = MemorylessTheta(mat([0]), bias(0))
    theta = FeedbackTheta(cell, mat([4, 8]), column(0, 1), bias(LN3, 0))
    x = fed(steps(0, 0), np.zeros(4), [False, False], d_y=2)
    net, grad_h = Feedback(Memoryless("linear"), own), np.array([[[0.0, 0]], [[0, 1]]])
    o, back = walked(net, theta, x, grad_h=grad_h)
    same((o, back.grad.c), LN3, 0, LN3, h, *at_c)


@pytest.mark.parametrize(
    ("at", "h", "R", "S", "at_C"),
    [("steps", 3, 1, (), 2), ("start", 7, (), 2, 6), ("both", 9, 1, 2, 8)],
)
def test_context(at, h, R, S, at_C):
    # C = 1, R = 2, S = 3, W = 2, x = 1: h1 = 2 (0 + S C) + R C + x.
    ways = (mat([2]) if R else np.zeros((1, 0))), (mat([3]) if S else np.zeros((1, 0)))
    theta = ContextTheta(CellTheta(mat([1]), mat([2]), bias(0)), *ways)
    out, back = walked(Context(RNN("linear"), at), theta, InContext(steps(1), mat([1])))
    same((out, back.grad_x.context), h, at_C)
    same((back.grad.R, back.grad.S), R, S)


def test_attention():
    # h0 = ln 3, Q = 1, M = (0, 1): scores (0, ln 3), weights (1/4, 3/4), C = 3/4, h1 = 4 C = 3.
    # The softmax has slope 3/16 = Var M: 4 * 3/16 = 3/4 at the query. At M: a_i times
    # 4, and the query's ln 3 times the gradient at the scores (-3/4, 3/4).
    theta = AttentionTheta(LINEAR, mat([1]), mat([4]))
    memory, there = steps(0, 1), np.ones((2, 1), bool)
    cell, x = Attention(RNN("linear")), Attended(steps(0), memory, there)
    h, back = walked(cell, theta, x, mat([LN3]))
    same((h, back.grad.R, back.grad.Q, back.grad_state), 3, 3 / 4, 3 / 4 * LN3, 3 / 4)
    same(back.grad_x.memory, 1 - 3 / 4 * LN3, 3 + 3 / 4 * LN3)
    alone = x._replace(present=np.array([[False], [True]]))
    same(walked(cell, theta, alone, mat([LN3]))[0], 4)
    none = x._replace(present=np.zeros((2, 1), bool))
    same(walked(cell, theta, none, mat([LN3]))[0], 0)
