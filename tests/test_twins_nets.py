r"""The nets of the PyTorch twin against those of the reference, with copied parameters."""

import itertools

import numpy as np
import pytest
from axes import Grid, Translate, cut, spoiled
from compare import VARIED, converted, furthest, worst_of
from evidence import inside
from registry_chapter import ECHOES
from registry_nets import NETS

torch = pytest.importorskip("torch", reason="needs PyTorch")


from rnn import pytorch, reference  # noqa: E402
from rnn._tree import tree_leaves, tree_map  # noqa: E402
from rnn.pytorch import nets as t  # noqa: E402
from rnn.pytorch import outputs  # noqa: E402
from rnn.pytorch.convert import from_reference, to_pytorch, to_reference  # noqa: E402
from rnn.reference import nets as n  # noqa: E402

BOUNDS = {np.float64: 1e-12, np.float32: 2e-6}
SHAPES = list(itertools.product((1, 2, 7), (1, 2, 3)))
TRANSLATOR = "attention-decoder-rnn-o-mixed"
BY_NAME = {case.name: case for case in [*NETS, *ECHOES]}


def tensors(tree):
    """Copy a tree into tensors, those of floats with a gradient."""
    if isinstance(tree, Grid | Translate):
        return type(tree)(*map(tensors, tree))
    copied = to_pytorch(tree)
    for leaf in tree_leaves(copied):
        if leaf is not None and leaf.dtype.is_floating_point:
            leaf.requires_grad_()
    return copied


def called(net, module, state, x, theta, lengths, **options):
    """Call a twin as its kind is called; return outputs (K, B, d) and the last state."""
    if isinstance(net, n.FourDirections):
        h = module.run(x.grid, theta, **options)
        return h.reshape(-1, *h.shape[2:]), ()
    if isinstance(net, n.EncoderDecoder):
        lengths = x.x_lengths, lengths
        return module.run(x.x, x.y, theta, *lengths, forced=x.forced, **options)
    h, last = module.run(state, x, theta, lengths, **options)
    return (h[None] if isinstance(net, n.LastOutput) else h), last


def gradients(outs, arriving, *trees):
    """Return the gradients at trees of tensors; None where nothing floats."""
    pairs = zip(tree_leaves(outs), tree_leaves(arriving), strict=True)
    pairs = [(a, b) for a, b in pairs if a.dtype.is_floating_point]
    total = sum((a * torch.tensor(b)).sum() for a, b in pairs)
    inputs = [leaf for leaf in tree_leaves(trees) if getattr(leaf, "requires_grad", False)]
    options = {"allow_unused": True, "materialize_grads": True}
    found = iter(torch.autograd.grad(total, inputs, **options))

    def own(leaf):
        return next(found).numpy() if getattr(leaf, "requires_grad", False) else None

    return tree_map(own, trees)


def drawn(case, tau, batch, dtype=np.float64, lengths=False):
    """Draw a problem without a gradient in the padding, where the reference does not read it."""
    p = case.make(0, tau, batch, dtype, lengths=lengths)
    return p._replace(grad_h=p.grad_h * inside(case, p).astype(dtype))


def ours(case, p, **options):
    """Return outputs, last state and the gradients at theta, x and state, by the reference."""
    out = case.walk(p, **options)
    return out.h, out.state, *case.back(p, out.run)[:3]


def theirs(case, p, path="auto", **options):
    """Return the same by a twin of the net, which reads NaN wherever nothing may be read."""
    x = p.x if p.lengths is None or isinstance(p.x, Grid) else spoiled(p.x, p.lengths)
    trees = [tensors(tree) for tree in (p.theta, x, p.state)]
    theta, x, state = trees
    module = from_reference(p.net, p.theta)
    got = called(p.net, module, state, x, theta, p.lengths, path=path, **options)
    parts = slice(1 if p.grad_state is None else 2)
    found = gradients(got[parts], (p.grad_h, p.grad_state)[parts], *trees)
    return *to_reference(got), *found


def problems(case, dtype=np.float64):
    kinds = [False, True][: 1 + ("lengths" in case.tags)]
    return [drawn(case, *shape, dtype, lengths) for shape in SHAPES for lengths in kinds]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_net_computes_and_learns_what_the_reference_does(name):
    case = BY_NAME[name]
    assert worst_of(furthest(theirs(case, p), ours(case, p)) for p in problems(case)) < 1e-12


@pytest.mark.parametrize("name", BY_NAME)
def test_in_float32_it_is_as_near_to_float64_as_the_reference(name):
    case = BY_NAME[name]
    for p in problems(case, np.float32):
        exact = ours(case, converted(p, np.float64, (*VARIED, "grad_h", "grad_state")))
        rounding = furthest(ours(case, p), exact)
        assert furthest(theirs(case, p), exact) < max(2e-6, 4 * rounding)


def runs(case, p, path):
    """Tell whether a path runs in all layers; if it does not, the module must have said so."""
    try:
        theirs(case, p, path)
    except ValueError as refused:
        return f"path: '{path}' cannot run here" not in str(refused)
    return True


@pytest.mark.parametrize("path", ["loop", "hoisted", "fused", "library"])
@pytest.mark.parametrize("name", BY_NAME)
def test_a_path_that_runs_in_all_layers_gives_the_same(name, path):
    case = BY_NAME[name]
    for shape, lengths in [((2, 3), False), ((7, 2), "lengths" in case.tags)]:
        p = drawn(case, *shape, lengths=lengths)
        if path in ("loop", "hoisted") or runs(case, p, path):
            assert furthest(theirs(case, p, path), ours(case, p)) < 1e-12


@pytest.mark.parametrize("name", [name for name in BY_NAME if "turns" in BY_NAME[name].tags])
def test_layers_walk_from_the_last_step_to_the_first(name):
    case = BY_NAME[name]
    for p in problems(case):
        assert furthest(theirs(case, p, reverse=True), ours(case, p, reverse=True)) < 1e-12


@pytest.mark.parametrize("name", [name for name in BY_NAME if "empty" in BY_NAME[name].tags])
def test_no_step_puts_out_nothing_and_leaves_the_state(name):
    p = BY_NAME[name].make(0, 1, 2)
    p = p._replace(x=cut(p.x, 0, 0))
    out = BY_NAME[name].walk(p)
    with torch.no_grad():
        module = from_reference(p.net, p.theta)
        got = called(p.net, module, tensors(p.state), tensors(p.x), module.theta, None)
    assert furthest(to_reference(got), (out.h, out.state)) < 1e-12


@pytest.mark.parametrize("name", ["output-stack-bidirectional", "four-directions", TRANSLATOR])
def test_autocast_computes_in_half_precision_and_learns_in_full(name):
    p = BY_NAME[name].make(0, 4, 3, np.float32)
    module = from_reference(p.net, p.theta)
    with torch.autocast("cpu", torch.bfloat16):
        h, _ = called(p.net, module, tensors(p.state), tensors(p.x), module.theta, None)
    h.float().sum().backward()
    assert h.dtype == torch.bfloat16
    assert 0 < furthest(h.detach().float().numpy(), BY_NAME[name].walk(p).h) < 0.02
    assert {leaf.grad.dtype for leaf in tree_leaves(module.theta)} == {torch.float32}


BASE = pytorch.RNN(2, 3)
WRONG = {
    "no layer": (lambda: t.Stack(()), "layers: expected at least one"),
    "widths": (lambda: t.Stack((BASE, pytorch.RNN(2, 3))), r"layers\[1\]: expected d_x=3, got 2"),
    "ways": (lambda: t.Bidirectional(BASE, pytorch.RNN(3, 3)), "g: expected d_x=2"),
    "one state": (
        lambda: t.Stack((BASE,))(torch.zeros(1, 1, 2), torch.zeros(1, 3)),
        "state: expected a tuple with one for each of 1, got Tensor",
    ),
    "states": (
        lambda: t.Stack((BASE,))(torch.zeros(1, 1, 2), (None, None)),
        "state: expected a tuple with one for each of 1, got 2",
    ),
    "theta": (
        lambda: t.Output(BASE, 4).run(None, torch.zeros(1, 1, 2), t.Output(BASE, 5).theta),
        r"theta.V: expected shape \(4, 3\), got \(5, 3\)",
    ),
    "rank": (
        lambda: t.FourDirections(*[t.Bidirectional(BASE, BASE)] * 2)(torch.zeros(1, 1, 2)),
        r"x: expected shape \(height, width, B, d_x=2\)",
    ),
    "batch": (
        lambda: t.EncoderDecoder(BASE, pytorch.RNN(0, 3), 4)(
            torch.zeros(2, 3, 2), torch.zeros(2, 1).long()
        ),
        "y: expected a batch of 3, got 1",
    ),
    "outputs": (lambda: t.Output(BASE, 0), "d_y: expected a whole number >= 1"),
    "layer": (lambda: t.Stack((BASE, torch.nn.RNN(3, 3))), r"layers\[1\]: expected a module of"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wirings_that_do_not_fit_are_refused(what):
    call, says = WRONG[what]
    with pytest.raises((TypeError, ValueError), match=says):
        call()


def test_names_are_those_of_the_reference():
    runs = {"OutputRun", "LayersRun", "TranslationRun", "TreeRun", "TreeBack"}
    assert set(t.__all__) == set(n.__all__) - runs
    for name in ("OutputTheta", "BothWays", "BothTheta", "RecursiveTheta", "TensorTheta"):
        assert getattr(t, name)._fields == getattr(n, name)._fields
    assert {"squared_error", "bernoulli"} <= set(outputs.__all__) & set(reference.__all__)
