r"""The one idea of the chapter: apply the same f again and again (10.1)-(10.7)."""

__all__ = ["unfold"]


def unfold(f, state, xs, theta=None, *, reverse=False):
    r"""Walk through time: apply ``state = f(state, x, theta)`` once for every x.

    .. math:: s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta) \qquad (10.4)

    This function touches nothing that it carries. States may be NumPy arrays, PyTorch
    tensors, tuples of them, or the symbols of `rnn.graph`; what walks is the same code.

    Parameters
    ----------
    f : callable
        The transition, ``f(state, x, theta) -> state``.
    state : any
        The state before the first step, :math:`s^{(0)}`.
    xs : sequence
        One input per step, in time order; its length is tau.
    theta : any
        The parameters, the same at every step.
    reverse : bool
        Walk from the last x to the first. The result stays in time order.

    Returns
    -------
    list
        The tau new states; entry ``t`` belongs to ``xs[t]``.

    Examples
    --------
    >>> unfold(lambda s, x, theta: theta * s + x, 0, [1, 1, 1], theta=2)
    [1, 3, 7]
    """
    states = []
    for x in reversed(xs) if reverse else xs:
        state = f(state, x, theta)
        states.append(state)
    return states[::-1] if reverse else states
