"""What bad input gets from the PyTorch modules: the errors of the reference, in the same words."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import reference  # noqa: E402
from rnn.pytorch.cells.fed import feed  # noqa: E402
from rnn.pytorch.cells.feedback import Feedback  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402
from rnn.pytorch.cells.theta import CellTheta, GRUTheta, LeakyTheta, LSTMState  # noqa: E402

TAU, BATCH, D_X, D_H = 7, 2, 3, 4
TWINS = {
    "rnn": (reference.RNN(), lambda: RNN(D_X, D_H, dtype=torch.float64)),
    "lstm": (reference.LSTM(), lambda: LSTM(D_X, D_H, dtype=torch.float64)),
    "gru": (reference.GRU(), lambda: GRU(D_X, D_H, dtype=torch.float64)),
    "leaky": (reference.Leaky(), lambda: Leaky(RNN(D_X, D_H, dtype=torch.float64))),
}
TYPES = {t.__name__: t for t in (CellTheta, GRUTheta, LeakyTheta, LSTMState)}
X = np.random.default_rng(0).normal(size=(TAU, BATCH, D_X))
STATE = np.zeros((BATCH, D_H))


def spoiled(array, index, value=np.nan):
    array = array.copy()
    array[index] = value
    return array


# which cell, what differs, the error, and what its message must say
TABLE = [
    ("rnn", {"lengths": [7, 8]}, ValueError, r"lengths: row 1 has length 8.*tau=7"),
    ("rnn", {"lengths": [-1, 3]}, ValueError, r"lengths: row 0 has length -1"),
    ("rnn", {"lengths": [7]}, ValueError, r"lengths: expected 2 .* got 1"),
    ("rnn", {"lengths": np.ones((2, 1), int)}, ValueError, r"lengths: expected one rank"),
    ("rnn", {"lengths": [7, 2.5]}, TypeError, r"lengths\[1\]: .*whole number, got 2\.5"),
    ("rnn", {"lengths": [True, 3]}, TypeError, r"lengths\[0\]: .*whole"),
    ("rnn", {"lengths": 3}, TypeError, r"lengths: expected 2 whole numbers, got 3"),
    ("rnn", {"x": spoiled(X, (2, 1, 0))}, ValueError, r"x: .*\(t, batch\) = \(2, 1\)"),
    ("gru", {"x": spoiled(X, (0, 1, 2), -np.inf)}, ValueError, r"x: .*\(t, batch\) = \(0, 1\)"),
    ("rnn", {"state": spoiled(STATE, (1, 0))}, ValueError, r"state: .*\(batch,\) = \(1,\)"),
    (
        "lstm",
        {"state": reference.LSTMState(STATE, spoiled(STATE, (0, 3)))},
        ValueError,
        r"state\.s: .*= \(0,\)",
    ),
    ("leaky", {"x": spoiled(X, (6, 0, 1))}, ValueError, r"x: .*\(t, batch\) = \(6, 0\)"),
    ("rnn", {"x": X[..., :2]}, ValueError, r"x: .*\(tau, B, d_x=3\), got \(7, 2, 2\)"),
    ("lstm", {"x": X[:, 0]}, ValueError, r"x: .*d_x=3\), got \(7, 3\)"),
    ("rnn", {"state": STATE[:1]}, ValueError, r"state: expected shape \(2, 4\), got \(1, 4\)"),
    ("rnn", {"state": STATE[None]}, ValueError, r"state: expected shape \(2, 4\), got \(1, 2, 4\)"),
    (
        "lstm",
        {"state": reference.LSTMState(STATE, STATE[:, :3])},
        ValueError,
        r"state\.s: .*\(2, 4\), got \(2, 3\)",
    ),
    ("lstm", {"state": STATE}, ValueError, r"state: expected LSTMState\(h, s\), got"),
    ("rnn", {"state": (STATE, STATE)}, ValueError, r"state: expected .*, got a tuple of 2"),
    ("rnn", {"x": X.astype(int)}, TypeError, r"x: .*float64.*int64; convert it"),
    ("rnn", {"x": X.astype(complex)}, TypeError, r"x: .*complex128"),
    ("rnn", {"x": X.astype(np.float32)}, TypeError, r"x: .*float32; convert it"),
    ("gru", {"state": STATE.astype(np.float32)}, TypeError, r"state: .*float32"),
    ("lstm", {"theta": "rnn"}, ValueError, r"theta\.U: expected shape"),
    ("rnn", {"theta": "gru"}, ValueError, r"theta: expected CellTheta\(U, W, b\), got GRUTheta"),
    ("leaky", {"theta": "rnn"}, ValueError, r"theta: expected LeakyTheta\(cell, alpha\), got Cell"),
]
IDS = [f"{row[0]}-{'-'.join(row[1])}-{k}" for k, row in enumerate(TABLE)]


def tensors(tree):
    """Return a tree of the reference with tensors in it, and its tuples by the names here."""
    if not isinstance(tree, tuple):
        return torch.tensor(tree) if isinstance(tree, np.ndarray) else tree
    parts = [tensors(part) for part in tree]
    return TYPES[type(tree).__name__](*parts) if hasattr(tree, "_fields") else tuple(parts)


def theta_of(kind):
    cell = TWINS[kind][0]
    return cell.init_theta(np.random.default_rng(1), D_X, D_H)


def arguments(kind, change):
    given = {"state": None, "x": X, "theta": kind, "lengths": None} | change
    return given | {"theta": theta_of(given["theta"])}


def twins_say(kind, given, error):
    """Return what both twins say about the same arguments."""
    cell, make = TWINS[kind]
    lengths = given["lengths"]
    translated = {name: tensors(value) for name, value in given.items()} | {"lengths": lengths}
    said = []
    for call, named in [(cell.forward, given), (make().run, translated)]:
        with pytest.raises(error) as refusal:
            call(**named)
        said.append(str(refusal.value))
    return said


def in_words_of_both(message):
    """Drop what has to differ: how a dtype is spelled, and what an array is called."""
    message = message.replace("torch.", "").replace("a tensor", "an array")
    return message.split("; convert it")[0].replace("Tensor", "ndarray")


@pytest.mark.parametrize(("kind", "change", "error", "message"), TABLE, ids=IDS)
def test_both_twins_refuse_in_the_same_words(kind, change, error, message):
    there, here = twins_say(kind, arguments(kind, change), error)
    assert in_words_of_both(here) == in_words_of_both(there)
    with pytest.raises(error, match=message):
        raise error(here)


@pytest.mark.parametrize("kind", TWINS)
def test_good_arguments_pass_so_the_table_tests_what_it_says(kind):
    given = arguments(kind, {"lengths": [0, 7]})
    h, _ = TWINS[kind][1]().run(**{n: tensors(v) for n, v in given.items()})
    expected = TWINS[kind][0].forward(**given).h
    assert (h - torch.tensor(expected)).abs().max() < 1e-14


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("rnn", {"x": X}, r"x: expected Tensor, got ndarray; use torch\.as_tensor"),
        ("rnn", {"x": X.tolist()}, r"x: expected Tensor, got list"),
        ("rnn", {"x": torch.tensor(X), "state": STATE}, r"state: expected Tensor, got ndarray"),
    ],
)
def test_what_is_no_tensor_is_refused(kind, given, message):
    with pytest.raises(TypeError, match=message):
        TWINS[kind][1]()(**given)


def test_another_device_is_refused_before_any_work():
    elsewhere = torch.tensor(X).to("meta")
    with pytest.raises(ValueError, match=r"x: expected device cpu, got meta; use \.to\(\.\.\.\)"):
        TWINS["rnn"][1]()(elsewhere)


@pytest.mark.parametrize("make", [RNN, LSTM, GRU])
@pytest.mark.parametrize("bad", [0, -3, 2.0, True, np.float64(3), "4", None])
def test_sizes_are_whole_and_positive(make, bad):
    with pytest.raises((ValueError, TypeError), match="d_h: expected a whole number"):
        make(2, bad)


def test_numpy_integers_are_sizes_and_an_input_may_have_no_width():
    assert RNN(np.int32(2), np.uint8(3)).W.shape == (3, 3)
    assert LSTM(0, 3)(torch.zeros(2, 1, 0))[0].shape == (2, 1, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RNN(2, 3, "softplus"), r"nonlinearity: expected one of 'tanh'.*'softplus'"),
        (lambda: LSTM(2, 3, "relu"), "candidate: expected one of"),
        (lambda: LSTM(2, 3, gates="fgx"), "gates: expected some of"),
        (lambda: LSTM(2, 3, gates="ff"), "gates: expected some of"),
        (lambda: GRU(2, 3, "never"), "reset: expected one of"),
        (lambda: GRU(2, 3, gating="none"), "gating: expected one of"),
        (lambda: Leaky(RNN(2, 3), 1.5), r"alpha: .*\[0, 1\], got 1\.5"),
        (lambda: Leaky(RNN(2, 3), (0.9, 0.1)), r"alpha: expected a number or \(low, high\)"),
        (lambda: Feedback(RNN(2, 3), 0), "d_y: expected a whole number >= 1"),
        (lambda: Feedback(RNN(2, 3), 2, "sample"), "own: expected one of"),
    ],
)
def test_choices_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_leak_that_left_its_range_is_refused():
    leaky = Leaky(RNN(D_X, D_H, dtype=torch.float64), 0.5)
    with torch.no_grad():
        leaky.alpha[1] = 1.2
    with pytest.raises(ValueError, match=r"theta\.alpha: expected numbers in \[0, 1\]"):
        leaky(torch.tensor(X))


def test_a_feedback_cell_says_what_it_reads():
    cell, x = Feedback(RNN(D_X, D_H, dtype=torch.float64), 2), torch.tensor(X)
    with pytest.raises(
        TypeError, match=r"x: expected Fed, got Tensor; use feed\(y, x, d_y=\.\.\.\)"
    ):
        cell(x)
    with pytest.raises(ValueError, match=r"y: expected classes in \[0, 2\), got 5 at \(0, 0\)"):
        feed(torch.full((TAU, BATCH), 5), x, d_y=2)


def test_nan_may_pass_when_asked_and_stays_in_its_row():
    net, x = RNN(D_X, D_H, dtype=torch.float64), torch.tensor(spoiled(X, (3, 0, 0)))
    h, _ = net.run(None, x, net.theta, check_finite=False)
    assert h[3:, 0].isnan().all()
    assert h[:, 1].isfinite().all()
    assert net(x, lengths=[3, 7])[0].isfinite().all()  # in the padding it never matters
