"""The evidence bites: every helper, and every kind of evidence, fails on what is wrong."""

import dataclasses

import numpy as np
import pytest
from compare import furthest
from evidence import KINDS, of, worst_errors
from oracles_losses import BY_HAND, by_torch
from registry import CASES

from experiments import evidence, record
from rnn._tree import tree_map
from rnn.reference import RNN

BY_NAME = {case.name: case for case in CASES}
PLAIN = BY_NAME["rnn-tanh"]


def test_every_case_has_its_own_name():
    assert len(BY_NAME) == len(CASES)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (np.ones(3), np.ones(2)),
        (np.ones((1, 3)), np.ones((3, 3))),
        (np.array([1.0, np.nan]), np.ones(2)),
        (np.ones(2) + 1e-6, np.ones(2)),
        (np.full(2, 1e-6), np.zeros(2)),
        ((np.ones(2), np.zeros(2)), (np.ones(2), np.ones(2))),
        ((np.ones(2),), (np.ones(2), np.ones(2))),
        (np.ones(2), (np.ones(2), np.ones(2))),
    ],
)
def test_a_comparison_sees_what_differs(found, expected):
    assert not furthest(found, expected) <= 1e-7


def off(p, run):
    grads = PLAIN.back(p, run)
    theta = grads.theta._replace(W=grads.theta.W * (1 + 1e-5))
    return grads._replace(theta=theta, h=grads.h * (1 + 1e-5))


class Drifting(RNN):
    """A cell whose own walk is not that of its steps."""

    def walk(self, state, z, theta, counted=None):
        walked = super().walk(state, z, theta, counted)
        return walked._replace(h=walked.h + 1e-9)


def drifting(*which, **more):
    return PLAIN.make(*which, **more)._replace(net=Drifting())


def coarse(p, **options):
    out = PLAIN.walk(p, **options)
    return out._replace(h=out.h * p.theta.b.dtype.type(1 + np.finfo(p.theta.b.dtype).eps * 99))


WRONG = {
    "oracle": {"oracle": BY_NAME["rnn-sigmoid"].oracle},
    "autograd": {"back": off},
    "complex step": {"back": off},
    "differences": {"back": off},
    "full gradient": {"back": off},
    "steps": {"make": drifting},
    "float32": {"walk": coarse},
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_evidence_fails_on_a_cell_that_is_a_little_wrong(kind):
    if KINDS[kind].needs_torch:
        pytest.importorskip("torch", reason="needs PyTorch")
    wrong = dataclasses.replace(PLAIN, **WRONG[kind])
    assert KINDS[kind].error(wrong) > KINDS[kind].bound


LOSS = BY_NAME["bptt-output-rnn-cross_entropy-mean"]


def off_by_a_little(p, run):
    grads = LOSS.back(p, run)
    return grads._replace(theta=tree_map(lambda g: g * (1 + 1e-5), grads.theta))


@pytest.mark.parametrize("kind", of(LOSS))
def test_each_kind_of_evidence_fails_on_a_loss_that_is_a_little_wrong(kind):
    if KINDS[kind].needs_torch:
        pytest.importorskip("torch", reason="needs PyTorch")
    wrong = {"oracle": {"oracle": BY_NAME["bptt-output-rnn-cross_entropy-sum"].oracle}}
    wrong |= {"float32": {"walk": lambda p: coarse_loss(LOSS.walk(p))}}
    case = dataclasses.replace(LOSS, **wrong.get(kind, {"back": off_by_a_little}))
    assert KINDS[kind].error(case) > KINDS[kind].bound


def coarse_loss(out):
    return out._replace(h=out.h * out.h.dtype.type(1 + np.finfo(out.h.dtype).eps * 99))


@pytest.mark.parametrize("loss", BY_HAND)
def test_the_losses_by_hand_are_those_of_torch(loss, rng):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    o, y = rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 3)).astype(float)
    y = rng.integers(0, 3, 5) if loss == "cross_entropy" else y
    theirs = by_torch(loss, torch.tensor(o), torch.tensor(y)).item()
    assert sum(map(BY_HAND[loss], o, y)) == pytest.approx(theirs, rel=1e-14)


def test_the_table_has_every_kind_of_evidence():
    pytest.importorskip("torch", reason="needs PyTorch")
    assert list(worst_errors(BY_NAME["memoryless-tanh"])) == list(KINDS)
    assert "steps" not in worst_errors(BY_NAME["bidirectional"])


def test_what_is_stored_names_every_case_and_respects_the_bounds():
    stored = record.load("evidence")
    assert list(stored["bounds"].items()) == sorted((n, k.bound) for n, k in KINDS.items())
    named = {case: set(errors) for case, errors in stored["measured"].items()}
    assert named == {case.name: set(of(case)) for case in CASES}
    for case, errors in stored["measured"].items():
        assert all(0 <= error <= KINDS[kind].bound for kind, error in errors.items()), case
    assert stored["worst"] == evidence.worst(stored["measured"], KINDS)
    assert "torch" in stored["versions"]


def test_tables_are_laid_out_in_columns_and_in_markdown():
    rows = [("case", "oracle"), ("rnn", "1e-16")]
    assert evidence.table(rows) == "case  oracle\nrnn   1e-16"
    lines = evidence.table(rows, markdown=True).splitlines()
    assert lines == ["| case | oracle |", "|------|--------|", "| rnn  | 1e-16  |"]


def test_every_row_of_bad_input_has_a_message_that_names_the_kind_of_error():
    rows = evidence.messages()
    assert len({what for what, *_ in rows}) > 150
    assert all(message.startswith(("ValueError: ", "TypeError: ")) for *_, message in rows)
