"""`torch.nn.RNN`, `LSTM` and `GRU` with our parameters: outputs, states and all gradients."""

import numpy as np
import pytest
from compare import furthest

from rnn._tree import tree_map
from rnn.reference import GRU, LSTM, RNN, Bidirectional, LSTMState, Stack

CELLS = {"RNN": RNN(), "relu": RNN("relu"), "LSTM": LSTM(), "GRU": GRU()}
D_X, D_H, TAU, BATCH = 3, 4, 6, 3


def walks(tree, both):
    """List what belongs to each walk in the order of `torch.nn`: by layer, then by direction."""
    return [way for layer in tree for way in layer] if both else list(tree)


def parts(states):
    """Stack the states of all walks, (walks, B, d_h): h, or h and s."""
    each = states if isinstance(states[0], LSTMState) else [(h,) for h in states]
    return tuple(np.stack(part) for part in zip(*each, strict=True))


def second_bias(theta):
    """Return b_hh: zero, but for the bias of a GRU's candidate that its reset multiplies."""
    b_hn = getattr(theta, "b_hn", np.zeros(0, theta.b.dtype))
    return np.concatenate([np.zeros(len(theta.b) - len(b_hn), b_hn.dtype), b_hn])


def names(walk, both):
    end = f"_l{walk // 2}{'_reverse' * (walk % 2)}" if both else f"_l{walk}"
    return [name + end for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def twin_of(torch, kind, depth, both, thetas):
    """Return the module of `torch.nn` that holds our parameters."""
    options = {"num_layers": depth, "bidirectional": both}
    more = {"nonlinearity": "relu"} if kind == "relu" else {}
    twin = getattr(torch.nn, kind.replace("relu", "RNN"))(D_X, D_H, **options, **more)
    twin.to(torch.from_numpy(thetas[0].b).dtype)
    for walk, theta in enumerate(thetas):
        copied = (theta.U, theta.W, theta.b, second_bias(theta))
        for name, value in zip(names(walk, both), copied, strict=True):
            getattr(twin, name).data.copy_(torch.from_numpy(value))
    return twin


def theirs(torch, twin, both, x, lengths, state, grad_h, grad_state):
    """Return outputs, last state, gradients at x, at the state and at each walk's parameters."""
    x, *state = (torch.tensor(leaf, requires_grad=True) for leaf in (x, *state))
    rnn = torch.nn.utils.rnn
    read = x if lengths is None else rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    h, last = twin(read, tuple(state) if len(state) == 2 else state[0])
    h = h if lengths is None else rnn.pad_packed_sequence(h, total_length=TAU)[0]
    last = last if isinstance(last, tuple) else (last,)
    arriving = zip((h, *last), (grad_h, *grad_state), strict=True)
    sum((leaf * torch.from_numpy(g)).sum() for leaf, g in arriving).backward()
    count = len(list(twin.parameters())) // 4
    grads = [tuple(getattr(twin, n).grad.numpy() for n in names(k, both)) for k in range(count)]
    firsts = tuple(leaf.grad.numpy() for leaf in state)
    return h.detach().numpy(), tuple(leaf.detach().numpy() for leaf in last), x.grad, firsts, grads


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 2e-6)])
@pytest.mark.parametrize("lengths", [None, [6, 2, 4]], ids=["full", "lengths"])
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", CELLS)
def test_torch_nn_gives_the_same(kind, depth, both, lengths, dtype, bound, rng):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    layer = Bidirectional(CELLS[kind], CELLS[kind]) if both else CELLS[kind]
    net, x = Stack((layer,) * depth), rng.normal(size=(TAU, BATCH, D_X)).astype(dtype)
    theta = net.init_theta(rng, D_X, D_H, dtype=dtype)

    def drawn(like):
        return tree_map(lambda leaf: rng.normal(size=leaf.shape).astype(dtype), like)

    zero = net.forward(None, x, theta)
    state, grad_h, grad_state = drawn(zero.state), drawn(zero.h), drawn(zero.state)
    run = net.forward(state, x, theta, lengths)
    back = net.backward(grad_h, run, theta, grad_state=grad_state)
    twin = twin_of(torch, kind, depth, both, walks(theta, both))
    state, grad_state = (parts(walks(tree, both)) for tree in (state, grad_state))
    h, last, grad_x, firsts, grads = theirs(
        torch, twin, both, x, lengths, state, grad_h, grad_state
    )
    assert furthest(run.h, h) <= bound
    assert furthest(parts(walks(run.state, both)), last) <= bound
    assert furthest(back.grad_x, grad_x) <= bound
    assert furthest(parts(walks(back.grad_state, both)), firsts) <= bound
    for ours, (U, W, b, b_hh) in zip(walks(back.grad, both), grads, strict=True):
        assert furthest(tuple(ours[:3]), (U, W, b)) <= bound
        assert kind != "GRU" or furthest(ours.b_hn, b_hh[-D_H:]) <= bound
