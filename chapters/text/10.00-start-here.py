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
# # Start here
#
# This is a companion to **Chapter 10, "Sequence Modeling: Recurrent and Recursive Nets"**, of
# *Deep Learning* by Goodfellow, Bengio and Courville (MIT Press, 2016). Keep the chapter beside
# you: section by section, the notebooks build what it describes, run it, measure what it claims,
# and ask you questions whose answers they can check.
#
# You need Python, NumPy, derivatives, and matrices; you have perhaps trained a small feed-forward
# net. Here and there PyTorch checks our results: such a cell can be run without being understood.
# You do not need to have met a recurrent net. You are about to train one.
#
# **On this page:** [five minutes with a real text](#Five-minutes-with-a-real-text) ·
# [how this book works](#How-this-book-works) · [the map](#The-map) · [notation](#Notation)

# %% [markdown]
# ## Five minutes with a real text
#
# The whole book in five minutes: a net that reads a text, character by character, and learns to
# say which character comes next. Everything that is used here is explained later, slowly. For
# now, press <kbd>Shift</kbd>+<kbd>Enter</kbd> in each cell, and read along.

# %%
import numpy as np

from rnn import reference
from rnn.book import check, draw_graph, hint, progress, show_source, use_style
from rnn.book.plots import section_10_00 as plots
from rnn.reference import bptt, readout, softmax, tanh_cell, unfold
from rnn.tasks import Alphabet, documentation_text, one_hot, text_windows

use_style()

# %% [markdown]
# ### The text
#
# Every Python carries its own language reference inside: it is what `help("for")` prints. That is
# several hundred thousand characters of real prose, real tables and real code. We keep the 64
# commonest characters.

# %% tags=["nbval-ignore-output"]
text = documentation_text(64)
alphabet = Alphabet.of(text)
print(f"{len(text):,} characters, {len(alphabet.characters)} different ones\n")
print(text[text.index("\n\n", 3000) :][:400])

# %% [markdown]
# A net computes with numbers. Each character becomes its place in the alphabet, from 0 to 63, and
# that becomes a **one-hot** vector: 64 numbers, all of them 0 except for a single 1 at this place.
# (What stands between ⟦ and ⟧ in this book may differ on your machine.)

# %%
print(f"⟦{alphabet.encode('for')}⟧")
one_hot(alphabet.encode("for"), 64).shape

# %% [markdown]
# The **task**: having read the first $t$ characters, give a probability to each of the 64 characters
# that may come next. The **loss** of one prediction is $-\ln(\text{probability of what came})$. With
# the natural logarithm its unit is the *nat*; $\ln 2 = 0.69$ nats are one bit.
#
# Before anything is trained, you can say what it will cost. Replace the three dots by a number (or
# an expression such as `np.sqrt(2)`) and run the cell. A wrong answer is told what is wrong with
# it, and `hint("10.0-a", 1)` in a cell of its own gives the first hint.
#
# > **Exercise 10.0-a.** A net that knows nothing gives each of the 64 characters the same
# > probability. What loss, in nats, does it pay for each character?

# %%
answer = ...
check("10.0-a", answer)

# %% [markdown]
# ### The net is one line, used again and again
#
# The net keeps a **state** $h$, a vector of 128 numbers: all that it remembers of what it has
# read. One step takes the state and the next character $x$, and gives the new state:
#
# $$h^{(t)} = \tanh\big(b + W h^{(t-1)} + U x^{(t)}\big).$$
#
# That is (10.8) and (10.9) of the book. This is the code that runs, shown from the package. It
# treats many texts at once, one in each row of `h` and `x`; that is why the matrices stand on the
# right, transposed.

# %%
show_source(tanh_cell)

# %% [markdown]
# The matrices $U$, $W$ and the vector $b$ are **parameters**: numbers that training will change.
# The same ones serve at every step. Two more, $V$ and $c$, turn a state into 64 scores,
# $o = c + V h$ (10.10), and a softmax turns scores into probabilities (10.11). At first all
# parameters are random. The last 20,000 characters are set aside: the net will not see them until we
# ask what it has learned.

# %%
classes = alphabet.encode(text)
unseen, classes = classes[-20_000:], classes[:-20_000]
rng = np.random.default_rng(0)
theta = reference.init_theta(rng, d_x=64, d_h=128, d_y=64, dtype=np.float32)
print({name: p.shape for name, p in theta._asdict().items()})

# %% [markdown]
# To walk through a text is to apply that one line at every character. The function that does so is
# called `unfold`, and every walk through time in this book is this one:

# %%
show_source(unfold)

# %% [markdown]
# Even *writing* is such a walk. One step of it reads the last character, updates the state, and
# draws the next character with the probabilities that the net gives. What comes in at each step is
# only chance: a random number between 0 and 1, which picks a character by where it falls among the
# summed probabilities. (The factor 1.3 makes likely characters a little likelier still.)


# %%
def write(state, chance, theta):
    h, character = state
    h = tanh_cell(h, one_hot(character, 64), theta)
    odds = softmax(1.3 * readout(h, theta)).cumsum()
    return h, min(np.searchsorted(odds, chance), 63)


def sample(theta, length, seed=0):
    start = np.zeros(128), alphabet.encode("\n")[0]
    walk = unfold(write, start, np.random.default_rng(seed).random(length), theta)
    return alphabet.decode([character for _, character in walk])


# %% [markdown]
# Here is what the untrained net writes.

# %% tags=["nbval-ignore-output"]
print(sample(theta, 300))

# %% [markdown]
# ### Training
#
# A thousand times: cut 32 random windows of 40 characters out of the text; ask for the loss $L$
# and for its gradient, the direction in which the parameters should *not* go; take a step the
# other way. The gradient comes from **back-propagation through time**, `bptt`, which walks through
# the sequence and back again; it is `unfold` forwards and in reverse, rearranged for speed, and
# tests hold the two equal. Clipping (section 10.11) and Adam (a standard way to choose the size of the
# step) keep the steps reasonable. `None` means that the state begins with zeros.

# %%
losses, opt = [], reference.adam_init(theta)
for _ in progress(range(1000), "training"):
    now, following = text_windows(rng, classes, tau=40, batch=32)
    x = one_hot(now, 64, np.float32)
    L, grad = bptt(None, x, following, theta, reduction="mean")
    grad, _norm = reference.clip_norm(grad, max_norm=1.0)
    theta, opt = reference.adam(theta, grad, opt, lr=4e-3)
    losses.append(L)

# %% [markdown]
# Did it learn? A falling loss is only worth something beside what it must beat. Three levels for
# comparison. A net that knows nothing pays $\ln 64$. One that knows how frequent each character is
# pays $-\sum_k p_k \ln p_k$ on average, the **entropy** of the characters. And one that always knows
# the last character, but nothing earlier, pays the entropy of *pairs* of neighbours less that of
# the first of the two. All we need is to count the pairs.


# %%
def entropy(counts):
    p = counts[counts > 0] / counts.sum()
    return -np.sum(p * np.log(p))


pairs = np.bincount(64 * classes[:-1] + classes[1:], minlength=64 * 64).reshape(64, 64)
knows_nothing, frequencies = np.log(64), entropy(pairs.sum(axis=0))
one_character = entropy(pairs) - entropy(pairs.sum(axis=1))

# %% [markdown]
# The figure shows the loss over the thousand updates as a purple curve, falling steeply at first,
# and the three levels as dotted lines. The curve crosses all of them: below the lowest one, the net
# *must* be using more of the past than the last character. Has it only learned this text by heart?
# The cell below the figure asks for the loss on the characters that were set aside.

# %%
names = "knows nothing", "frequencies", "last character"
levels = knows_nothing, frequencies, one_character
plots.plot_losses(losses, dict(zip(names, levels, strict=True)))

# %%
run = reference.forward(None, one_hot(unseen[:-1, None], 64, np.float32), theta)
new = reference.cross_entropy(run.o, unseen[1:, None], reduction="mean")
final = np.mean(losses[-100:])
assert max(final, new) < one_character < frequencies < knows_nothing
assert new < final + 0.3
print(
    f"from ⟦{losses[0]:.2f}⟧ to ⟦{final:.2f}⟧ nats, on the text set aside ⟦{new:.2f}⟧"
)

# %% [markdown]
# It has not: text that it has never seen costs it hardly more, if at all. And this is what it writes
# now. It has never been told what a word is, let alone a line break, an
# indent or a pair of quotes.

# %% tags=["nbval-ignore-output"]
print(sample(theta, 600))

# %% [markdown]
# ### The gradient, twice
#
# The gradient above was derived by hand, in NumPy (section 10.2.2 does it with you). Can you trust
# it? PyTorch derives gradients by machine and knows nothing of our derivation. Give it the same
# parameters and the same text, in double precision, and compare all five gradients.

# %%
import torch

from rnn import pytorch

exact = reference.RNNTheta(*(p.astype(np.float64) for p in theta))
x = one_hot(now, 64)
_, by_hand = bptt(None, x, following, exact, reduction="mean")
inputs = torch.tensor(x), torch.tensor(following)
_, by_machine = pytorch.bptt(None, *inputs, pytorch.to_pytorch(exact), reduction="mean")

# %%
by_machine = pytorch.to_reference(by_machine)
for name, ours, theirs in zip("UWVbc", by_hand, by_machine, strict=True):
    difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
    assert difference < 1e-12
    print(f"gradient of {name}: they differ by ⟦{difference:.0e}⟧ of its largest entry")

# %% [markdown]
# ### The graph of what just ran
#
# Books on recurrent nets are full of graphs. Here they are never drawn by hand. The cell below
# runs the *same* `unfold` and the *same* `tanh_cell` once more, not on numbers but on symbols that
# take notes, and draws the notes. Each green circle is a character that goes in, each blue one a
# state (a grey one before the first step), each yellow one the scores for the next character; an
# arrow says "was needed to compute".
# The state is the only way from one character to a later score, and the same $W$ stands on every
# step of that way.

# %%
from rnn.graph import Tracer

tracer = Tracer()
cell = tracer.watch(tanh_cell, "h")
output = tracer.watch(readout, "o", role="output")
parameters = tracer.theta("U", "W", "V", "b", "c")
for h in unfold(cell, tracer.node("h", 0), tracer.inputs("x", 4), parameters):
    output(h, parameters)
_ = draw_graph(tracer.unfolded)

# %% [markdown]
# That is the whole chapter in small: a function $f$, unfolded through time; a loss; a gradient that
# walks back; and a state that must hold whatever is worth remembering. What a state can hold, why
# the gradient fades on its way back, and what to do about it: that is the rest of the book.

# %% [markdown]
# ## How this book works
#
# * **Your copy.** `make lab` opens the folder `study/`, which is yours. Nothing overwrites it: if a
#   chapter is improved, the newer one is laid beside yours.
# * **Exercises** stand at the end of each section, easiest first. `check` says *correct*, or what is
#   wrong, or *not attempted yet*; `hint("10.1-a", 1)` gives the first hint. Worked answers with the
#   reasoning are in `solutions/`.
# * **Claims.** The chapter makes 147 claims that can be examined. Where one belongs, it is stated
#   in our words with what was measured: *here*, or in a *stored result*, a longer run over several
#   seeds that `python -m experiments.…` repeats. A claim that fails stops the notebook. The number
#   between ⟦ and ⟧ may differ on your machine, the verdict may not.
# * **Sliders** work while the notebook runs. What you see before is the figure for their defaults.
# * **Two implementations.** `rnn.reference` is NumPy with gradients by hand; `rnn.pytorch` has the
#   same names. They are compared wherever both appear.
# * **Something does not work?** `python -m rnn` says what is installed and what is missing.

# %% [markdown]
# ## The map
#
# | notebook | section | the question |
# |---|---|---|
# | [10.01 Unfolding](10.01-unfolding.ipynb) | 10.1 | What does it mean to apply one function again and again? |
# | *10.02 Patterns* | 10.2 | Where may the recurrence go, and what can each pattern do? |
# | *10.02.1 Teacher forcing* | 10.2.1 | What if the net is always told the right answer? |
# | *10.02.2 BPTT* | 10.2.2 | How does a gradient walk back through time? |
# | *10.02.3 Graphical models* | 10.2.3 | Which distributions over sequences is an RNN? |
# | *10.02.4 Context* | 10.2.4 | How does a sequence depend on something else? |
# | *10.03 Bidirectional* | 10.3 | What if the answer lies in the future? |
# | *10.04 Encoder–decoder* | 10.4 | How to answer at another length? |
# | *10.05 Deep* | 10.5 | Where can depth go, and what does it cost? |
# | *10.06 Recursive* | 10.6 | What if the chain is a tree? |
# | *10.07 Long-term dependencies* | 10.7 | Why do gradients vanish or explode? |
# | *10.08 Echo states* | 10.8 | How far does one get without training the recurrence? |
# | *10.09 Multiple time scales* | 10.9 | How to be slow and fast at once? |
# | *10.10 Gated* | 10.10 | How does a net decide what to keep? |
# | *10.11 Optimisation* | 10.11 | How to descend along a cliff? |
# | *10.12 Explicit memory* | 10.12 | What if the memory is outside the state? |
# | [Appendix: making it fast](10.A-making-it-fast.ipynb) | | How is a loop in Python made fast? |
#
# Names in italics are still to come.

# %% [markdown]
# ## Notation
#
# The code uses the book's letters, with their case. Time comes first, then the batch: an array of
# inputs has the shape `(tau, B, d_x)`. Python counts from zero and the book from one, so `h[t]` is
# $h^{(t+1)}$. The book writes $W h$ for one sequence; for a batch with one sequence in each row, the
# code says `h @ W.T`.
#
# | book | words | code | shape |
# |---|---|---|---|
# | $t$, $\tau$ | step, number of steps | `t`, `tau` | |
# | $x^{(t)}$ | input | `x` | `(tau, B, d_x)` |
# | $a^{(t)}$, $h^{(t)}$ | pre-activation, state | `a`, `h` | `(tau, B, d_h)` |
# | $o^{(t)}$, $\hat y^{(t)}$ | scores, probabilities | `o`, `y_hat` | `(tau, B, d_y)` |
# | $y^{(t)}$ | target class | `y` | `(tau, B)` |
# | $U$, $W$, $V$ | input to state, state to state, state to output | `U`, `W`, `V` | `(d_h, d_x)`, `(d_h, d_h)`, `(d_y, d_h)` |
# | $b$, $c$ | biases of state and output | `b`, `c` | `(d_h,)`, `(d_y,)` |
# | $\theta$, $f$ | all parameters, the transition | `theta`, `f` | |
# | $L$, $L^{(t)}$ | loss, loss of one step, in nats | `L`, `L_t` | |
# | $\nabla_W L$ | gradient | `grad.W` | that of `W` |
#
# Ready? [Section 10.1](10.01-unfolding.ipynb) begins with a function that is applied to its own
# result.
