r"""Recurrent nets as Chapter 10 of *Deep Learning* (Goodfellow et al., 2016) tells them.

Rooms
-----
rnn.reference : NumPy, float64 by default, every gradient by hand.
rnn.pytorch : the same public names on PyTorch; needs ``rnn-companion[torch]``.
rnn.graph : a recurrent graph as data, its unfolding, its paths; needs ``rnn-companion[graph]``.
rnn.tasks : sequence tasks as generators, and real text.
rnn.book : what only the notebooks need; needs ``rnn-companion[book]``.

Arrays are time-major, (tau, B, d). In the reference the state comes first and the parameters are
an argument, ``cell.forward(state, x, theta, lengths)``; nets that read something else than one
sequence have no state argument: ``EncoderDecoder.forward(x, y, theta)``,
``Recursive.forward(x, forest, theta)``. In PyTorch x comes first, as in `torch.nn`, and a module
holds its parameters: ``cell(x, state, lengths)``.

``python -m rnn`` says what is installed and whether the twins agree on this machine.
"""

__version__ = "0.1.0"
