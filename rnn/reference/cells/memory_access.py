r"""One access to an explicit memory: look, write, look, read (§10.12)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn.reference.addressing import read, read_adjoint, write, write_adjoint
from rnn.reference.nonlinearities import sigmoid

__all__ = ["Access", "Bank"]


class Bank(NamedTuple):
    r"""Hold a memory (N, B, m), where two heads look, (N, B) each, and what was read, (B, m)."""

    M: np.ndarray
    reading: np.ndarray
    writing: np.ndarray
    r: np.ndarray


class Accessed(NamedTuple):
    r"""Hold what an access leaves for the way back."""

    M: np.ndarray
    reading: np.ndarray
    writing: np.ndarray
    erase: np.ndarray
    add: np.ndarray
    read_head: Any
    write_head: Any


@dataclass(frozen=True)
class Access:
    r"""Write to a memory, then read from what the write left.

    The write head addresses the memory as it was, the read head as it is after the write.
    """

    head: Any

    @property
    def rows(self):
        r"""Return how many numbers are asked for what, by name, in their order."""
        asked = {f"{who}_{what}": n for who in ("read", "write") for what, n in self._head_rows}
        return asked | {"erase": self.head.d_m, "add": self.head.d_m}

    def step(self, bank, asked):
        r"""Return the bank after the access, and what the way back needs."""
        to_read, to_write, erase, add = self._parts(asked)
        erase = sigmoid(erase)
        writing, write_head = self.head.weights(to_write, bank.writing, bank.M)
        M = write(bank.M, writing, erase, add)
        reading, read_head = self.head.weights(to_read, bank.reading, M)
        kept = Accessed(bank.M, reading, writing, erase, add, read_head, write_head)
        return Bank(M, reading, writing, read(reading, M)), kept

    def step_adjoint(self, grad, kept):
        r"""Return the gradients at the bank before, where r is not used, and at what was asked."""
        written = kept.M, kept.writing, kept.erase, kept.add
        M = write(*written)
        of_r, at_M = read_adjoint(grad.r, kept.reading, M)
        to_read, reading, by_key = self.head.adjoint(grad.reading + of_r, kept.read_head, M)
        at_M, of_M, at_erase, add = write_adjoint(grad.M + at_M + by_key, *written)
        at_writing = grad.writing + of_M
        to_write, writing, by_key = self.head.adjoint(at_writing, kept.write_head, kept.M)
        erase = at_erase * kept.erase * (1 - kept.erase)
        before = Bank(at_M + by_key, reading, writing, np.zeros_like(grad.r))
        return before, np.concatenate([to_read, to_write, erase, add], -1)

    @property
    def _head_rows(self):
        return self.head.rows.items()

    def _parts(self, asked):
        n = sum(self.head.rows.values())
        return np.split(asked, [n, 2 * n, 2 * n + self.head.d_m], axis=-1)
