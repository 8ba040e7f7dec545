r"""The twins with copied parameters: the same numbers, gradients included."""

import numpy as np
import pytest
from test_reference import problem, relative

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import pytorch, reference  # noqa: E402

BOUNDS = {np.float64: 1e-12, np.float32: 2e-6}
PATHS = ("auto", "loop", "hoisted", "fused", "library")
LENGTHS = {"full": lambda tau, batch: None, "mixed": lambda tau, batch: [tau, 0, 1][:batch]}


def tensors(*arrays):
    return [torch.tensor(a) for a in arrays]


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("tau", [1, 2, 7])
@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("path", PATHS)
def test_twins_agree(dtype, lengths, tau, batch, path):
    state, x, y, theta = problem(3, tau, batch, dtype=dtype)
    lengths = LENGTHS[lengths](tau, batch)
    copied = pytorch.to_pytorch(theta)
    ours, theirs = (
        reference.forward(state, x, theta, lengths),
        pytorch.forward(*tensors(state, x), copied, lengths, path=path),
    )
    for a, b in zip(ours, theirs, strict=True):
        assert relative(a, b.numpy()) < BOUNDS[dtype]
    L, grad = reference.bptt(state, x, y, theta, reduction="sum", lengths=lengths)
    L2, grad2 = pytorch.bptt(
        *tensors(state, x, y), copied, reduction="sum", lengths=lengths, path=path
    )
    assert relative(L, L2.numpy()) < BOUNDS[dtype]
    for a, b in zip(grad, pytorch.to_reference(grad2), strict=True):
        assert relative(a, b) < BOUNDS[dtype]


def test_padding_may_hold_nan():
    state, x, y, theta = problem(tau=7, batch=3)
    dirty = x.copy()
    dirty[3:, 1] = np.nan
    copied = pytorch.to_pytorch(theta)
    clean, same = (
        pytorch.bptt(*tensors(state, z, y), copied, reduction="mean", lengths=[7, 3, 5])
        for z in (x, dirty)
    )
    assert clean[0] == same[0]
    assert all(torch.equal(a, b) for a, b in zip(clean[1], same[1], strict=True))


def test_gradients_at_inputs_and_first_state_agree():
    state, x, y, theta = problem()
    leaves = [t.requires_grad_() for t in tensors(state, x)]
    run = pytorch.forward(*leaves, pytorch.to_pytorch(theta))
    pytorch.cross_entropy(run.o, torch.tensor(y), reduction="sum").backward()
    ours = reference.forward(state, x, theta)
    grad_o = reference.cross_entropy_adjoint(ours.o, y, reduction="sum")
    back = reference.backward(grad_o, ours, state, x, theta)
    assert relative(back.grad_state, leaves[0].grad.numpy()) < 1e-12
    assert relative(back.grad_x, leaves[1].grad.numpy()) < 1e-12


def test_gradcheck_and_gradgradcheck():
    state, x, _, theta = problem(tau=3, batch=2, d_x=2, d_h=3)
    leaves = [torch.tensor(a, requires_grad=True) for a in (state, x, *theta)]

    def run(state, x, *theta):
        return pytorch.forward(state, x, pytorch.RNNTheta(*theta), [3, 1], path="loop")

    assert torch.autograd.gradcheck(run, leaves)
    assert torch.autograd.gradgradcheck(run, leaves)


def test_parameters_travel_both_ways():
    theta = problem()[3]
    back = pytorch.to_reference(pytorch.to_pytorch(theta))
    for a, b in zip(theta, back, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    copied = pytorch.to_pytorch(theta)
    copied.U.zero_()
    assert theta.U.any()


def test_a_path_that_does_not_exist_is_refused():
    state, x, _, theta = problem()
    with pytest.raises(ValueError, match=r"path: expected one of 'auto', 'loop', .*; got 'magic'"):
        pytorch.forward(*tensors(state, x), pytorch.to_pytorch(theta), path="magic")
    said = pytorch.explain(*tensors(state, x), pytorch.to_pytorch(theta), path="loop")
    assert said.startswith("loop: one call of the cell for each step, because you asked for it")
    with pytest.raises(TypeError, match="x: expected Tensor, got ndarray; use torch"):
        pytorch.forward(None, x, pytorch.to_pytorch(theta))
    with pytest.raises(TypeError, match=r"theta\.U: expected Tensor, got ndarray; .*to_pytorch"):
        pytorch.forward(None, torch.tensor(x), theta)


def test_names_are_the_same_in_both_twins():
    shared = {"unfold", "tanh_cell", "readout", "softmax", "cross_entropy", "RNNTheta", "bptt"}
    assert shared | {"Forward", "forward"} <= set(pytorch.__all__) & set(reference.__all__)
    of_gradients = {"Run", "Back", "tanh_cell_adjoint", "OutputRun", "LayersRun", "TreeBack"}
    runs = {"TranslationRun", "TreeRun"}
    there = {*reference.cells.__all__, *reference.nets.__all__} - of_gradients - runs
    assert there <= set(pytorch.__all__)
    assert pytorch.RNNTheta._fields == reference.RNNTheta._fields
    assert pytorch.Forward._fields == reference.Forward._fields


def test_the_comparison_itself_can_fail():
    assert relative(np.array([1.0, 2.0]), np.array([1.0, 2.1])) > 1e-2
