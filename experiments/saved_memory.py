r"""What autograd keeps of an LSTM from the walk for the way back, path by path."""

import torch

from experiments.record import record
from rnn.pytorch import LSTM

__all__ = ["Kept", "saved_bytes", "table"]

PATHS = ("loop", "hoisted", "fused", "library", "lean")
SETTINGS = {"tau": 100, "batch": 32, "d_x": 64, "d_h": 128}


class Kept:
    r"""Watch what autograd saves inside a ``with``; storages that are shared count once.

    Parameters
    ----------
    *there : tensors
        What is there anyway, such as inputs and parameters, and is not counted.
    """

    def __init__(self, *there):
        self.there = {_storage(t).data_ptr() for t in there}
        self.saved = {}
        self.hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor)

    def __enter__(self):
        self.hooks.__enter__()
        return self

    def __exit__(self, *raised):
        self.hooks.__exit__(*raised)

    def bytes(self):
        r"""Return how many bytes are kept."""
        return sum(_storage(t).nbytes() for t in self.saved.values())

    def _pack(self, tensor):
        place = _storage(tensor).data_ptr()
        if place and place not in self.there:
            self.saved[place] = tensor
        return tensor


def saved_bytes(path, *, tau, batch, d_x, d_h, dtype=torch.float32):
    r"""Count the bytes that an LSTM's walk keeps beyond x and the parameters.

    Returns
    -------
    int
        The outputs h are among them, which whoever called keeps too.
    """
    lstm = LSTM(d_x, d_h, path=path, dtype=dtype)
    x = torch.zeros(tau, batch, d_x, dtype=dtype)
    with Kept(x, *lstm.parameters()) as kept:
        result = lstm(x)
    del result
    return kept.bytes()


def table(**settings):
    r"""Return what each path keeps, in float32 numbers for each step, row and unit."""
    unit = 4 * settings["tau"] * settings["batch"] * settings["d_h"]
    return {path: saved_bytes(path, **settings) / unit for path in PATHS}


def _storage(tensor):
    return tensor.untyped_storage()


if __name__ == "__main__":
    print(record("saved_memory", seeds=[], measured=table(**SETTINGS), settings=SETTINGS))
