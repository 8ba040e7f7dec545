"""Probability models of sequences in both twins: likelihoods, gradients, samples."""

import numpy as np
import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import pytorch, reference  # noqa: E402
from rnn._tree import tree_leaves, tree_map  # noqa: E402
from rnn.pytorch.nets import sequences as here  # noqa: E402
from rnn.reference.nets import sequences as there  # noqa: E402

K, D_H, D_C, TAU, BATCH, LONGEST = 3, 4, 2, 5, 3, 6
BOUNDS = {np.float64: 1e-12, np.float32: 2e-6}
INNER = ["RNN", "LSTM", "GRU", "Memoryless"]
NAMES = [*INNER, "context", "output", "numbers"]
ENDS = ["EndSymbol", "BernoulliStop", "LengthFirst"]
NONE = [("EndSymbol", "numbers"), ("BernoulliStop", "output")]  # no such models
PAIRS = [(end, name) for end in ENDS for name in NAMES if (end, name) not in NONE]


def cells(name, d_x, d_y):
    """Return the same cell in both twins, and the sizes that the reference wants."""
    sizes, inner = {"d_x": d_x, "d_h": D_H, "d_y": d_y}, name if name in INNER else "GRU"
    own = "o" if name == "numbers" else "argmax"
    ours, theirs = getattr(reference, inner)(), getattr(pytorch, inner)(d_x, D_H)
    if name == "output":
        return reference.Output(ours), pytorch.Output(theirs, d_y), sizes
    ours, theirs = reference.Feedback(ours, own), pytorch.Feedback(theirs, d_y, own)
    if name != "context":
        return ours, theirs, sizes
    context = reference.Context(ours, "both"), pytorch.Context(theirs, D_C, "both")
    return *context, sizes | {"d_c": D_C}


def models(end, name, d_x=2):
    """Return the same way to end in both twins, and sizes."""
    ours, theirs, sizes = cells(name, d_x + (end == "LengthFirst"), K + (end == "EndSymbol"))
    sizes |= {"d_x": d_x, "d_y": K} | ({"tau_max": LONGEST} if end == "LengthFirst" else {})
    more = (LONGEST,) if end == "LengthFirst" else ()
    return getattr(there, end)(ours), getattr(here, end)(theirs, *more), sizes


def filled(ours, theirs, sizes, dtype=np.float64):
    """Draw parameters with marked preferences, and copy them into the module."""
    theta = ours.init_theta(np.random.default_rng(0), **sizes)
    theta = tree_map(lambda leaf: (2 * leaf).astype(dtype), theta)
    if hasattr(theta, "length"):
        theta = theta._replace(length=np.linspace(-1, 1, LONGEST + 1).astype(dtype))
    theirs.to(torch.from_numpy(np.zeros(0, dtype)).dtype)
    with torch.no_grad():
        for own, value in zip(tree_leaves(theirs.theta), tree_leaves(theta), strict=True):
            own.copy_(torch.from_numpy(value))
    return theta


def data(name, rng, steps=TAU, dtype=np.float64):
    """Return y, x for the reference, and x for PyTorch."""
    y = rng.integers(K, size=(TAU, BATCH))
    y = rng.normal(size=(TAU, BATCH, K)).astype(dtype) if name == "numbers" else y
    x = rng.normal(size=(steps, BATCH, 2)).astype(dtype)
    if name != "context":
        return y, x, torch.tensor(x)
    context = rng.normal(size=(BATCH, D_C)).astype(dtype)
    return (
        y,
        reference.InContext(x, context),
        pytorch.InContext(torch.tensor(x), torch.tensor(context)),
    )


def compare(found, expected, module, grad, bound):
    """Compare log-likelihoods, and the gradients of their negative sum."""
    as_arrays = tuple(part.detach().numpy() for part in found)
    assert furthest(as_arrays, tuple(expected)) < bound
    assert found.log_p.dtype == next(module.parameters()).dtype
    leaves = tree_leaves(module.theta)
    grads = torch.autograd.grad(
        -found.log_p.sum(), leaves, allow_unused=True, materialize_grads=True
    )
    assert furthest(tuple(g.numpy() for g in grads), tuple(tree_leaves(grad))) < bound


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("lengths", [None, [5, 0, 2]])
@pytest.mark.parametrize("name", NAMES)
def test_likelihoods_and_their_gradients_agree(name, lengths, dtype, rng):
    ours, theirs, sizes = cells(name, 2, K)
    theta, (y, x, same_x) = filled(ours, theirs, sizes, dtype), data(name, rng, dtype=dtype)
    expected = there.log_likelihood(ours, y, theta, x, lengths)
    _, grad = there.likelihood_bptt(ours, y, theta, reduction="sum", x=x, lengths=lengths)
    found = here.log_likelihood(theirs, torch.tensor(y), same_x, lengths)
    compare(found, expected, theirs, grad, BOUNDS[dtype])


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("cut_off", [False, True])
@pytest.mark.parametrize(("end", "name"), PAIRS)
def test_models_that_end_agree(end, name, cut_off, dtype, rng):
    ours, theirs, sizes = models(end, name)
    theta = filled(ours, theirs, sizes, dtype)
    y, x, same_x = data(name, rng, TAU + (end == "EndSymbol"), dtype)
    known, same = {}, {}
    if end != "LengthFirst" and cut_off:
        known = {"ended": np.array([True, False, False])}
        same = {"ended": torch.tensor(known["ended"])}
    lengths = [4, 0, 5] if end != "BernoulliStop" or known else [4, 1, 5]
    expected = ours.log_likelihood(y, theta, lengths, x=x, **known)
    _, grad = ours.bptt(y, theta, lengths, reduction="sum", x=x, **known)
    found = theirs(torch.tensor(y), lengths, x=same_x, **same)
    compare(found, expected, theirs, grad, BOUNDS[dtype])


@pytest.mark.parametrize("path", ["loop", "hoisted", "fused", "library", "lean"])
def test_a_stop_unit_takes_every_path_of_the_cell_inside(path, rng):
    ours, theirs, sizes = models("BernoulliStop", "LSTM")
    theta, (y, x, same_x) = filled(ours, theirs, sizes), data("LSTM", rng)
    theirs.net.path = path
    lengths = None if path == "library" else [5, 1, 3]
    _, grad = ours.bptt(y, theta, lengths, reduction="sum", x=x)
    found = theirs(torch.tensor(y), lengths, x=same_x)
    compare(found, ours.log_likelihood(y, theta, lengths, x=x), theirs, grad, 1e-12)


def test_a_stop_unit_goes_on_from_its_state_and_takes_no_fast_path_when_it_runs_freely(rng):
    _, model, _ = models("BernoulliStop", "LSTM")
    unit, x = model.net.double(), torch.tensor(rng.normal(size=(7, BATCH, 2)))
    for forced in (True, False):
        fed = pytorch.feed(x.new_zeros(7, BATCH, K), x, d_y=K, forced=forced)
        whole, last = unit(fed)
        first, state = unit(tree_map(lambda t: t[:3] if torch.is_tensor(t) else t, fed))
        second, end = unit(tree_map(lambda t: t[3:] if torch.is_tensor(t) else t, fed), state)
        assert (torch.cat([first, second]) - whole).abs().max() < 1e-14
        ends = zip(tree_leaves(end), tree_leaves(last), strict=True)
        assert all((a - b).abs().max() < 1e-14 for a, b in ends)
    with pytest.raises(ValueError, match="an output is waited for"):
        unit.run(None, fed, unit.theta, path="fused")


def test_a_stop_shares_the_parameters_of_the_cell_that_it_is_given():
    for name in ("RNN", "context"):
        cell = cells(name, 2, K)[1]
        model = here.BernoulliStop(cell)
        own = {id(p) for p in model.parameters()}
        assert {id(p) for p in cell.parameters()} < own
        assert len(own) == len(list(cell.parameters())) + 2
