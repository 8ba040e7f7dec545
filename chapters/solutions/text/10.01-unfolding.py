# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10.1 Unfolding: worked answers
#
# Try each exercise in [the notebook](../10.01-unfolding.ipynb) first: an answer that you have read
# is worth a tenth of an answer that you have missed twice and then found.

# %%
import numpy as np

from rnn.book import check, draw_graph, figure_graph, use_style
from rnn.reference import tanh_cell, unfold

use_style()

# %% [markdown]
# ## 10.1-a
#
# Five steps need five inputs, $x^{(1)}$ to $x^{(5)}$. The states are $h^{(1)}$ to $h^{(5)}$, and the
# one before the first step, $h^{(0)}$: six. Together eleven circles. Into each of the five computed
# states go two arrows, one from its input and one from the state before: ten. In general
# $2\tau + 1$ circles and $2\tau$ arrows. The drawing shows them, with $h^{(0)}$ in grey on the left.

# %%
graph = figure_graph("10.2").unfold(5)
_ = draw_graph(graph)
check("10.1-a", (graph.n_nodes, graph.n_edges))

# %% [markdown]
# ## 10.1-b
#
# Substitute from the inside out:
#
# $$s^{(1)} = x^{(1)}, \qquad s^{(2)} = \tfrac12 x^{(1)} + x^{(2)}, \qquad
#   s^{(3)} = \tfrac14 x^{(1)} + \tfrac12 x^{(2)} + x^{(3)}.$$
#
# An input enters with weight 1 and is halved at every later step, so after $t - k$ more steps it
# counts $2^{-(t-k)}$. You can let the code find the coefficients: the system is linear, so send in a
# single 1 and look at the last state.

# %%
answer = [unfold(lambda s, x, _: s / 2 + x, 0, np.eye(3)[k])[-1] for k in range(3)]
check("10.1-b", answer)

# %% [markdown]
# ## 10.1-c
#
# The short way: $s^{(3)} = \theta^3 s^{(0)}$, so $ds^{(3)}/d\theta = 3\theta^2 s^{(0)} = 12$.
#
# The way that generalises: give each arrow its own copy of the parameter,
# $s^{(3)} = \theta_3\,\theta_2\,\theta_1\,s^{(0)}$. Changing only $\theta_1$ changes $s^{(3)}$ by
# $\theta_3\theta_2 s^{(0)} = 4$ for each unit, and so do the other two. The three copies are one
# parameter, and a change of it changes all of them at once, so the three contributions add up.
# Section 10.2.2 does exactly this with matrices.

# %%
theta, s0 = 2, 1
copies = [theta * theta * s0] * 3
check("10.1-c", sum(copies))

# %% [markdown]
# ## 10.1-d
#
# Carry the state in a variable that each step replaces, and keep every new value. Three mistakes
# are common: to start each step from the first state (then nothing is remembered), to return the
# last state only, and to put the first state into the list.


# %%
def my_unfold(f, s, xs, theta):
    states = []
    for x in xs:
        s = f(s, x, theta)
        states.append(s)
    return states


check("10.1-d", my_unfold)

# %% [markdown]
# ## 10.1-e
#
# The longest run so far is not enough: when the next 1 comes, you could not tell whether it makes
# the longest run longer. The state must also hold the length of the run that is going on. The pair
# is enough, because the new pair can be computed from the old pair and the new bit, and that is all
# that (10.4) asks of a state. (To keep all bits would be right too, but then the state is no summary.)


# %%
def f(state, x, theta):
    current, longest = state
    current = current + 1 if x else 0
    return current, max(longest, current)


start = (0, 0)
check("10.1-e", (f, start))

# %% [markdown]
# ## 10.1-f
#
# Call the parity before this step $p$, in −1/+1, and the bit $x$, in −1/+1. The new parity is odd if
# exactly one of them is +1. Two units that saturate can count: let unit 1 be +1 if *at least one* is
# (that is, $p + x > -1$), and unit 2 if *both* are ($p + x > 1$). Then the parity is odd exactly when
# $(h_1, h_2) = (+1, -1)$, and $h_1 - h_2$ is 2 in that case and 0 otherwise. So the next step can
# read $p = h_1 - h_2 - 1$ out of the state, which is where $W$ comes from:
#
# $$a_1 = k\,(p + x + 1) = k\,(h_1 - h_2 + x), \qquad a_2 = k\,(p + x - 1) = k\,(h_1 - h_2 + x - 2).$$
#
# With $k = 5$ every pre-activation is at least 5 away from 0, and $\tanh 5 = 0.9999$: what is left
# of an error is pushed out at each step. The first state says *even*: both units at −1.

# %%
from types import SimpleNamespace

U = [[5], [5]]
W = [[5, -5], [5, -5]]
b = [0, -10]
start = [-1, -1]
check("10.1-f", (U, W, b, start))

# %% [markdown]
# How strong must the weights be? Halve and double $k$, and look at the state's distance from ±1
# after 50 random bits: weak weights let errors grow, strong ones squeeze them out.

# %%
bits = 2.0 * np.random.default_rng(0).integers(0, 2, (50, 1)) - 1
for k in (1, 2, 5, 10):
    theta = SimpleNamespace(
        U=k * np.ones((2, 1)),
        W=k * np.array([[1, -1], [1, -1]]),
        b=k * np.array([0, -2]),
    )
    h = unfold(tanh_cell, np.array([-1.0, -1.0]), bits, theta)[-1]
    print(f"k = {k:2}: the state is {np.abs(1 - np.abs(h)).max():.1g} away from ±1")
