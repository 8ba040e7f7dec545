"""Sequences drawn by the PyTorch twin: as likely as the reference says, and as often."""

import numpy as np
import pytest
from compare import furthest
from test_sequences import assert_frequencies
from test_twins_sequences import (
    BATCH,
    D_C,
    ENDS,
    INNER,
    LONGEST,
    NAMES,
    PAIRS,
    TAU,
    K,
    cells,
    data,
    filled,
    models,
)

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import pytorch, reference  # noqa: E402
from rnn.pytorch.nets import sequences as here  # noqa: E402
from rnn.reference.nets import sequences as there  # noqa: E402


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", NAMES)
def test_samples_have_the_likelihood_that_they_claim(name, rng):
    ours, theirs, sizes = cells(name, 2, K)
    theta, (y, x, same_x) = filled(ours, theirs, sizes), data(name, rng)
    for n in (0, 2, TAU):
        first = torch.tensor(y)[:n] if n else None
        drawn = here.sample(generator(), theirs, TAU, BATCH, same_x, first)
        again = here.sample(generator(), theirs, TAU, BATCH, same_x, first)
        assert all(torch.equal(a, b) for a, b in zip(drawn, again, strict=True))
        expected = there.log_likelihood(ours, drawn.y.detach().numpy(), theta, x)
        assert furthest(tuple(p.detach().numpy() for p in drawn[1:]), tuple(expected)) < 1e-12
        assert n == 0 or torch.equal(drawn.y[:n], first)
    other = here.sample(generator(1), theirs, TAU, BATCH, same_x)
    assert not torch.equal(other.y, here.sample(generator(), theirs, TAU, BATCH, same_x).y)


@pytest.mark.parametrize("name", INNER)
def test_classes_come_as_often_as_the_reference_counts(name):
    ours, theirs, sizes = cells(name, 0, K)
    theta, n = filled(ours, theirs, sizes), 20_000
    with torch.no_grad():
        y = here.sample(generator(), theirs, 3, n).y.numpy()
    expected = np.exp(there.log_likelihood(ours, there.all_sequences(K, 3), theta).log_p)
    counts = [(y == row[:, None]).all(0).sum() for row in there.all_sequences(K, 3).T]
    assert_frequencies(np.array(counts), expected)


def test_numbers_are_gaussian_of_variance_one_around_the_output():
    _, theirs, _ = cells("numbers", 0, K)
    with torch.no_grad():
        y = here.sample(generator(), theirs, 1, 40_000).y[0]
        o = theirs(pytorch.feed(torch.zeros(1, 1, K), d_y=K, forced=True))[0][0, 0]
    assert (y.mean(0) - o).abs().max() < 5 / 200
    assert (y.T.cov() - torch.eye(K)).abs().max() < 5 * 2**0.5 / 200


@pytest.mark.parametrize(
    ("end", "name"), [p for p in PAIRS if p[1] in ("GRU", "context", "numbers")]
)
def test_sequences_that_end_by_themselves_have_the_likelihood_that_they_claim(end, name):
    ours, theirs, sizes = models(end, name, d_x=0)
    theta, x, same_x = filled(ours, theirs, sizes), None, None
    if name == "context":
        context = np.random.default_rng(1).normal(size=(400, D_C))
        x = reference.InContext(None, context)
        same_x = pytorch.InContext(None, torch.tensor(context))
    steps = () if end == "LengthFirst" else (LONGEST,)
    with torch.no_grad():
        drawn = theirs.sample(generator(), *steps, 400, x=same_x)
    y, lengths, ended, log_p = (part.numpy() for part in drawn)
    known = {} if end == "LengthFirst" else {"ended": ended}
    expected = ours.log_likelihood(y, theta, lengths, x=x, **known)
    assert furthest(log_p, expected.log_p) < 1e-12
    assert len(set(lengths.tolist())) > 3
    assert not any(y[n:, row].any() for row, n in enumerate(lengths))
    assert ended.all() or end != "LengthFirst"


@pytest.mark.parametrize("end", ENDS)
def test_lengths_come_as_often_as_they_should(end):
    ours, theirs, sizes = models(end, "LSTM", d_x=0)
    theta, n = filled(ours, theirs, sizes), 20_000
    rest = () if end == "LengthFirst" else (2,)
    with torch.no_grad():
        drawn = theirs.sample(generator(), *rest, n)
    p = {}
    for length in range(end == "BernoulliStop", 3):
        y = there.all_sequences(K, length)
        p[length] = np.exp(ours.log_likelihood(y, theta).log_p).sum()
    p.pop(2) if end == "EndSymbol" else None  # of two symbols none has ended after two steps
    counts = [int(((drawn.lengths == m) & drawn.ended).sum()) for m in p]
    rest = n - sum(counts)
    assert_frequencies(np.array([*counts, rest]), np.array([*p.values(), 1 - sum(p.values())]))


Y = torch.zeros(TAU, BATCH, dtype=torch.long)
ARGMAX = pytorch.Feedback(pytorch.RNN(0, 3), K, "argmax")
SHORT = here.LengthFirst(pytorch.Feedback(pytorch.RNN(1, 3), K, "argmax"), 4)
REFUSED = [
    (lambda: here.log_likelihood(pytorch.RNN(2, 3), Y), "cell: expected Feedback, got RNN; or"),
    (lambda: here.log_likelihood(here.StopUnit(ARGMAX), Y), "use BernoulliStop"),
    (lambda: here.log_likelihood(pytorch.LastOutput(pytorch.RNN(2, 3), K), Y), "got LastOutput"),
    (
        lambda: here.EndSymbol(pytorch.Feedback(pytorch.RNN(2, 3), K, "softmax")),
        "expected own='argmax' for classes or own='o' for numbers, got own='softmax'",
    ),
    (lambda: here.EndSymbol(pytorch.Feedback(pytorch.RNN(2, 3), K)), "an end symbol is a class"),
    (lambda: here.BernoulliStop(pytorch.Output(pytorch.RNN(2, 3), K)), "cell: expected Feedback"),
    (lambda: here.StopUnit(pytorch.RNN(2, 3)), "cell: expected Feedback, got RNN"),
    (
        lambda: here.BernoulliStop(ARGMAX)(Y, [5, 0, 1]),
        "at least 1 where a row has ended, got 0 at",
    ),
    (lambda: SHORT(Y, [4, 5, 1]), "lengths: row 1 has length 5, beyond tau_max=4"),
    (lambda: here.LengthFirst(ARGMAX, 0), "tau_max: expected a whole number >= 1"),
    (lambda: here.LengthFirst(ARGMAX, 4, "all"), "tells: expected one of"),
    (lambda: here.EndSymbol(ARGMAX)(Y + K - 1), r"y: expected classes in \[0, 2\), got 2"),
    (lambda: here.EndSymbol(ARGMAX)(Y, ended=[True] * BATCH), "ended: expected Tensor, got list"),
    (lambda: here.log_likelihood(ARGMAX, Y.numpy()), "y: expected Tensor, got ndarray"),
    (lambda: here.sample(0, ARGMAX, TAU, BATCH), "rng: expected Generator, got int"),
    (
        lambda: here.sample(np.random.default_rng(0), ARGMAX, TAU, BATCH),
        r"rng: expected Generator, got Generator; use torch\.Generator",
    ),
    (
        lambda: here.sample(generator(), ARGMAX, TAU, 2, first=Y),
        r"first: .*B=2\), got shape \(5, 3\)",
    ),
    (lambda: here.sample(generator(), ARGMAX, -1, 2), "tau: expected a whole number >= 0"),
    (
        lambda: here.log_likelihood(pytorch.Context(ARGMAX, 2), Y),
        "x: expected InContext, got NoneType",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_bad_input_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_no_steps_and_no_rows_are_drawn_when_none_are_asked_for():
    for tau, batch in [(0, 2), (3, 0)]:
        y, log_p, log_p_t = here.sample(generator(), ARGMAX, tau, batch)
        assert (y.shape, log_p_t.shape) == ((tau, batch), (tau, batch))
        assert torch.equal(log_p, torch.zeros(batch))
    for model in (here.EndSymbol(ARGMAX), here.BernoulliStop(ARGMAX)):
        drawn = model.sample(generator(), 0, 2)
        assert not drawn.ended.any()
        assert not drawn.lengths.any()


def test_a_model_learns_by_autograd_to_end_where_its_sequences_end():
    torch.manual_seed(0)
    model = here.EndSymbol(pytorch.Feedback(pytorch.GRU(0, 8), 2, "argmax"))
    steps, y = torch.optim.Adam(model.parameters(), lr=0.05), torch.zeros(5, 4, dtype=torch.long)
    for _ in range(60):
        steps.zero_grad()
        (-model(y, [3] * 4).log_p.mean()).backward()
        steps.step()
    drawn = model.sample(generator(), 9, 100)
    assert (drawn.lengths == 3).float().mean() > 0.9
