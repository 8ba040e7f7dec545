r"""Trees of arrays: parameters, states and gradients as nested NamedTuples, in pure Python.

A tree is a tuple or NamedTuple of trees; everything else is a leaf. So the parameters of nets made
of nets need no other container, and a gradient always has the type of what it belongs to.
"""

__all__ = ["tree_map", "tree_leaves", "tree_names", "steps_of"]


def tree_map(f, tree, *others):
    r"""Apply f leaf by leaf to trees of the same structure; return a tree of that structure.

    Examples
    --------
    >>> tree_map(lambda a, b: a + b, (1, (2, 3)), (10, (20, 30)))
    (11, (22, 33))
    """
    if not isinstance(tree, tuple):
        return f(tree, *others)
    children = [tree_map(f, *parts) for parts in zip(tree, *others, strict=True)]
    return type(tree)(*children) if hasattr(tree, "_fields") else tuple(children)


def tree_leaves(tree):
    r"""List the leaves of a tree, left to right.

    Examples
    --------
    >>> tree_leaves((1, (2, ()), 3))
    [1, 2, 3]
    """
    if not isinstance(tree, tuple):
        return [tree]
    return [leaf for child in tree for leaf in tree_leaves(child)]


def tree_names(tree, name=""):
    r"""List a name for each leaf, left to right, such as ``cell.W``.

    Examples
    --------
    >>> tree_names((1, (2, 3)), "state")
    ['state[0]', 'state[1][0]', 'state[1][1]']
    """
    if not isinstance(tree, tuple):
        return [name]
    steps = [step.lstrip(".") for step in steps_of(tree)] if not name else steps_of(tree)
    return [
        n for step, child in zip(steps, tree, strict=True) for n in tree_names(child, name + step)
    ]


def steps_of(tree):
    r"""List how a tuple's parts are reached: ``.W`` by name, or ``[0]`` by place."""
    return [f".{f}" for f in getattr(tree, "_fields", ())] or [f"[{k}]" for k in range(len(tree))]
