r"""What is drawn is what is computed: where a Jacobian is zero, no path of the graph leads."""

import numpy as np
import pytest

from rnn._tree import tree_map
from rnn.reference.cells import (
    RNN,
    Context,
    DeepTransition,
    Fed,
    Feedback,
    InContext,
    Memoryless,
    Skip,
    clockwork,
)
from rnn.reference.measure import influence, input_jacobian
from rnn.reference.nets import Bidirectional, LastOutput, Output, Stack

pytest.importorskip("networkx", reason="needs networkx")
pytest.importorskip("matplotlib", reason="needs matplotlib")

from rnn.book.nets import figure_graph
from rnn.graph import Edge, Node, RecurrentGraph

WIDTHS = {"d_x": 2, "d_h": 3}
DEEP = (Memoryless(), DeepTransition(), Memoryless())
DEEP_SKIP = (Memoryless(), DeepTransition(skip=True), Memoryless())
# figure: its net, where its output stands in the graph
NETS = {
    "10.3": (Output(RNN()), "o"),
    "10.5": (LastOutput(RNN()), "o"),
    "10.11": (Output(Bidirectional()), "o"),
    "10.13a": (Output(Stack((RNN(), RNN()))), "y"),
    "10.13b": (Output(Stack(DEEP)), "y"),
    "10.13c": (Output(Stack(DEEP_SKIP)), "y"),
}
# figure: a cell that reads `Fed`, and whether it is told the truth
FED = {
    "10.4": (Feedback(Memoryless()), False),
    "10.6 train": (Feedback(Memoryless()), True),
    "10.6 free": (Feedback(Memoryless(), own="softmax"), False),
    "10.10": (Feedback(RNN()), True),
}


def support(jacobian):
    return influence(jacobian) > 0


def fed(rng, tau, told, d_x=2):
    numbers = rng.normal(size=(3, tau, 2, 2))
    return Fed(numbers[0][..., :d_x], numbers[1], np.full((tau, 2), told), numbers[2])


@pytest.mark.parametrize("tau", [1, 2, 5])
@pytest.mark.parametrize("figure", NETS)
def test_an_output_depends_on_the_inputs_that_a_path_leads_from(rng, figure, tau):
    net, name = NETS[figure]
    theta = net.init_theta(rng, 2, 3, 2)
    J = input_jacobian(net, None, rng.normal(size=(tau, 2, 2)), theta)
    drawn = figure_graph(figure).unfold(tau).support(name, "x")
    np.testing.assert_array_equal(support(J), drawn)


@pytest.mark.parametrize("tau", [1, 2, 5])
@pytest.mark.parametrize("figure", FED)
def test_what_is_fed_back_leads_where_it_is_drawn(rng, figure, tau):
    cell, told = FED[figure]
    J = input_jacobian(cell, None, fed(rng, tau, told), cell.init_theta(rng, **WIDTHS, d_y=2))
    graph = figure_graph(figure).unfold(tau)
    np.testing.assert_array_equal(support(J.x), graph.support("o", "x"))
    if told:
        np.testing.assert_array_equal(support(J.y), graph.support("o", "y"))
    else:
        assert not J.y.any()


def test_what_is_told_hides_the_own_output_and_opens_no_other_way(rng):
    # Without memory, o of t sees x of t and what was told at t - 1, and nothing else.
    cell = Feedback(Memoryless())
    J = input_jacobian(cell, None, fed(rng, 4, True), cell.init_theta(rng, **WIDTHS, d_y=2))
    np.testing.assert_array_equal(support(J.x), np.eye(4))
    np.testing.assert_array_equal(support(J.y), np.eye(4, k=-1))


def test_each_walk_of_a_bidirectional_layer_sees_its_own_side(rng):
    net, graph = Bidirectional(), figure_graph("10.11").unfold(5)
    J = input_jacobian(net, None, rng.normal(size=(5, 2, 2)), net.init_theta(rng, 2, 3))
    np.testing.assert_array_equal(support(J[:, :3]), graph.support("h", "x"))
    np.testing.assert_array_equal(support(J[:, 3:]), graph.support("g", "x"))


@pytest.mark.parametrize("at", ["steps", "start"])
def test_every_output_of_figure_10_9_depends_on_the_one_vector(rng, at):
    cell = Context(Feedback(RNN()), at)
    theta = cell.init_theta(rng, 0, 3, d_y=2, d_c=2)
    reads = InContext(fed(rng, 4, True, d_x=0), rng.normal(size=(2, 2)))
    J = input_jacobian(cell, None, reads, theta)
    graph = figure_graph("10.9").unfold(4)
    np.testing.assert_array_equal(support(J.context[:, :, None]), graph.support("o", "x"))
    np.testing.assert_array_equal(support(J.x.y), graph.support("o", "y"))


@pytest.mark.parametrize("delay", [2, 3])
@pytest.mark.parametrize("short", [True, False], ids=["with W", "without W"])
def test_a_skip_connection_reaches_every_delay_and_no_other(rng, delay, short):
    cell = Skip(RNN(), delay)
    theta = cell.init_theta(rng, 2, 3)
    edges = [Edge("x", "h"), Edge("h", "h", delay=delay)]
    if short:
        edges.append(Edge("h", "h", delay=1))
    else:
        theta = theta._replace(cell=theta.cell._replace(W=np.zeros((3, 3))))
    graph = RecurrentGraph([Node("x", "input"), Node("h", "state")], edges).unfold(7)
    J = input_jacobian(cell, None, rng.normal(size=(7, 2, 2)), theta)
    np.testing.assert_array_equal(support(J), graph.support("h", "x"))


def test_fast_clocks_follow_slow_ones_and_never_the_other_way_round(rng):
    # Periods 1 and 3: the slow unit moves at t = 3, 6, the fast one at every step and hears both.
    cell = clockwork((1, 3))
    theta = tree_map(lambda leaf: leaf + 0.1 * np.sign(leaf), cell.init_theta(rng, 1, 2))
    J = input_jacobian(cell, None, rng.normal(size=(7, 1, 1)), theta)
    t, s = np.arange(1, 8)[:, None], np.arange(1, 8)
    np.testing.assert_array_equal(support(J[:, :1]), s <= t)
    np.testing.assert_array_equal(support(J[:, 1:]), (s % 3 == 0) & (s <= t))


def test_the_comparison_tells_two_figures_apart(rng):
    net, theta = Output(RNN()), Output(RNN()).init_theta(rng, 2, 3, 2)
    J = input_jacobian(net, None, rng.normal(size=(4, 2, 2)), theta)
    for other in ("10.6 train", "10.11", "10.5"):
        drawn = figure_graph(other).unfold(4).support("o", "x")
        assert not np.array_equal(support(J), drawn)
