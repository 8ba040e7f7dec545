r"""One small JSON file for each experiment: what was run, where, and what was measured."""

import json
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

__all__ = ["RESULTS", "record", "load"]

RESULTS = Path(__file__).parent / "results"


def record(name, *, seeds, measured, folder=RESULTS, **details):
    r"""Write what an experiment measured to ``<name>.json``.

    Parameters
    ----------
    name : str
        The module below ``experiments``, which is also the name of the file.
    seeds : sequence of int
    measured : dict
        Numbers and lists of numbers; they are kept to six significant digits.
    folder : Path
        Where the file goes.
    **details
        Further fields, such as settings, bounds and seconds.

    Returns
    -------
    dict
        What now stands in the file.
    """
    result = {
        "name": name,
        "command": f"python -m experiments.{name}",
        "seeds": list(seeds),
        "versions": _versions(),
        "hardware": _hardware(),
        "measured": measured,
        **details,
    }
    text = json.dumps(_rounded(result), indent=1, sort_keys=True, allow_nan=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return json.loads(text)


def load(name, *, folder=RESULTS):
    r"""Read what `record` wrote.

    Raises
    ------
    FileNotFoundError
        If the experiment has not been run; it says how to.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: run `python -m experiments.{name}` first")
    return json.loads(path.read_text(encoding="utf-8"))


def _versions():
    used = [name for name in ("numpy", "torch") if name in sys.modules]
    return {"python": platform.python_version()} | {name: version(name) for name in used}


def _hardware():
    threads = os.environ.get("OMP_NUM_THREADS")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": int(threads) if threads else os.cpu_count(),
    }


def _processor():
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
