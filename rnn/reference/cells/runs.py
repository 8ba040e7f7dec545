r"""What a walk through time, and the walk back, hold when they are done."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Back", "Run", "Walked", "WalkedBack"]


class Run(NamedTuple):
    r"""Hold what a cell, or a net of cells, computed over tau steps.

    Attributes
    ----------
    h : array, (tau, B, d_h)
        What each step puts out; zero in the padding. ``h[t]`` is the book's :math:`h^{(t+1)}`.
    state : tree of arrays, (B, ...)
        The state after each row's last step, with which the walk can go on.
    x, kept, counted, reverse, cell, sizes
        What ``backward`` needs; `counted` (tau, B) tells which steps lie inside the lengths.
    """

    h: np.ndarray
    state: Any
    x: Any
    kept: Any
    counted: np.ndarray | None
    reverse: bool
    cell: Any
    sizes: dict


class Back(NamedTuple):
    r"""Hold what the walk back through time finds.

    Attributes
    ----------
    grad : tree of arrays
        The gradient at the parameters, of their type: ``grad.W`` is :math:`\nabla_W L`.
    grad_x : array, (tau, B, d_x), or tree of arrays, or None if it was not asked for
        The gradient at the inputs.
    grad_state : tree of arrays
        The gradient at the state before the first step.
    grad_h : array, (tau, B, d_h)
        The full gradient at each :math:`h^{(t)}`, from its own step and from all later ones.
    """

    grad: Any
    grad_x: Any
    grad_state: Any
    grad_h: np.ndarray


class Walked(NamedTuple):
    r"""Hold the outputs h (tau, B, d_h), the last state, and what the way back needs."""

    h: np.ndarray
    state: Any
    kept: Any


class WalkedBack(NamedTuple):
    r"""Hold the gradients at the first state and at z, what else was emitted, and grad_h."""

    grad_state: Any
    grad_z: Any
    extra: Any
    grad_h: np.ndarray
