"""What is no tree, and what no task can be drawn with."""

from functools import partial

import numpy as np
from refusals_base import EITHER, NAN, Refusal, numbers, refused, rng, wrong_at

from rnn import reference as r
from rnn import tasks

TREE, LEAVES = tasks.from_nested(((0, 1), 2)), np.ones((3, 2))
GROWN = r.Recursive().init_theta(rng(), 2, 3)


def tree(**changed):
    """Return the tree ((0, 1), 2), whose nodes are 0, 1, (2), 3, (4), with other entries."""
    arrays = {name: array.copy() for name, array in zip(TREE._fields, TREE, strict=True)}
    for name, (k, value) in changed.items():
        arrays[name][k] = value
    return r.Recursive().forward(LEAVES, tasks.Forest(**arrays), GROWN)


TREES = [
    *refused(ValueError, "cycle", a_cycle=lambda: tree(left=(4, 4), root=(0, 2))),
    *refused(
        ValueError,
        r"forest\.\w+\[\d\]: expected an index in",
        a_child_out_of_range=lambda: tree(left=(4, 5)),
        a_child_below_minus_one=lambda: tree(right=(4, -2)),
        a_root_out_of_range=lambda: tree(root=(0, 9)),
        a_leaf_without_input=lambda: tree(leaf=(0, 3)),
    ),
    *refused(ValueError, "node 1 has two parents", two_parents=lambda: tree(right=(4, 1))),
    *refused(
        ValueError,
        "no root reaches|node 3 has a parent",
        no_root=lambda: r.Recursive().forward(LEAVES, TREE._replace(root=np.zeros(0, int)), GROWN),
        a_root_inside=lambda: tree(root=(0, 3)),
    ),
    *refused(ValueError, "has one", one_child=lambda: tree(right=(4, -1))),
    *refused(ValueError, "node 2 has children, and input", both=lambda: tree(leaf=(2, 0))),
    *refused(ValueError, "has neither", neither=lambda: tree(leaf=(0, -1))),
    *refused(ValueError, "stands at two leaves", an_input_twice=lambda: tree(leaf=(0, 1))),
    *refused(
        TypeError,
        "forest: expected Forest",
        a_tuple_as_tree=lambda: r.Recursive().forward(LEAVES, tuple(TREE), GROWN),
    ),
    *refused(
        TypeError,
        "forest.left: expected whole numbers",
        fractions_as_children=lambda: r.Recursive().forward(
            LEAVES, TREE._replace(left=TREE.left + 0.5), GROWN
        ),
    ),
    *refused(
        ValueError,
        "x: .*NaN or infinity at leaf 1",
        NaN_at_a_leaf=lambda: r.Recursive().forward(wrong_at(NAN, 1)(LEAVES), TREE, GROWN),
    ),
    *refused(
        ValueError,
        "x: expected shape",
        x_of_rank_3=lambda: r.Recursive().forward(LEAVES[:, None], TREE, GROWN),
    ),
    *refused(
        EITHER,
        "trees: expected",
        three_in_a_bracket=lambda: tasks.from_nested((0, 1, 2)),
        a_fraction_in_a_bracket=lambda: tasks.from_nested((0, 0.5)),
        a_negative_leaf=lambda: tasks.from_nested((0, -1)),
    ),
    *numbers("leaves of a chain", tasks.chain, [0, -1, 2.5], "tau: expected a whole number"),
]

DRAWN = {
    "parity": lambda g, n: tasks.parity(g, n, 2),
    "xor_of_neighbours": lambda g, n: tasks.xor_of_neighbours(g, n, 2),
    "adding": lambda g, n: tasks.adding(g, n, 2),
    "multiplication": lambda g, n: tasks.multiplication(g, n, 2),
    "latch": lambda g, n: tasks.latch(g, n, 2),
    "two_sequence": lambda g, n: tasks.two_sequence(g, n, 2),
    "temporal_order": lambda g, n: tasks.temporal_order(g, n, 2),
    "copy": lambda g, n: tasks.copy(g, n, 2),
    "copy_memory": lambda g, n: tasks.copy_memory(g, n, 2),
    "repeat_copy": lambda g, n: tasks.repeat_copy(g, n, 2, 2),
    "associative_recall": lambda g, n: tasks.associative_recall(g, n, 2),
    "reber": lambda g, n: tasks.reber(g, n),
    "embedded_reber": lambda g, n: tasks.embedded_reber(g, n),
    "continual_reber": lambda g, n: tasks.continual_reber(g, n, 2),
    "anbn": lambda g, n: tasks.anbn(g, 2, max_n=n),
    "brackets": lambda g, n: tasks.brackets(g, n, 2),
    "binary_addition": lambda g, n: tasks.binary_addition(g, n, 2),
    "narma": lambda g, n: tasks.narma(g, n, 2),
    "sines": lambda g, n: tasks.sines(g, n, 2),
    "windows": lambda g, n: tasks.windows(g, np.arange(9.0), n, 2),
    "list_ops": lambda g, n: tasks.list_ops(g, n),
    "arithmetic": lambda g, n: tasks.arithmetic(g, n, 3),
}
TASKS = [
    row
    for name, draw in DRAWN.items()
    for row in [
        *numbers(f"{name}: size", partial(draw, rng()), [-1, 2.5, True], r"\w+: expected a whole"),
        Refusal(
            f"{name}: a seed as rng", partial(draw, 7, 12), TypeError, "rng: expected Generator"
        ),
    ]
]
