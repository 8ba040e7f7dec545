r"""Recurrent nets as Chapter 10 of *Deep Learning* (Goodfellow et al., 2016) tells them.

Rooms
-----
rnn.reference : NumPy, float64 by default, every gradient by hand.
rnn.pytorch : the same public names on PyTorch; needs ``rnn-companion[torch]``.
rnn.graph : a recurrent graph as data, its unfolding, its paths; needs ``rnn-companion[graph]``.
rnn.tasks : sequence tasks as generators, and real text.
rnn.book : what only the notebooks need; needs ``rnn-companion[book]``.

``python -m rnn`` says what is installed and whether the twins agree on this machine.
"""

__version__ = "0.1.0"
