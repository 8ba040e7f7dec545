r"""Runs too long for a notebook; each leaves one small JSON file in ``experiments/results``."""
