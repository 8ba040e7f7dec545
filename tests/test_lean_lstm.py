"""LSTM training that computes its gates again: the fused walk's numbers, and what is kept."""

import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from experiments import saved_memory  # noqa: E402
from rnn.pytorch import LSTM  # noqa: E402
from rnn.pytorch.cells import lean_lstm  # noqa: E402

LENGTHS = {"all": lambda tau: None, "mixed": lambda tau: [tau, 0, max(tau - 2, 0)]}
BOUNDS = {torch.float64: 1e-12, torch.float32: 2e-6}


def run(path, lstm, x, state, lengths, reverse):
    """Return outputs, last state and all gradients for a fixed gradient that arrives."""
    leaves = [x.clone().requires_grad_(), *(s.clone().requires_grad_() for s in state)]
    given = leaves[0], tuple(leaves[1:]), lengths
    lstm.path = path
    h, last = lstm(*given, reverse=reverse)
    arriving = [torch.linspace(-1, 2, t.numel()).to(t).view_as(t) for t in (h, *last)]
    loss = sum((t * g).sum() for t, g in zip((h, *last), arriving, strict=True))
    return [h, *last, *torch.autograd.grad(loss, [*leaves, *lstm.parameters()])]


def apart(found, expected):
    return furthest(*(tuple(t.detach().numpy() for t in each) for each in (found, expected)))


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("candidate", ["tanh", "sigmoid"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("tau", [1, 2, 7])
def test_lean_gives_the_numbers_of_fused(dtype, candidate, reverse, lengths, tau, monkeypatch):
    monkeypatch.setattr(lean_lstm, "STEPS", 3)  # so that a chunk ends inside the sequence
    monkeypatch.setattr(lean_lstm, "ROWS", 1)
    torch.manual_seed(tau)
    lstm = LSTM(3, 4, candidate, dtype=dtype)
    x, *state = torch.randn(tau, 3, 3, dtype=dtype), *torch.randn(2, 3, 4, dtype=dtype)
    found, expected = (
        run(path, lstm, x, state, LENGTHS[lengths](tau), reverse) for path in ("lean", "fused")
    )
    assert apart(found, expected) < BOUNDS[dtype]


@pytest.mark.parametrize("shape", [(0, 2, 3), (4, 0, 3)])
def test_no_steps_and_no_rows_leave_the_state_and_give_zero_gradients(shape):
    lstm = LSTM(3, 4, path="lean")
    h, last = lstm(torch.zeros(shape))
    assert h.shape == (*shape[:2], 4)
    assert not any(part.any() for part in last)
    grads = torch.autograd.grad(
        h.sum(), lstm.parameters(), materialize_grads=True, allow_unused=True
    )
    assert not any(g.any() for g in grads)


def test_chunks_cover_every_step_once_and_small_batches_have_longer_ones():
    for tau, batch in [(1, 1), (100, 1), (100, 64), (33, 1000), (5, 0)]:
        steps = [t for part in lean_lstm.chunks(tau, batch) for t in range(tau)[part]]
        assert steps == list(range(tau))
    assert lean_lstm.chunks(1000, 4)[0] == slice(0, 64)
    assert lean_lstm.chunks(1000, 256)[0] == slice(0, 16)


def test_lean_is_never_chosen_by_itself():
    assert not LSTM(3, 4).explain(torch.zeros(50, 8, 3)).startswith("lean")


def test_lean_keeps_h_and_s_alone_and_at_most_half_of_what_fused_keeps():
    shape = {"tau": 40, "batch": 8, "d_x": 16, "d_h": 32}
    kept = {path: saved_memory.saved_bytes(path, **shape) for path in saved_memory.PATHS}
    step = 4 * 8 * 32  # bytes; the first state is two numbers a row and unit
    assert kept["lean"] == (2 * 40 + 2) * step
    assert kept["fused"] == (7 * 40 + 2) * step
    assert kept["lean"] == min(kept.values())
    assert kept["lean"] <= 0.5 * min(kept[path] for path in kept if path != "lean")


def test_the_counter_of_what_is_kept_counts_a_known_case():
    a = torch.ones(5, requires_grad=True)
    with saved_memory.Kept(a) as kept:
        b = (2 * a).exp()  # exp keeps its result; a product with a constant keeps nothing
        (b * b.view(5)).sum()  # both factors, one storage
    assert kept.bytes() == 5 * 4
