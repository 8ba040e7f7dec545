"""Numbers out of range: leaks, radii, penalties, clocks, probabilities, thresholds, rates."""

from functools import partial

import numpy as np
from refusals_base import EITHER, INF, NAN, OUTSIDE, Refusal, numbers, refused, rng, wrong_at

from rnn import reference as r
from rnn._tree import tree_map

GRAD = r.CellTheta(np.ones((2, 2)), np.ones((2, 2)), np.ones(2))
SECOND_LEAK = r.Leaky(r.RNN()).init_theta(rng(), 2, 3)
NUMBERS = [
    *numbers("alpha", lambda b: r.Leaky(r.RNN(), b), [*OUTSIDE, (0.1, 1.5)], "alpha: expected"),
    Refusal(
        "theta.alpha = 1.5",
        lambda: r.Leaky().forward(
            None, np.ones((2, 1, 2)), SECOND_LEAK._replace(alpha=np.full(3, 1.5))
        ),
        ValueError,
        r"theta.alpha: expected numbers in \[0, 1\]",
    ),
    *numbers(
        "spectral radius",
        lambda b: r.reservoir(rng(), 1, 3, radius=b),
        [0, -1, NAN, INF],
        "radius: expected a positive finite number",
    ),
    *numbers(
        "spectral radius of an echo state",
        lambda b: r.EchoState().init_theta(rng(), 1, 3, 1, radius=b),
        [0, -1, NAN],
        "radius: expected a positive finite number",
    ),
    *numbers(
        "ridge",
        lambda b: r.ridge(np.ones((3, 1, 2)), np.ones((3, 1, 1)), b),
        [-1, NAN, INF],
        "penalty: expected",
    ),
    *numbers("ridge of a net", lambda b: r.EchoState(penalty=b), [-1, NAN, INF], "penalty: exp"),
    *refused(
        ValueError,
        "W: expected an eigenvalue that is not zero",
        rescaling_a_zero_matrix=lambda: r.scaled_to_radius(np.zeros((3, 3)), 1),
        rescaling_a_matrix_without_a_cycle=lambda: r.scaled_to_radius(np.eye(3, k=1), 1),
    ),
    *numbers("period", lambda b: r.Clocked(r.RNN(), (1, b)), [0, -2, 1.5, True], "periods: expe"),
    *refused(
        TypeError,
        "periods: expected a tuple",
        periods_in_a_list=lambda: r.Clocked(r.RNN(), [1, 2]),
        no_periods=lambda: r.Clocked(r.RNN(), ()),
    ),
    *refused(
        ValueError,
        "periods: expected a number of groups that divides",
        periods_that_do_not_divide_the_units=lambda: r.Clocked(r.RNN(), (1, 2)).init_theta(
            rng(), 2, 3
        ),
        periods_that_do_not_divide_the_units_of_a_theta=lambda: r.Clocked(r.RNN(), (1, 2)).forward(
            None, np.ones((2, 1, 2)), r.RNN().init_theta(rng(), 2, 3)
        ),
    ),
    *numbers("delay", lambda b: r.Skip(r.RNN(), b), [0, -1, 1.5, True], "delay: expected"),
    *numbers(
        "probability of the truth",
        lambda b: r.forced_mask(rng(), 3, 2, b),
        OUTSIDE,
        r"probability: expected a number in \[0, 1\]",
    ),
    *numbers("base", lambda b: r.exponential_decay(1, base=b), OUTSIDE, "base: expected"),
    *numbers("start", lambda b: r.linear_decay(1, slope=0.1, start=b), OUTSIDE, "start: expected"),
    *numbers("start of a memory", lambda b: r.ExplicitMemory(start=b), OUTSIDE, "start: expected"),
    *refused(
        ValueError,
        r"y: expected .*\[0, 1\]",
        probability_2_as_target=lambda: r.bernoulli(
            np.zeros((2, 1, 1)), np.full((2, 1, 1), 2.0), reduction="sum"
        ),
    ),
]

FALLING = {"clip_norm": r.clip_norm, "clip_value": r.clip_value}
NARROW = GRAD._replace(b=np.ones(1))


def step(optimiser, opt):
    return optimiser(GRAD, GRAD, opt, lr=1)


LEARNING = [
    *[
        row
        for name, clip in FALLING.items()
        for row in numbers(
            f"{name}: threshold",
            partial(clip, GRAD),
            [0, -1, NAN, INF, "1"],
            "(max_norm|limit): expected a",
        )
    ],
    *numbers(
        "random_step: threshold", lambda b: r.random_step(rng(), GRAD, b), [0, -1, NAN], "max_norm"
    ),
    *[
        Refusal(
            f"{name}: {bad} in a gradient",
            partial(clip, GRAD._replace(W=wrong_at(bad, 1, 0)(GRAD.W)), 1),
            ValueError,
            r"grad\.W: expected finite numbers",
        )
        for name, clip in FALLING.items()
        for bad in (NAN, INF)
    ],
    *numbers("lr", lambda b: r.sgd(GRAD, GRAD, lr=b), [0, -1, NAN, INF], "lr: expected a posit"),
    *numbers(
        "mu",
        lambda b: r.momentum(GRAD, GRAD, r.momentum_init(GRAD), lr=1, mu=b),
        OUTSIDE,
        "mu: expected",
    ),
    *numbers(
        "beta1",
        lambda b: r.adam(GRAD, GRAD, r.adam_init(GRAD), beta1=b),
        [1, *OUTSIDE],
        "beta1: expected",
    ),
    *refused(
        EITHER,
        r"grad\S*: expected",
        a_gradient_of_another_cell=lambda: r.sgd(GRAD, tuple(GRAD), lr=1),
        a_gradient_of_another_size=lambda: r.sgd(GRAD, GRAD._replace(b=np.ones(3)), lr=1),
        a_gradient_of_another_dtype=lambda: r.sgd(GRAD, tree_map(np.float32, GRAD), lr=1),
    ),
    *refused(
        ValueError,
        "names: expected some of U, W, b; got 'V'",
        freezing_what_is_not_there=lambda: r.freeze(GRAD, "V"),
    ),
    *refused(
        EITHER,
        r"opt\S*: expected",
        momentum_of_another_size=lambda: step(r.momentum, r.momentum_init(NARROW)),
        nesterov_of_another_size=lambda: step(r.nesterov, r.momentum_init(NARROW)),
        averages_of_another_size=lambda: step(r.adam, r.adam_init(NARROW)),
        momentum_of_another_net=lambda: step(r.momentum, r.momentum_init((GRAD,) * 3)),
        averages_of_another_net=lambda: step(r.adam, r.adam_init((GRAD,) * 3)),
    ),
]
