"""Sizes, generators and dtypes that parameters cannot be drawn with, and sizes that changed."""

from functools import partial

import numpy as np
from refusals_base import Refusal, numbers, refused, rng

from rnn import reference as r

NETS = {
    "RNN": (r.RNN(), {}),
    "Memoryless": (r.Memoryless(), {}),
    "LSTM": (r.LSTM(), {}),
    "GRU": (r.GRU(), {}),
    "DeepTransition": (r.DeepTransition(), {}),
    "Skip": (r.Skip(), {}),
    "Feedback": (r.Feedback(), {"d_y": 2}),
    "Context": (r.Context(), {"d_c": 2}),
    "Attention": (r.Attention(), {"d_m": 2}),
    "ExplicitMemory": (r.ExplicitMemory(), {}),
    "StopUnit": (r.StopUnit(), {"d_y": 2}),
    "Stack": (r.Stack((r.RNN(), r.LSTM())), {}),
    "Bidirectional": (r.Bidirectional(), {}),
    "FourDirections": (r.FourDirections(), {}),
    "Output": (r.Output(), {"d_y": 2}),
    "LastOutput": (r.LastOutput(), {"d_y": 2}),
    "EncoderDecoder": (r.EncoderDecoder(), {"d_y": 2}),
    "AttentionDecoder": (r.AttentionDecoder(), {"d_y": 2}),
    "EchoState": (r.EchoState(), {"d_y": 2, "radius": 0.9}),
    "Recursive": (r.Recursive(), {}),
    "RecursiveOutput": (r.RecursiveOutput(), {"d_y": 2}),
    "EndSymbol": (r.EndSymbol(), {"d_y": 2}),
    "BernoulliStop": (r.BernoulliStop(), {"d_y": 2}),
    "LengthFirst": (r.LengthFirst(), {"d_y": 2, "tau_max": 3}),
}


def size(net, own, name, value):
    return net.init_theta(rng(), **({"d_x": 2, "d_h": 3} | own | {name: value}))


SIZES = [
    row
    for of, (net, own) in NETS.items()
    for name in ["d_x", "d_h", *(size for size in own if size != "radius")]
    for row in numbers(
        f"{of}: {name}",
        partial(size, net, own, name),
        [0, -3, 2.5, True, "2", None] if name != "d_x" else [-1, 2.5, True],
        f"{name}: expected a whole number",
    )
]
SIZES += [
    *numbers("d_h", lambda b: r.init_theta(rng(), 2, b, 2), [0, -3, 2.0, True], "d_h: expected"),
    *refused(
        TypeError,
        "rng: expected Generator, got int",
        a_seed_as_rng=lambda: r.RNN().init_theta(0, 2, 3),
        a_seed_as_rng_of_a_memory=lambda: r.ExplicitMemory().init_theta(0, 2, 3),
        a_seed_as_rng_of_a_net=lambda: r.Output().init_theta(0, 2, 3, 2),
        a_seed_as_rng_of_trees=lambda: r.Recursive().init_theta(0, 2, 3),
    ),
    *refused(
        TypeError,
        "dtype: expected float32 or float64",
        whole_numbers_as_dtype=lambda: r.LSTM().init_theta(rng(), 2, 3, dtype=int),
        float16_as_dtype=lambda: r.Output().init_theta(rng(), 2, 3, 2, dtype=np.float16),
    ),
    *refused(
        TypeError,
        "sizes: expected d_x, d_h, d_y; got d_x, d_h",
        no_d_y=lambda: r.Feedback().init_theta(rng(), 2, 3),
    ),
]


def carried_back(net, own, other):
    """Walk with parameters of some sizes, and walk back with those of others."""
    sizes = {"d_x": 2, "d_h": 4} | own
    run = net.forward(None, np.ones((3, 2, 2)), net.init_theta(rng(), **sizes))
    theta = net.init_theta(rng(), **(sizes | other))
    return net.backward(run.o if own else run.h, run, theta)


RESIZED = [
    Refusal(
        f"{name} of another size on the way back of {type(net).__name__}",
        partial(carried_back, net, own, {name: 5}),
        ValueError,
        r"theta\S*: expected",
    )
    for net, own in [
        *[(cell, {}) for cell in (r.RNN(), r.Memoryless(), r.LSTM(), r.GRU(), r.Leaky(), r.Skip())],
        (r.Output(), {"d_y": 2}),
    ]
    for name in ("d_x", "d_h", *own)
] + refused(
    ValueError,
    "d_h: expected",
    one_width_for_two_layers=lambda: r.Stack((r.RNN(),) * 2).init_theta(rng(), 2, (5,)),
)
