r"""A head of an explicit memory: from a few numbers that the controller asks with, to weights.

Each kind of head says which numbers it asks with, in `rows`; `weights` takes them, (B, n), with the
weights of the step before and the memory; `adjoint` is its way back.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn.reference.addressing import attend, attend_adjoint
from rnn.reference.cells.memory_addressing import (
    content_weights,
    content_weights_adjoint,
    interpolate,
    interpolate_adjoint,
    sharpen,
    sharpen_adjoint,
    shift,
    shift_adjoint,
)
from rnn.reference.nonlinearities import sigmoid

__all__ = ["HEADS", "ByBoth", "ByContent", "ByLocation"]


@dataclass(frozen=True)
class ByContent:
    r"""Look for what resembles a key: the focus may jump anywhere, and has no past."""

    d_m: int
    shifts: tuple

    @property
    def rows(self):
        r"""Return how many numbers there are of each kind, by name."""
        return {"key": self.d_m, "beta": 1}

    def weights(self, asked, before, memory):
        r"""Return the weights, (N, B), and what the way back needs."""
        key, beta = asked[:, :-1], softplus(asked[:, -1])
        weights = content_weights(key, beta, memory)
        return weights, (asked, weights)

    def adjoint(self, grad_weights, kept, memory):
        r"""Return the gradients at what was asked, at the weights before and at the memory."""
        asked, weights = kept
        key, beta = asked[:, :-1], softplus(asked[:, -1])
        at_key, at_beta, at_memory = content_weights_adjoint(
            grad_weights, weights, key, beta, memory
        )
        grad_asked = np.column_stack([at_key, at_beta * sigmoid(asked[:, -1])])
        return grad_asked, np.zeros_like(grad_weights), at_memory


@dataclass(frozen=True)
class ByLocation:
    r"""Move on from where the focus was, whatever the memory holds."""

    d_m: int
    shifts: tuple

    @property
    def rows(self):
        r"""Return how many numbers there are of each kind, by name."""
        return {"shift": len(self.shifts), "gamma": 1}

    def weights(self, asked, before, memory):
        r"""Return the weights, (N, B), and what the way back needs."""
        steps, gamma = attend(asked[:, :-1].T), 1 + softplus(asked[:, -1])
        shifted = shift(before, steps, self.shifts)
        weights = sharpen(shifted, gamma)
        return weights, (asked, before, steps, shifted, weights)

    def adjoint(self, grad_weights, kept, memory):
        r"""Return the gradients at what was asked, at the weights before and at the memory."""
        asked, before, steps, shifted, weights = kept
        gamma = 1 + softplus(asked[:, -1])
        at_shifted, at_gamma = sharpen_adjoint(grad_weights, weights, shifted, gamma)
        at_before, at_steps = shift_adjoint(at_shifted, before, steps, self.shifts)
        at_steps = attend_adjoint(at_steps, steps).T
        grad_asked = np.column_stack([at_steps, at_gamma * sigmoid(asked[:, -1])])
        return grad_asked, at_before, np.zeros_like(memory)


@dataclass(frozen=True)
class ByBoth:
    r"""Go to what resembles a key or stay, as a gate says, and move on from there."""

    d_m: int
    shifts: tuple

    @property
    def rows(self):
        r"""Return how many numbers there are of each kind, by name."""
        return self._content.rows | {"gate": 1} | self._location.rows

    def weights(self, asked, before, memory):
        r"""Return the weights, (N, B), and what the way back needs."""
        to_content, gate, to_location = self._parts(asked)
        gate = sigmoid(gate[:, 0])
        content, kept = self._content.weights(to_content, before, memory)
        mixed = interpolate(content, before, gate)
        weights, kept_location = self._location.weights(to_location, mixed, memory)
        return weights, (kept, kept_location, content, before, gate)

    def adjoint(self, grad_weights, kept, memory):
        r"""Return the gradients at what was asked, at the weights before and at the memory."""
        kept, kept_location, content, before, gate = kept
        at_location, at_mixed, _ = self._location.adjoint(grad_weights, kept_location, memory)
        at_weights, at_before, at_gate = interpolate_adjoint(at_mixed, content, before, gate)
        at_content, _, at_memory = self._content.adjoint(at_weights, kept, memory)
        at_gate = at_gate * gate * (1 - gate)
        return np.column_stack([at_content, at_gate, at_location]), at_before, at_memory

    @property
    def _content(self):
        return ByContent(self.d_m, self.shifts)

    @property
    def _location(self):
        return ByLocation(self.d_m, self.shifts)

    def _parts(self, asked):
        return np.split(asked, [self.d_m + 1, self.d_m + 2], axis=-1)


HEADS: dict[str, Any] = {"content": ByContent, "location": ByLocation, "both": ByBoth}


def softplus(a):
    r"""Compute :math:`\log(1 + e^a)`, whose slope is sigma(a), without overflow."""
    positive = a.real > 0
    return np.where(positive, a, 0) + np.log1p(np.exp(np.where(positive, -a, a)))
