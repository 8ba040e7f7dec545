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
# # 10.1 Unfolding computational graphs
#
# *Covers section 10.1 and the introduction of chapter 10: equations 10.1–10.7, figures 10.1 and
# 10.2, claims 1–14.*
#
# **What you will do.** Write the one function that walks through time. Unfold a recurrence into an
# ordinary graph, by hand and by program. Train a net on short sequences and let it loose on long
# ones. Measure how much a state can hold.
#
# **What you will know afterwards.** Why a recurrent net needs only one set of parameters for
# sequences of any length, what the unfolded graph is good for, what sharing buys, and why a state
# must forget.
#
# | symbol | words | code | shape | where |
# |---|---|---|---|---|
# | $s^{(t)}$ | state after step $t$ (any kind) | `s` | | (10.1) |
# | $h^{(t)}$ | state of a net: its hidden units | `h` | `(tau, B, d_h)` | (10.5) |
# | $x^{(t)}$ | input at step $t$ | `x` | `(tau, B, d_x)` | (10.4) |
# | $\tau$ | number of steps | `tau` | | |
# | $f$, $\theta$ | transition and its parameters | `f`, `theta` | | (10.1) |
# | $g^{(t)}$ | state as a function of the whole past | `g` | | (10.6) |
#
# `B` is the number of sequences in a minibatch. One step of one minibatch is `(B, d_h)`.

# %%
from functools import partial

import numpy as np
import torch

from rnn import pytorch, reference
from rnn.book import check, claim, claims_table, draw_both, draw_graph, figure_graph
from rnn.book import hint, progress, show_source, slider, stored, use_style
from rnn.book.plots import section_10_01 as plots
from rnn.reference import tanh_cell

use_style()

# %% [markdown]
# ## A state that depends on itself
#
# Put 100 coins into an account that pays 5 % a year. Next year's balance depends on this year's, by
# a rule that never changes:
#
# $$s^{(t)} = f(s^{(t-1)}; \theta). \tag{10.1}$$
#
# Here $s$ is the balance, $\theta$ the interest. The equation is **recurrent**: $s$ stands on both
# sides. A system of this kind, which runs on its own, is called *autonomous*.

#
# Now ask for one particular balance, that of the third year, given the first. Write the definition
# down once,
#
# $$s^{(3)} = f(s^{(2)}; \theta), \tag{10.2}$$
#
# and once more,
#
# $$s^{(3)} = f(f(s^{(1)}; \theta); \theta). \tag{10.3}$$
#
# The only $s$ that is left on the right is the one that was given: the recurrence has disappeared.
# This is **unfolding**: for a given number of steps, a recurrence is a perfectly ordinary expression.


# %%
def f(s, theta):
    return (1 + theta) * s


f(f(100.0, 0.05), 0.05)

# %% [markdown]
# Figure 10.1 draws the same thing. On the left the recurrence, folded: one circle, and an arrow
# that returns to it through a black square. The square means *a delay of one step*. On the right
# the unfolded graph: a chain of circles, one for each step, from left to right. The letter on an
# arrow says what is applied along it: the same $f$ everywhere.

# %%
_ = draw_both(figure_graph("10.1"))

# %% [markdown]
# ## A state that reads
#
# Most systems do not run on their own: something comes in at each step. Let us call it $x^{(t)}$:
#
# $$s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta). \tag{10.4}$$
#
# From here on, the state that is given at the beginning is $s^{(0)}$, and $x^{(1)}$ makes it
# $s^{(1)}$. Now the state after $t$ steps holds something about *everything* that came in so far. Unfolding
# works as before. It is a loop of three lines, and this loop is all that this book ever uses to
# walk through time:


# %%
def unfold(f, s, xs, theta):
    states = []
    for x in xs:
        s = f(s, x, theta)
        states.append(s)
    return states


# %% [markdown]
# Notice that `unfold` does not look at what it carries. Give it an account into which something is
# paid every year, and it carries numbers. Give it an $f$ that merely writes down how it is called,
# and it carries text: the expression in which the recurrence has disappeared, as in (10.3).


# %%
def spell(s, x, theta):
    return f"f({s}, {x})"


print(unfold(lambda s, x, theta: (1 + theta) * s + x, 100.0, [10, 20, 30], 0.05))
print(unfold(spell, "s0", ["x1", "x2", "x3"], None)[-1])
assert unfold(spell, "s", "abc", None) == reference.unfold(spell, "s", "abc")

# %% [markdown]
# The last line made sure that the package's `unfold` does the same. It has one more option, to walk
# in reverse, which we need below; so from here on we use that one.

# %% [markdown]
# ## A net that reads
#
# If the state is the hidden units of a net, we write $h$ instead of $s$:
#
# $$h^{(t)} = f(h^{(t-1)}, x^{(t)}; \theta). \tag{10.5}$$
#
# Figure 10.2 shows it. On the left, folded: the input $x$ has an arrow to the state $h$, whose own
# arrow returns to it through the black square. On the right, unfolded: a row of inputs below a
# chain of states. An $f$ now has two arguments, so it takes both arrows that enter a circle; as the
# book does, we write it on the horizontal one. What a net *answers* is read out of its state, as the
# scores $o = c + V h$ of the start page; section 10.2 is about that, and the figure leaves it out.

# %%
_ = draw_both(figure_graph("10.2"))

# %% [markdown]
# The $f$ that the chapter uses most is one line long: a matrix $W$ for the state, a matrix $U$ for
# the input, a bias $b$, and a tanh that keeps every unit between −1 and 1.

# %%
show_source(tanh_cell)

# %% [markdown]
# Two sequences of three steps, two numbers a step, through a net of four units. (`d_y` is the number
# of scores, which we do not use yet.) The states come as a list; stacked, they have the shape
# $(\tau, B, d_h)$: time, batch, units.

# %%
unfold, rng = reference.unfold, np.random.default_rng(0)
theta = reference.init_theta(rng, d_x=2, d_h=4, d_y=2)
x, h0 = rng.normal(size=(3, 2, 2)), np.zeros((2, 4))
h = np.stack(unfold(tanh_cell, h0, x, theta))
h.shape

# %% [markdown]
# The package computes the same in one call of `forward`, which is made for long sequences, and
# PyTorch with the same parameters agrees. That is how we keep ourselves honest throughout the book:
# two implementations that share the three lines of the walk, and nothing else. Above all, one has its
# gradients from our derivations, and the other from automatic differentiation.

# %%
ours = reference.forward(h0, x, theta).h
copied = pytorch.to_pytorch(theta)
theirs = pytorch.forward(torch.tensor(h0), torch.tensor(x), copied).h.numpy()
np.testing.assert_allclose(h, ours, rtol=1e-12)
np.testing.assert_allclose(h, theirs, rtol=1e-12)

# %% [markdown]
# **Unfolded means ordinary.** Write the three steps out as a plain nested expression, without any
# loop: the values are the same to the last bit.


# %%
def three_steps(f, h0, x, theta):
    return f(f(f(h0, x[0], theta), x[1], theta), x[2], theta)


assert (three_steps(tanh_cell, h0, x, theta) == h[-1]).all()

# %% [markdown]
# And because it is an ordinary expression, ordinary back-propagation applies to it. Let the loss be
# the sum of all units of $h^{(3)}$. PyTorch differentiates the nested expression, without knowing
# that there ever was a loop. Our `backward` walks back through time, by hand-derived formulas. Both
# must find the same gradient for $W$.

# %%
W = copied.W.clone().requires_grad_()
tensors = torch.tensor(h0), torch.tensor(x), copied._replace(W=W)
three_steps(pytorch.tanh_cell, *tensors).sum().backward()
run = reference.forward(h0, x, theta)
nothing, ones = np.zeros_like(run.o), np.ones((2, 4))  # gradients at o and at h^(3)
by_hand = reference.backward(nothing, run, h0, x, theta, grad_last=ones).grad.W
error = np.abs(by_hand - W.grad.numpy()).max()
claim(
    7, holds=error < 1e-12, measured=error, bound="difference of the gradients ≤ 1e-12"
)

# %% [markdown]
# **Any length.** Nothing in $\theta$ knows how many steps there are. The same parameters read one
# step, a hundred, or ten thousand.

# %%
taus = 1, 100, 10_000
sequences = [rng.normal(size=(tau, 1, 2)) for tau in taus]
last = [reference.forward(None, each, theta).state for each in sequences]
claim(3, holds=np.shape(last) == (3, 1, 4), measured=taus, bound="the same θ")

# %% [markdown]
# ## The graph, drawn by the code that runs
#
# A folded graph is data: two nodes, two arrows, a delay on one of them. The unfolded graph follows
# from it. But does it belong to *our code*? We can ask the code. Below, the cell from above runs
# once more, not on numbers but on symbols that remember what they were computed from.

# %%
from rnn.graph import Tracer

tracer = Tracer()
symbols = tracer.node("h", 0), tracer.inputs("x", 3)
unfold(tracer.watch(tanh_cell, "h"), *symbols, tracer.theta("U", "W", "b"))
tracer.unfolded == figure_graph("10.2").unfold(3)

# %% [markdown]
# `True`: the graph of figure 10.2, unfolded for three steps, and the graph that the code left behind
# have the same circles and the same arrows. Every drawing of a net in this book comes from such an
# object, and such comparisons hold it to the code.
#
# Move the slider (once the notebook runs). The drawing has a row of inputs and, above it, the chain
# of states, with the one before the first step on the left. The path from the first input to the
# last state is in red: up into the first state, and then along one $f$ after the other. It grows
# with the sequence. A gradient has to travel it backwards, and section 10.7 measures what arrives.


# %% tags=["nbval-ignore-output"]
def unfolded(steps):
    graph = figure_graph("10.2").unfold(steps)
    path = graph.shortest_path(("x", 1), ("h", steps))
    return draw_graph(graph, path=path).figure


slider(unfolded, steps=(1, 10, 4))

# %% [markdown]
# The folded description stays as it is: two circles, two arrows. The unfolded graph grows with every
# step. PyTorch builds such a graph too, when it records a computation for its gradient; its nodes are
# single operations, and only those that lead back to a parameter that wants a gradient, here $W$. We
# follow it back from the last state, and count what it has recorded for 1, 2, …, 20 steps.


# %%
def recorded(tensor):
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        if (node := waiting.pop()) and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return len(seen)


# %%
zeros = [torch.zeros(n, 1, 2, dtype=torch.float64) for n in range(1, 21)]
trained = copied._replace(W=W)
nodes = [recorded(pytorch.forward(None, x, trained).state) for x in zeros]
circles = [figure_graph("10.2").unfold(n).n_nodes for n in range(1, 21)]
growth = np.diff([nodes, circles])
found = f"{growth[0, 0]} recorded nodes and {growth[1, 0]} circles more a step"
claim(8, holds=not np.ptp(growth, axis=1).any(), measured=found, bound="every step")

# %% [markdown]
# ## One f instead of many g
#
# There is another way to see the state. After $t$ steps it is a function of all that came in,
#
# $$h^{(t)} = g^{(t)}(x^{(t)}, x^{(t-1)}, \dots, x^{(1)}), \tag{10.6}$$
#
# and there is a different function $g^{(t)}$ for each length, with one more argument each time. The
# recurrence, (10.5) once more, says that all of them are made of one $f$:
#
# $$h^{(t)} = f(h^{(t-1)}, x^{(t)}; \theta). \tag{10.7}$$
#
# Here is $g^{(3)}$ in full, for our net, as a function of three inputs, newest first as in the
# book. The only state that it mentions is the one before the first step.


# %%
def g3(x3, x2, x1):
    a1 = theta.b + h0 @ theta.W.T + x1 @ theta.U.T
    a2 = theta.b + np.tanh(a1) @ theta.W.T + x2 @ theta.U.T
    return np.tanh(theta.b + np.tanh(a2) @ theta.W.T + x3 @ theta.U.T)


x1, x2, x3 = x
gap = np.abs(g3(x3, x2, x1) - h[2]).max()
claim(9, holds=gap == 0, measured=gap, bound="equal in every bit")

# %% [markdown]
# Written with $g$, a model for sequences of up to 100 words is a hundred functions. Written with
# $f$, it is one. That has two advantages: **the size of the input never changes**, so one net can
# read any length; and **every step of every sequence trains the same parameters**.

# %% [markdown]
# ### Any length, at once
#
# A minibatch may even hold sequences of different lengths. They lie side by side in one array, the
# short ones followed by padding. The package overwrites the padding before anything is computed, so
# whatever stands there cannot matter; we fill it with NaN, which would spoil every sum.

# %%
padded, targets = rng.normal(size=(6, 3, 2)), rng.integers(0, 2, (6, 3))
lengths = [6, 2, 4]
for row, n in enumerate(lengths):
    padded[n:, row] = np.nan

# %% [markdown]
# Compare the whole minibatch with each sequence by itself, cut to its length. The losses (minus the
# log probabilities of the targets, as on the start page) must add up, and so must their gradients.

# %%
bptt = partial(reference.bptt, theta=theta, reduction="sum")
L, grad = bptt(None, padded, targets, lengths=lengths)
rows = [
    (padded[:n, row, None], targets[:n, row, None]) for row, n in enumerate(lengths)
]
alone = [bptt(None, x, y) for x, y in rows]
assert np.isclose(L, sum(L_alone for L_alone, _ in alone))
error = np.abs(sum(grad_alone.W for _, grad_alone in alone) - grad.W).max()
claim(
    5, holds=error < 1e-12, measured=error, bound="difference of the gradients ≤ 1e-12"
)

# %% [markdown]
# ## Who sees what
#
# Sharing parameters over time is older than recurrent nets. A **convolution** over time applies the
# same small window at every step: the output at $t$ sees, say, $x^{(t)}, x^{(t-1)}, x^{(t-2)}$. It
# shares as well, but shallowly. We can *see* the difference by asking how much the output at step
# $t$ changes when the input at step $j$ does: the Jacobian $\partial h^{(t)} / \partial x^{(j)}$,
# whose entries PyTorch finds for us and we sum up, without their signs, over units and inputs.
#
# We ask three nets: our recurrent one; a convolution, with one matrix for each of the three steps in
# its window; and the recurrent net with its walk reversed, from the last step to the first.


# %%
def forward_in_time(x):
    return pytorch.forward(None, x, copied).h


def convolution(x):
    delayed = [torch.cat([x.new_zeros(k, 1, 2), x])[: len(x)] for k in range(3)]
    return torch.tanh(sum(z @ K.T for z, K in zip(delayed, kernel, strict=True)))


def backward_in_time(x):
    walk = unfold(pytorch.tanh_cell, x.new_zeros(1, 4), x, copied, reverse=True)
    return torch.stack(walk)


kernel = torch.tensor(np.random.default_rng(2).normal(size=(3, 4, 2)))

# %% [markdown]
# Each panel of the figure is a table, with one row for each output $t$ and one column for each input
# $j$. The darker a square, the more $h^{(t)}$ depends on $x^{(j)}$, on a logarithmic scale; grey
# means *not at all*. The recurrent net fills everything on and below the diagonal: all of the past,
# though the more distant the fainter, which will be the theme of section 10.7. The convolution has a
# band of three. The reversed net fills everything on and above the diagonal.


# %%
def influence(net, tau=12):
    x = torch.linspace(-1, 1, 2 * tau, dtype=torch.float64).reshape(tau, 1, 2)
    jacobian = torch.autograd.functional.jacobian(net, x)  # (tau, 1, 4, tau, 1, 2)
    return jacobian.abs().sum(dim=(1, 2, 4, 5)).numpy()


nets = forward_in_time, convolution, backward_in_time
recurrent, window, reverse = tables = [influence(net) for net in nets]
plots.plot_influence(tables)

# %% [markdown]
# Is grey really zero, and blue really not? Compare with the graph: an entry may differ from zero
# exactly where there is a path from $x^{(j)}$ to $h^{(t)}$ in the unfolded graph.
#
# And the reversed net? Nothing is wrong with arrows that point into the past, if the whole sequence
# is there before the reading starts. Its output at $t$ depends on $x^{(t)}, \dots, x^{(\tau)}$, so
# it has no output before the last input has come. Section 10.3 puts both directions together.

# %%
t, j = np.indices((12, 12))
reached = figure_graph("10.2").unfold(12).support("h", "x")
assert ((recurrent > 0) == reached).all()
band = ((window > 0) == ((j <= t) & (j > t - 3))).all()
claim(4, holds=band, measured="convolution 3 steps, net all of the past")
claim(6, holds=((reverse > 0) == (j >= t)).all(), measured="h(t) sees x(t), …, x(τ)")

# %% [markdown]
# ## What sharing buys
#
# ### Lengths that were never seen
#
# Take the smallest task that needs a memory, **running parity**: bits come in (as −1 and +1), and at
# each step the net must say whether the number of ones so far is odd. Its answer is the larger of
# two scores $o = c + V h$, and the loss is $-\ln$ of the probability of the right one. One forgotten bit, and all later
# answers are worthless. We train on sequences of 1 to 20 steps, for a few seconds.

# %%
from rnn.tasks import parity

rng = np.random.default_rng(1)
net = reference.init_theta(rng, d_x=1, d_h=16, d_y=2)
opt = reference.adam_init(net)
for _ in progress(range(3000), "training"):
    bits, odd, ends, *_ = parity(rng, tau=20, batch=32, min_length=1)
    _, grad = reference.bptt(None, bits, odd, net, reduction="mean", lengths=ends)
    grad, _norm = reference.clip_norm(grad, max_norm=1.0)
    net, opt = reference.adam(net, grad, opt, lr=1e-2)

# %% [markdown]
# Now we ask it for sequences of 500 steps, twenty-five times longer than any it has met. Nothing
# but its own state tells it what it has read; without a memory, no predictor could do noticeably
# better than one half. One net is an anecdote, so the cell also reads the *stored result* of the same
# training with five seeds (`python -m experiments.parity_lengths` repeats it).

# %%
bits, odd, *_ = parity(rng, tau=500, batch=100)
right = (reference.forward(None, bits, net).o.argmax(-1) == odd).mean()
print(f"this net: right in ⟦{right:.1%}⟧ of all steps")
seeds = stored("parity_lengths")["measured"]["accuracy_500"]
holds, worst = min(right, *seeds) > 0.95, f"{min(seeds):.2%} of all steps, worst seed"
claim(1, holds=holds, measured=worst, bound="above 95 %", evidence="stored")

# %% [markdown]
# ### Places that were never seen
#
# "In **2009** we sailed to Lisbon." "We sailed to Lisbon in **2009**." Who reads the year in the
# second sentence has learned something for the first one. A fully connected net, whose first layer
# has its own weights for the first word, the second word, and so on, has not: the weights for the
# second word have never met a year if the training sentences never had one there.
#
# Our sentences have eight words. All but the year are drawn at random, so that nothing but the year
# itself can tell the answer; here it stands at the third or seventh place.

# %%
from rnn.tasks import find_the_year
from rnn.tasks.year import YEARS, sentence

examples = find_the_year(np.random.default_rng(4), 4, positions=[2, 6])
for k in range(4):
    print(f"{sentence(examples.x[:, k])}  →  {YEARS[examples.y[k]]}")

# %% [markdown]
# Two nets with about equally many parameters were trained on such sentences, with the year at five
# places (the first, second, fourth, fifth or seventh word of eight), and tested with the year at the
# third or sixth, where no training sentence had one. In the figure each mark is one of five seeds.
# On the left, places seen in training: everyone is right. On the right, new places: the recurrent
# net (blue dots) is right, the fully connected one (grey) around chance, one in ten (dotted).
#
# And the crosses? They are the *same* recurrent net, trained in a hurry, with a learning rate ten
# times as large. It fits the places that it has seen just as perfectly, and at new ones it is right
# in one half to two thirds of the sentences. Nothing in the loss forbids a state to, say, count the steps
# and learn one rule for each count. Shared weights make it *possible* to carry over what was learned;
# they do not force it.

# %%
year = stored("find_year")["measured"]
plots.plot_new_places(year)
rnn, mlp = min(year["rnn_held_out"]), max(year["mlp_held_out"])
found = f"new places: worst recurrent {rnn:.2f}, best fully connected {mlp:.2f}"
bound = "above 0.7 and below 0.4, in five seeds"
claim(2, holds=rnn > 0.7 and mlp < 0.4, measured=found, bound=bound, evidence="stored")

# %% [markdown]
# ### Fewer examples
#
# What if we did not share? There are two ways. Give each *step* its own parameters, $\theta^{(1)},
# \theta^{(2)}, \dots$; our walk can do that, if each input brings its own along, as in
# `unfold(lambda h, pair, _: f(h, *pair), h0, list(zip(x, thetas)))`. Or go all the way to (10.6), and
# train a separate net $g^{(t)}$ on the first $t$ bits, for each $t$. A parameter then learns from one
# step of each sequence, or from one target of each.
#
# The figure shows parity of ten bits: the fraction of right answers on *new* sequences against the
# number of training sequences, with equally many updates for all. Lines are means over five seeds,
# dots the seeds; the dotted line is at 95 %. One shared $f$ (blue) is above it in every seed with 64
# sequences. A transition for each step (grey) needs 256 for that, and a net for each length (brown)
# more than 512, half of all sequences that there are.

# %%
few = stored("shared_transition")
plots.plot_few_examples(few["settings"]["sizes"], few["measured"])
kinds = "tied", "untied", "separate"
one_f, each_step, each_length = (few["measured"][f"{kind}_64"] for kind in kinds)
many = max(each_step + each_length)
holds, found = (
    min(one_f) > 0.9 and many < 0.85,
    f"worst {min(one_f):.2f}, best {many:.2f}",
)
bound = "one f above 0.9, many below 0.85, with 64 sequences, in five seeds"
claim(10, holds=holds, measured=found, bound=bound, evidence="stored")

# %% [markdown]
# Sharing has a price as well: it assumes that the rule *is* the same at every step. Section 10.2.3
# asks what to do where it is not.

# %% [markdown]
# ## What the state must lose
#
# The state has a fixed size; the past grows without bound. Something must go. How much depends on
# who reads the state. A number with unlimited digits could hold any past in its digits; exercise b
# does so with bits. But nets do not read digits. They read *linearly*, as in $V h$, and for a linear
# net that is fed random numbers we can then say exactly how much is kept. Begin with a single unit,
# $s^{(t)} = w s^{(t-1)} + x^{(t)}$ with $|w| < 1$. Unfold it:
#
# $$s^{(t)} = x^{(t)} + w\, x^{(t-1)} + w^2 x^{(t-2)} + \dots$$
#
# The state is a mixture of all inputs. Let $r^2_k$ be the share of its variance that comes from the
# input of $k$ steps ago: $1 - w^2$ for $k = 0$, then $(1 - w^2)\,w^2$, $(1 - w^2)\,w^4$, and so on.
# It is also the part of that input that a linear readout can recover, 1 being perfect. The shares
# are slices of one pie, so **they add up to 1**, for every $|w| < 1$: who remembers long must
# remember faintly.
#
# Now $N$ units. Rotate and scale the state so that its coordinates become uncorrelated, which changes
# nothing for a linear readout. Each coordinate is a mixture of inputs: one pie. And what a linear
# readout recovers from uncorrelated coordinates is the sum of what it recovers from each. With $N$
# pies, the memory of all lags together is **at most N**.
#
# Let us measure it. $W$ is a random rotation, shrunk by 0.8. Walk through 40,000 random numbers, fit a
# linear readout for each lag on the first half, and test it on the second.


# %%
def memory(N, radius=0.8, lags=100):
    rng = np.random.default_rng(N)
    W, v = radius * np.linalg.qr(rng.normal(size=(N, N)))[0], rng.normal(size=N)
    x = rng.normal(size=40_000)
    s = np.stack(unfold(lambda s, x, W: W @ s + v * x, np.zeros(N), x, W))[lags:]
    # row t of past holds x(t), x(t-1), x(t-2), …
    past = np.stack([x[lags - k : len(x) - k] for k in range(lags)], axis=1)
    half = len(s) // 2
    weights = np.linalg.lstsq(s[:half], past[:half], rcond=None)[0]
    missed = past[half:] - s[half:] @ weights
    return 1 - missed.var(axis=0) / past[half:].var(axis=0)


# %% [markdown]
# The figure shows $r^2_k$ against the lag $k$ for states of 1, 5, 10 and 20 units, one point a lag.
# A larger state holds more of the recent past, and reaches further back; beyond that there is
# nothing. The points of each curve add up to the number of units, as nearly as the measurement can
# tell; the claim allows for an error of a twentieth.

# %%
curves = {N: memory(N) for N in (1, 5, 10, 20)}
plots.plot_memory(curves)
found = ", ".join(f"{r2.sum():.2f} for N = {N}" for N, r2 in curves.items())
at_most = all(r2.sum() < 1.05 * N for N, r2 in curves.items())
claim(11, holds=at_most, measured=found, bound="at most N, up to 5 %")

# %% [markdown]
# **Who decides what goes?** Training does. Nets A and B read the same two streams of random bits,
# from the same initial parameters. A is asked for the running parity of the first stream, B for that
# of the second. Then *linear probes* are fitted: for each of four questions, a linear readout of the
# state, by least squares on one set of sequences, tested on another. Can the last bits be read out of
# the state? The parities?
#
# The figure is a table. Its rows are the nets before training (both are the same then), A and B after
# it; its columns are the four questions. Each field holds the fraction right, from the worst to the
# best of five seeds, and is the darker the better; 0.5 is guessing. Before training, both last bits
# can be read out, and neither parity. After training, each net has the parity it was asked for, and
# not the other. And most of them read the other stream's last bit worse than before: what is of no
# use is in the way.

# %%
probe = stored("criterion")["measured"]
plots.plot_probes(probe)
kept = min(probe["A_parity_1"] + probe["B_parity_2"])
lost = max(probe["A_parity_2"] + probe["B_parity_1"])
found = f"own parity at least {kept:.2f} right, the other at most {lost:.2f}"
bound = "above 0.95 and below 0.6, in five seeds"
holds = kept > 0.95 and lost < 0.6
claim(12, holds=holds, measured=found, bound=bound, evidence="stored")

# %% [markdown]
# **How much must stay?** That depends on the question too. Our source is the *even process*: random
# zeros and ones, except that ones come in runs of even length. To predict its next symbol, all that
# you need of the past is one bit: am I inside a pair? To give the past back, you need all of it.
#
# Nets with 1, 2, 4, 8 or 16 units were trained for one or the other on eight symbols. The left panel
# shows by how many nats a symbol each prediction is worse than the best possible one: next to
# nothing, with a single unit already. (The upper dotted line is the best that can be done by looking
# at the present symbol only.) The right panel shows which fraction of the eight symbols is wrong when
# the last state has to give all of them back, with the line of a blind guess: one unit hardly does
# better, with four some are still lost, with eight none.

# %%
width = stored("prediction_or_reconstruction")
plots.plot_widths(width["settings"]["widths"], width["measured"])
excess, four, eight = map(width["measured"].get, ("excess_1", "right_4", "right_8"))
holds = max(excess) < 0.02 and max(four) < 0.97 and min(eight) > 0.99
found = f"1 unit: {max(excess):.4f} nats too much; 8 units: {1 - min(eight):.2f} wrong"
bound = "< 0.02 and < 0.01, while 4 units have > 0.03 wrong, in five seeds"
claim(13, holds=holds, measured=found, bound=bound, evidence="stored")

# %% [markdown]
# ## Everything recurrent
#
# The book is generous with the name: whatever has a recurrence in it may be called a recurrent net.
# If a net is any $f$, that is hardly more than a definition; but it pays to see how much fits. Three
# old friends, walked by our `unfold`:


# %%
def fibonacci(s, x, theta):
    return s[1], s[0] + s[1]


def running_average(s, x, alpha):
    return alpha * s + (1 - alpha) * x


def divisible_by_3(s, bit, table):  # a finite automaton: the remainder so far
    return table[s][bit]


# %%
numbers = [s for s, _ in unfold(fibonacci, (1, 1), range(9))]
averages = unfold(running_average, 0.0, [8, 0, 4], 0.5)
table = {r: [2 * r % 3, (2 * r + 1) % 3] for r in range(3)}
binary = [[int(bit) for bit in f"{n:b}"] for n in range(50)]
remainders = [unfold(divisible_by_3, 0, bits, table)[-1] for bits in binary]
fits = numbers == [1, 2, 3, 5, 8, 13, 21, 34, 55] and averages == [4, 2, 3]
fits = fits and remainders == [n % 3 for n in range(50)]
claim(14, holds=fits, measured="Fibonacci, running average, automaton", bound="exact")

# %% [markdown]
# ## The book's claims, measured

# %%
claims_table(range(1, 15))

# %% [markdown]
# ## Where the book and the code differ
#
# * **The first state.** The book's chain has dots at both ends; a program must begin somewhere. We
#   draw and pass $h^{(0)}$ explicitly.
# * **Where the graph is.** Our NumPy code never builds an unfolded graph: the loop *is* the folded
#   description, and what it keeps for the way back is the array of states. PyTorch builds one.

# %% [markdown]
# ## Exercises
#
# Replace each `...`, run the cell, and read what `check` says. `hint("10.1-a", 1)`, in a cell of its
# own, gives the first hint. Worked answers are in [solutions](solutions/10.01-unfolding.ipynb).
#
# > **10.1-a** (predict). Unfold the graph of figure 10.2 for $\tau = 5$ steps, beginning with
# > $h^{(0)}$. How many circles has it, and how many arrows? Answer as `(circles, arrows)`, without
# > drawing it by program.

# %%
answer = (..., ...)
check("10.1-a", answer)

# %% [markdown]
# > **10.1-b** (derive). Let $s^{(t)} = \frac12 s^{(t-1)} + x^{(t)}$ and $s^{(0)} = 0$. Write
# > $g^{(3)}$ out: $s^{(3)} = \_\, x^{(1)} + \_\, x^{(2)} + \_\, x^{(3)}$. Which three numbers stand in
# > the gaps, in this order?

# %%
answer = (..., ..., ...)
check("10.1-b", answer)

# %% [markdown]
# > **10.1-c** (derive). Let $f(s; \theta) = \theta s$, with $s^{(0)} = 1$ and $\theta = 2$. How fast
# > does $s^{(3)}$ change with $\theta$, that is, what is $d s^{(3)} / d\theta$?

# %%
answer = ...
check("10.1-c", answer)

# %% [markdown]
# > **10.1-d** (implement). Write `unfold` yourself, without looking: it gets a function, a first
# > state, the inputs and the parameters, and returns the list of the new states.


# %%
def my_unfold(f, s, xs, theta):
    return ...


check("10.1-d", my_unfold)

# %% [markdown]
# > **10.1-e** (implement). Find a state and a transition that read bits, 0 or 1, one at a time, and
# > always know the **longest run of ones so far**: after 1, 1, 0, 1 that is 2. Give the transition
# > (it need not use `theta`) and the first state. The state is a tuple, of a size that does not grow
# > with the sequence, and its last entry is the answer.


# %%
def f(state, x, theta):
    return ...


start = ...
check("10.1-e", (f, start))

# %% [markdown]
# > **10.1-f** (explore). Build parity by hand. Two tanh units, bits given as −1 and +1, and the
# > prediction is *odd* where $h_1 - h_2 > 1$. Choose $U$, $W$, $b$ and the first state so that it is
# > right for 500 steps.

# %%
U = [[...], [...]]
W = [[..., ...], [..., ...]]
b = [..., ...]
start = [..., ...]
check("10.1-f", (U, W, b, start))

# %% [markdown]
# ## Further reading
#
# * Waibel et al. (1989) and Lang & Hinton (1988): time-delay networks, which share weights by
#   convolution over time; the chapter's introduction sets recurrent nets against them.
# * Jaeger (2001), *Short term memory in echo state networks*: the memory of a linear state, summed
#   over all lags, is at most its number of units. (Beyond the chapter; section 10.8 returns to it.)
#
# Next: *10.2, Recurrent neural networks*, which adds outputs and a loss.
