"""Every net worked out by hand. Linear units keep the numbers whole."""

import numpy as np
import pytest

from rnn.reference import (
    RNN,
    AttentionDecoder,
    AttentionTheta,
    Bidirectional,
    BothTheta,
    BothWays,
    CellTheta,
    ContextTheta,
    EncoderDecoder,
    FeedbackTheta,
    FourDirections,
    LastOutput,
    Output,
    OutputTheta,
    Stack,
)

SUM = CellTheta(np.eye(1), np.eye(1), np.zeros(1))  # h = all x so far
COPY = CellTheta(np.eye(1), np.zeros((1, 1)), np.zeros(1))  # h = x
LINEAR = RNN("linear")


def steps(*numbers):
    return np.array(numbers, float)[:, None, None]


def same(found, *expected):
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-13)


def test_output_at_every_step_and_at_the_end():
    # h = 1, 3, 6; o = 2 h + 1. A loss of o1 + o2 + o3: V gets 1 + 3 + 6, c 3, and x as many times
    # 2 as there are outputs from it on. At the end only: V gets 6, c 1, every x 2.
    theta = OutputTheta(SUM, np.full((1, 1), 2.0), np.ones(1))
    for net, o, at_x, at_V, at_c in [
        (Output(LINEAR), (3, 7, 13), (6, 4, 2), 10, 3),
        (LastOutput(LINEAR), (13,), (2, 2, 2), 6, 1),
    ]:
        run = net.forward(None, steps(1, 2, 3), theta)
        back = net.backward(np.ones_like(run.o), run, theta)
        same(run.o, *o)
        same(back.grad_x, *at_x)
        same(back.grad.V, at_V)
        same(back.grad.c, at_c)


def test_stack():
    # A sum of sums: 1, 3, 6 and then 1, 4, 10. The last sees x1 three times, x3 once.
    net = Stack((LINEAR, LINEAR))
    run = net.forward(None, steps(1, 2, 3), (SUM, SUM))
    back = net.backward(steps(0, 0, 1), run, (SUM, SUM))
    same(run.h, 1, 4, 10)
    same(back.grad_x, 3, 2, 1)
    same([grad.b for grad in back.grad], 6, 3)


def test_bidirectional():
    # Sums from the left and from the right; the second row ends after two steps. Each x is seen
    # by all sums up to the end of its row: with a loss at every output length + 1 times.
    net, theta = Bidirectional(LINEAR, LINEAR), BothWays(SUM, SUM)
    x = np.array([[[1.0], [4]], [[2], [5]], [[3], [np.nan]]])
    run = net.forward(None, x, theta, [3, 2])
    same(run.h, 1, 6, 4, 9, 3, 5, 9, 5, 6, 3, 0, 0)
    same(run.state, 6, 9, 6, 9)
    back = net.backward(np.ones_like(run.h), run, theta)
    same(back.grad_x, 4, 3, 4, 3, 4, 0)


def test_four_directions():
    # Sums over [[1, 2], [3, 4]] from the left, from the right, from above, from below. Each number
    # is in 3 sums along its row (1 + 2 from either end) and in 3 along its column.
    ways = BothWays(SUM, SUM)
    net = FourDirections(Bidirectional(LINEAR, LINEAR), Bidirectional(LINEAR, LINEAR))
    h, runs = net.forward(np.array([[1.0, 2], [3, 4]])[..., None, None], (ways, ways))
    same(h, *(1, 3, 1, 4), *(3, 2, 2, 6), *(3, 7, 4, 3), *(7, 4, 6, 4))
    _, grad_x = net.backward(np.ones_like(h), runs, (ways, ways))
    same(grad_x, 6, 6, 6, 6)


@pytest.mark.parametrize(
    ("y", "forced", "o", "at_x"), [((7, 7), False, (6, 12), 2), ((1, 7), True, (6, 7), 1)]
)
def test_encoder_decoder(y, forced, o, at_x):
    # C = 1 + 2 + 3 = 6 is where the decoder starts; it adds what it is fed: its own 6, or 1.
    cell = CellTheta(np.zeros((1, 0)), np.eye(1), np.zeros(1))
    decoder = FeedbackTheta(cell, np.eye(1), np.eye(1), np.zeros(1))
    theta = BothTheta(SUM, ContextTheta(decoder, np.zeros((1, 0)), np.eye(1)))
    net = EncoderDecoder(LINEAR, LINEAR, at="start", own="o")
    run = net.forward(steps(1, 2, 3), steps(*y), theta, forced=forced)
    same(run.o, *o)
    same(net.backward(steps(0, 1), run, theta).grad_x, at_x, at_x, at_x)


def test_attention_decoder():
    # The first query is zero, so C is the mean of the states 0 and 4, and o1 = 2. Then the query
    # is h1 ln 3 / 8 = ln 3 / 4, the scores 0 and ln 3, the weights 1/4 and 3/4: o2 = C = 3.
    # Back from o2: a_i + a_i (M_i - C) q at M_i directly, 4 * 3/4 = 3 = Var M at the query, so
    # 3 ln 3 / 8 at h1, half of which goes to each M_i.
    cell = CellTheta(np.zeros((1, 0)), np.zeros((1, 1)), np.zeros(1))
    attention = AttentionTheta(cell, np.full((1, 1), np.log(3) / 8), np.eye(1))
    theta = BothTheta(COPY, FeedbackTheta(attention, np.zeros((1, 1)), np.eye(1), np.zeros(1)))
    net = AttentionDecoder(LINEAR, LINEAR, own="o")
    run = net.forward(steps(0, 4), steps(0, 0), theta)
    same(run.o, 2, 3)
    q, through = np.log(3) / 4, 3 * np.log(3) / 16
    at_x = net.backward(steps(0, 1), run, theta).grad_x
    same(at_x, 1 / 4 - 3 / 4 * q + through, 3 / 4 + 3 / 4 * q + through)


def test_attention_says_where_it_looked_and_only_at_what_is_there(rng):
    net = AttentionDecoder()
    theta = net.init_theta(rng, d_x=2, d_h=3, d_y=2)
    x, y = rng.normal(size=(5, 3, 2)), rng.integers(0, 2, (4, 3))
    weights = net.forward(x, y, theta, [5, 1, 3]).attention
    assert weights.shape == (4, 5, 3)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(weights[:, 1:, 1], 0)
    without = EncoderDecoder()
    theta = without.init_theta(rng, d_x=2, d_h=3, d_y=2)
    assert without.forward(x, y, theta).attention is None
