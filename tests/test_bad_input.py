r"""What bad input gets: an error at the boundary that names the argument, in both twins."""

import numpy as np
import pytest
from test_reference import problem

from rnn import _checks, reference, tasks
from rnn.reference import plain


def nan_at(x, *index):
    x = x.copy()
    x[index] = np.nan
    return x


STATE, X, Y, THETA = problem(tau=7, batch=2)
GOOD = {"state": STATE, "x": X, "y": Y, "theta": THETA, "lengths": [7, 4], "reduction": "sum"}

# what is wrong, the arguments that differ, the error, and what its message must say
TABLE = [
    ("lengths longer than tau", {"lengths": [7, 8]}, ValueError, r"row 1 has length 8.*tau=7"),
    ("negative length", {"lengths": [-1, 3]}, ValueError, r"row 0 has length -1"),
    ("too few lengths", {"lengths": [7]}, ValueError, r"lengths: expected 2 .* got 1"),
    ("lengths of rank 2", {"lengths": np.ones((2, 1), int)}, ValueError, r"lengths.*\(2, 1\)"),
    ("a fractional length", {"lengths": [7, 2.5]}, TypeError, r"lengths\[1\].*whole.*2\.5"),
    ("boolean lengths", {"lengths": [True, 3]}, TypeError, r"lengths\[0\].*whole"),
    ("NaN in x", {"x": nan_at(X, 2, 1, 0)}, ValueError, r"x: .*\(t, batch\) = \(2, 1\)"),
    ("infinity in x", {"x": np.where(X == X[0, 0, 0], np.inf, X)}, ValueError, r"x: .*\(0, 0\)"),
    ("NaN in the state", {"state": nan_at(STATE, 1, 0)}, ValueError, r"state: .*\(1,\)"),
    ("wrong width", {"x": X[..., :2]}, ValueError, r"x: .*\(tau, B, d_x=3\), got \(7, 2, 2\)"),
    ("wrong rank", {"x": X[:, 0]}, ValueError, r"x: .*d_x=3\), got \(7, 3\)"),
    ("state of another batch", {"state": STATE[:1]}, ValueError, r"state: .*B=2.*got \(1, 5\)"),
    ("state of another width", {"state": STATE[:, :4]}, ValueError, r"state: .*d_h=5"),
    ("integers as x", {"x": X.astype(int)}, TypeError, r"x: .*float64.*int64.*convert"),
    ("complex x", {"x": X.astype(complex)}, TypeError, r"x: .*complex128"),
    ("float32 into float64", {"x": X.astype(np.float32)}, TypeError, r"x: .*float32"),
    ("a float32 state", {"state": STATE.astype(np.float32)}, TypeError, r"state: .*float32"),
    ("class too large", {"y": Y + 4}, ValueError, r"y: .*\[0, 4\)"),
    ("class negative", {"y": Y - 9}, ValueError, r"y: .*\[0, 4\)"),
    ("targets of another length", {"y": Y[:6]}, ValueError, r"y: .*tau=7.*\(6, 2\)"),
    ("fractional targets", {"y": Y + 0.5}, TypeError, r"y: .*integer classes.*float64"),
    ("unknown reduction", {"reduction": "avg"}, ValueError, r"reduction: .*'sum'.*'avg'"),
    ("W of another width", {"theta": THETA._replace(W=THETA.W[:, :4])}, ValueError, r"theta\.W"),
    (
        "b of another dtype",
        {"theta": THETA._replace(b=np.float32(THETA.b))},
        TypeError,
        r"theta\.b",
    ),
    ("V of another width", {"theta": THETA._replace(V=THETA.V[:, :2])}, ValueError, r"theta\.V"),
    ("a tuple as theta", {"theta": (1, 2)}, TypeError, r"theta: .*named fields, got tuple"),
    ("one length for all", {"lengths": 3}, TypeError, r"lengths: expected 2 whole numbers, got 3"),
    ("c too long", {"theta": THETA._replace(c=np.ones(9))}, ValueError, r"theta\.c: .*d_y=4"),
]
IDS = [row[0].replace(" ", "-") for row in TABLE]


def call(bptt, arguments):
    a = GOOD | arguments
    rest = {name: a[name] for name in ("reduction", "lengths")}
    return bptt(a["state"], a["x"], a["y"], a["theta"], **rest)


@pytest.mark.parametrize(("_", "change", "error", "message"), TABLE, ids=IDS)
def test_reference_refuses(_, change, error, message):
    with pytest.raises(error, match=message):
        call(reference.bptt, change)


@pytest.mark.parametrize(("_", "change", "error", "message"), TABLE, ids=IDS)
def test_pytorch_refuses_with_the_same_words(_, change, error, message):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from rnn import pytorch

    as_tensors = {
        k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in (GOOD | change).items()
    }
    if isinstance(as_tensors["theta"], type(THETA)):
        as_tensors["theta"] = pytorch.to_pytorch(as_tensors["theta"])
    with pytest.raises(error, match=message.replace("int64", "torch.int64")):
        call(pytorch.bptt, as_tensors)


def test_good_input_passes_so_the_table_tests_what_it_says():
    assert call(reference.bptt, {})[0] > 0


def test_plain_refuses_too():
    with pytest.raises(ValueError, match="x: expected shape"):
        plain.forward(STATE, X[..., :2], THETA)


def test_gradients_that_do_not_fit_are_refused():
    run = reference.forward(STATE, X, THETA)
    with pytest.raises(ValueError, match=r"grad_o: .*got \(6, 2, 4\)"):
        reference.backward(run.o[:6], run, STATE, X, THETA)
    with pytest.raises(ValueError, match=r"grad_last: .*got \(1, 5\)"):
        reference.backward(run.o, run, STATE, X, THETA, grad_last=STATE[:1])
    with pytest.raises(TypeError, match=r"grad_o: .*float32"):
        reference.backward(np.float32(run.o), run, STATE, X, THETA)


def test_parameters_of_another_kind_are_refused():
    with pytest.raises(TypeError, match=r"theta\.W: expected ndarray, got list"):
        reference.forward(STATE, X, THETA._replace(W=THETA.W.tolist()))
    with pytest.raises(TypeError, match="opt: expected AdamState, got NoneType; use adam_init"):
        reference.adam(THETA, THETA, None)
    with pytest.raises(TypeError, match="rng: expected Generator, got int; use numpy"):
        reference.init_theta(0, 2, 3, 4)
    with pytest.raises(TypeError, match="dtype: expected float32 or float64"):
        reference.init_theta(np.random.default_rng(0), 2, 3, 4, dtype=int)
    with pytest.raises(TypeError, match="o: expected floats, got dtype int64"):
        reference.cross_entropy(np.zeros((7, 2, 4), int), Y, reduction="sum")
    with pytest.raises(TypeError, match="max_norm: expected a number, got '1'"):
        reference.clip_norm(THETA, "1")


def test_nan_may_pass_when_asked():
    run = reference.forward(STATE, nan_at(X, 3, 0, 0), THETA, check_finite=False)
    assert np.isnan(run.h[3:, 0]).all()
    assert np.isfinite(run.h[:, 1]).all()


@pytest.mark.parametrize("bad", [0, -3, 2.0, True, np.float64(3), "4"])
def test_sizes_are_whole_and_positive(bad):
    with pytest.raises((ValueError, TypeError), match="d_h"):
        reference.init_theta(np.random.default_rng(0), 2, bad, 2)


def test_numpy_integers_are_sizes():
    theta = reference.init_theta(np.random.default_rng(0), np.int32(2), np.int64(3), np.uint8(4))
    assert theta.V.shape == (4, 3)


def test_numbers_out_of_range_are_refused():
    assert _checks.require_in_range("alpha", 1, 0, 1) == 1
    with pytest.raises(ValueError, match=r"alpha: .*\[0, 1\], got 1.5"):
        _checks.require_in_range("alpha", 1.5, 0, 1)
    with pytest.raises(ValueError, match="lr"):
        reference.adam(THETA, THETA, reference.adam_init(THETA), lr=float("nan"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rng: tasks.parity(rng, -1, 2), "tau"),
        (lambda rng: tasks.parity(rng, 5, 2, min_length=6), "min_length"),
        (lambda rng: tasks.find_the_year(rng, 2, positions=[8]), "positions"),
        (lambda rng: tasks.find_the_year(rng, 2, positions=[]), "positions"),
        (lambda rng: tasks.text_windows(rng, np.zeros(5, int), 5, 1), "more than tau=5"),
        (lambda rng: tasks.Alphabet.of("abc").encode("abd"), "'d'"),
    ],
)
def test_tasks_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0))
