r"""Figures of measurements, one module a notebook; graphs are drawn by `rnn.book.draw`."""
