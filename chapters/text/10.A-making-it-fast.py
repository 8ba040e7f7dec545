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
# # Appendix: making it fast
#
# A recurrent net is a loop, and a loop in Python is slow. This appendix climbs a ladder: the same
# net, computed in five ways, all equal to the last digits, and each with another idea of what takes
# time. You need sections 10.1 and 10.2.2; nothing later in the book needs this page.
#
# The rungs are **paths** of the package, and every module of `rnn.pytorch` takes one:
# `RNN(d_x, d_h, path="fused")`. Leave it out, and `"auto"` takes the one that was fastest when we
# measured.

# %%
import numpy as np
import torch

from rnn import reference
from rnn.book import show_source, stored, use_style
from rnn.book.plots import section_10_A as plots
from rnn.pytorch import (
    GRU,
    LSTM,
    RNN,
    Feedback,
    Leaky,
    Memoryless,
    feed,
    from_reference,
)

use_style()

# %% [markdown]
# ## One net, and what it must compute
#
# Eight units that read three numbers a step, a hundred steps, a minibatch of four sequences. The
# NumPy reference, with its gradient by hand, says what is right: the states $h$, and the gradient
# of all parameters for some gradient that arrives at every state.

# %%
rng = np.random.default_rng(0)
cell = reference.RNN()
theta = cell.init_theta(rng, d_x=3, d_h=8)
x, grad_h = rng.normal(size=(100, 4, 3)), rng.normal(size=(100, 4, 8))
run = cell.forward(None, x, theta)
right = [run.h, *cell.backward(grad_h, run, theta).grad]

# %% [markdown]
# `from_reference` makes a PyTorch module with the same parameters. On any path, it has to agree.


# %%
def worst_difference(path):
    net = from_reference(cell, theta, path=path)
    h, _ = net(torch.tensor(x))
    grads = torch.autograd.grad(h, list(net.theta), torch.tensor(grad_h))
    found = [t.detach().numpy() for t in (h, *grads)]
    return max(
        np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, right, strict=True)
    )


for path in ("loop", "hoisted", "fused", "library"):
    assert worst_difference(path) < 1e-12
    print(f"{path:8} agrees")

# %% [markdown]
# ## Rung 1: the loop
#
# The definition: at each step one call of $f$, which computes $b + U x^{(t)} + W h^{(t-1)}$ and its
# tanh. It is the only path that is written for the reader alone, and autograd can differentiate
# it as often as you like. For each step PyTorch starts about five operations, most of which take
# longer to start than to do.
#
# ## Rung 2: what need not wait
#
# $U x^{(t)}$ does not depend on the state, so nothing has to wait for it: `drive` computes
# $z = b + U x$ for all steps as **one** product of matrices, and only `step` stays in the loop.
# A cell of this package *is* these two pieces:

# %%
show_source(RNN.step)

# %% [markdown]
# A hundred products of a `(4, 3)` by a `(3, 8)` matrix have become one of a `(400, 3)` by a `(3, 8)`
# matrix. Processors like large products: they load a weight once and use it four hundred times.
#
# ## Rung 3: the gradient by hand
#
# Autograd walks back through every operation that it has recorded, one by one, several a step. We
# know what they add up to (section 10.2.2), and that the states are all that is needed, because the
# slope of the tanh is $1 - h^2$. So the fused path is one operation for autograd, with a backward
# pass of its own: the slopes of all steps at once, then one product and two pointwise operations a
# step, in place, and after the walk a single product for $\nabla_W L$, the sum over $t$ of (10.26).
#
# How many numbers does each path keep for the way back? PyTorch can tell: a hook sees every tensor
# that is saved. We count them in units of $\tau B d_h$, the size of all states.


# %%
def kept(net):
    storages = {}

    def see(t):
        storages[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(see, lambda t: t):
        h, _ = net(torch.zeros(100, 32, 16, dtype=torch.float64))
    return sum(storages.values()) / h.untyped_storage().nbytes()


for path in ("loop", "hoisted", "fused"):
    print(f"tanh, {path:8}{kept(RNN(16, 64, path=path, dtype=torch.float64)):.2f}")
for path in ("loop", "fused", "lean"):
    print(f"LSTM, {path:8}{kept(LSTM(16, 64, path=path, dtype=torch.float64)):.2f}")

# %% [markdown]
# A quarter of each number is the input, 16 numbers a step where the state has 64; a few hundredths
# are parameters. What is left is 1 for the tanh net, its $h$; and 7 for the LSTM: four gates, $s$, its
# tanh, and $h$. The LSTM has one path more. On `"lean"` it keeps $h$ and $s$ and forgets the gates; the
# way back computes them again, many steps in one product. Memory for time: that is the trade
# whenever a long sequence does not fit.

# %% [markdown]
# ## Rung 4: the library's kernel
#
# Somebody else has written this loop in C++, or in a GPU's own language, and PyTorch ships it:
# oneDNN on the CPU (for the LSTM; the tanh net and the GRU get a plain loop in C++), cuDNN on
# NVIDIA's GPUs. The `"library"` path calls it where it computes the same thing. It has no peepholes
# and no leaky units, and what it does not have it cannot speed up.
#
# ## Rung 5: launch everything at once
#
# On a GPU a small step takes a few millionths of a second, and so does asking for it. A **CUDA graph**
# records all the requests of a walk once and then replays them as one. It needs fixed shapes and a
# GPU, so here it can only be refused; a path that cannot run says so, and none gives way in silence:

# %%
try:
    RNN(3, 8, path="graph")(torch.zeros(5, 1, 3))
except ValueError as refused:
    print(refused)

# %% [markdown]
# ## Measured here, now
#
# Forward and backward, on this machine, with one thread. Your numbers will differ from those that
# are stored below this cell, and from one run to the next; the order should not. For the tanh net
# the gradient by hand is ahead: there is no kernel for it on a CPU, so that "library" is a loop in
# C++ with autograd behind it. For the LSTM there is one, and it wins. A step that takes ten
# microseconds is mostly Python; a step that takes a hundred is mostly arithmetic.

# %% tags=["nbval-ignore-output"]
x = torch.randn(100, 8, 64)
times = {
    type(net).__name__: plots.time_paths(net, x)
    for net in (RNN(64, 128), LSTM(64, 128))
}
plots.plot_ladder(times)

# %% [markdown]
# ## Measured once, carefully
#
# The stored benchmark took turns with `torch.nn` at six shapes, on two cores. The figure shows how
# many times as fast `"auto"` is as the module of the same name in `torch.nn`, with the quartiles of
# the pairs as bars; the grey line is `torch.nn` itself. For the tanh net and the GRU, which have no
# kernel of their own on the CPU, a loop in Python with the gradient by hand is ahead. For the LSTM
# `"auto"` takes oneDNN's kernel, and so is level with `torch.nn`, which is the same kernel.

# %%
result = stored("bench_torch")
plots.plot_auto(result)
means = plots.means_of_auto(result)
assert means["RNN"] > 1 and means["GRU"] > 1 and 0.9 < means["LSTM"] < 1.1

# %% [markdown]
# On a GPU: **not measured yet.** `python -m experiments.bench_gpu` does it in one call, and `"auto"`
# takes what it finds.
#
# ## What will run, and why
#
# `explain` says which path a call takes. Six typical cases: the first three ask for nothing and get
# what was fastest; the fourth has sequences of unequal length, whose last $s$ oneDNN does not show;
# the last two need no loop at all, because the recurrence is linear, or because the truth is fed
# back (section 10.2.1), so that no step waits for another.

# %%
x, y = torch.zeros(100, 32, 64), torch.zeros(100, 32, 4)
forced = Feedback(Memoryless(64, 128), d_y=4)
print(RNN(64, 128).explain(x))
print(GRU(64, 128).explain(x))
print(LSTM(64, 128).explain(x))
print(LSTM(64, 128).explain(x, lengths=[100] * 31 + [7]))
print(Leaky(Memoryless(64, 128), alpha=0.9).explain(x))
print(forced.explain(feed(y, x, d_y=4)))

# %% [markdown]
# That last case is the chapter's own: a net whose only recurrence leads through its output is weaker,
# but with teacher forcing all its steps are computed at once. In the stored benchmark, a thousand
# steps of one sequence, forward and backward:

# %%
once = result["measured"]["forced"]["1"]["ratio"]
assert once >= 20
print(f"all steps at once: ⟦{once:.0f}⟧ times as fast as the loop")
