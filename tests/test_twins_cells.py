r"""Cells around cells in PyTorch, with the parameters of the reference: the same numbers."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from axes import spoiled
from compare import converted, relative, worst_of
from problems import D_Y, attended, fed, in_context, maker, plain, sizes
from registry import AROUND, GATED, READING, SIMPLE
from registry_memory import MEMORIES

from experiments.record import load
from rnn._tree import tree_leaves, tree_map
from rnn.reference import cells as c

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn.pytorch.convert import from_reference, to_pytorch  # noqa: E402
from rnn.pytorch.paths import PATHS, chosen  # noqa: E402

BOUNDS = {np.float64: 1e-12, np.float32: 2e-6}
SHAPES = [(tau, batch) for tau in (1, 2, 7) for batch in (1, 2, 3)]
SLOW = ((True, False), (True, True))
EVERYTHING = ("theta", "state", "x", "grad_h", "grad_state")


def teaching(net, share, reads=plain, **own):
    return maker(net, fed(share, reads), sizes(d_y=D_Y, **own))


MAKES = {
    **{one.name: one.make for one in [*SIMPLE, *GATED, *AROUND, *READING, *MEMORIES]},
    **{
        f"leaky-memoryless-{phi}": maker(c.Leaky(c.Memoryless(phi), (0, 1)), plain, sizes())
        for phi in ("linear", "tanh")
    },
    "masked-lstm": maker(c.Masked(c.LSTM(), SLOW), plain, sizes()),
    "masked-linear": maker(c.Masked(c.RNN("linear"), SLOW), plain, sizes()),
    "feedback-linear": teaching(c.Feedback(c.RNN("linear")), 1.1),
    "feedback-gru": teaching(c.Feedback(c.GRU()), 1.1),
    "feedback-masked": teaching(c.Feedback(c.Masked(c.GRU(), SLOW)), 1.1),
    "feedback-argmax": teaching(c.Feedback(c.RNN(), "argmax"), -1),
    **{
        f"context-feedback-{name}-{at}": maker(
            c.Context(c.Feedback(one), at), in_context(fed(1.1)), sizes(d_y=D_Y, d_c=2)
        )
        for name, one in [("lstm", c.LSTM()), ("memoryless", c.Memoryless())]
        for at in ("steps", "both")
    },
    "context-masked": maker(c.Context(c.Masked(c.RNN(), SLOW), "both"), in_context(), sizes(d_c=2)),
    "context-attention": maker(
        c.Context(c.Attention(), "both"), in_context(attended()), sizes(d_c=2, d_m=2)
    ),
}
TURNS = {name for name in MAKES if not name.startswith("context")}


def floating(tree):
    return [leaf for leaf in tree_leaves(tree) if leaf.dtype.is_floating_point]


def leaf_of(leaf):
    return leaf.requires_grad_() if leaf.dtype.is_floating_point else leaf


def ours(p, reverse):
    """Return outputs, last state and all gradients, flat, as the reference has them."""
    run = p.net.forward(p.state, p.x, p.theta, p.lengths, reverse=reverse)
    back = p.net.backward(p.grad_h, run, p.theta, grad_state=p.grad_state)
    return [*tree_leaves((run.h, run.state, back.grad, back.grad_x, back.grad_state))]


def twin_of(p):
    """Return the module, and state and x as leaves, with NaN wherever nothing may be read."""
    x = p.x if p.lengths is None else spoiled(p.x, p.lengths)
    return from_reference(p.net, p.theta), *(tree_map(leaf_of, to_pytorch(v)) for v in (p.state, x))


def theirs(p, twin, state, x, reverse, path):
    h, last = twin.run(state, x, twin.theta, p.lengths, reverse=reverse, path=path)
    arriving = [(h, torch.tensor(p.grad_h))]
    arriving += zip(tree_leaves(last), tree_leaves(to_pytorch(p.grad_state)), strict=True)
    arriving = [(leaf, grad) for leaf, grad in arriving if leaf.requires_grad]
    asked = floating((twin.theta, x, state))
    grads = iter(
        torch.autograd.grad(
            [leaf for leaf, _ in arriving],
            asked,
            [grad for _, grad in arriving],
            allow_unused=True,
            materialize_grads=True,
        )
    )

    def grad_of(leaf):
        return next(grads) if leaf.dtype.is_floating_point else torch.zeros(leaf.shape)

    back = tree_map(grad_of, (twin.theta, x, state))
    return [leaf.detach().numpy() for leaf in tree_leaves((h, last, *back))]


def paths_of(twin, x, lengths, reverse):
    """List the paths that can run: the two that every cell has, and what "auto" takes."""
    _, x, theta, counted = twin.checked(None, x, twin.theta, lengths)
    request = twin.request(x, theta, counted, reverse)
    found = [p for p in PATHS if p != "auto" and twin.why_not(p, request) is None]
    assert {"loop", "hoisted", chosen(twin, "auto", request)[0]} <= set(found)
    return found


def losing(p, reverse):
    """Return what float32 costs the reference itself, whose softmax and cosine amplify rounding."""
    found, expected = ours(p, reverse), ours(converted(p, np.float64, EVERYTHING), reverse)
    return worst_of(relative(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("name", MAKES)
def test_the_twins_agree_on_every_path(name, dtype):
    for (tau, batch), with_lengths in product(SHAPES, (False, True)):
        p = MAKES[name](tau * 10 + batch, tau, batch, dtype, lengths=with_lengths)
        twin, state, x = twin_of(p)
        for reverse in {False, name in TURNS}:
            expected = ours(p, reverse)
            for path in paths_of(twin, x, p.lengths, reverse):
                found = theirs(p, twin, state, x, reverse, path)
                error = worst_of(relative(a, b) for a, b in zip(found, expected, strict=True))
                fine = error < BOUNDS[dtype]
                assert fine or (dtype == np.float32 and error < 20 * losing(p, reverse) < 2e-3)


@pytest.mark.parametrize("name", MAKES)
def test_a_walk_starts_where_that_of_the_reference_does(name):
    p = MAKES[name](0, 1, 3, np.float32)
    twin = twin_of(p)[0]
    found, expected = twin.zero_state(3, twin.theta), p.net.zero_state(3, p.theta)
    assert type(found).__name__ in (type(expected).__name__, "Tensor")
    for a, b in zip(tree_leaves(found), tree_leaves(expected), strict=True):
        assert a.numpy().dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("tau", "batch"), [(0, 2), (3, 0)])
@pytest.mark.parametrize("name", MAKES)
def test_without_steps_or_rows_the_twins_agree_too(name, tau, batch):
    p = MAKES[name](0, tau, batch)
    twin, state, x = twin_of(p)
    expected = p.net.forward(p.state, p.x, p.theta).state
    for path in paths_of(twin, x, None, False):
        h, last = twin.run(state, x, twin.theta, path=path)
        assert h.shape == (tau, batch, twin.d_out)
        for a, b in zip(tree_leaves(last), tree_leaves(expected), strict=True):
            assert relative(a.detach(), b) < 1e-14


GRADS = {
    "feedback-memoryless-o-taught": ("loop", "scan"),
    "feedback-rnn-softmax-taught": ("loop", "hoisted"),
    "feedback-rnn-softmax-mixed": ("loop", "hoisted"),
    "context-feedback-memoryless-both": ("loop", "scan"),
    "leaky-memoryless-tanh": ("loop", "scan"),
    "leaky": ("loop", "hoisted"),
    "skip-2": ("loop", "hoisted"),
    "clockwork-rnn": ("loop", "hoisted"),
    "deep-skip-3": ("loop", "hoisted"),
    "attention-rnn": ("loop", "hoisted"),
    "memory-rnn-both": ("loop", "hoisted"),
}


@pytest.mark.parametrize("with_lengths", [False, True])
@pytest.mark.parametrize("name", GRADS)
def test_paths_are_differentiable_twice(name, with_lengths):
    p = MAKES[name](3, 3, 2, lengths=with_lengths)
    twin, state, x = twin_of(p)
    given = twin.theta, state, tree_map(lambda leaf: leaf.detach().nan_to_num(), x)
    given = tree_map(leaf_of, given)
    leaves = floating(given)

    def run(path, *values):
        values = iter(values)
        theta, state, x = tree_map(
            lambda leaf: next(values) if leaf.dtype.is_floating_point else leaf, given
        )
        h, last = twin.run(state, x, theta, p.lengths, path=path)
        return h, *(leaf for leaf in floating(last) if leaf.requires_grad)

    for path in GRADS[name]:
        assert torch.autograd.gradcheck(partial(run, path), leaves, fast_mode=True)
        assert torch.autograd.gradgradcheck(partial(run, path), leaves, fast_mode=True)


def test_the_stored_parity_names_every_cell_and_respects_the_bounds():
    stored = load("parity")
    assert set(stored["measured"]) == set(MAKES)
    for column, error in stored["worst"].items():
        assert error <= (1e-12 if column.endswith("float64") else 2e-6), column
