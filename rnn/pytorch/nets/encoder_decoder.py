r"""From one sequence to another of another length (§10.4, figure 10.12)."""

from torch import nn

from rnn.pytorch.boundary import autocast, checked_like, inside
from rnn.pytorch.cells.attention import Attended, Attention
from rnn.pytorch.cells.context import Context, InContext
from rnn.pytorch.cells.feedback import Feedback, feed
from rnn.pytorch.nets.theta import BothTheta
from rnn.pytorch.nets.wiring import require_layer

__all__ = ["AttentionDecoder", "EncoderDecoder"]


class Translator(nn.Module):
    r"""Hold an encoder and a decoder; a subclass says what joins the two."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    @property
    def theta(self):
        r"""Return the parameters of both parts as a `BothTheta`."""
        return BothTheta(self.encoder.theta, self.decoder.theta)

    def forward(self, x, y, x_lengths=None, y_lengths=None, *, forced=True, noise=None):
        r"""Encode x and decode.

        Parameters
        ----------
        x : tensor, (tau_x, B, d_x)
        y : integer tensor, (tau_y, B), or tensor (tau_y, B, d_y)
            The true outputs, classes or numbers. Step t + 1 is told y of t where `forced`.
        x_lengths, y_lengths : sequence of B ints, optional
        forced : bool, or boolean tensor, (tau_y, B)
            Where the decoder is told the truth. False: it runs freely, and of y only the shape
            is used.
        noise : tensor, (tau_y, B, d_y), optional
            As for `Feedback`: Gumbel noise draws samples where ``own="argmax"``.

        Returns
        -------
        o : tensor, (tau_y, B, d_y)
        state : tree of tensors
            The decoder's, after each row's last step.
        """
        options = {"forced": forced, "noise": noise}
        return self.run(x, y, self.theta, x_lengths, y_lengths, **options)

    def run(
        self,
        x,
        y,
        theta,
        x_lengths=None,
        y_lengths=None,
        *,
        forced=True,
        noise=None,
        path=None,
        check_finite=None,
    ):
        r"""Encode and decode with these parameters: `forward` as a pure function."""
        like, y, noise = autocast(checked_like(theta, self.theta), y, noise)
        options = {"path": path, "check_finite": check_finite}
        h, state = self.encoder.run(None, x, theta.encoder, x_lengths, **options)
        told = {"forced": forced, "noise": noise, "lengths": y_lengths}
        fed = feed(y, d_y=self.d_y, dtype=like.dtype, **told)
        if fed.y.shape[1] != h.shape[1]:
            raise ValueError(f"y: expected a batch of {h.shape[1]}, got {fed.y.shape[1]}")
        reads = self.joined(fed, h, state, x_lengths)
        return self.decoder.run(None, reads, theta.decoder, y_lengths, **options)

    def joined(self, fed, h, state, x_lengths):
        r"""Return what the decoder reads, given the encoder's outputs and its last state."""
        raise NotImplementedError


class EncoderDecoder(Translator):
    r"""Read a sequence into one vector C, and write another sequence from it (figure 10.12).

    As `rnn.reference.EncoderDecoder`; ``decoder`` is ``Context(Feedback(cell, ...), ...)``.

    Parameters
    ----------
    encoder : Cell, Stack or Bidirectional
    cell : Cell
        The decoder's, with d_x = 0: it reads the last output and C.
    d_y : int
    at : {"steps", "start", "both"}
    own : {"o", "softmax", "argmax"}

    Examples
    --------
    >>> import torch
    >>> from rnn.pytorch import GRU
    >>> net = EncoderDecoder(GRU(2, 3), GRU(0, 4), d_y=5)
    >>> o, state = net(torch.zeros(7, 1, 2), torch.zeros(6, 1, dtype=torch.long))
    >>> o.shape
    torch.Size([6, 1, 5])
    """

    def __init__(self, encoder, cell, d_y, at="both", own="argmax"):
        require_layer("encoder", encoder)
        super().__init__(encoder, Context(Feedback(cell, d_y, own), encoder.d_out, at))
        self.d_y = d_y

    def joined(self, fed, h, state, x_lengths):
        return InContext(fed, self.encoder.output(state))


class AttentionDecoder(Translator):
    r"""Let the decoder look at every state of the encoder, at each step anew (§10.4).

    As `rnn.reference.AttentionDecoder`; ``decoder`` is ``Feedback(Attention(cell, ...), ...)``.

    Parameters
    ----------
    encoder : Cell, Stack or Bidirectional
    cell : Cell
        The decoder's, with d_x = 0.
    d_y : int
    own : {"o", "softmax", "argmax"}
    """

    def __init__(self, encoder, cell, d_y, own="argmax"):
        require_layer("encoder", encoder)
        super().__init__(encoder, Feedback(Attention(cell, encoder.d_out), d_y, own))
        self.d_y = d_y

    def joined(self, fed, h, state, x_lengths):
        present = inside(x_lengths, *h.shape[:2], h.device)
        return fed._replace(x=Attended(fed.x, h, present))
