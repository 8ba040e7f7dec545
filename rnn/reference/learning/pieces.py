r"""A long sequence in pieces: what is the same in all of them, and what is checked beforehand."""

from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_dtype, require_instance, require_shape
from rnn.reference.boundary import checked_lengths, checked_targets, clean, inside
from rnn.reference.cells.contract import Cell
from rnn.reference.losses import LOSSES
from rnn.reference.nets.output import LastOutput, Output
from rnn.reference.nets.wiring import Stack

__all__ = ["Task", "checked_task", "pieces_of", "root"]


class Task(NamedTuple):
    r"""Hold what stays the same from piece to piece; the loss is divided by `divisor`."""

    net: Any
    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray | None
    counted: np.ndarray | None
    loss: str
    divisor: int = 1

    def inputs(self, piece, theta):
        r"""Return what ``forward`` wants after the state."""
        return self.x[piece], theta, self.which(piece)["lengths"]

    def which(self, piece):
        r"""Return how much of each row lies in a piece, None if all does, and which steps count."""
        lengths, counted = self.lengths, None if self.counted is None else self.counted[piece]
        if lengths is not None:
            full = (lengths >= piece.stop).all()
            lengths = None if full else np.clip(lengths - piece.start, 0, piece.stop - piece.start)
        return {"lengths": lengths, "counted": counted}

    def steps(self, piece):
        r"""Tell which steps of a piece have a target, (steps, B)."""
        shape, which = self.x[piece].shape[:2], self.which(piece)
        all_of_them = inside(checked_lengths(which["lengths"], *shape), shape[0])
        return all_of_them if self.counted is None else all_of_them & which["counted"]


def pieces_of(tau, k):
    r"""List the slices of k steps that make up tau."""
    return [slice(t, min(t + k, tau)) for t in range(0, tau, k)]


def root(tau):
    r"""Return the square root of tau, rounded up, at least 1."""
    return int(np.ceil(np.sqrt(max(tau, 1))))


def checked_task(net, state, x, y, theta, reduction, lengths, counted, loss):
    r"""Check all arguments before any work, with no array as long as x."""
    _require_net(net)
    require_choice("reduction", reduction, ("sum", "mean"))
    require_choice("loss", loss, tuple(LOSSES))
    x, y = _array("x", x), _array("y", y)
    require_shape("x", x, "tau B d_x")
    net.forward(state, x[:0], theta)  # theta, the state, the width of x
    sizes = {"tau": x.shape[0], "B": x.shape[1], "d_y": len(theta.c)}
    require_shape("y", y, "tau B" if loss == "cross_entropy" else "tau B d_y", **sizes)
    lengths = None if lengths is None else checked_lengths(lengths, *x.shape[:2])
    task = Task(net, x, y, lengths, _checked_counted(counted, sizes), loss)
    pieces = pieces_of(len(x), root(len(x)))
    _look_through(task, pieces, len(theta.c))
    return task._replace(divisor=_steps(task, pieces)) if reduction == "mean" else task


def _steps(task, pieces):
    r"""Count the steps that have a target, or say 1 if there are none."""
    if task.counted is None and task.lengths is None:
        return max(task.x.shape[0] * task.x.shape[1], 1)
    return max(sum(int(task.steps(piece).sum()) for piece in pieces), 1)


def _checked_counted(counted, sizes):
    if counted is None:
        return None
    counted = np.asarray(counted)
    require_dtype("counted", counted, bool, "counted.astype(bool)")
    require_shape("counted", counted, "tau B", **sizes)
    return counted


def _look_through(task, pieces, d_y):
    r"""Look at the numbers in x and y piece by piece; if some are wrong, let all of them say so."""
    if not all(_has_numbers(task, piece, d_y) for piece in pieces):
        _require_numbers(task, slice(0, len(task.x)), d_y)


def _has_numbers(task, piece, d_y):
    try:
        _require_numbers(task, piece, d_y)
    except ValueError:
        return False
    return True


def _require_numbers(task, piece, d_y):
    x, lengths = task.x[piece], task.which(piece)["lengths"]
    clean("x", x, None if lengths is None else inside(lengths, len(x)), True)
    if task.loss == "cross_entropy":
        checked_targets(task.y[piece], task.steps(piece), d_y)


def _require_net(net):
    require_instance("net", net, Output)
    if isinstance(net, LastOutput):
        raise TypeError("net: expected Output, got LastOutput, whose loss is at the end alone")
    _require_forward("net.layer", net.layer)


def _require_forward(name, layer):
    if isinstance(layer, Stack):
        for n, one in enumerate(layer.layers):
            _require_forward(f"{name}.layers[{n}]", one)
    else:
        require_instance(name, layer, Cell, "it must walk forward in time alone")


def _array(name, value):
    if isinstance(value, tuple):
        raise TypeError(f"{name}: expected an array, got {type(value).__name__}")
    return np.asarray(value)
