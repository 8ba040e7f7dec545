r"""What a walk does with the trees that it carries: slice, rest, stack."""

import torch

from rnn._tree import tree_leaves, tree_map

__all__ = ["Still", "at_end", "blank", "flipped", "keep_where", "moments", "stacked"]


class Still:
    r"""Hold a tensor that is the same at every step, so that no walk copies it."""

    def __init__(self, tensor):
        self.tensor = tensor


def moments(tree, counted=None):
    r"""List, for each t, the tree at t and which rows count, or None if all do."""
    tau = len(tree_leaves(tree)[0])
    mask = [None] * tau if counted is None else counted.unbind(0)
    parts = tree_map(lambda leaf: _Slices(leaf, tau), tree)
    return [(tree_map(lambda leaf, t=t: leaf.parts[t], parts), mask[t]) for t in range(tau)]


class _Slices:
    def __init__(self, leaf, tau):
        self.parts = [leaf] * tau if isinstance(leaf, Still) else leaf.unbind(0)


def stacked(tensors, like):
    r"""Stack one tensor a step, (tau, B, ...); `like` gives the shape where there is no step."""
    return torch.stack(tensors) if tensors else like.new_zeros(0, *like.shape)


def keep_where(counted, after, before):
    r"""Let the rows that do not count rest: return `after` where counted, else `before`."""
    if counted is None:
        return after
    return tree_map(lambda a, b: torch.where(_along(counted, a), a, b), after, before)


def blank(h, counted):
    r"""Set what stands in the padding to zero."""
    return h if counted is None else torch.where(counted[..., None], h, 0)


def flipped(tree):
    r"""Turn the time axis of every leaf round; None stays None."""
    return tree_map(lambda leaf: None if leaf is None else leaf.flip(0), tree)


def _along(counted, leaf):
    return counted.reshape(-1, *[1] * (leaf.dim() - 1))


def at_end(first, steps, counted):
    r"""Pick what each row has after its last step, from what it had first and at each step."""
    tau = steps.shape[0]  # len() would fix it where lengths are left open for export
    if counted is None:
        return steps[-1] if tau else first
    order = torch.arange(1, tau + 1, device=steps.device)[:, None]
    ends = torch.where(counted, order, 0).amax(0) if tau else counted.sum(0)
    ends = ends[None, :, None].expand(1, *first.shape)
    return torch.cat([first[None], steps]).gather(0, ends)[0]
