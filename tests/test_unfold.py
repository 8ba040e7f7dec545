r"""The one walk: (10.1)-(10.7), and the properties that every other walk inherits."""

import numpy as np
import pytest

from rnn import reference
from rnn.reference import init_theta, tanh_cell, unfold


def spell(s, x, theta):
    return f"f({s}, {x})"


def test_autonomous_system_10_1_to_10_3():
    def f(s, _, theta):
        return theta * s

    assert unfold(f, 3, range(2), 5) == [15, 75]
    assert unfold(f, 3, range(2), 5)[-1] == f(f(3, None, 5), None, 5)


def test_driven_system_10_4_spelled_out():
    assert unfold(spell, "s", "ab") == ["f(s, a)", "f(f(s, a), b)"]


def test_g_equals_f_applied_again_and_again_10_5_to_10_7():
    rng = np.random.default_rng(0)
    theta, x = init_theta(rng, 2, 3, 1), rng.normal(size=(3, 1, 2))
    h = np.zeros((1, 3))

    def g(x3, x2, x1):
        a1 = theta.b + x1 @ theta.U.T
        a2 = theta.b + np.tanh(a1) @ theta.W.T + x2 @ theta.U.T
        return np.tanh(theta.b + np.tanh(a2) @ theta.W.T + x3 @ theta.U.T)

    np.testing.assert_allclose(unfold(tanh_cell, h, x, theta)[-1], g(*x[::-1]), rtol=1e-14)


def test_reverse_walks_from_the_last_input_and_keeps_time_order():
    assert unfold(spell, "s", "ab", reverse=True) == ["f(f(s, b), a)", "f(s, b)"]
    assert unfold(spell, "s", "abc", reverse=True) == unfold(spell, "s", "cba")[::-1]


def test_no_steps_give_no_states():
    assert unfold(spell, "s", "") == unfold(spell, "s", "", reverse=True) == []


def test_theta_reaches_every_step():
    assert unfold(lambda s, x, theta: s + theta, 0, "abc", 2) == [2, 4, 6]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_state_comes_back_in_the_shape_in_which_it_is_accepted(batch):
    rng = np.random.default_rng(0)
    theta, x = init_theta(rng, 2, 3, 1), rng.normal(size=(batch, 2))
    h = tanh_cell(tanh_cell(np.zeros((batch, 3)), x, theta), x, theta)
    assert h.shape == (batch, 3)
    assert reference.forward(h, x[None], theta).state.shape == h.shape
