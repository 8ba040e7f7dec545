r"""Copy parameters from `torch.nn.RNN`, `LSTM` and `GRU`, and to them.

Here one layer and one direction is a cell, `Bidirectional` is two and `Stack` is a tuple of layers.
There the rows of the gates stand in the same order, but there are two biases: b is their sum, and
comes back as the first with zeros for the second, except where a GRU's reset gate multiplies it.
"""

import torch
from torch import nn

from rnn._checks import require_instance
from rnn.pytorch.cells.gated import GRU, LSTM
from rnn.pytorch.cells.simple import RNN
from rnn.pytorch.nets.wiring import Bidirectional, Stack

__all__ = ["from_torch", "to_torch"]

KINDS = {
    "RNN_TANH": (RNN, {"nonlinearity": "tanh"}),
    "RNN_RELU": (RNN, {"nonlinearity": "relu"}),
    "LSTM": (LSTM, {}),
    "GRU": (GRU, {}),
}
INSTEAD = {
    "batch_first": "set it to False and transpose what goes in and comes out, which copies nothing",
    "proj_size": "put a Memoryless('linear') layer above, or train without the projection",
    "dropout": "set it to 0, and put torch.nn.Dropout between the layers yourself",
}


@torch.no_grad()
def from_torch(module):
    r"""Return a cell or net with the parameters of a `torch.nn.RNN`, `LSTM` or `GRU`.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        With ``bias=False`` the copy has biases, of zero.

    Returns
    -------
    RNN, LSTM, GRU, Bidirectional or Stack
        With copies, of the same device and dtype. Its state is (B, d_h) for each layer and
        direction, in nested tuples, where `torch.nn` has one tensor (layers, B, d_h).

    Raises
    ------
    TypeError, ValueError
        For other modules, and for ``batch_first``, ``proj_size`` and ``dropout``.

    Examples
    --------
    >>> from_torch(nn.GRU(2, 3, bidirectional=True)).h
    GRU(2, 3, reset='after', gating='unit')
    """
    require_instance("module", module, nn.RNNBase, "such as torch.nn.LSTM(2, 3)")
    for name, advice in INSTEAD.items():
        value = getattr(module, name)
        if value:
            raise ValueError(f"module: expected no {name}, got {value}; {advice}")
    ends = ("", "_reverse") if module.bidirectional else ("",)
    layers = []
    for k in range(module.num_layers):
        cells = [_read(module, f"_l{k}{end}") for end in ends]
        layers.append(Bidirectional(*cells) if module.bidirectional else cells[0])
    return layers[0] if len(layers) == 1 else Stack(tuple(layers))


@torch.no_grad()
def to_torch(module):
    r"""Return a `torch.nn.RNN`, `LSTM` or `GRU` with the parameters of a cell or net.

    Parameters
    ----------
    module : RNN, LSTM, GRU, or a Bidirectional or Stack of equal ones
        All with what `torch.nn` offers: tanh or relu; an LSTM with all gates, without peepholes;
        a GRU that resets after W.

    Returns
    -------
    torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU

    Raises
    ------
    ValueError
        For what `torch.nn` does not have.

    Examples
    --------
    >>> to_torch(Stack((LSTM(2, 3), LSTM(3, 3))))
    LSTM(2, 3, num_layers=2)
    """
    layers = list(module.layers) if isinstance(module, Stack) else [module]
    ways = [(k.h, k.g) if isinstance(k, Bidirectional) else (k,) for k in layers]
    cells = [cell for way in ways for cell in way]
    kinds = {(_kind(cell), cell.d_h, len(way)) for way in ways for cell in way}
    if len(kinds) > 1:
        raise ValueError(
            "module: torch.nn has stacks of equal layers only, of one kind, width and number of "
            f"directions; got {', '.join(map(repr, cells))}"
        )
    ((mode, d_h, directions),) = kinds
    options = dict(KINDS[mode][1], num_layers=len(layers), bidirectional=directions == 2)
    like = cells[0].U
    options |= {"device": like.device, "dtype": like.dtype}
    made = getattr(nn, KINDS[mode][0].__name__)(cells[0].d_x, d_h, **options)
    for k, way in enumerate(ways):
        for cell, end in zip(way, ("", "_reverse"), strict=False):
            _write(made, f"_l{k}{end}", cell)
    return made


def _read(module, end):
    r"""Return the cell that is one layer and direction of a module."""
    make, options = KINDS[module.mode]
    U = getattr(module, "weight_ih" + end)
    cell = make(U.shape[1], module.hidden_size, **options, device=U.device, dtype=U.dtype)
    cell.U.copy_(U)
    cell.W.copy_(getattr(module, "weight_hh" + end))
    zero = torch.zeros_like(cell.b)
    b_ih, b_hh = (getattr(module, name + end, zero) for name in ("bias_ih", "bias_hh"))
    first, second = _split(cell, b_hh)
    cell.b.copy_(b_ih + first)
    if isinstance(cell, GRU):
        cell.b_hn.copy_(second)
    return cell


def _write(module, end, cell):
    r"""Copy a cell into one layer and direction of a module."""
    second = [cell.b_hn] if isinstance(cell, GRU) else []
    b_hh = torch.cat([cell.b.new_zeros(len(cell.b) - cell.d_h * len(second)), *second])
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    for name, value in zip(names, (cell.U, cell.W, cell.b, b_hh), strict=True):
        getattr(module, name + end).copy_(value)


def _split(cell, b_hh):
    r"""Split the second bias into what adds to b, and what a GRU's reset gate multiplies."""
    if not isinstance(cell, GRU):
        return b_hh, None
    kept = b_hh.clone()
    kept[-cell.d_h :] = 0
    return kept, b_hh[-cell.d_h :]


def _kind(cell):
    r"""Return the mode of `torch.nn` that computes what a cell does."""
    fits = {
        "RNN_TANH": type(cell) is RNN and cell.nonlinearity == "tanh",
        "RNN_RELU": type(cell) is RNN and cell.nonlinearity == "relu",
        "LSTM": type(cell) is LSTM
        and (len(cell.gates), cell.candidate, cell.peepholes) == (3, "tanh", False),
        "GRU": type(cell) is GRU
        and (cell.reset, cell.candidate, cell.gating) == ("after", "tanh", "unit"),
    }
    mode = next((mode for mode, fitting in fits.items() if fitting), None)
    if mode is None:
        raise ValueError(f"module: torch.nn has nothing that computes what {cell!r} does")
    return mode
