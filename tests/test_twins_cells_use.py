r"""Cells around cells in PyTorch, in use: paths, refusals, copies, precisions, addressing."""

import copy
import pickle

import numpy as np
import pytest
from compare import relative

from rnn._tree import tree_map
from rnn.reference import cells as c
from rnn.reference.cells import memory_addressing as reference_addressing

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn.pytorch import addressing, cells  # noqa: E402
from rnn.pytorch.cells import memory_addressing  # noqa: E402
from rnn.pytorch.cells.attention import Attended, Attention  # noqa: E402
from rnn.pytorch.cells.clockwork import Clocked, Masked  # noqa: E402
from rnn.pytorch.cells.context import Context, InContext  # noqa: E402
from rnn.pytorch.cells.feedback import Feedback, feed  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.memory import ExplicitMemory  # noqa: E402
from rnn.pytorch.cells.skip import Skip  # noqa: E402

SLOW = ((True, False), (True, True))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


D = {"dtype": torch.float64}
LSTM_IN = cells.LSTM(2, 4, **D)
TAKEN = [  # a cell, whether it is told the truth, its path then, and with unequal lengths
    (Feedback(cells.Memoryless(2, 4, **D), 3), True, "scan", "scan"),
    (Feedback(cells.RNN(2, 4, **D), 3), True, "fused", "fused"),
    (Feedback(Masked(LSTM_IN, SLOW), 3), True, "library", "fused"),
    (Feedback(Skip(LSTM_IN), 3), True, "hoisted", "hoisted"),
    (Feedback(cells.Memoryless(2, 4, **D), 3), False, "hoisted", "hoisted"),
]


@pytest.mark.parametrize(("cell", "forced", "path", "unequal"), TAKEN)
def test_auto_takes_the_path_of_the_cell_inside_where_the_truth_is_told(
    cell, forced, path, unequal
):
    y, x = torch.tensor([[0], [2], [1]]), torch.zeros(3, 1, 2, **D)
    read = feed(y, x, d_y=3, forced=forced, **D)
    said = cell.explain(read)
    assert said.startswith(f"{path}: ")
    assert ("at every step" in said) == forced
    beyond = torch.tensor([[forced], [forced], [False]])
    assert cell.explain(read._replace(forced=beyond), lengths=[2]).startswith(f"{unequal}: ")


def test_a_path_that_would_have_to_wait_for_an_output_is_refused():
    cell = Feedback(cells.Memoryless(0, 4, **D), 3)
    read = feed(torch.tensor([[0], [2]]), d_y=3, forced=False, **D)
    with pytest.raises(ValueError, match=r"'scan' cannot run here: .*waited for.*take 'hoisted'"):
        cell.run(None, read, cell.theta, path="scan")
    with pytest.raises(ValueError, match="the cell inside has a memory"):
        Leaky(LSTM_IN).run(None, torch.zeros(1, 1, 2, **D), Leaky(LSTM_IN).theta, path="scan")


def test_targets_are_fed_as_in_the_reference(rng):
    y, lengths = rng.integers(0, 3, (4, 2)), [4, 2]
    y[2:, 1] = 7
    theirs = feed(torch.tensor(y), d_y=3, lengths=lengths, **D)
    expected = c.feed(y, d_y=3, lengths=lengths)
    for a, b in zip(theirs._replace(forced=torch.ones(4, 2).bool()), expected, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)
    for forced in (0.5, torch.ones(4, 2)):
        with pytest.raises(
            TypeError, match=r"forced: expected booleans, got .*; forced_mask draws"
        ):
            feed(torch.tensor(y), d_y=3, lengths=lengths, forced=forced)
    with pytest.raises(ValueError, match=r"y: expected classes in \[0, 3\), got 7 at \(2, 1\)"):
        feed(torch.tensor(y), d_y=3)


BAD = {
    r"cell: expected Cell, got RNN; a module such as": lambda: Leaky(torch.nn.RNN(2, 4)),
    r"cell: Context goes around other cells": lambda: Leaky(Context(LSTM_IN, 2)),
    r"alpha: expected a number in \[0.*\], got 1.5": lambda: Leaky(LSTM_IN, 1.5),
    r"alpha: expected a number or \(low, high\)": lambda: Leaky(LSTM_IN, (0.5, 0.2)),
    r"delay: expected a whole number >= 1, got 0": lambda: Skip(LSTM_IN, 0),
    r"periods: expected a tuple": lambda: Clocked(LSTM_IN, [1, 2]),
    r"periods: .* divides d_h=4, got 3": lambda: Clocked(LSTM_IN, (1, 2, 3)),
    r"keep: expected as many rows": lambda: Masked(LSTM_IN, ((True, True),)),
    r"cell: expected W among": lambda: Masked(cells.Memoryless(2, 4), SLOW),
    r"own: expected one of": lambda: Feedback(LSTM_IN, 3, "mean"),
    r"at: expected one of": lambda: Context(LSTM_IN, 2, "end"),
    r"shifts: expected tuple": lambda: ExplicitMemory(LSTM_IN, shifts=[0]),
    r"x: expected Fed, got Tensor; use feed": lambda: Feedback(LSTM_IN, 3)(STEP),
    r"x: expected InContext, got Tensor": lambda: Context(LSTM_IN, 3)(STEP),
    r"x: expected Attended, got Tensor": lambda: Attention(LSTM_IN, 3)(STEP),
    r"reverse: expected False, a context": lambda: Context(LSTM_IN, 3)(
        InContext(STEP, torch.zeros(1, 3, **D)), reverse=True
    ),
    r"context: expected shape \(B=1, d_c=3\)": lambda: Context(LSTM_IN, 3)(
        InContext(STEP, torch.zeros(2, 3, **D))
    ),
    r"present: expected dtype torch.bool": lambda: Attention(LSTM_IN, 3)(
        Attended(STEP, torch.zeros(2, 1, 3, **D), torch.ones(2, 1))
    ),
    r"y: expected finite numbers": lambda: Feedback(LSTM_IN, 3)(
        feed(torch.full((1, 1, 3), torch.nan, **D), STEP, d_y=3)
    ),
    r"state: expected SkipState\(cell, past\)": lambda: Skip(LSTM_IN)(STEP, STEP[0]),
    r"theta.alpha: expected numbers in \[0, 1\]": lambda: too_leaky()(STEP),
}
STEP = torch.zeros(1, 1, 2, **D)


def too_leaky():
    cell = Leaky(LSTM_IN)
    cell.alpha.data[1] = 1.5
    return cell


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_in_one_sentence(message):
    with pytest.raises((TypeError, ValueError), match=message):
        BAD[message]()


def outermost():
    """Return a cell of many cells, and what it reads."""
    inside = Clocked(Leaky(cells.RNN(2, 4, **D), (0.2, 0.8)), (1, 2))
    cell = Context(Feedback(Attention(Skip(inside), 2), 3, "softmax"), 2, "both")
    x, memory = torch.randn(5, 2, 2, **D), torch.randn(3, 2, 2, **D)
    attended = Attended(x, memory, torch.ones(3, 2, dtype=torch.bool))
    forced = torch.arange(10).reshape(5, 2) % 3 > 0
    fed = feed(torch.arange(10).reshape(5, 2) % 3, attended, d_y=3, forced=forced, **D)
    return cell, InContext(fed, torch.randn(2, 2, **D))


def test_nested_cells_copy_pickle_save_and_change_their_dtype():
    cell, x = outermost()
    expected = cell(x)[0]
    inside = "cell.cell.cell.cell."
    assert [*cell.state_dict()][:2] == ["R", "S"]
    assert {inside + "cell.alpha", inside + "cell.cell.U", "cell.cell.Q"} <= {*cell.state_dict()}
    other = outermost()[0]
    assert not torch.equal(other(x)[0], expected)
    other.load_state_dict(cell.state_dict())
    for same in (other, copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):
        assert torch.equal(same(x)[0], expected)
    single = tree_map(lambda leaf: leaf.float() if leaf.dtype.is_floating_point else leaf, x)
    assert relative(cell.float()(single)[0].detach(), expected.detach()) < 1e-5


def test_under_autocast_nested_cells_run_in_the_lower_precision():
    cell, x = outermost()
    expected = cell(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        o, _ = cell(x)
    assert o.dtype == torch.bfloat16
    o.float().sum().backward()
    assert all(p.grad.dtype == torch.float64 and p.grad.isfinite().all() for p in cell.parameters())
    assert relative(o.detach().float(), expected.detach()) < 0.05


def test_new_parameters_lie_where_those_of_the_cell_inside_do():
    for module in (outermost()[0], ExplicitMemory(LSTM_IN)):
        assert {p.dtype for p in module.parameters()} == {torch.float64}
    on_meta = Feedback(Clocked(cells.RNN(2, 4, device="meta"), (1, 2)), 3)
    assert {p.device.type for p in [*on_meta.parameters(), *on_meta.buffers()]} == {"meta"}


def test_rows_without_any_place_read_nothing_and_pass_no_gradient():
    scores = torch.randn(3, 2, **D).requires_grad_()
    present = torch.tensor([[True, False], [False, False], [True, False]])
    weights = addressing.attend(scores, present)
    grad = torch.autograd.grad(weights.square().sum(), scores)[0]
    np.testing.assert_array_equal(weights[:, 1].detach(), 0)
    np.testing.assert_array_equal(grad[:, 1], 0)
    np.testing.assert_array_equal(grad[1], 0)
    x = torch.randn(4, 2, 2, **D)
    nothing = Attended(x, x.new_zeros(0, 2, 3), torch.ones(0, 2, dtype=torch.bool))
    assert relative(Attention(LSTM_IN, 3)(nothing)[0].detach(), LSTM_IN(x)[0].detach()) < 1e-14


@pytest.mark.parametrize("gamma", [1.0, 1.5, 3.0])
def test_sharpening_has_the_gradient_of_the_reference_where_a_weight_is_zero(gamma, rng):
    weights, grad = np.array([[0.5, 0.1], [0, 0.9], [0.5, 0]]), rng.normal(size=(3, 2))
    leaves = torch.tensor(weights).requires_grad_(), torch.full((2,), gamma, **D).requires_grad_()
    sharp = memory_addressing.sharpen(*leaves)
    gammas = np.full(2, gamma)
    expected = reference_addressing.sharpen(weights, gammas)
    np.testing.assert_allclose(sharp.detach(), expected, rtol=1e-14)
    found = torch.autograd.grad(sharp, leaves, torch.tensor(grad))
    adjoint = reference_addressing.sharpen_adjoint(grad, expected, weights, gammas)
    for a, b in zip(found, adjoint, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_one_place_is_drawn_as_often_as_it_weighs():
    weights = torch.tensor([[0.5], [0.2], [0.3]], **D).expand(3, 4000)
    memory = torch.eye(3, **D)[:, None].expand(3, 4000, 3)
    r, places = addressing.read_one(torch.Generator().manual_seed(0), weights, memory)
    assert torch.equal(r.argmax(-1), places)
    # four standard deviations of a share of 4000 draws: 4 sqrt(0.25 / 4000) = 0.032
    np.testing.assert_allclose(r.mean(0), [0.5, 0.2, 0.3], atol=0.032)
