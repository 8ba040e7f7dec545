r"""Parameters from and to `torch.nn.RNN`, `LSTM` and `GRU`: outputs, states and gradients."""

from itertools import chain

import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn._tree import tree_map  # noqa: E402
from rnn.pytorch import convert  # noqa: E402
from rnn.pytorch import nets as t  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402

KINDS = ["RNN", "RNN-relu", "LSTM", "GRU"]
TAU, BATCH, D_X, D_H = 5, 3, 2, 4


def module_of(kind, dtype, **options):
    torch.manual_seed(0)
    more = {"nonlinearity": "relu"} if kind.endswith("relu") else {}
    return getattr(torch.nn, kind.split("-")[0])(D_X, D_H, **more, **options).to(dtype)


def walks(module, tree, both):
    """List what belongs to each walk in the order of `torch.nn`: by layer, then by direction."""
    layers = tree if isinstance(module, t.Stack) else (tree,)
    return [walk for layer in layers for walk in (layer if both else (layer,))]


def stacked(states):
    """Return states as `torch.nn` has them: one tensor, or a pair of them."""
    pairs = [s if isinstance(s, tuple) else (s,) for s in states]
    parts = tuple(torch.stack(part) for part in zip(*pairs, strict=True))
    return parts if len(parts) > 1 else parts[0]


def computed(call, parameters, x):
    """Return outputs and states, and their gradients at x and the parameters, weighed alike."""
    x = x.clone().requires_grad_()
    h, state = call(x)
    state = state if isinstance(state, tuple) else (state,)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.rand(o.shape, generator=generator).to(o.dtype) for o in (h, *state)]
    total = sum((o * w).sum() for o, w in zip((h, *state), weights, strict=True))
    grads = torch.autograd.grad(total, [x, *parameters])
    return tree_map(lambda a: a.detach().numpy(), (h, *state, grads[0])), grads[1:]


def torch_call(module, lengths):
    rnn = torch.nn.utils.rnn

    def call(x):
        if lengths is None:
            return module(x)
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        h, state = module(packed)
        return rnn.pad_packed_sequence(h, total_length=TAU)[0], state

    return call


def own_call(module, lengths, both):
    def call(x):
        h, state = module(x, None, lengths)
        return h, stacked(walks(module, state, both))

    return call


def compared(theirs, ours, lengths, both, dtype):
    """Return the worst error between a `torch.nn` module and ours, gradients included."""
    x = torch.randn(TAU, BATCH, D_X, dtype=dtype, generator=torch.Generator().manual_seed(2))
    own = [leaf for theta in walks(ours, ours.theta, both) for leaf in theta]
    found, grads = computed(own_call(ours, lengths, both), own, x)
    flat = theirs.all_weights
    wanted, grads_there = computed(torch_call(theirs, lengths), list(chain(*flat)), x)
    rows = [grads_there[k : k + len(flat[0])] for k in range(0, len(grads_there), len(flat[0]))]
    errors = [furthest(found, wanted)]
    for theta in walks(ours, ours.theta, both):
        mine, there = grads[: len(theta)], rows.pop(0)
        grads = grads[len(theta) :]
        U, W, *biases = mine
        errors += [furthest(a.numpy(), b.numpy()) for a, b in zip((U, W), there, strict=False)]
        if len(there) > 2:
            errors.append(furthest(biases[0].numpy(), there[2].numpy()))
            errors += [furthest(b.numpy(), there[3][-D_H:].numpy()) for b in biases[1:]]
    return max(errors)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_nn_becomes_ours_and_comes_back(kind, depth, both, bias, dtype):
    options = {"num_layers": depth, "bidirectional": both, "bias": bias}
    theirs = module_of(kind, dtype, **options)
    ours = convert.from_torch(theirs)
    back = convert.to_torch(ours)
    assert isinstance(ours, t.Stack) == (depth == 2)
    assert (type(back), back.num_layers, back.bidirectional) == (type(theirs), depth, both)
    bound = 1e-12 if dtype == torch.float64 else 2e-6
    for lengths in (None, [TAU, 1, 3]):
        assert compared(theirs, ours, lengths, both, dtype) < bound
        assert compared(back, ours, lengths, both, dtype) < bound
    with torch.no_grad():
        next(ours.parameters()).zero_()
    assert next(theirs.parameters()).any()
    assert next(back.parameters()).any()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_drawn_here_is_the_same_there(kind):
    make = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}[kind.split("-")[0]]
    more = {"nonlinearity": "relu"} if kind.endswith("relu") else {}
    cells = [make(d_x, D_H, **more, dtype=torch.float64) for d_x in (D_X, D_X, 2 * D_H, 2 * D_H)]
    ours = t.Stack((t.Bidirectional(*cells[:2]), t.Bidirectional(*cells[2:])))
    assert compared(convert.to_torch(ours), ours, [2, 5, 4], True, torch.float64) < 1e-12


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (lambda: torch.nn.LSTM(2, 3, batch_first=True), "no batch_first, got True; set it to"),
        (lambda: torch.nn.LSTM(2, 3, proj_size=2), "no proj_size, got 2; put a Memoryless"),
        (lambda: torch.nn.GRU(2, 3, 2, dropout=0.5), r"no dropout, got 0\.5; set it to 0"),
    ],
)
def test_what_has_no_counterpart_here_is_refused_with_advice(module, says):
    with pytest.raises(ValueError, match=says):
        convert.from_torch(module())


@pytest.mark.parametrize(
    "module",
    [
        RNN(2, 3, "sigmoid"),
        LSTM(2, 3, "sigmoid"),
        LSTM(2, 3, peepholes=True),
        LSTM(2, 3, gates="gq"),
        GRU(2, 3, "before"),
        GRU(2, 3, gating="shared"),
        Leaky(RNN(2, 3)),
    ],
    ids=str,
)
def test_what_torch_nn_does_not_compute_is_refused(module):
    with pytest.raises(ValueError, match=r"module: torch\.nn has nothing that computes what"):
        convert.to_torch(module)


@pytest.mark.parametrize(
    "layers",
    [
        (RNN(2, 3), RNN(3, 4)),
        (RNN(2, 3), GRU(3, 3)),
        (RNN(2, 3), RNN(3, 3, "relu")),
        (RNN(2, 3), t.Bidirectional(RNN(3, 3), RNN(3, 3))),
        (t.Bidirectional(RNN(2, 3), LSTM(2, 3)),),
    ],
    ids=str,
)
def test_stacks_of_unequal_layers_are_refused(layers):
    with pytest.raises(ValueError, match=r"module: torch\.nn has stacks of equal layers only"):
        convert.to_torch(t.Stack(layers))


def test_other_modules_are_refused():
    with pytest.raises(TypeError, match="module: expected RNNBase, got Linear"):
        convert.from_torch(torch.nn.Linear(2, 3))
