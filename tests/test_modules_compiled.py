"""The PyTorch modules inside a model that is compiled or exported, and under `torch.func`."""

import pytest
from compare import furthest
from test_modules import LIBRARY, ONCE, TWICE, inputs, module, outputs_and_gradients

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch._dynamo.testing import CompileCounterWithBackend  # noqa: E402

from rnn.pytorch.cells.leaky import Leaky  # noqa: E402
from rnn.pytorch.cells.simple import RNN, Memoryless  # noqa: E402

# PyTorch's compiler asks every tensor for its gradient, and hides only a warning that is no error.
compiler = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
exports = pytest.mark.skipif(
    not hasattr(torch.compiler, "is_exporting"), reason="needs PyTorch 2.7 or later to export"
)
LOOP_FREE = {
    "memoryless": lambda: Memoryless(3, 4, path="scan", dtype=torch.float64),
    "leaky": lambda: Leaky(Memoryless(3, 4, dtype=torch.float64), 0.3, path="scan"),
    "linear": lambda: RNN(3, 4, "linear", path="scan", dtype=torch.float64),
}
STATIC = [*LIBRARY, ("rnn", "loop"), ("leaky", "hoisted")]


class Model(torch.nn.Module):
    """Hold a cell between a layer before and one behind it."""

    def __init__(self, cell):
        super().__init__()
        torch.manual_seed(1)
        self.into = torch.nn.Linear(3, 3, dtype=torch.float64)
        self.cell = cell
        self.out = torch.nn.Linear(4, 2, dtype=torch.float64)

    def forward(self, x):
        return (torch.relu(self.out(self.cell(self.into(x))[0])),)


def sequence(tau, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(tau, batch, 3, dtype=torch.float64, generator=generator)


def apart(found, expected):
    return furthest(*(tuple(t.detach().numpy() for t in each) for each in (found, expected)))


def graphs_compiled(cell, backend, taus):
    """Compile a model around a cell; count graphs after each length, with every number compared."""
    torch._dynamo.reset()
    counter, model = CompileCounterWithBackend(backend), Model(cell)
    compiled, counts = torch.compile(model, backend=counter), []
    for tau in taus:
        found, expected = (outputs_and_gradients(net, sequence(tau)) for net in (compiled, model))
        assert apart(found, expected) < 1e-12
        counts.append(counter.frame_count)
    return counts


@compiler
@pytest.mark.parametrize(
    ("backend", "kind", "path"),
    [
        *(("eager", k, p) for k, p in [*TWICE, *ONCE, *LIBRARY] if k != "feedback"),
        *(("aot_eager", *one) for one in [("lstm", "auto"), ("rnn", "fused"), ("gru", "library")]),
    ],
)
def test_a_compiled_model_gives_the_same_and_is_not_compiled_for_each_length(backend, kind, path):
    first, second, *later = graphs_compiled(module(kind, path), backend, (3, 5, 7, 12))
    assert first <= second <= 2 * first  # for one length, then for any
    assert later == [second, second]


@compiler
@pytest.mark.parametrize(("kind", "backend"), [("memoryless", "eager"), ("leaky", "aot_eager")])
def test_a_scan_is_compiled_into_the_graph_around_it(kind, backend):
    torch._dynamo.reset()
    model, x = Model(LOOP_FREE[kind]()), sequence(6)
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    assert apart(outputs_and_gradients(compiled, x), outputs_and_gradients(model, x)) < 1e-12


@compiler
def test_a_scan_is_compiled_once_for_all_lengths_with_as_many_passes():
    assert graphs_compiled(LOOP_FREE["linear"](), "eager", (6, 7, 8, 11, 12, 14)) == [
        1,
        2,
        2,
        3,
        3,
        3,
    ]
    assert graphs_compiled(LOOP_FREE["memoryless"](), "eager", (6, 7, 11, 30)) == [1, 2, 2, 2]


def exported(net, x, **dims):
    shapes = {"x": dims["dims"]} if dims else None
    return torch.export.export(net, (x,), dynamic_shapes=shapes).module()


@exports
@pytest.mark.parametrize(("kind", "path"), [*STATIC, ("lstm", "auto")])
def test_a_walk_is_exported_for_one_length_and_any_batch(kind, path):
    net = module(kind, path)
    program = exported(net, sequence(5), dims={1: torch.export.Dim("batch", min=2, max=64)})
    for batch in (2, 7):
        x = sequence(5, batch, seed=3)
        assert apart([program(x)[0]], [net(x)[0]]) < 1e-12


@exports
@pytest.mark.parametrize("kind", LOOP_FREE)
def test_a_scan_is_exported_for_one_length(kind):
    net = LOOP_FREE[kind]()
    program, x = exported(net, sequence(6)), sequence(6, seed=3)
    assert apart([program(x)[0]], [net(x)[0]]) < 1e-12


@exports
def test_one_layer_without_recurrence_is_exported_for_any_length():
    for path in ("scan", "auto"):
        net = Memoryless(3, 4, path=path, dtype=torch.float64)
        program = exported(net, sequence(5), dims={0: torch.export.Dim("tau", min=2, max=999)})
        for tau in (2, 30):
            x = sequence(tau, seed=3)
            assert apart([program(x)[0]], [net(x)[0]]) < 1e-12


@exports
@pytest.mark.parametrize(("kind", "path"), ONCE)
def test_a_walk_in_place_says_that_it_cannot_be_exported(kind, path):
    with pytest.raises(
        ValueError, match=f"'{path}' cannot run here: a walk in place cannot be exp"
    ):
        exported(module(kind, path), sequence(5))


@pytest.mark.parametrize(("kind", "path"), ONCE)
def test_torch_func_is_told_that_it_cannot_look_into_a_walk_in_place(kind, path):
    net, x = module(kind, path), inputs(kind)
    with pytest.raises(
        ValueError, match=r"torch\.func cannot look inside; 'auto' would take 'hoist"
    ):
        torch.func.vmap(lambda one: net(one[:, None])[0])(x.transpose(0, 1))


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_gradients_of_single_rows_with_vmap_over_grad(kind):
    net, x = module(kind), inputs(kind)
    parameters = dict(net.named_parameters())

    def loss(own, row):
        return torch.func.functional_call(net, own, (row[:, None],))[0].pow(2).sum()

    found = torch.func.vmap(torch.func.grad(loss), (None, 1))(parameters, x)
    for row in range(x.shape[1]):
        expected = outputs_and_gradients(net, x[:, row : row + 1])[1:]
        assert apart([found[name][row] for name in parameters], expected) < 1e-12


@pytest.mark.parametrize(("kind", "path"), TWICE)
def test_many_nets_at_once_with_vmap(kind, path):
    nets, x = [module(kind, path, seed=seed) for seed in (1, 2, 3)], inputs(kind)
    parameters = torch.func.stack_module_state(nets)[0]

    def walk(own):
        return torch.func.functional_call(nets[0], own, (x,))[0]

    found = torch.func.vmap(walk)(parameters)
    assert apart(found, [net(x)[0] for net in nets]) < 1e-12
