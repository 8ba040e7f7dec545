r"""What turns a gradient into a better net: steps downhill, momentum, Nesterov, Adam.

Parameters and gradients are trees of arrays, such as `RNNTheta` or the nested parameters of a net.
Every function returns new ones; nothing is changed in place, and float32 stays float32.
"""

from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_in_range, require_instance, require_positive
from rnn._tree import tree_map, tree_names
from rnn.reference.boundary import checked_tree
from rnn.reference.cells.carry import zeros_like

__all__ = [
    "sgd",
    "MomentumState",
    "momentum_init",
    "momentum",
    "nesterov",
    "AdamState",
    "adam_init",
    "adam",
    "freeze",
]


def sgd(theta, grad, *, lr):
    r"""Take one step downhill, :math:`\theta \leftarrow \theta - \epsilon\, \nabla_\theta L`.

    Parameters
    ----------
    theta, grad : tree of arrays
        Parameters and their gradient, of the same structure.
    lr : float
        The learning rate epsilon, positive.

    Returns
    -------
    theta

    Examples
    --------
    >>> sgd((np.array([1.0, 2.0]),), (np.array([10.0, -10.0]),), lr=0.1)
    (array([0., 3.]),)
    """
    lr, grad = require_positive("lr", lr), checked_tree("grad", grad, theta)
    return tree_map(lambda p, g: p - lr * g, theta, grad)


class MomentumState(NamedTuple):
    r"""Hold the velocity v, a tree like the parameters: the last step that momentum made."""

    v: Any


def momentum_init(theta):
    r"""Start `momentum` or `nesterov` for these parameters: at rest."""
    return MomentumState(zeros_like(theta))


def momentum(theta, grad, opt, *, lr, mu=0.9):
    r"""Take one step with momentum, like a heavy ball (Polyak, 1964).

    .. math:: v \leftarrow \mu v - \epsilon\, \nabla_\theta L, \qquad \theta \leftarrow \theta + v

    Parameters
    ----------
    theta, grad : tree of arrays
        Parameters and their gradient, of the same structure.
    opt : MomentumState
        From `momentum_init` or from the step before.
    lr : float
        The learning rate epsilon, positive. It stands inside v: another lr acts on new gradients
        only. `torch.optim.SGD` has it outside, :math:`\theta \leftarrow \theta - \epsilon v`;
        while lr stays the same both walk the same way.
    mu : float
        How much of the velocity stays, in [0, 1]; 0 is `sgd`.

    Returns
    -------
    theta, opt
    """
    lr, mu, grad = _checked_momentum(theta, grad, opt, lr, mu)
    v = tree_map(lambda v, g: mu * v - lr * g, opt.v, grad)
    return tree_map(np.add, theta, v), MomentumState(v)


def nesterov(theta, grad, opt, *, lr, mu=0.9):
    r"""Take one step of Nesterov's accelerated gradient, as Sutskever et al. (2013) write it.

    .. math:: v \leftarrow \mu v - \epsilon\, \nabla L(\theta + \mu v),
        \qquad \theta \leftarrow \theta + v

    The parameters that go in and come out are the points :math:`\theta + \mu v` at which the
    gradient is wanted, so that the caller computes it where it stands. In these,
    :math:`\phi = \theta + \mu v`, the same step is

    .. math:: v \leftarrow \mu v - \epsilon\, \nabla L(\phi),
        \qquad \phi \leftarrow \phi + \mu v - \epsilon\, \nabla L(\phi)

    which holds for a mu that stays the same. Parameters and returns are those of `momentum`. Up
    to the place of lr, as there, this is ``torch.optim.SGD(nesterov=True)``.
    """
    lr, mu, grad = _checked_momentum(theta, grad, opt, lr, mu)
    v = tree_map(lambda v, g: mu * v - lr * g, opt.v, grad)
    return tree_map(lambda p, v, g: p + mu * v - lr * g, theta, v, grad), MomentumState(v)


class AdamState(NamedTuple):
    r"""Hold Adam's step count and its running averages of the gradient and of its square."""

    steps: int
    m: Any
    v: Any


def adam_init(theta):
    r"""Start Adam for these parameters: no steps yet, averages of zero."""
    return AdamState(0, zeros_like(theta), zeros_like(theta))


def adam(theta, grad, opt, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Take one step of Adam (Kingma & Ba, 2015), with the defaults of `torch.optim.Adam`.

    Parameters
    ----------
    theta, grad : tree of arrays
        Parameters and their gradient, of the same structure.
    opt : AdamState
        From `adam_init` or from the step before.
    lr : float
        Learning rate, positive.
    beta1, beta2 : float
        How much of the running averages stays, in [0, 1).
    eps : float
        Added to the root of the average square, positive.

    Returns
    -------
    theta, opt
        The new parameters and the new state of the optimiser.
    """
    require_instance("opt", opt, AdamState, "use adam_init(theta)")
    checked_tree("opt", opt[1:], (theta, theta))
    lr, eps, t = require_positive("lr", lr), require_positive("eps", eps), opt.steps + 1
    beta1, beta2 = _require_fading("beta1", beta1), _require_fading("beta2", beta2)
    grad = checked_tree("grad", grad, theta)
    m = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, opt.m, grad)
    v = tree_map(lambda v, g: beta2 * v + (1 - beta2) * g**2, opt.v, grad)
    step, scale = lr / (1 - beta1**t), 1 / np.sqrt(1 - beta2**t)

    def moved(p, m, v):
        return p - (step * m / (scale * np.sqrt(v) + eps)).astype(p.dtype)

    return tree_map(moved, theta, m, v), AdamState(t, m, v)


def freeze(grad, *names):
    r"""Set the gradient of some parameters to zero, so that an optimiser leaves them alone.

    Parameters
    ----------
    grad : tree of arrays
    *names : str
        Of leaves, such as "alpha" or "layer.W", or of whole branches, such as "layer". Freeze
        from the first step on: a velocity that momentum has gathered goes on without a gradient.

    Returns
    -------
    grad : the same type

    Raises
    ------
    ValueError
        If there is no such name; the message lists those that there are.
    """
    leaf_names = tree_names(grad)
    for name in names:
        if not any(_stands_for(name, leaf) for leaf in leaf_names):
            raise ValueError(f"names: expected some of {', '.join(leaf_names)}; got {name!r}")
    frozen = iter([any(_stands_for(name, leaf) for name in names) for leaf in leaf_names])
    return tree_map(lambda g: np.zeros_like(g) if next(frozen) else g, grad)


def _stands_for(name, leaf):
    return leaf == name or leaf.startswith((f"{name}.", f"{name}["))


def _checked_momentum(theta, grad, opt, lr, mu):
    require_instance("opt", opt, MomentumState, "use momentum_init(theta)")
    lr, mu = require_positive("lr", lr), require_in_range("mu", mu, 0, 1)
    checked_tree("opt.v", opt.v, theta)
    return lr, mu, checked_tree("grad", grad, theta)


def _require_fading(name, value):
    if require_in_range(name, value, 0, 1) == 1:
        raise ValueError(f"{name}: expected a number in [0, 1), got {value}")
    return float(value)
