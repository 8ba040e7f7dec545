"""BPTT in pieces: exact where it says so, biased as it says, and small."""

import tracemalloc

import numpy as np
import pytest

from rnn import reference
from rnn._tree import tree_leaves, tree_map
from rnn.reference import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    CellTheta,
    Context,
    Feedback,
    InContext,
    LastOutput,
    Leaky,
    Memoryless,
    Output,
    OutputTheta,
    Skip,
    Stack,
    checkpointed_bptt,
    truncated_bptt,
)

LAYERS = {
    "rnn": RNN(),
    "relu": RNN("relu"),
    "lstm": LSTM(),
    "peepholes": LSTM(peepholes=True),
    "gru": GRU(),
    "leaky": Leaky(RNN()),
    "skip": Skip(RNN(), 3),
    "stack": Stack((Memoryless(), LSTM(), Stack((RNN(), GRU())))),
}
LENGTHS = [23, 0, 9, 14]


def problem(layer, tau=23, batch=4, dtype=np.float64, loss="cross_entropy"):
    rng = np.random.default_rng(7)
    net = Output(layer)
    theta = net.init_theta(rng, 2, 6, 3, dtype=dtype)
    x = rng.normal(size=(tau, batch, 2)).astype(dtype)
    if loss == "cross_entropy":
        y = rng.integers(0, 3, (tau, batch))
    else:
        y = rng.random((tau, batch, 3)).astype(dtype)
    state = net.layer.forward(None, rng.normal(size=(2, batch, 2)).astype(dtype), theta.layer).state
    return net, state, x, y, theta


def assert_same(ours, expected, rtol):
    np.testing.assert_allclose(ours[0], expected[0], rtol=rtol)
    assert type(ours[1]) is type(expected[1])
    pairs = zip(tree_leaves(ours[1]), tree_leaves(expected[1]), strict=True)
    for a, b in pairs:
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=rtol * np.abs(b).max(initial=1e-300))


@pytest.mark.parametrize("every", [None, 1, 5, 23, 100])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_checkpointed_is_not_checkpointed(layer, lengths, every):
    net, *given = problem(layer)
    options = {"reduction": "mean", "lengths": lengths}
    assert_same(
        checkpointed_bptt(net, *given, every=every, **options), net.bptt(*given, **options), 1e-12
    )


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error", "bernoulli"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_every_loss_and_only_the_steps_that_count(loss, reduction):
    net, *given = problem(LSTM(), loss=loss)
    counted = np.random.default_rng(0).random((23, 4)) < 0.3
    options = {"reduction": reduction, "lengths": LENGTHS, "counted": counted, "loss": loss}
    expected = net.bptt(*given, **options)
    assert_same(checkpointed_bptt(net, *given, every=4, **options), expected, 1e-12)
    assert_same(truncated_bptt(net, *given, k=23, **options), expected, 0)


def test_float32_stays_float32_over_many_pieces():
    net, *given = problem(GRU(), tau=300, dtype=np.float32)
    expected = net.bptt(*given, reduction="mean")
    assert_same(checkpointed_bptt(net, *given, every=7, reduction="mean"), expected, 2e-6)


def test_the_chapters_own_net_gets_its_gradient(rng):
    theta = reference.init_theta(rng, 2, 6, 3)
    x, y = rng.normal(size=(40, 4, 2)), rng.integers(0, 3, (40, 4))
    L, grad = reference.bptt(None, x, y, theta, reduction="mean")
    nested = OutputTheta(CellTheta(theta.U, theta.W, theta.b), theta.V, theta.c)
    ours = checkpointed_bptt(Output(), None, x, y, nested, reduction="mean")
    assert_same(ours, (L, OutputTheta(CellTheta(grad.U, grad.W, grad.b), grad.V, grad.c)), 1e-12)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_one_piece_is_full_bptt_to_the_last_bit(layer, reduction, lengths):
    net, *given = problem(layer)
    options = {"reduction": reduction, "lengths": lengths}
    for k in (23, 1000):
        assert_same(truncated_bptt(net, *given, k=k, **options), net.bptt(*given, **options), 0)


def test_what_truncation_leaves_out_by_hand():
    # Linear, scalar: h = u x + w h, o = h, L = o_1^2 + o_2^2, x = (1, 0), u = 1, w = 1/2: h = (1,
    # 1/2), L = 5/4. Full: dL/du = 2 h_1 + 2 h_2 w = 5/2. With k = 1 the second term, which u
    # reaches through h_1, is left out: 2. For w nothing is lost: 2 h_2 h_1 = 1.
    one = np.ones((1, 1))
    net, zero = Output(RNN("linear")), np.zeros(1)
    theta = OutputTheta(CellTheta(one, one / 2, zero), one, zero)
    x = np.array([[[1.0]], [[0.0]]])
    given = net, None, x, np.zeros_like(x), theta
    options = {"reduction": "sum", "loss": "squared_error"}
    for k, of_u in ((1, 2.0), (2, 2.5)):
        L, grad = truncated_bptt(*given, k=k, **options)
        assert (L, grad.layer.U[0, 0], grad.layer.W[0, 0]) == (1.25, of_u, 1.0)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "stack"])
def test_truncation_is_the_sum_over_pieces_with_the_state_held_and_has_a_bias(name):
    net, state, x, y, theta = problem(LAYERS[name])
    full = net.bptt(state, x, y, theta, reduction="sum")
    expected, now = [0.0, tree_map(np.zeros_like, theta)], state
    for start in range(0, 23, 4):
        piece = slice(start, start + 4)
        L, grad = net.bptt(now, x[piece], y[piece], theta, reduction="sum")
        now = net.forward(now, x[piece], theta).state
        expected = [expected[0] + L, tree_map(np.add, expected[1], grad)]
    ours = truncated_bptt(net, state, x, y, theta, k=4, reduction="sum")
    assert_same(ours, expected, 1e-13)
    np.testing.assert_allclose(ours[0], full[0], rtol=1e-14)
    first = tree_leaves(full[1])[0], tree_leaves(ours[1])[0]
    assert np.abs(first[0] - first[1]).max() > 1e-3 * np.abs(first[0]).max()


def test_what_lies_before_the_border_gets_no_credit():
    # Only the first step has an input, only the last has a target: U is owed to the first step.
    net, _, x, y, theta = problem(LSTM())
    x, counted = x * (np.arange(23) == 0)[:, None, None], np.zeros((23, 4), bool)
    counted[-1] = True
    options = {"reduction": "mean", "counted": counted}
    assert np.abs(net.bptt(None, x, y, theta, **options)[1].layer.U).max() > 1e-8
    for k, blind in ((22, True), (23, False)):
        _, grad = truncated_bptt(net, None, x, y, theta, k=k, **options)
        assert grad.layer.U.any() != blind


def test_arguments_are_left_as_they_were_and_the_padding_is_never_read():
    net, state, x, y, theta = problem(GRU())
    for t, length in enumerate(LENGTHS):
        x[length:, t], y[length:, t] = np.nan, 99
    before = tree_map(np.copy, (state, x, y, theta))
    options = {"reduction": "mean", "lengths": LENGTHS}
    first = checkpointed_bptt(net, state, x, y, theta, every=4, **options)
    truncated_bptt(net, state, x, y, theta, k=4, **options)
    for a, b in zip(tree_leaves((state, x, y, theta)), tree_leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same(first, net.bptt(state, x, y, theta, **options), 1e-12)
    assert_same(checkpointed_bptt(net, state, x, y, theta, every=4, **options), first, 0)


@pytest.mark.parametrize("tau", [0, 1])
def test_no_steps_or_one(tau):
    net, *given = problem(RNN(), tau=tau)
    for ours in (
        checkpointed_bptt(net, *given, reduction="mean"),
        truncated_bptt(net, *given, k=3, reduction="mean"),
    ):
        assert_same(ours, net.bptt(*given, reduction="mean"), 1e-13)


def peak(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("lengths", [False, True], ids=["full", "lengths"])
@pytest.mark.parametrize("layer", [RNN(), LSTM(), GRU()], ids=["rnn", "lstm", "gru"])
def test_memory_grows_as_the_square_root_of_tau(layer, lengths):
    # By default a piece has 3 sqrt(tau) steps: at 2,500 steps 6 % of the sequence, at 20,000 2 %.
    # Beside it stand a state and its gradient for each piece. Plain BPTT keeps all steps.
    def small(tau):
        net, _, x, y, theta = problem(layer, tau=tau, batch=8, dtype=np.float32)
        options = {"reduction": "mean"}
        if lengths:
            options["lengths"] = np.linspace(tau // 3, tau, 8).astype(int)
        plain = peak(lambda: net.bptt(None, x, y, theta, **options))
        return peak(lambda: checkpointed_bptt(net, None, x, y, theta, **options)), plain

    (ours, plain), (at_a_quarter, _) = small(2500), small(625)
    assert ours < 0.1 * plain
    assert ours < 2.5 * at_a_quarter


def test_every_argument_is_checked_before_any_work():
    net, state, x, y, theta = problem(RNN())

    def refused(kind, match, net=net, x=x, y=y, **options):
        with pytest.raises(kind, match=match):
            checkpointed_bptt(net, state, x, y, theta, **{"reduction": "mean"} | options)
        with pytest.raises(kind, match=match):
            truncated_bptt(net, state, x, y, theta, k=5, **{"reduction": "mean"} | options)

    nan, wrong = x.copy(), y.copy()
    nan[20, 1, 0], wrong[21, 2] = np.nan, 3
    refused(ValueError, r"x: expected finite .* = \(20, 1\)", x=nan)
    refused(ValueError, r"y: expected classes in \[0, 3\), got 3 at \(21, 2\)", y=wrong)
    refused(ValueError, r"y: expected shape \(tau=23, B=4\), got \(22, 4\)", y=y[1:])
    refused(TypeError, "y: expected integer classes", y=y * 1.0)
    refused(ValueError, "x: .*d_x=2", x=x[..., :1])
    refused(TypeError, "x: expected dtype float64, got float32", x=x.astype(np.float32))
    refused(ValueError, "lengths: row 1 has length 24", lengths=[1, 24, 3, 4])
    refused(TypeError, "counted: expected dtype", counted=np.ones((23, 4)))
    refused(ValueError, "counted: expected shape", counted=np.ones((4, 23), bool))
    refused(ValueError, "reduction: expected one of 'sum', 'mean'; got 'none'", reduction="none")
    refused(ValueError, "loss: expected one of", loss="hinge")
    with pytest.raises(ValueError, match="state: expected shape"):
        checkpointed_bptt(net, state[:2], x, y, theta, reduction="mean")
    with pytest.raises(ValueError, match="k: expected a whole number >= 1, got 0"):
        truncated_bptt(net, state, x, y, theta, k=0, reduction="mean")
    with pytest.raises(ValueError, match="every: expected a whole number >= 1, got 0"):
        checkpointed_bptt(net, state, x, y, theta, every=0, reduction="mean")


def test_nets_that_no_piece_could_finish_are_refused():
    _, _, x, y, theta = problem(RNN())
    for layer, message in (
        (Bidirectional(), "net.layer: expected Cell, got Bidirectional; it must walk forward"),
        (Stack((RNN(), Bidirectional())), r"net\.layer\.layers\[1\]: .*got Bidirectional"),
    ):
        with pytest.raises(TypeError, match=message):
            checkpointed_bptt(Output(layer), None, x, y, theta, reduction="sum")
    with pytest.raises(TypeError, match="net: expected Output, got LastOutput"):
        truncated_bptt(LastOutput(), None, x, y[0], theta, k=2, reduction="sum")
    with pytest.raises(TypeError, match="net: expected Output, got Feedback"):
        truncated_bptt(Feedback(), None, x, y, theta, k=2, reduction="sum")
    context = InContext(x, np.zeros((4, 2)))
    with pytest.raises(TypeError, match="x: expected an array, got InContext"):
        checkpointed_bptt(Output(Context()), None, context, y, theta, reduction="sum")
