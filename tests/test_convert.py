r"""Parameters and whole nets that travel: between the twins, and from and to `torch.nn`."""

import copy
import pickle

import numpy as np
import pytest
from axes import Grid
from compare import furthest
from registry import OUTPUTS

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import reference  # noqa: E402
from rnn._tree import tree_leaves, tree_map, tree_names  # noqa: E402
from rnn.pytorch import convert  # noqa: E402
from rnn.pytorch import net as chapter  # noqa: E402
from rnn.pytorch import nets as t  # noqa: E402
from rnn.pytorch.boundary import require_kind  # noqa: E402
from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402
from rnn.reference import cells as c  # noqa: E402
from rnn.reference import nets as n  # noqa: E402

HERE = [case for case in OUTPUTS if not case.name.startswith(("chapter", "stop-"))]
BY_NAME = {case.name: case for case in HERE}


@pytest.mark.parametrize("name", BY_NAME)
def test_parameters_states_and_inputs_travel_both_ways(name):
    p = BY_NAME[name].make(1, 2, 2, np.float32)
    x = p.x if type(p.x).__module__.startswith("rnn") else ()  # tests have tuples of their own
    trees = p.theta, p.state, x
    there = convert.to_pytorch(trees)
    back = convert.to_reference(there)
    assert tree_names(there) == tree_names(back) == tree_names(trees)
    assert [type(tree) for tree in back] == [type(tree) for tree in trees]
    for before, after in zip(tree_leaves(trees), tree_leaves(back), strict=True):
        np.testing.assert_array_equal(before, after)
        assert before is None or before.dtype == after.dtype
    assert (
        furthest(convert.to_reference(convert.to_pytorch(p.theta, dtype=torch.float64)), p.theta)
        == 0
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_any_cell_or_net_becomes_a_module_with_the_same_parameters(name):
    p = BY_NAME[name].make(1, 2, 2)
    module = convert.from_reference(p.net, p.theta)
    assert type(module).__name__ == type(p.net).__name__
    require_kind("theta", module.theta, convert.to_pytorch(p.theta))
    assert furthest(convert.to_reference(module.theta), p.theta) == 0
    leaves = tree_leaves(module.theta)
    assert {leaf.dtype for leaf in leaves} == {torch.float64}
    assert {id(leaf) for leaf in leaves} == {id(leaf) for leaf in module.parameters()}
    half = convert.from_reference(p.net, p.theta, dtype=torch.float32, device="cpu")
    assert {leaf.dtype for leaf in half.parameters()} == {torch.float32}


def test_a_copy_is_a_copy(rng):
    theta = reference.init_theta(rng, 2, 3, 4)
    copied = convert.to_pytorch(theta)
    assert isinstance(copied, chapter.RNNTheta)
    copied.U.zero_()
    assert theta.U.any()
    array = convert.to_reference(copied).W
    array[:] = 0
    assert copied.W.any()
    turned = convert.to_pytorch((theta.U[::-1], None, np.array([True, False])), dtype=torch.float16)
    np.testing.assert_allclose(turned[0], theta.U[::-1], atol=1e-3)
    assert turned[1] is None
    assert turned[2].dtype == torch.bool
    assert convert.to_reference(turned[0]).dtype == np.float32


def test_the_path_of_a_whole_net_is_chosen_at_once(rng):
    net = n.Output(n.Stack((c.LSTM(), c.Leaky(c.RNN()))))
    theta = net.init_theta(rng, 2, 3, 4)
    module = convert.from_reference(net, theta, path="fused")
    assert {part.path for part in module.modules() if hasattr(part, "path")} == {"fused"}
    with pytest.raises(ValueError, match=r"path: 'fused' cannot run here: .*Leaky"):
        module(torch.zeros(1, 1, 2).double())
    with pytest.raises(ValueError, match="path: expected one of"):
        convert.from_reference(net, theta, path="magic")


def test_parameters_are_loaded_in_place_and_refused_if_they_do_not_fit(rng):
    net = c.Leaky(c.GRU(), 0.3)
    module, theta = Leaky(GRU(2, 3)), net.init_theta(rng, 2, 3)
    before = list(module.parameters())
    assert convert.load_reference(module, theta) is module
    assert all(a is b for a, b in zip(before, module.parameters(), strict=True))
    assert {leaf.dtype for leaf in before} == {torch.float32}
    np.testing.assert_array_equal(module.cell.W.detach(), theta.cell.W.astype(np.float32))
    other = c.Leaky(c.GRU()).init_theta(rng, 2, 4)
    with pytest.raises(ValueError, match=r"theta\.cell\.U: expected shape \(9, 2\), got \(12, 2\)"):
        convert.load_reference(module, other)
    with pytest.raises(ValueError, match=r"theta: expected LeakyTheta\(cell, alpha\), got"):
        convert.load_reference(module, theta.cell)
    with pytest.raises(ValueError, match="theta: expected a tuple with one for each of 2, got 4"):
        convert.from_reference(n.Bidirectional(), theta.cell)
    with pytest.raises(TypeError, match="theta: expected Tensor, got ndarray"):
        convert.to_reference(theta)


class Own(c.RNN):
    """A cell of one's own."""


def test_what_only_one_twin_has_is_refused(rng):
    with pytest.raises(TypeError, match="expected something that both twins have, got Grid"):
        convert.to_pytorch(Grid(np.ones(2)))
    net = Own()
    with pytest.raises(TypeError, match="expected something that both twins have, got Own"):
        convert.from_reference(net, net.init_theta(rng, 2, 3))


@pytest.mark.parametrize(
    "name",
    ["last-output-stack-bidirectional", "four-directions-gated", "encoder-decoder-layers"],
)
def test_a_net_is_a_module_that_saves_copies_and_pickles(name, tmp_path):
    p = BY_NAME[name].make(0, 3, 2)
    module = convert.from_reference(p.net, p.theta)
    torch.save(module.state_dict(), tmp_path / "net.pt")
    other = convert.from_reference(p.net, tree_map(np.zeros_like, p.theta))
    other.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True))
    for again in (other, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert furthest(convert.to_reference(again.theta), p.theta) == 0
    module.to(torch.float32)
    assert {leaf.dtype for leaf in tree_leaves(module.theta)} == {torch.float32}


def test_parameters_are_named_by_the_parts_they_belong_to():
    layers = t.Stack((RNN(2, 3), t.Bidirectional(GRU(3, 4), LSTM(3, 5))))
    names = dict(t.Output(layers, 2).named_parameters()).keys()
    assert {"V", "c", "layer.layers.0.W", "layer.layers.1.h.b_hn", "layer.layers.1.g.U"} < names
