"""The evidence bites: every helper, and every kind of evidence, fails on what is wrong."""

import dataclasses

import numpy as np
import pytest
from compare import furthest
from evidence import KINDS, worst_errors
from registry import CASES

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


def test_the_table_has_every_kind_of_evidence():
    pytest.importorskip("torch", reason="needs PyTorch")
    assert list(worst_errors(BY_NAME["memoryless-tanh"])) == list(KINDS)
    assert "steps" not in worst_errors(BY_NAME["bidirectional"])
