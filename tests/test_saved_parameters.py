"""Saved parameters that are loaded into another cell, or into a part of one."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402

SAVED = {
    "another size": (
        RNN(2, 3),
        RNN(2, 4),
        r"expected U \(4, 2\), W \(4, 4\), b \(4,\) for RNN, got",
    ),
    "another cell": (RNN(2, 3), LSTM(2, 3), r"for LSTM, got U \(3, 2\), W \(3, 3\), b \(3,\)"),
    "inside": (Leaky(RNN(2, 3)), Leaky(GRU(2, 3)), r"^cell: expected .* for GRU, got U \(3, 2\)"),
}


@pytest.mark.parametrize("which", SAVED)
def test_saved_parameters_of_another_cell_or_size_are_refused_in_one_sentence(which):
    saved, net, message = SAVED[which]
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ValueError, match=message) as refusal:
        net.load_state_dict(saved.state_dict())
    assert "\n" not in str(refusal.value)
    assert saved.load_state_dict(saved.state_dict())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_saved_parameters_with_other_names_are_refused_by_name():
    with pytest.raises(RuntimeError, match=r'Missing key.* "P"'):
        LSTM(2, 3, peepholes=True).load_state_dict(LSTM(2, 3).state_dict())
    with pytest.raises(RuntimeError, match=r'Unexpected key.* "b_hn"'):
        GRU(2, 3, "before").load_state_dict(GRU(2, 3).state_dict())


def test_a_part_of_the_parameters_may_be_loaded_when_that_is_asked_for():
    net, other = LSTM(2, 3), LSTM(2, 3)
    missing = net.load_state_dict({"W": other.W}, strict=False).missing_keys
    assert set(missing) == {"U", "b"}
    assert torch.equal(net.W, other.W)
    assert not torch.equal(net.U, other.U)
    with pytest.raises(ValueError, match=r"got U \(4, 2\), W \(4, 4\)"):
        net.load_state_dict(RNN(2, 4).state_dict(), strict=False)
