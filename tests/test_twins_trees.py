r"""Recursive nets of the PyTorch twin against those of the reference, and what a chain costs."""

import itertools

import numpy as np
import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from test_twins_nets import BOUNDS, gradients, tensors  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from rnn.pytorch import nets as t  # noqa: E402
from rnn.pytorch import outputs  # noqa: E402
from rnn.pytorch.convert import from_reference, to_reference  # noqa: E402
from rnn.reference import nets as n  # noqa: E402
from rnn.tasks import chain, from_nested, interleave  # noqa: E402

TREES = [
    from_nested((((4, 0), 2), (5, 1)), 3, (7, 6)),  # inputs 8, 9 and 10 stand at no leaf
    from_nested(0),
    from_nested((((0, 1), (2, 3)), (4, ((5, 6), 7)))),
    interleave([chain(4)] * 3),
    from_nested(),
]
KINDS = list(itertools.product(("affine", "tensor"), ("tanh", "relu"), ("node", "linear")))


def forest_problem(net, forest, dtype=np.float64, **d_y):
    rng = np.random.default_rng(3)
    theta = net.init_theta(rng, 2, 3, dtype=dtype, **d_y)
    x = rng.normal(size=(max(12, len(forest.leaf)), 2)).astype(dtype)
    x[~np.isin(np.arange(len(x)), forest.leaf)] = np.nan
    return rng, theta, x


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_trees_have_the_vectors_and_gradients_of_the_reference(kind, dtype):
    net = n.Recursive(*kind)
    for forest in TREES:
        rng, theta, x = forest_problem(net, forest, dtype)
        run = net.forward(x, forest, theta)
        grads = [rng.normal(size=part.shape).astype(dtype) for part in (run.h, run.root)]
        back = net.backward(grads[1], run, theta, grad_h=grads[0])
        leaves = tensors(theta), tensors(x)
        got = from_reference(net, theta).run(leaves[1], forest, leaves[0])
        found = gradients(got, tuple(grads), *leaves)
        assert furthest(to_reference(got), (run.h, run.root)) < BOUNDS[dtype]
        assert furthest(found, (back.grad, back.grad_x)) < BOUNDS[dtype]


@pytest.mark.parametrize("output", [n.RecursiveOutput, n.NodeOutput])
def test_outputs_of_trees_learn_what_the_reference_learns(output):
    net = output(n.Recursive("tensor"))
    for forest in TREES:
        rng, theta, x = forest_problem(net, forest, d_y=4)
        run = net.forward(x, forest, theta)
        y, counted = rng.integers(0, 4, len(run.o)), rng.random(len(run.o)) < 0.7
        L, grad = net.bptt(x, forest, y, theta, reduction="mean", counted=counted)
        leaves = tensors(theta)
        o, root = from_reference(net, theta).run(torch.tensor(x), forest, leaves)
        y, counted = torch.tensor(y), torch.tensor(counted)
        loss = outputs.cross_entropy(o[None], y[None], reduction="mean", counted=counted[None])
        found = gradients(loss, np.array(1.0), leaves)[0]
        assert furthest(to_reference((o, root, loss)), (run.o, run.state, L)) < 1e-12
        assert furthest(found, grad) < 1e-12


class Counted(TorchDispatchMode):
    """Count the numbers that all operations return, forward and backward."""

    numbers = 0

    def __torch_dispatch__(self, f, types, args=(), kwargs=None):
        out = f(*args, **(kwargs or {}))
        parts = out if isinstance(out, tuple | list) else [out]
        self.numbers += sum(part.numel() for part in parts if isinstance(part, torch.Tensor))
        return out


def test_a_chain_twice_as_long_costs_twice_as_much():
    counts, net = [], t.Recursive(2, 3, dtype=torch.float64)
    for tau in (100, 200):
        with Counted() as counted:
            h, _ = net(torch.ones(tau, 2, dtype=torch.float64), chain(tau))
            h.sum().backward()
        counts.append(counted.numbers)
    assert counts[0] < counts[1] < 2.05 * counts[0]


def test_bad_trees_and_inputs_are_refused():
    net, forest = t.Recursive(2, 3), chain(3)
    with pytest.raises(ValueError, match=r"forest.leaf\[2\]: expected an index"):
        net(torch.zeros(2, 2), forest)
    with pytest.raises(ValueError, match="NaN or infinity at leaf 1"):
        net(torch.tensor([[0.0, 0], [0, np.nan], [0, 0]]), forest)
    with pytest.raises(TypeError, match=r"x: expected dtype torch\.float32"):
        net(torch.zeros(3, 2).double(), forest)
    with pytest.raises(ValueError, match=r"theta: expected RecursiveTheta"):
        net.run(torch.zeros(3, 2), forest, t.Recursive(2, 3, "tensor").theta)


@pytest.mark.parametrize("kind", [("affine", "tanh", "node"), ("tensor", "sigmoid", "linear")])
def test_trees_are_twice_differentiable(kind):
    net = t.Recursive(2, 2, *kind, dtype=torch.float64)
    forest = from_nested(((0, 1), (2, (3, 4))), 5)
    leaves = [torch.rand(6, 2, dtype=torch.float64, requires_grad=True), *net.theta]

    def call(x, *theta):
        return net.run(x, forest, net.Theta(*theta))

    assert torch.autograd.gradcheck(call, leaves)
    assert torch.autograd.gradgradcheck(call, leaves)
