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
# net, computed in several ways that agree, each with another idea of what takes the time. You need
# sections 10.1 and 10.2.2. Where an LSTM appears (section 10.10), it is enough to know that each of
# its steps computes four *gates* as large as $h$, and carries a second state $s$ beside $h$.
#
# The rungs are **paths** of the package, and every module of `rnn.pytorch` takes one:
# `RNN(d_x, d_h, path="fused")`. Leave it out, and `"auto"` takes the one that was fastest when we
# measured, or, where nothing was measured, the one that has the least to do.

# %%
import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

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
from rnn.pytorch.cells.fused_rnn import FusedRNN

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
# `from_reference` makes a PyTorch module with the same parameters. On any path it has to agree, to
# within the rounding of 64-bit numbers.


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
    print(f"{path:8} differs by ⟦{worst_difference(path):.0e}⟧")

# %% [markdown]
# ## Rung 1: the loop
#
# The definition: at each step one call of $f$, which computes $b + U x^{(t)} + W h^{(t-1)}$ and its
# tanh. It is written for the reader. What does it cost? PyTorch carries a step out as a series of
# *operations*, each of which has to be looked up, checked and started, which takes about a
# millionth of a second however small the matrices are. So let us count them, per step, on the way
# forward and on the way back.


# %%
class Operations(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def operations(net, x):
    with Operations() as forward:
        h, _ = net(x)
    with Operations() as back:
        torch.autograd.grad(h.sum(), list(net.parameters()))
    return forward.count // len(x), back.count // len(x)


for path in ("loop", "hoisted", "fused"):
    forward, back = operations(RNN(3, 8, path=path), torch.zeros(1000, 4, 3))
    print(f"{path:8}{forward:3} operations a step forward, {back:3} back")

# %% [markdown]
# The loop starts some thirty operations for one step of the tanh net. (Half of them only look at a
# tensor in another way, as a transpose does; they have to be started all the same.) The next two
# rungs get rid of them.
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
# matrix, which is one start instead of a hundred, and a better use of the processor besides: it
# loads a weight once and uses it four hundred times. The count fell by half.
#
# ## Rung 3: the gradient by hand
#
# Autograd walks back through every operation that it has recorded, one by one, several a step. We
# know what they add up to (section 10.2.2), and that the states are all that is needed, because the
# slope of the tanh is $1 - h^2$. So the fused path is one operation for autograd, with a backward
# pass of its own. Lay it over the equations: the slopes of all steps at once, (10.20) and (10.21) in
# the loop, written into tensors that exist already, and after the loop a single product for
# $\nabla_W L$, the sum over $t$ of (10.26).

# %%
show_source(FusedRNN.backward)

# %% [markdown]
# What it saves is time: two operations a step forward and three back are left. It does not save
# memory: for the tanh net autograd was frugal already. PyTorch can tell how many numbers a path
# keeps for the way back, because a function of ours may look at every tensor that is saved. In
# units of $\tau B d_h$, the size of all states:


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
# In each of these numbers 0.25 is the input, 16 numbers a step where the state has 64, and a few
# hundredths are parameters. What is left is 1 for the tanh net, its $h$; and 7 for the LSTM: four
# gates, $s$, its tanh, and $h$. The LSTM has one path more. On `"lean"` it keeps $h$ and $s$ and forgets
# the gates; the way back computes them again, many steps in one product. Memory for time: that is
# the trade whenever a long sequence does not fit.

# %% [markdown]
# ## Rung 4: the library's kernel
#
# Somebody else has written this loop in C++, or in a GPU's own language (a program for a GPU is
# called a *kernel*), and PyTorch ships it: oneDNN is such a library for CPUs, which has the LSTM (the
# tanh net and the GRU get a plain loop in C++), and cuDNN is NVIDIA's for GPUs. The `"library"` path
# calls it where it computes the same thing. It has no leaky units and no clocks, and what it does
# not have it cannot speed up.
#
# ## Rung 5: launch everything at once
#
# On a GPU, starting an operation from Python can take longer than a small step itself. A **CUDA
# graph** records all the starts of a walk once and then replays them as one. It needs fixed shapes
# and a GPU, so it is not shown here; a path that cannot run says so, and none gives way in silence:

# %%
try:
    RNN(3, 8, path="graph")(torch.zeros(5, 1, 3))
except ValueError as refused:
    print(refused)

# %% [markdown]
# ## Measured here, now
#
# Forward and backward, on this machine, with one thread. Your numbers will differ from those that
# are stored below this cell, and from one run to the next. For the tanh net the gradient by hand is
# ahead: there is no kernel for it on a CPU, so that "library" is a loop in C++ with autograd behind
# it. For the LSTM there is one, and it wins. The arithmetic is the same in all bars of a panel: what
# `loop` takes beyond the shortest bar is not arithmetic.

# %% tags=["nbval-ignore-output"]
torch.set_num_threads(1)
x = torch.randn(100, 8, 64)
times = {
    type(net).__name__: plots.time_paths(net, x)
    for net in (RNN(64, 128), LSTM(64, 128))
}
plots.plot_ladder(times)

# %% [markdown]
# ## Measured once, carefully
#
# The stored benchmark took turns with `torch.nn` at six shapes, on two cores: one run of ours, one of
# theirs, again and again, and of each pair the ratio. The figure shows the median ratio of `"auto"`,
# with bars from the first to the third quartile; the grey line is `torch.nn` itself. Shapes with
# little arithmetic stand on the left. There a loop in Python with the gradient by hand is one and a
# half to three times as fast as the tanh net and the GRU of `torch.nn`. To the right steps are larger,
# more of the time is arithmetic that every path has to do, and the lead is gone. For the LSTM
# `"auto"` takes oneDNN's kernel, as `torch.nn` does: level, but for the smallest shape, where checking
# the arguments costs a few per cent.

# %%
result = stored("bench_torch")
plots.plot_auto(result)
means = plots.means_of_auto(result)
assert means["RNN"] > 1.3 and means["GRU"] > 1.2 and 0.9 < means["LSTM"] < 1.1
assert min(row["high"] for row in plots.rows_of_auto(result)) > 0.9

# %% [markdown]
# On a GPU: **not measured yet.** `python -m experiments.bench_gpu` does it in one call, and
# `python -m experiments.paths` lets `"auto"` take what it found.
#
# ## No loop at all
#
# One recurrence needs no walk, the linear one: $h^{(t)} = \alpha h^{(t-1)} + z^{(t)}$. Put it into itself,
# and $h^{(t)} = \alpha^2 h^{(t-2)} + \alpha z^{(t-1)} + z^{(t)}$: a step of two with two inputs in one.
# So add to each step, all at once, $\alpha$ times the step before it; then $\alpha^2$ times what is
# now two steps before it, then $\alpha^4$ times what is four steps before. After $\log_2 \tau$ passes
# every step has taken in all of its past. It is more work, and far less waiting.


# %%
def scan(z, alpha):
    h, reach = z.copy(), 1
    while reach < len(h):
        h[reach:] = h[reach:] + alpha**reach * h[:-reach]
        reach *= 2
    return h


z = rng.normal(size=1000)
loop = reference.unfold(lambda h, z, alpha: alpha * h + z, 0.0, z, 0.9)
assert np.allclose(scan(z, 0.9), loop, rtol=0, atol=1e-12)
print(f"{len(z)} steps in {int(np.ceil(np.log2(len(z))))} passes")

# %% [markdown]
# ## What will run, and why
#
# `explain` says which path a call takes. Six typical cases: the first three ask for nothing and get
# what was fastest. The fourth has sequences of unequal length, and oneDNN gives $s$ only after the
# last step of the longest, not after step 7 of the short one. The fifth is a leaky unit that
# averages over time what a layer without memory computes (section 10.9.2), which is a linear
# recurrence. In the sixth the only way to the next step leads through the output, and in training
# the true output stands in its place (section 10.2.1): no step waits for another.

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
# That last case is the chapter's own: such a net is weaker, but with teacher forcing all its steps
# are computed at once. In the stored benchmark, a thousand steps, forward and backward, against its
# loop; the more sequences there are, the less there is to gain, because a step is then arithmetic:

# %%
forced = {batch: row["ratio"] for batch, row in result["measured"]["forced"].items()}
assert forced["1"] >= 20
for batch in ("1", "8", "32"):
    print(f"{batch:>2} sequences: ⟦{forced[batch]:.0f}⟧ times as fast")
