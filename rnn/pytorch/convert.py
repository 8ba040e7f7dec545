r"""Copy parameters and whole nets between the twins: the one module that knows both."""

from dataclasses import fields

import numpy as np
import torch

from rnn import reference
from rnn._checks import require_choice, require_instance
from rnn._tree import tree_leaves
from rnn.pytorch import cells, nets
from rnn.pytorch import net as chapter
from rnn.pytorch.boundary import checked_like
from rnn.pytorch.cells import theta as of_cells
from rnn.pytorch.nets import theta as of_nets
from rnn.pytorch.paths import PATHS
from rnn.pytorch.torch_nn import from_torch, to_torch
from rnn.reference import cells as reference_cells
from rnn.reference import nets as reference_nets
from rnn.reference.cells.wrapper import Wrapper

__all__ = [
    "to_pytorch",
    "to_reference",
    "load_reference",
    "from_reference",
    "from_torch",
    "to_torch",
]

HERE = (cells, of_cells, nets, of_nets, chapter)
THERE = (reference_cells, reference_nets, reference)


def to_pytorch(theta, *, device=None, dtype=None):
    r"""Copy parameters, a state, or any tree of the reference into tensors.

    Parameters
    ----------
    theta : tree of arrays
        A tuple becomes a tuple, a NamedTuple that of the same name here.
    device : optional
    dtype : torch.dtype, optional
        Of what is floating; what is whole, or a truth value, stays so. Kept unless given.
    """

    def leaf(array):
        tensor = torch.tensor(np.array(array), device=device)
        return tensor.to(dtype) if dtype and tensor.dtype.is_floating_point else tensor

    return _across(theta, leaf, HERE)


def to_reference(theta):
    r"""Copy parameters, a gradient, or any tree of tensors into NumPy arrays.

    The dtype is kept, but half precision, which the reference does not have, becomes float32. Of
    a module its parameters are copied.
    """
    return _across(theta.theta if isinstance(theta, torch.nn.Module) else theta, _array, THERE)


@torch.no_grad()
def load_reference(module, theta):
    r"""Copy parameters of the reference into a module, in place, and return the module.

    Parameters
    ----------
    module : cell or net
    theta : tree of arrays
        Like ``module.theta``; device and dtype stay those of the module.
    """
    given = to_pytorch(theta)
    checked_like(given, module.theta)
    for own, value in zip(tree_leaves(module.theta), tree_leaves(given), strict=True):
        own.copy_(value)
    return module


def from_reference(net, theta, *, path="auto", device=None, dtype=None):
    r"""Return a module that computes what a cell or net of the reference does.

    Parameters
    ----------
    net : cell or net of `rnn.reference`
    theta : tree of arrays
        Its parameters, which are copied.
    path : str
        For all cells in it; see `Cell`.
    device, dtype
        Those of `torch.nn`; the dtype of theta is kept unless given.

    Examples
    --------
    >>> there = reference_nets.Output(reference_cells.LSTM())
    >>> theta = there.init_theta(np.random.default_rng(0), d_x=2, d_h=3, d_y=4)
    >>> from_reference(there, theta).layer
    LSTM(2, 3, candidate='tanh', gates='fgq')
    """
    require_choice("path", path, PATHS)
    dtype = dtype or to_pytorch(tree_leaves(theta)[0][:0]).dtype
    module = load_reference(_built(net, theta, {"device": device, "dtype": dtype}), theta)
    for part in module.modules():
        if hasattr(part, "path"):
            part.path = path
    return module


def _across(tree, leaf, rooms):
    r"""Apply `leaf` to a tree's leaves, and give its NamedTuples the types of the other side."""
    if not isinstance(tree, tuple):
        return None if tree is None else leaf(tree)
    parts = [_across(part, leaf, rooms) for part in tree]
    return _named(type(tree).__name__, rooms)(*parts) if hasattr(tree, "_fields") else tuple(parts)


def _named(name, rooms):
    for room in rooms:
        if hasattr(room, name):
            return getattr(room, name)
    raise TypeError(f"expected something that both twins have, got {name}")


def _array(tensor):
    require_instance("theta", tensor, torch.Tensor, "this is for trees of tensors")
    half = tensor.dtype in (torch.float16, torch.bfloat16)
    return (tensor.detach().float() if half else tensor.detach()).cpu().numpy().copy()


def _built(net, theta, options):
    r"""Return a module of the same choices and sizes; its numbers are still to be copied."""
    if hasattr(net, "check_theta"):
        net.check_theta(theta)
    make, choices = _named(type(net).__name__, HERE), _choices(net)
    inside = _inside(net, theta)
    if isinstance(net, reference_nets.Stack):
        return make(tuple(_built(*part, options) for part in zip(net.layers, inside, strict=True)))
    for name, own in inside.items():
        choices[name] = _built(choices[name], own, options)
    return make(**choices, **_sizes(net, theta), **({} if inside else options))


def _choices(net):
    r"""Return the fields of a cell or net, but for one that an attention decoder only inherits."""
    choices = {field.name: getattr(net, field.name) for field in fields(net)}
    if isinstance(net, reference_nets.AttentionDecoder):
        del choices["at"]
    return choices


def _inside(net, theta):
    r"""Return the parameters of the cells and nets inside, by field, or by place in a stack."""
    if isinstance(net, reference_nets.Stack):
        return theta
    if isinstance(net, reference_nets.EncoderDecoder):
        return {"encoder": theta.encoder, "cell": theta.decoder.cell.cell}
    if isinstance(net, reference_nets.FourDirections):
        return {"along": theta[0], "across": theta[1]}
    if isinstance(net, reference_nets.Bidirectional):
        return theta._asdict()
    if isinstance(net, Wrapper):
        return {"cell": net.inner(theta)}
    return {"layer": theta.layer} if hasattr(net, "layer") else {}


def _sizes(net, theta):
    r"""Return the sizes that a module wants to be told."""
    if isinstance(net, reference_nets.EncoderDecoder):
        return {"d_y": net.decoder.width_out(theta.decoder)}
    if isinstance(net, Wrapper):
        return {name: net.sizes(theta)[name] for name in net.own_sizes}
    if hasattr(net, "layer"):
        return {"d_y": len(theta.c)}
    return net.sizes(theta) if hasattr(net, "sizes") else {}
