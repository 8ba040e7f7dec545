r"""Recursive nets against plain recursion, autograd, differences, hand numbers, and the chain."""

import itertools

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis")
torch = pytest.importorskip("torch", reason="needs PyTorch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from oracles_trees import nodes  # noqa: E402
from test_forest import SHAPES, SOUND, numbered, shuffled  # noqa: E402

from rnn._forest import balanced, chain, from_nested, interleave, join  # noqa: E402
from rnn._tree import tree_leaves, tree_map  # noqa: E402
from rnn.reference import RNN  # noqa: E402
from rnn.reference.cells.simple import CellTheta  # noqa: E402
from rnn.reference.nets.output import OutputTheta  # noqa: E402
from rnn.reference.nets.recursive import Recursive  # noqa: E402
from rnn.reference.nets.recursive_output import NodeOutput, RecursiveOutput  # noqa: E402
from rnn.reference.nets.recursive_parts import RecursiveTheta, TensorTheta  # noqa: E402
from rnn.tasks import list_ops  # noqa: E402

KINDS = [
    Recursive(*kind)
    for kind in itertools.product(
        ("affine", "tensor"), ("tanh", "relu", "sigmoid", "linear"), ("node", "linear")
    )
]
SMOOTH = [net for net in KINDS if net.nonlinearity == "tanh"]
D_X, D_H, D_Y, SPARE = 2, 3, 4, 3
FIXED = from_nested((((4, 0), 2), (5, 1)), 3, (7, 6))  # inputs 8, 9 and 10 stand at no leaf
examples = settings(max_examples=30, deadline=None, derandomize=True)


def frozen(tree):
    r"""Make arrays read-only: writing to an argument is an error in all tests here."""
    return tree_map(lambda array: array.setflags(write=False) or array, tree)


def problem(net, forest, seed=0, dtype=np.float64, **d_y):
    r"""Draw parameters and inputs; what stands at no leaf is NaN."""
    rng = np.random.default_rng(seed)
    theta = net.init_theta(rng, D_X, D_H, dtype=dtype, **d_y)
    x = rng.normal(size=(1 + forest.leaf.max(initial=-1) + SPARE, D_X)).astype(dtype)
    x[~np.isin(np.arange(len(x)), forest.leaf)] = np.nan
    return frozen((x, forest, theta))


def close(got, wanted, error=1e-12):
    for a, b in zip(tree_leaves(got), tree_leaves(wanted), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=error * np.abs(b).max(initial=1e-3))


def oracle(net, x, forest, theta, xp=np):
    r"""Compute h of every node by plain recursion from each root."""
    h = {}
    for root in forest.root:
        h |= nodes(xp, net, x, forest, root, theta)
    return [h[node] for node in range(len(h))]


def weights(run, seed=1):
    r"""Draw a gradient at the roots and one at all nodes."""
    rng = np.random.default_rng(seed)
    return frozen((rng.normal(size=run.root.shape), rng.normal(size=run.h.shape)))


def weighed(h, forest, grad_root, grad_h):
    roots = sum((h[r] * g).sum() for r, g in zip(forest.root, grad_root, strict=True))
    return roots + sum((a * g).sum() for a, g in zip(h, grad_h, strict=True))


def torch_leaves(*trees):
    return tree_map(lambda a: torch.tensor(a, requires_grad=True), trees)


def test_an_affine_node_by_hand():
    U, V, W = ([1.0, 0], [1, 1]), ([1.0], [2]), ([0.0, 1], [2, 0])
    theta = RecursiveTheta(*map(np.array, (U, V, W)), np.array([1.0, 0]))
    net = Recursive(nonlinearity="linear")
    run = net.forward(np.array([[1.0], [2], [-1]]), SOUND, theta)
    # leaves b + V x; node 2: b + (2, 4) + (4, 6); the root: b + (7, 17) + (-2, 0)
    np.testing.assert_array_equal(run.h, [[2, 2], [3, 4], [7, 10], [0, -2], [6, 17]])
    back = net.backward(np.ones((1, 2)), run, theta)
    np.testing.assert_array_equal(back.grad_h, [[3, 1], [2, 2], [2, 1], [2, 1], [1, 1]])
    np.testing.assert_array_equal(back.grad_x, [[5], [6], [4]])
    grad = [[11, 14], [9, 12]], [[5], [4]], [[6, 6], [3, 2]], [10, 6]
    for got, wanted in zip(back.grad, grad, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_tensor_node_by_hand():
    T = np.zeros((2, 4, 4))
    T[0, 0, 2], T[1, 3, 1] = 5, 2
    theta = TensorTheta(np.zeros((2, 2)), np.eye(2), np.zeros((2, 2)), np.array([0.0, 1]), T)
    net = Recursive("tensor", "linear", "linear")
    run = net.forward(np.array([[1.0, 2], [3, -1]]), chain(2), theta)  # p = (1, 2, 3, -1)
    np.testing.assert_array_equal(run.root, [[5 * 1 * 3, 1 + 2 * -1 * 2]])
    back = net.backward(np.array([[1.0, 10]]), run, theta)
    # 1 * 5 p_2 and 10 * 2 p_3 on the left; 1 * 5 p_0 and 10 * 2 p_1 on the right
    np.testing.assert_array_equal(back.grad_x, [[15, -20], [5, 40]])
    pp = np.array([[1, 2, 3, -1], [2, 4, 6, -2], [3, 6, 9, -3], [-1, -2, -3, 1]])
    np.testing.assert_array_equal(back.grad.T, [pp, 10 * pp])
    np.testing.assert_array_equal(back.grad.b, [1, 10])


@given(st.sampled_from(KINDS), st.lists(SHAPES, max_size=3), st.integers(0, 9999))
@examples
def test_all_nodes_and_all_gradients_are_those_of_plain_recursion(net, shapes, seed):
    leaves = iter(np.random.default_rng(seed).permutation(80).tolist())
    forest = from_nested(*(numbered(shape, leaves) for shape in shapes))
    x, forest, theta = problem(net, forest, seed)
    run = net.forward(x, forest, theta)
    t_theta, t_x = torch_leaves(theta, x)
    h = oracle(net, t_x, forest, t_theta, torch)
    for at_node in h:
        at_node.retain_grad()
    close(run.h, np.array([at_node.detach().numpy() for at_node in h]).reshape(-1, D_H))
    grads = weights(run)
    back = net.backward(grads[0], run, theta, grad_h=grads[1])
    if not h:
        return close(back, tree_map(np.zeros_like, back))
    weighed(h, forest, *map(torch.tensor, grads)).backward()
    close(back.grad_h, np.array([at_node.grad.numpy() for at_node in h]))
    at = tree_map(lambda a: np.zeros(a.shape) if a.grad is None else a.grad.numpy(), t_theta)
    return close((back.grad, back.grad_x), (at, t_x.grad.numpy()))


@pytest.mark.parametrize("output", [RecursiveOutput, NodeOutput])
def test_outputs_are_predictive_distributions_and_nothing_is_read_beside_the_leaves(output, rng):
    net = output(Recursive("tensor"))
    x, forest, theta = problem(net, FIXED, d_y=D_Y)
    run = net.forward(x, forest, theta)
    close(run.y_hat, torch.softmax(torch.tensor(run.o), -1).numpy())
    assert run.state is run.run.root
    assert np.isfinite(net.backward(run.o, run, theta).grad_x).all()


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "linear"])
@pytest.mark.parametrize("tau", [0, 1, 7, 40])
def test_a_chain_is_the_recurrent_net_exactly(nonlinearity, tau, rng):
    net, batch = Recursive("affine", nonlinearity, "linear"), 2
    forest = interleave([chain(tau + 1)] * batch)
    x = rng.normal(size=(tau + 1, batch, D_X))
    theta = tree_map(lambda a: 0.5 * a, net.init_theta(rng, D_X, D_H))
    run = net.forward(x.reshape(-1, D_X), forest, theta)
    first, *others = x @ theta.V.T
    others = np.array(others).reshape(tau, batch, D_H)
    cell, of_cell = RNN(nonlinearity), CellTheta(U=theta.W, W=theta.U, b=theta.b)
    walked = cell.forward(first, others, of_cell)
    inner = run.h[forest.leaf < 0].reshape(batch, tau, D_H).swapaxes(0, 1)
    close((inner, run.root), (walked.h, walked.state), 1e-14)
    grad_root = rng.normal(size=run.root.shape)
    tree = net.backward(grad_root, run, theta)
    back = cell.backward(np.zeros_like(walked.h), walked, of_cell, grad_state=grad_root)
    grad_in = np.concatenate([back.grad_state[None], back.grad_x])
    V = np.einsum("tbi,tbj->ij", grad_in, x)
    close(tree.grad, RecursiveTheta(back.grad.W, V, back.grad.U, back.grad.b), 1e-14)
    close(tree.grad_x.reshape(x.shape), grad_in @ theta.V, 1e-14)


@given(st.sampled_from(SMOOTH), st.lists(SHAPES, min_size=1, max_size=4), st.integers(0, 9999))
@examples
def test_a_batch_is_its_trees_one_by_one_in_any_order_of_nodes(net, shapes, seed):
    trees = [from_nested(numbered(shape, itertools.count())) for shape in shapes]
    together = join(trees)
    x, together, theta = problem(net, together, seed)
    run = net.forward(x, together, theta)
    grad_root, _ = weights(run)
    back = net.backward(grad_root, run, theta)
    mixed = shuffled(together, np.random.default_rng(seed))
    again = net.forward(x, mixed, theta)
    turned = net.backward(grad_root, again, theta)
    close((again.root, turned.grad, turned.grad_x), (run.root, back.grad, back.grad_x))
    parts = np.split(x[:-SPARE], np.cumsum([(tree.leaf >= 0).sum() for tree in trees])[:-1])
    runs = [net.forward(own, tree, theta) for own, tree in zip(parts, trees, strict=True)]
    backs = [
        net.backward(g[None], r, theta, inputs=False) for g, r in zip(grad_root, runs, strict=True)
    ]
    close(np.concatenate([r.h for r in runs]), run.h)
    close(tree_map(lambda *grads: sum(grads), *(b.grad for b in backs)), back.grad)
    assert all(b.grad_x is None for b in backs)


@pytest.mark.parametrize("leaf", ["node", "linear"])
def test_a_tensor_node_without_tensor_is_an_affine_node(leaf):
    affine, tensor = Recursive(leaf=leaf), Recursive("tensor", leaf=leaf)
    x, forest, theta = problem(affine, FIXED)
    same = tensor.init_theta(np.random.default_rng(0), D_X, D_H)
    assert np.abs(same.T).max() <= 0.25 / D_H
    close(theta, same[:4], 0)
    run, other = (
        net.forward(x, forest, own)
        for net, own in ((affine, theta), (tensor, TensorTheta(*theta, 0 * same.T)))
    )
    close(other.h, run.h, 0)
    with pytest.raises(AssertionError):
        close(tensor.forward(x, forest, same).h, run.h, 1e-3)


def test_padded_batches_of_list_operations_go_through(rng):
    batch, forest = list_ops(rng, 6, max_depth=3)
    inside = np.arange(len(batch.x))[:, None] < batch.lengths
    x = frozen(np.where(inside[..., None], batch.x, np.nan).reshape(-1, 15))
    net = RecursiveOutput(Recursive("tensor"))
    theta = net.init_theta(rng, 15, D_H, 10)
    run = net.forward(x, forest, theta)
    close(run.run.h, np.array(oracle(net.layer, x, forest, theta.layer)))
    L, grad = net.bptt(x, forest, batch.y, theta, reduction="mean")
    assert np.isfinite([L, *(np.abs(g).max() for g in tree_leaves(grad))]).all()
    grad_x = net.backward(np.ones_like(run.o), run, theta).grad_x.reshape(batch.x.shape)
    np.testing.assert_array_equal(grad_x.any(axis=-1), inside)


@pytest.mark.parametrize("tau", [1, 2, 3, 4, 5, 8, 9, 100])
def test_the_depth_is_the_logarithm_of_the_length_or_nearly_the_length(tau, rng):
    x, net = rng.normal(size=(tau, D_X)), Recursive()
    theta = net.init_theta(rng, D_X, D_H)
    steps = [len(net.forward(x, build(tau), theta).levels) for build in (balanced, chain)]
    assert steps == [next(k for k in range(10) if 2**k >= tau), tau - 1]


def test_a_chain_of_a_hundred_thousand_leaves_needs_no_recursion(rng):
    net, tau = Recursive(leaf="linear"), 100_000
    theta, x = net.init_theta(rng, D_X, D_H), rng.normal(size=(tau, D_X))
    run = net.forward(x, chain(tau), theta)
    inputs = (x @ theta.V.T)[:, None]
    walked = RNN().forward(inputs[0], inputs[1:], CellTheta(theta.W, theta.U, theta.b))
    close(run.h[tau:], walked.h[:, 0], 1e-13)
    back = net.backward(np.ones((1, D_H)), run, theta)
    assert np.isfinite(back.grad_x).all()
    assert not back.grad_x[0].any()  # it has vanished


@pytest.mark.parametrize("net", SMOOTH)
def test_no_trees_give_nothing(net):
    x, forest, theta = problem(net, from_nested())
    run = net.forward(x, forest, theta)
    assert (run.h.shape, run.root.shape, run.levels) == ((0, D_H), (0, D_H), [])
    back = net.backward(run.root, run, theta)
    close(back, (tree_map(np.zeros_like, theta), np.zeros_like(x), np.zeros((0, D_H))))


def forward(net=None, x=None, forest=SOUND, **fields):
    net = Recursive() if net is None else net
    theta = net.init_theta(np.random.default_rng(0), D_X, D_H)
    return net.forward(np.ones((3, D_X)) if x is None else x, forest, theta._replace(**fields))


def backward(*args, **kwargs):
    theta = Recursive().init_theta(np.random.default_rng(0), D_X, D_H)
    return Recursive().backward(*args, forward(), theta, **kwargs)


def output(**fields):
    net = RecursiveOutput()
    theta = net.init_theta(np.random.default_rng(0), D_X, D_H, D_Y)._replace(**fields)
    return net.bptt(np.ones((3, D_X)), SOUND, [1], theta, reduction="sum")


BAD = (TypeError, ValueError)
NAN_AT_1 = np.array([[0.0, 0], [1, np.nan], [np.inf, 0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Recursive("linear"), ValueError, "node: expected one of 'affine', 'tensor'"),
        (lambda: Recursive(nonlinearity="sin"), ValueError, "nonlinearity"),
        (lambda: Recursive(leaf="tanh"), ValueError, "leaf: expected one of 'node', 'linear'"),
        (lambda: forward(x=np.ones((2, D_X))), ValueError, r"forest.leaf\[3\]: .*got 2"),
        (lambda: forward(x=np.ones((3, 4))), ValueError, r"x: .*\(n_leaves, d_x=2\), got \(3, 4\)"),
        (lambda: forward(x=np.ones((3, D_X), int)), TypeError, "x: expected dtype float64"),
        (lambda: forward(U=np.ones((3, 2))), ValueError, r"theta.U: expected shape \(3, 3\)"),
        (lambda: forward(Recursive("tensor"), T=np.ones((3, 6, 5))), ValueError, "theta.T"),
        (lambda: forward(W=np.ones((3, 3), np.float32)), TypeError, "theta.W"),
        (lambda: backward(np.ones((2, D_H))), ValueError, r"grad_root: .*\(1, 3\), got \(2, 3\)"),
        (lambda: backward(None, grad_h=np.ones((1, D_H))), ValueError, "grad_h: expected shape"),
        (lambda: output(V=np.ones((4, 2))), ValueError, r"theta.V: expected shape \(4, 3\)"),
        (lambda: output(layer=OutputTheta(1, 2, 3)), BAD, "theta.layer: expected Recursive"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_numbers_that_are_not_finite_may_be_let_through():
    net = Recursive()
    theta = net.init_theta(np.random.default_rng(0), D_X, D_H)
    assert np.isnan(net.forward(NAN_AT_1, SOUND, theta, check_finite=False).root).all()
