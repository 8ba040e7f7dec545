"""Every cell and net that the transversal tests walk through.

To add one, append a `Case` to `CASES`; what reads something of its own says in `axes.LAYOUTS`
how its axes lie, and what is called in a way of its own brings its own `walk` and `back`.
"""

import oracles_cells as of
from problems import D_Y, FORCED, attended, cell, fed, in_context, plain
from registry_chapter import CHAPTER, ECHOES
from registry_losses import BPTT
from registry_memory import REMEMBERING
from registry_nets import NETS
from registry_sequences import LIKELIHOODS
from registry_trees import TREES

from rnn.reference import cells as c

SLOW = ((True, False), (True, True))
PHI, LSTM, GRU = of.PHI, of.lstm(), of.gru()

SIMPLE = [
    *[cell(f"rnn-{phi}", c.RNN(phi), of.rnn(phi)) for phi in PHI],
    *[cell(f"memoryless-{phi}", c.Memoryless(phi), of.memoryless(phi)) for phi in PHI],
    cell("deep", c.DeepTransition(), of.deep()),
    cell("deep-skip-3", c.DeepTransition(skip=True, d_k=3), of.deep()),
    cell("deep-sigmoid-6", c.DeepTransition(False, "sigmoid", 6), of.deep("sigmoid")),
    cell("deep-skip-relu", c.DeepTransition(True, "relu", 5), of.deep("relu")),
]

GATED = [
    *[
        cell(f"lstm-{phi}-{gates or 'none'}{'-peep' * peep}", c.LSTM(phi, peep, gates), oracle)
        for phi, peep, gates in [
            ("tanh", False, "fgq"),
            ("sigmoid", False, "fgq"),
            ("tanh", True, "fgq"),
            ("sigmoid", True, "fgq"),
            *[("tanh", False, gates) for gates in ("gq", "fq", "fg", "")],
            *[("tanh", True, gates) for gates in ("qg", "fq", "gf", "q", "")],
        ]
        for oracle in [of.lstm(phi, peep, gates)]
    ],
    *[
        cell(f"gru-{'-'.join(which)}", c.GRU(*which), of.gru(*which))
        for reset in ("after", "before", "none")
        for phi in ("tanh", "sigmoid")
        for gating in ("unit", "shared", "product")
        for which in [(reset, phi, gating)]
    ],
]

AROUND = [
    cell("leaky", c.Leaky(c.RNN(), (0.1, 0.9)), of.leaky(of.rnn())),
    cell("leaky-lstm", c.Leaky(c.LSTM(), 0.3), of.leaky(LSTM)),
    cell("leaky-skip", c.Leaky(c.Skip(), 0.3), of.leaky(of.skip(of.rnn(), 2))),
    *[cell(f"skip-{d}", c.Skip(c.RNN(), d), of.skip(of.rnn(), d)) for d in (1, 2, 3)],
    cell("skip-lstm", c.Skip(c.LSTM(), 2), of.skip(LSTM, 2)),
    cell("skip-gru", c.Skip(c.GRU("before"), 3), of.skip(of.gru("before"), 3)),
    cell("skip-leaky-lstm", c.Skip(c.Leaky(c.LSTM()), 2), of.skip(of.leaky(LSTM), 2)),
    cell("skip-skip", c.Skip(c.Skip(c.RNN(), 2), 3), of.skip(of.skip(of.rnn(), 2), 3)),
    cell("clocked", c.Clocked(c.RNN(), (2, 1)), of.clocked(of.rnn(), (2, 1))),
    cell("clocked-lstm", c.Clocked(c.LSTM(), (1, 3)), of.clocked(LSTM, (1, 3))),
    cell("clocked-leaky", c.Clocked(c.Leaky(), (3, 2)), of.clocked(of.leaky(of.rnn()), (3, 2))),
    cell("masked", c.Masked(c.RNN(), SLOW), of.masked(of.rnn(), SLOW)),
    cell("masked-gru", c.Masked(c.GRU(), SLOW), of.masked(GRU, SLOW)),
    cell("masked-deep", c.Masked(c.DeepTransition(), SLOW), of.masked(of.deep(), SLOW)),
    *[
        cell(f"clockwork-{name}", c.clockwork((1, 2, 4, 8), one), of.masked(clocked, follow))
        for name, one, inner in [("rnn", c.RNN(), of.rnn()), ("lstm", c.LSTM(), LSTM)]
        for follow in [[[j >= i for j in range(4)] for i in range(4)]]
        for clocked in [of.clocked(inner, (1, 2, 4, 8))]
    ],
]

READING = [
    *[
        cell(
            f"feedback-{around}-{own}-{when}",
            c.Feedback(one, own),
            oracle,
            reads,
            more="own" * (own != "argmax" and when != "taught"),
            d_y=D_Y,
        )
        for around, one, inner, owns, whens in [
            ("rnn", c.RNN(), of.rnn(), of.OWN, FORCED),
            ("memoryless", c.Memoryless(), of.memoryless(), ("o", "softmax"), FORCED),
            ("lstm", c.LSTM(), LSTM, ("softmax",), FORCED),
            ("skip", c.Skip(), of.skip(of.rnn(), 2), ("o",), ("taught", "mixed")),
            ("clocked", c.Clocked(c.GRU(), (1, 2)), of.clocked(GRU, (1, 2)), ("o",), ("mixed",)),
        ]
        for own in owns
        for when in whens
        for oracle, reads in [(of.feedback(inner, own), fed(FORCED[when]))]
    ],
    *[
        cell(f"attention-{name}", c.Attention(one), of.attention(inner), attended(), d_m=2)
        for name, one, inner in [
            ("rnn", c.RNN(), of.rnn()),
            ("lstm", c.LSTM(), LSTM),
            ("gru", c.GRU("before", gating="product"), of.gru("before", gating="product")),
            ("skip", c.Skip(), of.skip(of.rnn(), 2)),
        ]
    ],
    *[
        cell(
            f"feedback-attention-{when}",
            c.Feedback(c.Attention(c.LSTM()), "softmax"),
            of.feedback(of.attention(LSTM), "softmax"),
            fed(FORCED[when], attended()),
            more="own" * (when != "taught"),
            d_y=D_Y,
            d_m=2,
        )
        for when in FORCED
    ],
    cell(
        "attention-feedback",
        c.Attention(c.Feedback()),
        of.attention(of.feedback(of.rnn())),
        attended(fed(0.5)),
        more="own",
        d_y=D_Y,
        d_m=2,
    ),
    *[
        cell(
            f"skip-feedback-{when}",
            c.Skip(c.Feedback(own="softmax"), 2),
            of.skip(of.feedback(of.rnn(), "softmax"), 2),
            fed(FORCED[when]),
            more="own" * (when != "taught"),
            d_y=D_Y,
        )
        for when in FORCED
    ],
    *[
        cell(
            f"context-{name}-{at}",
            c.Context(one, at),
            of.context(inner, at),
            in_context(reads),
            "walk turns" + " f causal empty" * (at != "steps"),
            "own" * (name == "feedback"),
            d_c=2,
            **own,
        )
        for name, one, inner, reads, own in [
            ("rnn", c.RNN(), of.rnn(), plain, {}),
            ("lstm", c.LSTM(), LSTM, plain, {}),
            ("skip", c.Skip(c.RNN(), 3), of.skip(of.rnn(), 3), plain, {}),
            ("feedback", c.Feedback(), of.feedback(of.rnn()), fed(0.5), {"d_y": D_Y}),
        ]
        for at in ("steps", "start", "both")
    ],
]

CELLS = [*SIMPLE, *GATED, *AROUND, *READING, *REMEMBERING]
OUTPUTS = [*CELLS, *NETS, *ECHOES, *CHAPTER, *TREES]
CASES = [*OUTPUTS, *BPTT, *LIKELIHOODS]
