r"""Losses of the PyTorch twin against those of the reference, and what they refuse."""

import itertools

import numpy as np
import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from test_twins_nets import gradients  # noqa: E402

from rnn.pytorch import outputs  # noqa: E402
from rnn.reference import losses  # noqa: E402

LOSSES = {
    "cross_entropy": lambda rng, shape: rng.integers(0, shape[-1], shape[:2]),
    "squared_error": lambda rng, shape: rng.normal(size=shape),
    "bernoulli": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
}


@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_and_their_gradients_are_those_of_the_reference(loss, reduction, rng):
    for lengths, some in itertools.product((None, [7, 0, 4]), (False, True)):
        o, y = 40 * rng.normal(size=(7, 3, 2)), LOSSES[loss](rng, (7, 3, 2))
        counted = rng.random((7, 3)) < 0.6 if some else None
        options = {"reduction": reduction, "lengths": lengths}
        wanted = getattr(losses, loss)(o, y, counted=counted, **options)
        grad = getattr(losses, loss + "_adjoint")(o, y, counted=counted, **options)
        read = np.arange(7)[:, None] < (lengths or [7] * 3)
        read &= True if counted is None else counted
        o[~read] = np.nan
        leaf = torch.tensor(o, requires_grad=True)
        options["counted"] = None if counted is None else torch.tensor(counted)
        L = getattr(outputs, loss)(leaf, torch.tensor(y), **options)
        found = gradients(L, np.ones(L.shape), leaf)[0]
        assert furthest(L.detach().numpy(), np.array(wanted)) < 1e-12
        assert furthest(found, grad) < 1e-12


@pytest.mark.parametrize(
    ("loss", "change", "error", "says"),
    [
        ("bernoulli", {"y": torch.zeros(2, 1)}, ValueError, r"y: expected shape \(tau=2, B=1, d_y"),
        ("cross_entropy", {"y": torch.full((2, 1), 3)}, ValueError, r"y: expected classes in \[0"),
        ("squared_error", {"y": np.zeros((2, 1, 3))}, TypeError, "y: expected Tensor"),
        ("squared_error", {"o": torch.zeros(2, 1, 3).long()}, TypeError, "o: expected floats"),
        ("squared_error", {"counted": torch.ones(2, 1)}, TypeError, "counted: expected booleans"),
        ("squared_error", {"reduction": "avg"}, ValueError, "reduction: expected one of"),
    ],
)
def test_losses_refuse_what_makes_no_sense(loss, change, error, says):
    given = {"o": torch.zeros(2, 1, 3), "y": torch.zeros(2, 1, 3), "reduction": "sum"} | change
    with pytest.raises(error, match=says):
        getattr(outputs, loss)(given.pop("o"), given.pop("y"), **given)
