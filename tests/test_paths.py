"""Which path runs: what `explain` says, and what a path that cannot run says instead."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn.pytorch.cells.fed import feed  # noqa: E402
from rnn.pytorch.cells.feedback import Feedback  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN, Memoryless  # noqa: E402
from rnn.pytorch.paths import PATHS  # noqa: E402

X = torch.zeros(5, 2, 3)
FREE = feed(X.new_zeros(5, 2, 2), X, d_y=2, forced=False)
TOLD = FREE._replace(forced=True)
MIXED = FREE._replace(forced=torch.tensor([[True, False]] * 5))

# the cell, a path, how it is called, and what the refusal must say
REFUSED = [
    (RNN(3, 4), "scan", {}, "the recurrence is not linear"),
    (RNN(3, 4), "lean", {}, "RNN has no lean path"),
    (RNN(3, 4, "sigmoid"), "library", {}, "no recurrence with sigmoid"),
    (RNN(3, 4), "library", {"lengths": [5, 2], "reverse": True}, "rest before their first step"),
    (RNN(3, 4, "linear"), "scan", {"lengths": [5, 2], "reverse": True}, "rest before their first"),
    (RNN(3, 4).bfloat16(), "library", {"x": X.bfloat16()}, "no library path for torch.bfloat16"),
    (RNN(3, 4), "library", {"x": X[:0]}, "at least one step"),
    (RNN(3, 4), "library", {"x": X[:, :0]}, "at least one step and one row"),
    (Memoryless(3, 4), "fused", {}, "Memoryless has no fused path"),
    (LSTM(3, 4), "library", {"lengths": [5, 2]}, "does not show s at each row's end"),
    (LSTM(3, 4, "sigmoid"), "library", {}, "the libraries' candidate is tanh"),
    (LSTM(3, 4), "scan", {}, "LSTM has no scan path"),
    *[
        (cell, path, {}, f"the {path} LSTM has all three gates and no peepholes")
        for cell in (LSTM(3, 4, peepholes=True), LSTM(3, 4, gates="fg"))
        for path in ("fused", "lean", "library")
    ],
    *[
        (cell, path, {}, f"the {path} GRU resets after W and has a gate of its own for each unit")
        for cell in (GRU(3, 4, "before"), GRU(3, 4, gating="shared"))
        for path in ("fused", "library")
    ],
    (GRU(3, 4, candidate="sigmoid"), "library", {}, "the libraries' candidate is tanh"),
    (Leaky(RNN(3, 4)), "fused", {}, "Leaky has no fused path"),
    (Leaky(RNN(3, 4)), "scan", {}, "has a memory"),
    (Feedback(GRU(3, 4), 2), "fused", {"x": FREE}, "an output is waited for"),
    (Feedback(GRU(3, 4), 2), "library", {"x": MIXED}, "an output is waited for"),
    (Feedback(GRU(3, 4), 2), "scan", {"x": TOLD}, "GRU has no scan path"),
    *[
        (cell, "graph", {}, "CUDA graphs need a CUDA device")
        for cell in (RNN(3, 4), LSTM(3, 4), GRU(3, 4), Leaky(RNN(3, 4)))
    ],
]


@pytest.mark.parametrize(("cell", "path", "given", "reason"), REFUSED)
def test_a_path_that_cannot_run_says_why_and_what_would(cell, path, given, reason):
    cell.path, given = path, {"x": X} | given
    for call in (cell, cell.explain):
        with pytest.raises(ValueError, match=reason) as refusal:
            call(**given)
        message = str(refusal.value)
        assert message.startswith(f"path: '{path}' cannot run here: ")
        other = message.split("'auto' would take ")[1].strip("'")
        assert cell.explain(**given, path="auto").startswith(f"{other}: ")
    cell.path = other
    cell(**given)


# the cell, how it is called, and words that stand in the answer, the path first
EXPLAINED = [
    (LSTM(3, 4, path="library"), {"x": X}, "library: the kernel, you asked for it"),
    (LSTM(3, 4, path="lean"), {"x": X}, "lean: the walk in place, computes the gates again"),
    (LSTM(3, 4, peepholes=True), {"x": X}, "hoisted: one product, one step after the other"),
    (RNN(3, 4, "linear", path="scan"), {"x": X}, "scan: no walk, you asked for it"),
    (Feedback(Memoryless(3, 4), 2), {"x": TOLD}, "scan: no walk, the truth is told at every step"),
    (Feedback(GRU(3, 4), 2), {"x": FREE}, "hoisted: the cell reads its own output"),
    (RNN(3, 4, path="loop"), {"x": X}, "loop: one call of the cell for each step"),
    (GRU(3, 4), {"x": X, "lengths": [5, 0], "reverse": True}, "fused: derived by hand"),
]


@pytest.mark.parametrize(("cell", "given", "said"), EXPLAINED)
def test_explain_names_the_path_and_why(cell, given, said):
    answer, (path, words) = cell.explain(**given), said.split(": ")
    assert answer.startswith(f"{path}: ")
    assert all(part in answer for part in words.split(", ")), answer
    assert answer.count("because") == 1


@pytest.mark.parametrize("bad", ["fast", "", None, 3])
def test_an_unknown_path_is_refused_with_those_there_are(bad):
    with pytest.raises(ValueError, match=r"path: expected one of 'auto', 'loop', .*'lean'"):
        LSTM(3, 4, path=bad)
    if bad:
        with pytest.raises(ValueError, match="path: expected one of"):
            LSTM(3, 4).explain(X, path=bad)


def test_every_path_has_an_explanation():
    kinds = [RNN(3, 4, "linear"), LSTM(3, 4)]
    told = {
        path
        for path in PATHS
        for cell in kinds
        if path != "graph" and cell.why_not(path, cell.request(X, cell.theta, None)) is None
        if cell.explain(X, path=path).startswith(path)
    }
    assert told == set(PATHS) - {"auto", "graph"}
