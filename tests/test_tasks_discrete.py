r"""What all discrete tasks have in common, what they refuse, and the two that are made of bits."""

from itertools import product

import numpy as np
import pytest

from rnn import tasks


def rng(seed=0):
    return np.random.default_rng(seed)


def pooled(pairs):
    """Return the entropy of the second given the first, for (weight, first, second) triples."""
    joint, first = {}, {}
    for weight, seen, target in pairs:
        joint[seen, target] = joint.get((seen, target), 0) + weight
        first[seen] = first.get(seen, 0) + weight
    total = sum(first.values())
    return -sum(w * np.log(w / first[seen]) for (seen, _), w in joint.items()) / total


# one call of each generator, small, with random lengths where there are any
EACH = {
    "adding": lambda r, **k: tasks.adding(r, 20, 6, **k),
    "adding 1997": lambda r, **k: tasks.adding(r, 20, 6, variant="1997", **k),
    "multiplication": lambda r, **k: tasks.multiplication(r, 20, 6, **k),
    "multiplication 1997": lambda r, **k: tasks.multiplication(r, 20, 6, variant="1997", **k),
    "temporal_order": lambda r, **k: tasks.temporal_order(r, 20, 6, **k),
    "temporal_order 1997": lambda r, **k: tasks.temporal_order(r, 20, 6, variant="1997", **k),
    "latch": lambda r, **k: tasks.latch(r, 20, 6, min_length=10, **k),
    "two_sequence": lambda r, **k: tasks.two_sequence(r, 20, 6, min_length=10, **k),
    "copy": lambda r, **k: tasks.copy(r, 5, 6, min_length=1, **k),
    "copy_memory": lambda r, **k: tasks.copy_memory(r, 5, 6, **k),
    "repeat_copy": lambda r, **k: tasks.repeat_copy(r, 4, 3, 6, min_length=1, min_repeats=1, **k),
    "associative_recall": lambda r, **k: tasks.associative_recall(r, 5, 6, min_items=2, **k),
    "xor_of_neighbours": lambda r, **k: tasks.xor_of_neighbours(r, 9, 6, **k),
    "reber": lambda r, **k: tasks.reber(r, 6, **k),
    "embedded_reber": lambda r, **k: tasks.embedded_reber(r, 6, **k),
    "continual_reber": lambda r, **k: tasks.continual_reber(r, 30, 6, **k),
    "anbn": lambda r, **k: tasks.anbn(r, 6, max_n=5, **k),
    "brackets": lambda r, **k: tasks.brackets(r, 10, 6, **k),
    "binary_addition": lambda r, **k: tasks.binary_addition(r, 7, 6, **k),
}


@pytest.mark.parametrize("make", EACH.values(), ids=EACH)
def test_the_same_seed_gives_the_same_bits_and_another_does_not(make):
    batch, again, other = make(rng(3)), make(rng(3)), make(rng(4))
    for a, b in zip(batch, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert batch.x.shape != other.x.shape or (batch.x != other.x).any()


@pytest.mark.parametrize("make", EACH.values(), ids=EACH)
def test_the_dtype_is_that_of_numbers_and_changes_no_draw(make):
    single, double = make(rng(), dtype=np.float32), make(rng(), dtype=np.float64)
    assert (single.x.dtype, double.x.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single.x, double.x, rtol=1e-6)
    np.testing.assert_allclose(single.y, double.y, rtol=1e-5)
    assert single.y.dtype in (np.float32, np.int64)
    assert single.memoryless_loss == double.memoryless_loss > 0


@pytest.mark.parametrize("make", EACH.values(), ids=EACH)
@pytest.mark.parametrize("dtype", [int, complex, "nonsense", np.float16])
def test_a_dtype_that_is_not_float32_or_float64_is_refused(make, dtype):
    with pytest.raises(ValueError, match=r"dtype: expected float32 or float64, got"):
        make(rng(), dtype=dtype)


@pytest.mark.parametrize("make", EACH.values(), ids=EACH)
def test_a_generator_is_required(make):
    with pytest.raises(TypeError, match="rng: expected Generator"):
        make(np.random)


REFUSED = [
    (lambda r: tasks.adding(r, 9, 2), "tau: .*>= 10, got 9"),
    (lambda r: tasks.adding(r, 19, 2, variant="1997"), "tau: .*>= 20, got 19"),
    (lambda r: tasks.adding(r, 20, -1), "batch"),
    (lambda r: tasks.multiplication(r, 20, 2, variant="2015"), "variant: .*'2013', '1997'.*'2015'"),
    (lambda r: tasks.temporal_order(r, 9, 2), "tau: .*>= 10, got 9"),
    (lambda r: tasks.temporal_order(r, 20, 2, symbols=1), "symbols: .*>= 2, got 1"),
    (lambda r: tasks.temporal_order(r, 20, 2, symbols=4), "symbols: expected 2 or 3, got 4"),
    (lambda r: tasks.temporal_order(r, 20, 2, variant="old"), "variant"),
    (lambda r: tasks.latch(r, 3, 2, first=3), "tau: .*>= 4, got 3"),
    (lambda r: tasks.latch(r, 9, 2, first=0), "first"),
    (lambda r: tasks.latch(r, 9, 2, noise=-0.1), "noise: "),
    (lambda r: tasks.latch(r, 9, 2, start_noise=np.inf), "start_noise: .*got inf"),
    (lambda r: tasks.latch(r, 9, 2, min_length=3), "min_length: .*>= 4, got 3"),
    (lambda r: tasks.latch(r, 9, 2, min_length=10), "min_length: expected at most 9, got 10"),
    (lambda r: tasks.two_sequence(r, 9, 2, target_noise=np.nan), "target_noise: .*got nan"),
    (lambda r: tasks.copy(r, 0, 2), "length"),
    (lambda r: tasks.copy(r, 3, 2, bits=0), "bits"),
    (lambda r: tasks.copy(r, 3, 2, min_length=4), "min_length: expected at most 3, got 4"),
    (lambda r: tasks.repeat_copy(r, 3, 0, 2), "repeats"),
    (lambda r: tasks.repeat_copy(r, 3, 2, 2, min_repeats=3), "min_repeats"),
    (lambda r: tasks.repeat_copy(r, 3, 2, 2, min_length=0), "min_length"),
    (lambda r: tasks.copy_memory(r, -1, 2), "lag"),
    (lambda r: tasks.copy_memory(r, 1, 2, n_symbols=0), "n_symbols"),
    (lambda r: tasks.copy_memory(r, 1, 2, n_recall=0), "n_recall"),
    (lambda r: tasks.associative_recall(r, 1, 2), "items: .*>= 2, got 1"),
    (lambda r: tasks.associative_recall(r, 3, 2, min_items=1), "min_items"),
    (lambda r: tasks.associative_recall(r, 3, 2, item_length=0), "item_length"),
    (
        lambda r: tasks.associative_recall(r, 5, 2, item_length=2, bits=1),
        r"items: .*2\*\*2 .*got 5",
    ),
    (lambda r: tasks.xor_of_neighbours(r, -1, 2), "tau"),
    (lambda r: tasks.reber(r, -2), "batch"),
    (lambda r: tasks.continual_reber(r, 0, 2), "tau"),
    (lambda r: tasks.legal_next(np.zeros((2, 1, 7)), "Reber"), "grammar: .*'embedded'"),
    (lambda r: tasks.legal_next(np.zeros((2, 7)), "reber"), r"x: .*7.*got \(2, 7\)"),
    (lambda r: tasks.anbn(r, 2, max_n=0), "max_n"),
    (lambda r: tasks.brackets(r, 7, 2), "tau: expected an even number .*got 7"),
    (lambda r: tasks.brackets(r, 8, 2, kinds=0), "kinds"),
    (lambda r: tasks.binary_addition(r, 0, 2), "bits"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_an_argument_out_of_range_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make(rng())


@pytest.mark.parametrize("size", [2.0, True, "12"])
def test_sizes_are_whole_numbers(size):
    for make in (tasks.adding, tasks.temporal_order, tasks.copy, tasks.brackets):
        with pytest.raises(TypeError, match="expected a whole number"):
            make(rng(), size, 3)


def test_an_empty_batch_is_empty():
    r = rng()
    for batch in (tasks.adding(r, 20, 0, variant="1997"), tasks.temporal_order(r, 20, 0)):
        assert batch.x.shape[1] == len(batch.y) == 0
    for batch in (tasks.associative_recall(r, 3, 0, min_items=2), tasks.reber(r, 0)):
        assert batch.x.shape[1] == batch.y.shape[1] == 0


@pytest.mark.parametrize("tau", [0, 1, 2, 3, 8])
def test_the_neighbours_of_a_bit_and_zeros_beyond_make_its_target(tau):
    x, y, _, loss, _ = tasks.xor_of_neighbours(rng(), tau, 300)
    for row in range(300):
        ones = {t for t in range(tau) if x[t, row, 0] == 1}
        assert [((t - 1) in ones) != ((t + 1) in ones) for t in range(tau)] == y[:, row].tolist()
    assert set(np.unique(x)) <= {-1, 1}
    if tau:
        bits = list(product((0, 1), repeat=tau))
        pairs = [
            (1, b[t], (b[t - 1] if t else 0) ^ (b[t + 1] if t + 1 < tau else 0))
            for b in bits
            for t in range(tau)
        ]
        assert loss == pytest.approx(pooled(pairs), abs=1e-15)


def test_the_sum_is_read_from_the_lowest_digit_on():
    x, y, lengths, _, counted = tasks.binary_addition(rng(), 10, 500)
    weights = 2 ** np.arange(11)
    a, b = np.einsum("t,tbk->kb", weights, x).astype(int)
    np.testing.assert_array_equal(weights @ y, a + b)
    assert not x[-1].any()
    assert max(a.max(), b.max()) > 1000
    assert lengths is counted is None


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_memoryless_loss_of_binary_addition_by_enumeration(bits):
    pairs = [
        (1, (a >> t & 1, b >> t & 1), (a + b) >> t & 1)
        for a in range(2**bits)
        for b in range(2**bits)
        for t in range(bits + 1)
    ]
    loss = tasks.binary_addition(rng(), bits, 1).memoryless_loss
    assert loss == pytest.approx(pooled(pairs), rel=1e-12)
