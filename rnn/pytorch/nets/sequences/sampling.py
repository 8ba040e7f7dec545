r"""Sequences drawn from a model: each step is told what was drawn before (§10.2.3)."""

from typing import NamedTuple

import torch

from rnn._checks import require_instance, require_size
from rnn.pytorch.cells.fed import Fed
from rnn.pytorch.nets.sequences.laws import law_of
from rnn.pytorch.nets.sequences.likelihood import model, run_through, summed

__all__ = ["Sample", "sample"]


class Sample(NamedTuple):
    r"""Hold what was drawn, and how likely it was, in nats.

    Attributes
    ----------
    y : integer tensor, (tau, B), or tensor (tau, B, d_y) of numbers
    log_p : tensor, (B,)
    log_p_t : tensor, (tau, B)
    """

    y: torch.Tensor
    log_p: torch.Tensor
    log_p_t: torch.Tensor


def sample(rng, cell, tau, batch, x=None, first=None, *, state=None, theta=None):
    r"""Draw sequences from a model, one step after the other.

    As `rnn.reference.nets.sequences.sample`, and from the same distribution, though from other
    random numbers. Drawn without ``torch.no_grad()``, log_p can be differentiated.

    Parameters
    ----------
    rng : torch.Generator
        On any device; the same seed there gives the same bits.
    cell : Feedback, Context around one, or Output
        As for `log_likelihood`.
    tau, batch : int
        Steps and sequences.
    x : tensor, (tau, B, d_x), or InContext, optional
    first : tensor, (n, B) of classes or (n, B, d_y) of numbers, n <= tau, optional
        What every sequence begins with: told, not drawn.
    state : tree of tensors, optional
        Where to go on from.
    theta : NamedTuple of tensors, optional
        Instead of the module's own parameters.

    Returns
    -------
    Sample
        Its log probabilities are those that `log_likelihood` gives for y, `first` included.

    Examples
    --------
    >>> from rnn.pytorch.cells import RNN, Feedback
    >>> cell, rng = Feedback(RNN(0, 3), d_y=2, own="argmax"), torch.Generator().manual_seed(0)
    >>> sample(rng, cell, tau=3, batch=4, first=torch.tensor([[1, 1, 0, 0]])).y[0]
    tensor([1, 1, 0, 0])
    """
    law, (o, y) = law_of(cell), draw(rng, cell, theta, tau, batch, x, first, state)
    return Sample(y, *summed(-law.nll(o, y)))


def draw(rng, cell, theta, tau, batch, x=None, first=None, state=None):
    r"""Run a model freely; return all that it puts out (o, and s behind it if there is), and y."""
    require_generator(rng)
    tau, batch = require_size("tau", tau, 0), require_size("batch", batch, 0)
    law, d_y, theta, like = model(cell, theta)
    noise = law.noise(rng, (tau, batch, d_y), like)
    begun, told = _begun(law, first, noise, d_y)
    n = len(begun)
    forced = n > 0 and (torch.arange(tau, device=like.device) < n)[:, None].expand(tau, batch)
    out = run_through(cell, Fed(x, told, forced, noise), theta, state=state)
    y = law.value(out[..., :d_y], noise)
    return out, torch.cat([begun.to(y.dtype), y[n:]])


def require_generator(rng):
    r"""Check that `rng` is a `torch.Generator`."""
    require_instance("rng", rng, torch.Generator, "use torch.Generator().manual_seed(seed)")


def _begun(law, first, noise, d_y):
    r"""Return what the sequences begin with, and told (tau, B, d_y), zero after that."""
    told, (tau, batch, _) = torch.zeros_like(noise), noise.shape
    if first is None:
        return law.value(noise[:0], noise[:0]), told
    first = law.targets(first, None, d_y, noise)
    if first.shape[1] != batch or len(first) > tau:
        got = tuple(first.shape)
        raise ValueError(f"first: expected (n <= {tau}, B={batch}), got shape {got}")
    return first, torch.cat([law.told(first, d_y, noise), told[len(first) :]])
