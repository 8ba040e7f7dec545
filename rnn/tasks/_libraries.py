r"""Import a library of the extra `data` at the moment when it is used."""

from importlib import import_module

__all__ = ["import_data_library"]


def import_data_library(module, distribution):
    r"""Return a module; an ImportError says in one sentence how to install what is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        advice = 'pip install "rnn-companion[data]"'
        raise ImportError(f"This needs {distribution}, which is missing: {advice}") from error
