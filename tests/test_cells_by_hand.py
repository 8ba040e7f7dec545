"""Cells of one unit or two, worked out by hand in the comment beside each; see `by_hand`."""

import numpy as np
import pytest
from by_hand import HALF, LN3, THREE_QUARTERS, bias, column, mat, same, steps, walked

from rnn.reference import (
    GRU,
    LSTM,
    RNN,
    CellTheta,
    DeepSkipTheta,
    DeepTheta,
    DeepTransition,
    GRUTheta,
    LSTMState,
    Memoryless,
    MemorylessTheta,
    PeepholeTheta,
)


def test_rnn():
    # h1 = tanh(2 h0 + x1) = tanh(atanh 1/2) = 1/2; h2 = tanh(2/2 - 1) = 0. Back: 1 at a2, 2 at h1,
    # 2 * 3/4 = 3/2 at a1, 3 at h0. So U: x2 + 3/2 x1, W: h1 + 3/2 h0 = 1/2, b: 1 + 3/2.
    theta = CellTheta(mat([1]), mat([2]), bias(0))
    h, back = walked(RNN(), theta, steps(HALF, -1))
    same(h, 1 / 2, 0)
    same(back.grad_x, 3 / 2, 1)
    same((*back.grad, back.grad_state), -1 + 1.5 * HALF, 0.5, 2.5, 3)


@pytest.mark.parametrize(
    ("phi", "a", "h", "slope"),
    [
        ("tanh", THREE_QUARTERS, 3 / 4, 7 / 16),
        ("sigmoid", LN3, 3 / 4, 3 / 16),
        ("relu", 5, 5, 1),
        ("relu", -5, 0, 0),
        ("linear", -5, -5, 1),
    ],
)
def test_each_nonlinearity_with_and_without_a_memory(phi, a, h, slope):
    # a = U x + W h0 + b with W h0 = 2 * 3 = 6, U x = a - 5, b = -1
    theta = CellTheta(mat([1]), mat([2]), bias(-1))
    out, back = walked(RNN(phi), theta, steps(a - 5), mat([3]))
    same((out, back.grad_x, back.grad_state), h, slope, 2 * slope)
    out, back = walked(Memoryless(phi), MemorylessTheta(mat([2]), bias(-1)), steps((a + 1) / 2))
    same((out, back.grad_x, back.grad.b), h, 2 * slope, slope)


def test_deep_transition():
    # k = tanh x = 1/2; a = 2 k - 1 = 0, h = 0. Back: 1 at a, 2 at k, 2 * 3/4 inside.
    # With a skip connection of 1 and h0 = atanh 3/4: a = h0, h = 3/4, 7/16 at a.
    U, W, b, W_k, b_k = mat([1]), mat([0]), bias(0), mat([2]), bias(-1)
    h, back = walked(DeepTransition(), DeepTheta(U, W, b, W_k, b_k), steps(HALF))
    same((h, back.grad.W_k, back.grad_x), 0, 1 / 2, 3 / 2)
    theta, h0 = DeepSkipTheta(U, W, b, W_k, b_k, W_skip=mat([1])), mat([THREE_QUARTERS])
    h, back = walked(DeepTransition(skip=True), theta, steps(HALF), h0)
    same((h, back.grad_state), 3 / 4, 7 / 16)
    same((back.grad.W_skip, back.grad_x), 7 / 16 * THREE_QUARTERS, 7 / 16 * 3 / 2)


@pytest.mark.parametrize(
    ("candidate", "a_k", "slope_k"), [("tanh", HALF, 3 / 4), ("sigmoid", 0, 1 / 4)]
)
def test_lstm(candidate, a_k, slope_k):
    # g = 3/4, f = 1/2, k = 1/2, q = 3/4. s0 such that s1 = s0/2 + 3/8 = atanh 1/2; h1 = 3/4 * 1/2.
    # Back from h1: 1/2 * 3/16 = 3/32 at q's a; 3/4 * 3/4 = 9/16 at s1, of which
    # k * 3/16 * 9/16 = 27/512 at g's a, s0/4 * 9/16 at f's, 3/4 * slope * 9/16 at k's, 9/32 at s0.
    s0 = 2 * (HALF - 3 / 8)
    theta = CellTheta(column(LN3, 0, a_k, LN3), column(0, 0, 0, 1), bias(0, 0, 0, 0))
    state = LSTMState(mat([0]), mat([s0]))
    h, back = walked(LSTM(candidate), theta, steps(1), state)
    at_a = 27 / 512, 9 / 64 * s0, 27 / 64 * slope_k, 3 / 32  # g, f, k, q
    same(h, 3 / 8)
    same(back.grad.b, *at_a)
    same((back.grad_x, back.grad_state.s), at_a[0] * LN3 + at_a[2] * a_k + at_a[3] * LN3, 9 / 32)
    same(back.grad_state.h, 3 / 32)


def test_lstm_with_peepholes():
    # s0 = 1, seen by g (ln 3) and f (0): g = 3/4, f = 1/2, k = 0, s1 = 1/2; q = sigma(2 ln 3 / 2).
    # Back: shown * 3/16 at q's a, which sees s1; f's a gets grad_s * s0 / 4, g's nothing (k = 0).
    theta = PeepholeTheta(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), column(LN3, 0, 2 * LN3))
    h, back = walked(LSTM(peepholes=True), theta, steps(0), LSTMState(mat([0]), mat([1])))
    shown = np.tanh(1 / 2)
    grad_s = 3 / 4 * (1 - shown**2) + 2 * LN3 * 3 / 16 * shown
    same(h, 3 / 4 * shown)
    same(back.grad.P, 0, grad_s / 4, 3 / 16 * shown / 2)
    same(back.grad_state.s, grad_s / 2)


@pytest.mark.parametrize(
    ("gates", "h", "at_s0"), [("", 3 / 4, 1), ("f", 1 / 2, 1 / 2), ("q", 3 / 8, 1 / 2)]
)
def test_lstm_without_gates(gates, h, at_s0):
    # Every gate left is 1/2 (q: with all else 1). s1 = s0 + 0, h = tanh s1 * q.
    start = {"": THREE_QUARTERS, "f": 2 * HALF, "q": THREE_QUARTERS}[gates]
    n = 1 + len(gates)
    theta = CellTheta(np.zeros((n, 1)), np.zeros((n, 1)), np.zeros(n))
    out, back = walked(LSTM(gates=gates), theta, steps(0), LSTMState(mat([0]), mat([start])))
    slope = {"": 7 / 16, "f": 3 / 4, "q": 7 / 16}[gates]
    same((out, back.grad_state.s), h, at_s0 * slope)


def test_gru_with_the_reset_after():
    # h0 = 1. r = 3/4, u = 1/4, W h0 + b_hn = 2, a = 3/4 * 2 + atanh 1/2 - 3/2, so k = 1/2 and
    # h1 = 1/4 + 3/8. Back: 3/4 at k, 9/16 at a, times r at W h + b_hn: 27/64;
    # 9/16 * 2 * 3/16 at r's a; (h0 - k) * 3/16 at u's.
    theta = GRUTheta(np.zeros((3, 1)), column(0, 0, 1), bias(LN3, -LN3, HALF - 1.5), bias(1))
    h, back = walked(GRU("after"), theta, steps(0), mat([1]))
    same((h, back.grad_state), 5 / 8, 1 / 4 + 27 / 64)
    same((back.grad.b, back.grad.b_hn), 27 / 128, 3 / 32, 9 / 16, 27 / 64)
    same(back.grad.W[2], 27 / 64)


@pytest.mark.parametrize(
    ("reset", "seen", "at_b"),
    [("before", 3 / 4, (27 / 256, 3 / 32, 9 / 16)), ("none", 1, (3 / 32, 9 / 16))],
)
def test_gru_with_the_reset_before_or_none(reset, seen, at_b):
    # W sees r h0 = 3/4, or h0 = 1; the rest as above, with a = atanh 1/2. At r's a:
    # 9/16 * W h0 * 3/16 = 27/256.
    gates = [LN3] if reset == "before" else []
    n = len(gates) + 2
    theta = CellTheta(np.zeros((n, 1)), column(*[0] * (n - 1), 1), bias(*gates, -LN3, HALF - seen))
    h, back = walked(GRU(reset), theta, steps(0), mat([1]))
    same((h, back.grad_state), 5 / 8, 1 / 4 + 9 / 16 * seen)
    same(back.grad.b, *at_b)
    same(back.grad.W[-1], 9 / 16 * seen)


def test_gru_with_a_gate_for_all_units():
    # u = 1/4 for two units; k = (1/2, 0), h0 = (1, 0): h1 = (1/4 + 3/8, 0). At u: 1 - 1/2 + 0 - 0.
    theta = CellTheta(np.zeros((3, 1)), np.zeros((3, 2)), bias(-LN3, HALF, 0))
    h, back = walked(GRU("none", gating="shared"), theta, steps(0), mat([1, 0]))
    same(h, 5 / 8, 0)
    same(back.grad.b, 1 / 2 * 3 / 16, 9 / 16, 3 / 4)


def test_gru_with_the_product_of_a_gate_for_all_and_one_a_unit():
    # For all 3/4, for the units 3/4 and 1/2: u = (9/16, 3/8), k = 0, h0 = (1, 2): h1 = (9/16, 3/4).
    # At the gate for all: 1 * 3/4 + 2 * 1/2 = 7/4, times 3/16; at the units: h0 * 3/4 * slope.
    theta = CellTheta(np.zeros((5, 1)), np.zeros((5, 2)), bias(LN3, LN3, 0, 0, 0))
    h, back = walked(GRU("none", gating="product"), theta, steps(0), mat([1, 2]))
    same(h, 9 / 16, 3 / 4)
    same(back.grad.b, 21 / 64, 9 / 64, 3 / 8, 7 / 16, 5 / 8)
