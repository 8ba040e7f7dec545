r"""Echo states of the PyTorch twin against those of the reference, seed by seed."""

import numpy as np
import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn import pytorch  # noqa: E402
from rnn.pytorch import nets as t  # noqa: E402
from rnn.pytorch.convert import from_reference, to_reference  # noqa: E402
from rnn.reference import cells as c  # noqa: E402
from rnn.reference import nets as n  # noqa: E402

BOUNDS = {np.float64: 1e-12, np.float32: 2e-5}  # rounded h enter an ill-conditioned problem
BASE = pytorch.RNN(2, 3)


@pytest.mark.parametrize("choices", [{}, {"density": 0.5}, {"connections": 4}], ids=str)
def test_one_seed_draws_one_reservoir_in_both_twins(choices):
    drawn = t.reservoir(
        np.random.default_rng(1), 2, 9, radius=1.1, input_scale=0.3, dtype=torch.float64, **choices
    )
    wanted = n.reservoir(np.random.default_rng(1), 2, 9, radius=1.1, input_scale=0.3, **choices)
    assert furthest(to_reference(drawn), wanted) < 1e-12
    assert n.reservoir is not t.reservoir


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("cell", [c.RNN(), c.Leaky(c.RNN(), 0.3)], ids=["rnn", "leaky"])
def test_a_readout_is_solved_for_and_runs_freely_as_in_the_reference(cell, dtype, rng):
    net, lengths = n.EchoState(cell, washout=3, penalty=0.2), [20, 2, 13]
    theta = net.init_theta(rng, 2, 6, 2, radius=0.8, dtype=dtype)
    x, y = rng.normal(size=(2, 20, 3, 2)).astype(dtype)
    for row, length in enumerate(lengths):
        x[length:, row] = y[length:, row] = np.nan
    y[:3] = np.nan
    fitted = net.fit(None, x, y, theta, lengths)
    module = from_reference(net, theta)
    assert module.fit(torch.tensor(x), torch.tensor(y), None, lengths) is module
    assert furthest(to_reference(module.theta), fitted) < BOUNDS[dtype]
    start, state = rng.normal(size=(3, 2)).astype(dtype), rng.normal(size=(3, 6)).astype(dtype)
    run = net.generate(state, start, fitted, 8)
    o, last = module.generate(torch.tensor(start), 8, torch.tensor(state))
    assert furthest(to_reference((o, last)), (run.o, run.state)) < BOUNDS[dtype]
    assert module.generate(torch.tensor(start), 0)[0].shape == (0, 3, 2)


def test_an_echo_state_net_draws_its_innermost_weights_and_no_others():
    module = t.EchoState(pytorch.RNN(1, 8, dtype=torch.float64), 1)
    assert not torch.cat([module.V.flatten(), module.c]).any()
    module.draw_reservoir(np.random.default_rng(4), radius=0.9)
    wanted = n.reservoir(np.random.default_rng(4), 1, 8, radius=0.9)
    assert furthest(to_reference(module.layer.theta), wanted) < 1e-12
    with pytest.raises(TypeError, match="layer: expected an RNN or cells around one"):
        t.EchoState(pytorch.GRU(1, 8), 1).draw_reservoir(np.random.default_rng(4), radius=1)


def test_without_a_penalty_the_smallest_of_all_best_readouts_is_returned(rng):
    h = rng.normal(size=(5, 1, 1))
    twice = np.concatenate([h, h], -1)
    V, _ = t.ridge(torch.tensor(twice), torch.tensor(3 * h + 1), 0)
    assert furthest(V.numpy(), np.array([[1.5, 1.5]])) < 1e-12
    few = rng.normal(size=(3, 1, 6)), rng.normal(size=(3, 1, 2))
    found = t.ridge(*map(torch.tensor, few), 0)
    assert furthest(to_reference(found), n.ridge(*few, 0)) < 1e-12


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: t.EchoState(BASE, 1, washout=-1), "washout: expected"),
        (lambda: t.EchoState(BASE, 1, penalty=-1), "penalty: expected"),
        (lambda: t.scaled_to_radius(torch.zeros(2, 2), 1), "W: expected an eigenvalue"),
        (lambda: t.scaled_to_radius(torch.ones(2, 2), 0), "radius: expected a positive"),
        (
            lambda: t.EchoState(BASE, 1, washout=9).fit(torch.ones(3, 1, 2), torch.ones(3, 1, 1)),
            "counted: expected at least one step",
        ),
        (
            lambda: t.ridge(torch.full((1, 1, 1), np.nan), torch.ones(1, 1, 1), 1),
            "h: expected finite",
        ),
    ],
)
def test_echo_states_refuse_what_makes_no_sense(call, says):
    with pytest.raises(ValueError, match=says):
        call()
