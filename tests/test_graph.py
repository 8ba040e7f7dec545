"""Recurrent graphs: hand-counted cases, a naive oracle, and the code that the graphs stand for."""

import subprocess
import sys
from operator import iadd, setitem
from typing import NamedTuple

import numpy as np
import pytest

nx = pytest.importorskip("networkx", reason="needs networkx")
pytest.importorskip("IPython", reason="the figures stand in rnn.book, which needs IPython")

from rnn.book.nets import FIGURES, figure_graph, figure_unfolded  # noqa: E402
from rnn.graph import Edge, Node, RecurrentGraph, Symbol, Tracer, Unfolded  # noqa: E402
from rnn.reference import forward, init_theta, tanh_cell, unfold  # noqa: E402

X, H, G = Node("x", "input"), Node("h", "state"), Node("g", "state")
DRIVEN = RecurrentGraph([X, H], [Edge("x", "h"), Edge("h", "h", delay=1)])


def plain_unfold(f, state, xs, theta):
    """Walk through time once more, independently of the package."""
    states = []
    for x in xs:
        state = f(state, x, theta)
        states.append(state)
    return states


# ---------------------------------------------------------------- counted by hand


def test_unfolding_figure_10_3_for_three_steps_gives_the_nodes_and_edges_of_the_book():
    graph = figure_graph("10.3").unfold(3)
    # 5 variables x 3 steps and h(0); a step has U, W, V and two edges into the loss
    assert (graph.n_nodes, graph.n_edges) == (5 * 3 + 1, 5 * 3)
    assert set(graph.graph.predecessors(("h", 2))) == {("h", 1), ("x", 2)}
    assert graph.graph.edges[("h", 1), ("h", 2)]["label"] == "W"


@pytest.mark.parametrize("tau", [1, 2, 7])
def test_the_unfolded_graph_grows_by_the_same_amount_with_every_step(tau):
    shorter, longer = DRIVEN.unfold(tau), DRIVEN.unfold(tau + 1)
    assert longer.n_nodes - shorter.n_nodes == 2
    assert longer.n_edges - shorter.n_edges == 2
    assert longer.depth == tau + 1


def test_unfolding_for_no_steps_gives_no_nodes():
    assert DRIVEN.unfold(0).n_nodes == 0
    assert DRIVEN.unfold(0).depth == 0


def test_depth_of_figure_10_3_is_one_path_through_all_steps_and_up_to_the_loss():
    graph = figure_graph("10.3").unfold(5)
    assert graph.depth == 5 + 2
    assert graph.longest_path_length(("x", 1), ("L", 5)) == 1 + 4 + 2


def test_only_states_become_initial_nodes():
    assert ("h", 0) in figure_graph("10.3").unfold(3).graph
    assert ("o", 0) not in figure_graph("10.4").unfold(3).graph
    assert ("y", 0) not in figure_graph("10.10").unfold(3).graph


def test_a_negative_delay_starts_after_the_last_step():
    graph = figure_graph("10.11").unfold(3)
    assert graph.reachable(("g", 4), ("g", 1))
    assert ("g", 0) not in graph.graph
    assert graph.graph.nodes["g", 4]["role"] == "initial"


def test_a_delay_of_three_reaches_three_steps_back():
    graph = RecurrentGraph([H], [Edge("h", "h", 1), Edge("h", "h", 3)]).unfold(7)
    assert set(graph.graph.predecessors(("h", 7))) == {("h", 6), ("h", 4)}
    assert {("h", -2), ("h", -1), ("h", 0)} <= set(graph.graph)
    assert graph.shortest_path_length(("h", 1), ("h", 7)) == 2
    assert graph.longest_path_length(("h", 1), ("h", 7)) == 6


def test_paths_through_delays_one_and_two_are_counted_by_fibonacci():
    graph = RecurrentGraph([H], [Edge("h", "h", 1), Edge("h", "h", 2)]).unfold(10)
    counts = [graph.n_paths(("h", 1), ("h", t)) for t in range(1, 9)]
    assert counts == [1, 1, 2, 3, 5, 8, 13, 21]


def test_a_layer_in_the_transition_doubles_the_path_and_a_skip_shortens_it_again():
    deep, skip = figure_graph("10.13b").unfold(6), figure_graph("10.13c").unfold(6)
    assert deep.shortest_path_length(("h", 1), ("h", 6)) == 10
    assert skip.shortest_path_length(("h", 1), ("h", 6)) == 5
    assert skip.longest_path_length(("h", 1), ("h", 6)) == 10


def test_teacher_forcing_cuts_the_paths_between_steps():
    train, free = figure_graph("10.6 train").unfold(6), figure_graph("10.6 free").unfold(6)
    assert not train.reachable(("h", 1), ("h", 3))
    assert free.reachable(("h", 1), ("h", 6))
    assert train.depth == 3
    assert free.depth == 2 * 6


def test_a_node_at_the_last_step_exists_only_there():
    graph = figure_graph("10.5").unfold(4)
    assert graph.times("o") == [4]
    assert graph.support("o", "x").tolist() == [[True] * 4]


def test_a_node_at_the_first_step_exists_only_there():
    start = Node("i", "input", at="first")
    graph = RecurrentGraph([start, H], [Edge("i", "h"), Edge("h", "h", 1)]).unfold(3)
    assert graph.times("i") == [1]
    assert list(graph.graph.successors(("i", 1))) == [("h", 1)]


def test_a_node_without_time_feeds_or_gathers_every_step():
    gather = RecurrentGraph([X, Node("L", "loss", at="once")], [Edge("x", "L")]).unfold(4)
    assert gather.graph.in_degree(("L", None)) == 4
    assert figure_graph("10.9").unfold(4).graph.out_degree(("x", None)) == 4


def test_the_complete_graph_has_an_edge_for_every_pair_and_the_net_with_states_has_not():
    assert [figure_unfolded("10.7", tau).n_edges for tau in (1, 2, 5, 9)] == [0, 1, 10, 36]
    with_states = figure_unfolded("10.8", 9)
    assert max(degree for _, degree in with_states.graph.in_degree) == 2
    assert with_states.reachable(("y", 1), ("y", 9))


def test_a_tree_is_as_deep_as_the_logarithm_of_its_leaves():
    for leaves, levels in ((1, 0), (2, 1), (8, 3), (9, 4), (64, 6)):
        tree = figure_unfolded("10.14", leaves)
        assert tree.longest_path_length(("x", 1), ("o", None)) == levels + 2


def test_encoder_and_decoder_are_joined_by_the_context_alone():
    net = figure_unfolded("10.12", 4)
    assert net.reachable(("x", 1), ("y", 1))
    assert set(net.graph.predecessors(("C", None))) == {("h", 4)}
    without = net.graph.copy()
    without.remove_node(("C", None))
    assert not Unfolded(without).reachable(("x", 4), ("y", 4))


# ---------------------------------------------------------------- a naive oracle


def naive_paths(edges, source, target):
    """List the lengths of all paths by walking every one of them."""
    if source == target:
        return [0]
    steps = [b for a, b in edges if a == source]
    return [1 + length for b in steps for length in naive_paths(edges, b, target)]


@pytest.mark.parametrize("seed", range(20))
def test_path_lengths_and_counts_agree_with_walking_every_path(seed):
    rng = np.random.default_rng(seed)
    pairs = [(("n", i), ("n", j)) for i in range(8) for j in range(i + 1, 8)]
    edges = [pair for pair in pairs if rng.random() < 0.4]
    graph = Unfolded.from_edges(edges)
    for source, target in pairs:
        if source in graph.graph and target in graph.graph:
            lengths = naive_paths(edges, source, target)
            assert graph.reachable(source, target) == bool(lengths)
            if lengths:
                assert graph.shortest_path_length(source, target) == min(lengths)
                assert graph.longest_path_length(source, target) == max(lengths)
                assert graph.n_paths(source, target) == len(lengths)


def test_a_path_is_returned_with_both_ends_and_along_edges():
    graph = figure_graph("10.3").unfold(4)
    path = graph.shortest_path(("x", 2), ("o", 4))
    assert path == [("x", 2), ("h", 2), ("h", 3), ("h", 4), ("o", 4)]
    assert graph.longest_path(("x", 2), ("o", 4)) == path


def test_ancestors_of_an_output_are_all_inputs_and_states_up_to_it():
    graph = figure_graph("10.3").unfold(3)
    past = {("x", 1), ("x", 2), ("h", 0), ("h", 1), ("h", 2)}
    assert graph.ancestors(("o", 2)) == past


# ---------------------------------------------------------------- the code that it stands for


def jacobian_support(function, x):
    """Perturb one input step at a time and see which output steps move."""
    base = function(x)
    moved = np.zeros((len(base), len(x)), dtype=bool)
    for s in range(len(x)):
        nudged = x.copy()
        nudged[s] += 0.5
        moved[:, s] = np.abs(function(nudged) - base).reshape(len(base), -1).max(axis=1) > 0
    return moved


def test_support_of_the_reference_net_is_reachability_in_figure_10_3(rng):
    theta, x = init_theta(rng, d_x=2, d_h=3, d_y=2), rng.normal(size=(6, 1, 2))
    moved = jacobian_support(lambda x: forward(None, x, theta).o, x)
    assert np.array_equal(moved, figure_graph("10.3").unfold(6).support("o", "x"))
    assert np.array_equal(moved, np.tril(np.ones((6, 6), bool)))


def test_support_of_two_opposite_walks_is_reachability_in_figure_10_11(rng):
    theta, x = init_theta(rng, d_x=2, d_h=3, d_y=2), rng.normal(size=(5, 1, 2))
    zero, graph = np.zeros((1, 3)), figure_graph("10.11").unfold(5)
    h = jacobian_support(lambda x: np.array(unfold(tanh_cell, zero, x, theta)), x)
    g = jacobian_support(lambda x: np.array(unfold(tanh_cell, zero, x, theta, reverse=True)), x)
    assert np.array_equal(h, graph.support("h", "x"))
    assert np.array_equal(g, graph.support("g", "x"))
    assert np.array_equal(h | g, graph.support("o", "x"))
    assert not np.array_equal(h, g)


def test_support_of_a_state_by_itself_has_the_diagonal():
    assert np.array_equal(DRIVEN.unfold(3).support("h", "h"), np.tril(np.ones((3, 3), bool)))


def test_support_for_no_steps_is_empty():
    graph = Unfolded.from_edges([(("h", 0), ("o", 1))], [Node("h", "initial")])
    assert graph.support("o", "h").shape == (1, 0)


# ---------------------------------------------------------------- tracing


@pytest.mark.parametrize("walk", [plain_unfold, unfold])
@pytest.mark.parametrize("tau", [1, 2, 7])
def test_the_graph_traced_from_the_cell_is_the_unfolded_recurrent_graph(walk, tau):
    tracer = Tracer()
    f = tracer.watch(tanh_cell, "h")
    walk(f, tracer.node("h", 0), tracer.inputs("x", tau), tracer.theta("U", "W", "b"))
    drawn = figure_graph("10.2").unfold(tau)
    assert tracer.unfolded == drawn
    assert tracer.unfolded != figure_graph("10.2").unfold(tau + 1)


def test_the_traced_edges_carry_the_parameters_of_their_products():
    tracer = Tracer()
    f = tracer.watch(tanh_cell, "h")
    theta = tracer.theta("U", "W", "V", "b", "c")
    h = f(tracer.node("h", 0), tracer.inputs("x", 1)[0], theta)
    tracer.name("o", 1, theta.c + h @ theta.V.T, "output")
    labels = tracer.unfolded.graph.edges
    assert labels[("x", 1), ("h", 1)]["label"] == "U"
    assert labels[("h", 0), ("h", 1)]["label"] == "W"
    assert labels[("h", 1), ("o", 1)]["label"] == "V"


def test_an_edge_that_two_parameters_share_carries_neither():
    tracer = Tracer()
    theta, x = tracer.theta("U", "W"), tracer.inputs("x", 1)[0]
    tracer.name("h", 1, x @ theta.U + x @ theta.W)
    assert tracer.unfolded.graph.edges[("x", 1), ("h", 1)]["label"] == ""


def test_a_walk_from_right_to_left_is_traced_with_its_own_times():
    tracer, tau = Tracer(), 4
    g = tracer.watch(tanh_cell, "g", times=range(tau, 0, -1))
    theta = tracer.theta("U", "W", "b")
    unfold(g, tracer.node("g", tau + 1), tracer.inputs("x", tau), theta, reverse=True)
    net = RecurrentGraph([X, G], [Edge("x", "g"), Edge("g", "g", delay=-1)])
    assert tracer.unfolded == net.unfold(tau)


class LSTMState(NamedTuple):
    """Hold two states, as an LSTM does."""

    h: object
    s: object


def lstm_like(state, x, theta):
    """Mix two states with gates, through the NumPy calls that a fused cell uses."""
    a = np.concatenate([state.h, x], axis=-1) @ theta.W.T + theta.b
    f, g, q, s = np.split(a, 4, axis=-1)
    s = np.where(f > 0, f, 0) * state.s + g * np.tanh(s)
    return LSTMState(np.tanh(s) * q, s)


def test_a_state_of_two_parts_is_traced_part_by_part():
    tracer = Tracer()
    f = tracer.watch(lstm_like, "h", "s")
    start = LSTMState(tracer.node("h", 0), tracer.node("s", 0))
    last = unfold(f, start, tracer.inputs("x", 3), tracer.theta("W", "b"))[-1]
    assert isinstance(last, LSTMState)
    pairs = [("x", "h", 0), ("x", "s", 0)]
    pairs += [(a, b, 1) for a in "hs" for b in "hs"]
    net = RecurrentGraph([X, H, Node("s", "state")], [Edge(*pair) for pair in pairs])
    assert tracer.unfolded == net.unfold(3)


OPERATIONS = {
    "T": lambda a, b: a.T @ b,
    "methods": lambda a, b: a.sum(axis=0) + b.reshape(2, -1).mean(),
    "reflected": lambda a, b: 2.0 * a + (1 - b) ** 2,
    "array on the left": lambda a, b: np.ones(3) @ a - b / 3,
    "stack": lambda a, b: np.stack([a, b])[0],
    "einsum": lambda a, b: np.einsum("i,i->", a, b),
    "dot": lambda a, b: a.dot(b),
    "keyword": lambda a, b: np.clip(a, a_min=b, a_max=1),
    "sections": lambda a, b: np.split(a * b, [1, 2])[2],
    "named sections": lambda a, b: np.split(a * b, indices_or_sections=3)[2],
    "negation": lambda a, b: -abs(a) + b,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_every_operation_remembers_all_that_went_in(operation):
    result = operation(Symbol({("a", 1): ""}), Symbol({("b", 1): ""}))
    assert set(result.sources) == {("a", 1), ("b", 1)}


NUMBERS = {
    "branch": lambda a: 1 if a > 0 else 2,
    "float": float,
    "asarray": np.asarray,
    "loop": list,
    "in place": lambda a: iadd(a, 1),
    "out": lambda a: np.tanh(a, out=np.zeros(3)),
    "writing": lambda a: setitem(a, 0, 1),
}


@pytest.mark.parametrize("use", NUMBERS.values(), ids=NUMBERS.keys())
def test_what_needs_a_number_raises_instead_of_losing_an_edge(use):
    with pytest.raises(TypeError, match="Symbol"):
        use(Symbol({("a", 1): ""}))


def test_a_name_is_given_once_and_to_symbols_only():
    tracer = Tracer()
    h = tracer.node("h", 0)
    with pytest.raises(ValueError, match="again"):
        tracer.name("h", 0, h)
    with pytest.raises(TypeError, match="expected a Symbol for 'h', got ndarray"):
        tracer.name("h", 1, np.zeros(3))


# ---------------------------------------------------------------- equality, join, bad input


def test_equality_is_by_nodes_and_edges():
    chain = Unfolded.from_edges([(("h", 0), ("h", 1)), (("x", 1), ("h", 1))])
    assert chain == DRIVEN.unfold(1)
    assert chain != Unfolded.from_edges([(("h", 0), ("h", 1)), (("h", 1), ("x", 1))])
    assert chain != "chain"


def test_a_bare_graph_of_networkx_is_enough():
    graph = Unfolded(nx.DiGraph([(("h", 1), ("h", 2)), (("h", 1), ("C", None))]))
    assert graph.times("h") == [1, 2]
    assert graph.formula(("h", 2)) == "h^{(2)}"
    assert graph.graph.nodes["C", None]["step"] is None


def test_an_unfolded_graph_cannot_be_changed_from_outside():
    graph = DRIVEN.unfold(2)
    with pytest.raises(Exception, match=r"[Ff]rozen"):
        graph.graph.add_edge(("x", 1), ("h", 2))


def test_formulas_carry_the_time():
    net = RecurrentGraph([Node("y", "output", r"\hat y"), Node("C", "context", at="once")], [])
    graph = net.unfold(2)
    assert graph.formula(("y", 2)) == r"\hat y^{(2)}"
    assert graph.formula(("C", None)) == "C"


BAD_NETS = {
    "unknown name": ([X], [Edge("x", "h")], "expected names among x, got 'h'"),
    "name twice": ([H, H], [], "got 'h' twice"),
    "edge twice": ([H], [Edge("h", "h", 1)] * 2, "expected each once"),
    "itself now": ([H], [Edge("h", "h")], "h -> h"),
    "round now": ([G, H], [Edge("h", "g"), Edge("g", "h")], "needs itself at the same step"),
    "to and fro": ([H], [Edge("h", "h", 1), Edge("h", "h", -1)], "h -> h"),
    "through two": ([G, H], [Edge("h", "g", 1), Edge("g", "h", -1)], "same step"),
    "opposed": (
        [G, H],
        [Edge("h", "h", 2), Edge("g", "g", -1), Edge("h", "g", 5), Edge("g", "h", -4)],
        "same step",
    ),
    "delay without time": (
        [H, Node("C", "context", at="once")],
        [Edge("h", "C", 1)],
        "expected no delay at 'C'",
    ),
    "round out of time": (
        [H, G, Node("C", "context", at="once")],
        [Edge("h", "g", 1), Edge("g", "C"), Edge("C", "h")],
        "same step",
    ),
}


@pytest.mark.parametrize(("nodes", "edges", "message"), BAD_NETS.values(), ids=BAD_NETS.keys())
def test_a_graph_that_cannot_be_unfolded_is_refused(nodes, edges, message):
    with pytest.raises(ValueError, match=message):
        RecurrentGraph(nodes, edges)


def test_delays_of_both_signs_are_fine_as_long_as_every_cycle_goes_one_way():
    edges = [Edge("h", "g", 3), Edge("g", "h", -1), Edge("x", "h", -2)]
    assert RecurrentGraph([X, H, G], edges).unfold(6).depth > 0


@pytest.mark.parametrize("at", ["role", "at"])
def test_an_unknown_role_or_time_is_refused_with_the_choices(at):
    with pytest.raises(ValueError, match=f"{at}: expected one of .*; got 'nowhere'"):
        Node("x", **{"role": "input", at: "nowhere"})


@pytest.mark.parametrize(("tau", "error"), [(-1, ValueError), (2.5, TypeError), (True, TypeError)])
def test_a_length_that_is_no_number_of_steps_is_refused(tau, error):
    with pytest.raises(error, match="tau: expected a whole number"):
        DRIVEN.unfold(tau)


def test_numpy_integers_are_lengths():
    assert DRIVEN.unfold(np.int64(3)) == DRIVEN.unfold(3)


def test_questions_about_unknown_nodes_or_missing_paths_say_so():
    graph = DRIVEN.unfold(3)
    with pytest.raises(ValueError, match=r"got \('h', 9\)"):
        graph.reachable(("h", 1), ("h", 9))
    with pytest.raises(ValueError, match=r"x\^\(1\) does not depend on h\^\(2\)"):
        graph.shortest_path_length(("h", 2), ("x", 1))
    with pytest.raises(ValueError, match="expected one of \\['h', 'x'\\], got 'o'"):
        graph.support("o", "x")


def test_a_cycle_among_edges_is_refused_by_name():
    with pytest.raises(ValueError, match="cycle"):
        Unfolded.from_edges([(("a", 1), ("b", 1)), (("b", 1), ("a", 1))])


def test_join_refuses_shared_and_unknown_nodes():
    graph = DRIVEN.unfold(2)
    with pytest.raises(ValueError, match=r"got h\^\(0\), .* again"):
        graph.join(DRIVEN.unfold(1), [])
    other = RecurrentGraph([G], [Edge("g", "g", 1)]).unfold(2)
    with pytest.raises(ValueError, match="nodes of the two graphs, got"):
        graph.join(other, [(("h", 3), ("g", 1))])


def test_join_keeps_labels_and_puts_the_second_graph_later():
    other = RecurrentGraph([G], [Edge("g", "g", 1)]).unfold(2)
    both = DRIVEN.unfold(2).join(other, [(("h", 2), ("g", 0), "C")])
    assert both.graph.edges[("h", 2), ("g", 0)]["label"] == "C"
    assert both.graph.nodes["g", 1]["step"] == 3
    assert both.n_nodes == 5 + 3


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("tau", [1, 2, 5])
def test_every_figure_of_the_chapter_unfolds(figure, tau):
    graph = figure_unfolded(figure, tau)
    assert graph.n_nodes >= tau
    assert graph.depth >= (tau > 1)


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match=r"expected one of 10\.1, .*; got '10\.7'"):
        figure_graph("10.7")


def test_without_networkx_the_import_says_what_to_install():
    code = "import sys; sys.modules['networkx'] = None; import rnn.graph"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.strip().endswith(
        'ImportError: rnn.graph needs networkx: pip install "rnn-companion[graph]"'
    )
