"""Walks as CUDA graphs: with a stand-in for the capture on any machine, and as such on a GPU."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import pytorch  # noqa: E402
from rnn._tree import tree_leaves, tree_map  # noqa: E402
from rnn.pytorch import graphs  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402

CELLS = {
    "rnn": lambda **o: RNN(3, 4, **o),
    "lstm": lambda **o: LSTM(3, 4, **o),
    "lstm-peepholes": lambda **o: LSTM(3, 4, peepholes=True, **o),
    "gru": lambda **o: GRU(3, 4, **o),
    "gru-before": lambda **o: GRU(3, 4, "before", **o),
}
LENGTHS = (None, [5, 0, 2])


class Eager:
    """Stand in for `Captured`: the same copies in and out, but the function is called each time."""

    made = 0

    def __init__(self, f, tensors):
        self.f, self.inputs = f, [t.detach().clone() for t in tensors]
        Eager.made += 1

    def __call__(self, *tensors):
        for own, given in zip(self.inputs, tensors, strict=True):
            own.copy_(given)
        return tuple(output.clone() for output in self.f(*self.inputs))


def everything(walk, cell, lengths, seed=0):
    """Return outputs, last state and all gradients of one call."""
    rng = np.random.default_rng(seed)
    like = next(cell.parameters())

    def draw(*shape):
        return torch.tensor(rng.normal(size=shape), dtype=like.dtype, device=like.device)

    x = draw(5, 3, 3).requires_grad_()
    state = tree_map(
        lambda leaf: draw(*leaf.shape).requires_grad_(), cell.zero_state(3, cell.theta)
    )
    h, last = walk(cell, x, state, lengths)
    outputs = [h, *tree_leaves(last)]
    grads = [draw(*o.shape) for o in outputs]
    inputs = [*cell.parameters(), x, *tree_leaves(state)]
    return outputs, torch.autograd.grad(outputs, inputs, grads)


def call(cell, x, state, lengths):
    return cell(x, state, lengths)


def captured(cell, x, state, lengths):
    state, x, theta, counted = cell.checked(state, x, cell.theta, lengths)
    h, last = graphs.walk_captured(cell, state, x, theta, counted)
    return graphs_blank(h, counted), last


def graphs_blank(h, counted):
    return h if counted is None else torch.where(counted[..., None], h, 0)


@pytest.mark.parametrize("lengths", LENGTHS, ids=["full", "mixed"])
@pytest.mark.parametrize("name", CELLS)
def test_a_plan_gives_what_the_walk_gives(name, lengths, monkeypatch):
    monkeypatch.setattr(graphs, "Captured", Eager)
    cell = CELLS[name](dtype=torch.float64, path="hoisted")
    for seed in (0, 1):  # the second call reuses the plan
        for a, b in zip(
            *(everything(w, cell, lengths, seed) for w in (call, captured)), strict=True
        ):
            for own, theirs in zip(a, b, strict=True):
                torch.testing.assert_close(own, theirs, rtol=1e-12, atol=1e-13)


def test_calls_before_a_backward_pass_do_not_disturb_each_other(monkeypatch):
    monkeypatch.setattr(graphs, "Captured", Eager)
    cell, x = RNN(3, 4, dtype=torch.float64), torch.randn(2, 5, 3, 3, dtype=torch.float64)
    first, second = (captured(cell, part, None, None)[0] for part in x)
    together = torch.autograd.grad(first.sum() + 2 * second.sum(), cell.W)[0]
    apart = [torch.autograd.grad(captured(cell, p, None, None)[0].sum(), cell.W)[0] for p in x]
    torch.testing.assert_close(together, apart[0] + 2 * apart[1], rtol=1e-12, atol=1e-13)


def test_few_plans_are_kept_and_one_a_shape_is_made(monkeypatch):
    monkeypatch.setattr(graphs, "Captured", Eager)
    Eager.made, cell = 0, RNN(3, 4)
    with torch.no_grad():
        for tau in [*range(1, 12), 11, 11]:
            captured(cell, torch.zeros(tau, 2, 3), None, None)
    assert Eager.made == 11
    assert len(graphs.PLANS[cell]) == graphs.KEPT


def test_without_a_gpu_the_path_is_refused():
    if torch.cuda.is_available():
        pytest.skip("needs a GPU to be absent")
    with pytest.raises(ValueError, match="path: 'graph' cannot run here: CUDA graphs need a CUDA"):
        RNN(3, 4, path="graph")(torch.zeros(5, 2, 3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("lengths", LENGTHS, ids=["full", "mixed"])
@pytest.mark.parametrize("path", ["hoisted", "fused", "library", "graph"])
@pytest.mark.parametrize("name", CELLS)
def test_paths_on_a_gpu_agree_with_the_loop(name, path, lengths):
    cell = CELLS[name](dtype=torch.float64, device="cuda", path=path)
    x, counted = torch.zeros(5, 3, 3, dtype=torch.float64, device="cuda"), lengths
    if cell.why_not(path, cell.request(x, cell.theta, counted)):
        with pytest.raises(ValueError, match="cannot run here"):
            everything(call, cell, lengths)
        return
    found = everything(call, cell, lengths)
    cell.path = "loop"
    for a, b in zip(found, everything(call, cell, lengths), strict=True):
        for own, theirs in zip(a, b, strict=True):
            torch.testing.assert_close(own, theirs, rtol=1e-12, atol=1e-12)


def test_the_package_offers_the_path():
    assert "graph" in pytorch.PATHS
