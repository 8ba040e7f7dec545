r"""Results of runs that are too long for a notebook."""

import json
from pathlib import Path
from typing import Any

import rnn

__all__ = ["stored"]

RESULTS = Path(rnn.__file__).resolve().parent.parent / "experiments" / "results"


def stored(name) -> dict[str, Any]:
    r"""Read ``experiments/results/<name>.json``: command, seeds, hardware, and what was measured.

    Raises
    ------
    FileNotFoundError
        If there is no such result; it names the command that makes it.
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        command = f"python -m experiments.{name}"
        raise FileNotFoundError(f"no stored result {name!r}: run `{command}` in the repository")
    return json.loads(path.read_text(encoding="utf-8"))
