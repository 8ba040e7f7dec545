"""How the PyTorch modules behave in other people's programs: saved, copied, cast, trained."""

import copy
import io
import pickle

import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch.utils.checkpoint import checkpoint  # noqa: E402

from rnn.pytorch.cells.fed import feed  # noqa: E402
from rnn.pytorch.cells.feedback import Feedback  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402

TAU, BATCH, D_X, D_H = 5, 2, 3, 4
MAKE = {
    "rnn": lambda path, dtype: RNN(D_X, D_H, path=path, dtype=dtype),
    "lstm": lambda path, dtype: LSTM(D_X, D_H, path=path, dtype=dtype),
    "gru": lambda path, dtype: GRU(D_X, D_H, path=path, dtype=dtype),
    "leaky": lambda path, dtype: Leaky(LSTM(D_X, D_H, dtype=dtype), (0.2, 0.8), path=path),
    "feedback": lambda path, dtype: Feedback(GRU(D_X, D_H, dtype=dtype), 2, "softmax", path=path),
}
TWICE = [(kind, path) for kind in MAKE for path in ("loop", "hoisted")]
ONCE = [*((kind, "fused") for kind in ("rnn", "lstm", "gru")), ("lstm", "lean")]
LIBRARY = [(kind, "library") for kind in ("rnn", "lstm", "gru")]
every_path = pytest.mark.parametrize(("kind", "path"), [*TWICE, *ONCE, *LIBRARY])
in_place_or_by_step = pytest.mark.parametrize(("kind", "path"), [*TWICE, *ONCE])


def module(kind, path="auto", dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return MAKE[kind](path, dtype)


def inputs(kind, dtype=torch.float64):
    torch.manual_seed(9)
    x = torch.randn(TAU, BATCH, D_X, dtype=torch.float64).to(dtype)
    nothing = x.new_zeros(TAU, BATCH, 2)
    return feed(nothing, x, d_y=2, forced=False) if kind == "feedback" else x


def same(found, expected):
    return all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def apart(found, expected):
    return furthest(*(tuple(t.detach().double().numpy() for t in s) for s in (found, expected)))


def outputs_and_gradients(net, x):
    h = net(x)[0]
    return [h, *gradients_at(h, net)]


def gradients_at(h, net):
    h = h.float() if h.dtype in (torch.float16, torch.bfloat16) else h
    return torch.autograd.grad(h.pow(2).sum(), list(net.parameters()))


@every_path
def test_a_cast_module_computes_in_its_new_dtype(kind, path):
    expected = outputs_and_gradients(module(kind, path), inputs(kind))
    narrow = module(kind, path).to(torch.float32)
    found = outputs_and_gradients(narrow, inputs(kind, torch.float32))
    assert {t.dtype for t in found} == {torch.float32}
    assert apart(found, expected) < 2e-6


@in_place_or_by_step
@pytest.mark.parametrize(("dtype", "bound"), [(torch.bfloat16, 4e-2), (torch.float16, 5e-3)])
def test_autocast_computes_in_half_precision_and_gradients_stay_float32(kind, path, dtype, bound):
    net, x = module(kind, path, torch.float32), inputs(kind, torch.float32)
    expected = outputs_and_gradients(net, x)
    with torch.autocast("cpu", dtype):
        h = net(x)[0]
        found = outputs_and_gradients(net, x)
    assert h.dtype == found[0].dtype == dtype
    assert {g.dtype for g in found[1:]} == {torch.float32}
    assert (
        apart(found, expected) < bound
    )  # a few times 2^-8 and 2^-11, half a unit in the last place
    assert apart(found, expected) > bound / 1000  # so it did compute in half precision


@every_path
def test_parameters_saved_and_loaded_as_weights_alone_give_the_same_bits(kind, path):
    net, other, file = module(kind, path), module(kind, path, seed=1), io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    assert not same([other(inputs(kind))[0]], [net(inputs(kind))[0]])
    other.load_state_dict(torch.load(file, weights_only=True))
    assert same(
        outputs_and_gradients(other, inputs(kind)), outputs_and_gradients(net, inputs(kind))
    )


def test_names_of_saved_parameters_are_the_letters_of_the_book():
    assert list(module("lstm").state_dict()) == ["U", "W", "b"]
    assert set(module("leaky").state_dict()) == {"alpha", "cell.U", "cell.W", "cell.b"}


@every_path
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_computes_the_same_and_shares_nothing(kind, path, copied):
    net, x = module(kind, path), inputs(kind)
    twin, before = copied(net), outputs_and_gradients(net, x)
    assert (repr(twin), twin.path) == (repr(net), path)
    assert same(outputs_and_gradients(twin, x), before)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(0.5)
    assert same(outputs_and_gradients(net, x), before)
    assert not same([twin(x)[0]], [net(x)[0]])


@every_path
@pytest.mark.parametrize(("optimiser", "lr"), [(torch.optim.SGD, 0.5), (torch.optim.Adam, 0.02)])
def test_the_loss_falls(kind, path, optimiser, lr):
    net, x = module(kind, path), inputs(kind)
    goal, steps = torch.full_like(net(x)[0], 0.1), optimiser(net.parameters(), lr=lr)
    losses = []
    for _ in range(30):
        steps.zero_grad()
        losses.append((net(x)[0] - goal).pow(2).mean())
        losses[-1].backward()
        steps.step()
    assert losses[-1] < 0.8 * losses[0]


@every_path
def test_gradients_are_clipped_by_their_norm_over_all_parameters(kind, path):
    net = module(kind, path)
    net(inputs(kind))[0].sum().backward()
    before = torch.cat([p.grad.flatten().clone() for p in net.parameters()])
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 0.01)
    after = torch.cat([p.grad.flatten() for p in net.parameters()])
    assert abs(norm - before.norm()) < 1e-12 * norm
    assert norm > 0.01
    assert (after - before * 0.01 / norm).abs().max() < 1e-6  # PyTorch adds 1e-6 to the norm


@every_path
def test_checkpointed_gradients_are_equal(kind, path):
    net, x = module(kind, path), inputs(kind)
    h = checkpoint(net, x, use_reentrant=False)[0]
    found = [h, *gradients_at(h, net)]
    assert same(found, outputs_and_gradients(net, x))


@pytest.mark.parametrize(("kind", "path"), TWICE)
def test_the_definition_and_the_hoisted_walk_are_twice_differentiable(kind, path):
    net, x = module(kind, path), inputs(kind)
    names, values = zip(*net.named_parameters(), strict=True)

    def h(*parameters):
        return torch.func.functional_call(net, dict(zip(names, parameters, strict=True)), (x,))[0]

    assert torch.autograd.gradcheck(h, values)
    assert torch.autograd.gradgradcheck(h, values)


@pytest.mark.parametrize(("kind", "path"), ONCE)
def test_a_walk_in_place_refuses_a_second_derivative(kind, path):
    net = module(kind, path)
    h = net(inputs(kind))[0]
    (grad,) = torch.autograd.grad(h.pow(2).sum(), [net.W], create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        grad.sum().backward()


@every_path
def test_no_gradient_is_kept_where_none_is_asked_for(kind, path):
    net, x = module(kind, path), inputs(kind)
    expected = net(x)[0]
    for quiet in (torch.no_grad, torch.inference_mode):
        with quiet():
            h = net(x)[0]
        assert not h.requires_grad
        assert (h - expected).abs().max() < 1e-14


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_frozen_parameter_gets_no_gradient_and_the_others_do(kind):
    for path in ("loop", "hoisted", "fused", "library"):
        net = module(kind, path)
        net.W.requires_grad_(False)
        net(inputs(kind))[0].sum().backward()
        assert net.W.grad is None
        assert net.U.grad.abs().max() > 0
