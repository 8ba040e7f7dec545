"""States, inputs, parameters and runs that are not those of the net, one by one."""

import numpy as np
from refusals_base import EITHER, NAN, refused, rng, wrong_at

from rnn import reference as r
from rnn import tasks

X = np.ones((3, 2, 2))
Y = np.zeros((3, 2), int)


def forward(net, state=None, x=X, **own):
    return net.forward(state, x, net.init_theta(rng(), 2, 4, **own))


FED = r.feed(np.ones((3, 2, 2)), X, d_y=2)
STATES = [
    *refused(
        ValueError,
        r"state: expected LSTMState\(h, s\), got ndarray",
        an_LSTM_given_only_h=lambda: forward(r.LSTM(), np.zeros((2, 4))),
        an_LSTM_below_an_output_given_only_h=lambda: forward(
            r.Output(r.LSTM()), np.zeros((2, 4)), d_y=2
        ),
    ),
    *refused(
        ValueError,
        r"state: expected an array, got LSTMState\(h, s\)",
        an_RNN_given_h_and_s=lambda: forward(r.RNN(), r.LSTMState(np.zeros((2, 4)), 0)),
    ),
    *refused(
        ValueError,
        r"state: expected LSTMState\(h, s\), got a tuple of 2",
        an_LSTM_given_a_pair=lambda: forward(r.LSTM(), (np.zeros((2, 4)),) * 2),
    ),
    *refused(
        ValueError,
        "state: expected a tuple with one for each of 2, got (1|ndarray)",
        one_state_for_two_layers=lambda: forward(r.Stack((r.RNN(),) * 2), (np.zeros((2, 4)),)),
        no_tuple_for_two_layers=lambda: forward(r.Stack((r.RNN(),) * 2), np.zeros((2, 4))),
        one_state_for_both_ways=lambda: forward(r.Bidirectional(), np.zeros((2, 4))),
    ),
    *refused(
        TypeError,
        "x: expected (Fed|InContext|Attended), got ndarray; use",
        an_array_for_a_cell_that_is_fed=lambda: forward(r.Feedback(), d_y=2),
        an_array_for_a_cell_in_context=lambda: forward(r.Context(), d_c=2),
        an_array_for_a_cell_that_attends=lambda: forward(r.Attention(), d_m=2),
    ),
    *refused(
        TypeError,
        "forced: expected booleans, got dtype float64; forced_mask",
        a_probability_as_forced=lambda: r.feed(Y, d_y=2, forced=0.5),
        probabilities_as_forced=lambda: r.feed(Y, d_y=2, forced=np.full((3, 2), 0.5)),
    ),
    *refused(
        ValueError,
        r"(y|noise): expected finite numbers.*\(t, batch\) = \(1, 0\)",
        NaN_in_what_is_told=lambda: forward(
            r.Feedback(), None, FED._replace(y=wrong_at(NAN, 1, 0)(FED.y)), d_y=2
        ),
        NaN_in_the_noise=lambda: forward(
            r.Feedback(), None, FED._replace(noise=wrong_at(NAN, 1, 0)(FED.noise)), d_y=2
        ),
    ),
    *refused(
        ValueError,
        "(context|memory): expected finite numbers",
        NaN_in_a_context=lambda: forward(
            r.Context(), None, r.InContext(X, np.full((2, 2), NAN)), d_c=2
        ),
        NaN_in_a_memory_to_attend_to=lambda: forward(
            r.Attention(),
            None,
            r.Attended(X, np.full((1, 2, 2), NAN), np.ones((1, 2), bool)),
            d_m=2,
        ),
    ),
    *refused(
        ValueError,
        r"state\.M: expected shape \(2, 5, 8\), got \(2, 4, 8\)",
        a_memory_of_other_slots=lambda: forward(
            r.ExplicitMemory(slots=5),
            forward(r.ExplicitMemory(slots=4)).state,
        ),
    ),
]

GRID, AXES = np.ones((2, 2, 1, 2)), r.FourDirections().init_theta(rng(), 2, 3)
SPOKEN = r.EncoderDecoder().init_theta(rng(), 2, 3, 2)
OUT = r.Output().init_theta(rng(), 2, 3, 2)
TREE, LEAVES = tasks.from_nested(((0, 1), 2)), np.ones((3, 2))
GROWN = r.Recursive().init_theta(rng(), 2, 3)


def back(net, theta, run, grad):
    return net.backward(grad, run, theta)


NETS = [
    *refused(
        ValueError,
        r"x: expected shape \(height, width, B, d_x\)",
        a_grid_of_rank_3=lambda: r.FourDirections().forward(GRID[0], AXES),
    ),
    *refused(
        EITHER,
        "theta: expected",
        parameters_of_one_axis=lambda: r.FourDirections().forward(GRID, AXES[:1]),
        no_parameters_of_a_grid=lambda: r.FourDirections().forward(GRID, None),
        parameters_of_an_output_for_two_parts=lambda: r.EncoderDecoder().forward(X, Y, OUT),
        parameters_of_an_output_for_a_tree=lambda: r.Recursive().forward(LEAVES, TREE, OUT),
    ),
    *refused(
        ValueError,
        "y: expected a batch of 2, got 1",
        targets_for_another_batch=lambda: r.EncoderDecoder().forward(X, Y[:, :1], SPOKEN),
    ),
    *refused(
        ValueError,
        r"x: expected finite numbers.*\(1, 0\)",
        NaN_in_what_is_encoded=lambda: r.EncoderDecoder().forward(
            wrong_at(NAN, 1, 0)(X), Y, SPOKEN
        ),
    ),
    *refused(
        ValueError,
        r"theta\S*: expected",
        V_of_another_width=lambda: r.Output().forward(None, X, OUT._replace(V=OUT.V[:, :1])),
        V_of_another_width_on_the_way_back=lambda: back(
            r.Output(), OUT._replace(V=OUT.V[:, :1]), r.Output().forward(None, X, OUT), X
        ),
        V_of_a_tree_of_another_width_on_the_way_back=lambda: back(
            r.Recursive(),
            GROWN._replace(V=GROWN.V[:, :1]),
            r.Recursive().forward(LEAVES, TREE, GROWN),
            np.ones((1, 3)),
        ),
    ),
    *refused(
        EITHER,
        "run: expected",
        no_run_of_an_output=lambda: back(r.Output(), OUT, None, X),
        no_run_of_a_tree=lambda: back(r.Recursive(), GROWN, None, np.ones((1, 3))),
        no_run_of_a_grid=lambda: back(r.FourDirections(), AXES, None, GRID),
        no_run_of_two_parts=lambda: back(r.EncoderDecoder(), SPOKEN, None, X),
    ),
    *refused(
        EITHER,
        "grad_state: expected",
        one_gradient_for_two_states=lambda: r.Bidirectional().backward(
            np.ones((3, 2, 6)),
            r.Bidirectional().forward(None, X, AXES[0]),
            AXES[0],
            grad_state=(np.ones((2, 3)),),
        ),
    ),
    *refused(
        EITHER,
        "layer: expected",
        the_class_of_a_cell=lambda: r.Output(r.LSTM),
        a_tree_as_a_layer=lambda: r.Output(r.Recursive()),
        a_cell_where_trees_are_read=lambda: r.RecursiveOutput(r.RNN()),
    ),
    *refused(
        EITHER,
        "cell: expected",
        a_stack_as_a_decoder=lambda: r.AttentionDecoder(r.GRU(), r.Stack((r.GRU(), r.GRU()))),
        a_decoder_that_attends_already=lambda: r.EncoderDecoder(r.GRU(), r.Attention(r.GRU())),
    ),
    *refused(
        TypeError,
        "x: expected an array, got None",
        x_first=lambda: r.RNN().forward(X, None, OUT.layer),
    ),
    *refused(
        TypeError, "y: expected classes", no_y=lambda: r.EncoderDecoder().forward(X, None, SPOKEN)
    ),
    *refused(
        ValueError,
        r"y: expected one target a sequence, \(B=2",
        targets_of_another_batch=lambda: r.LastOutput().bptt(
            None, X, np.zeros(5, int), OUT, reduction="sum"
        ),
    ),
]
