r"""Use an installed `rnn-companion` where only NumPy stands beside it: `use_wheel.py README.md`."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

LIMIT = 0.3  # seconds for `import rnn.reference`, after NumPy


def check_import() -> None:
    r"""Import the reference quickly, from the installed package, and run its cell."""
    start = time.perf_counter()
    import rnn.reference

    seconds = time.perf_counter() - start
    assert "site-packages" in rnn.__file__, f"rnn comes from {rnn.__file__}, not from the wheel"
    assert seconds < LIMIT, f"import rnn.reference took {seconds:.2f} s, over {LIMIT} s"
    assert importlib.metadata.version("rnn-companion") == rnn.__version__
    print(f"import rnn.reference: {seconds:.3f} s after NumPy {np.__version__}")


def check_alone() -> None:
    r"""Make sure that this environment shows something: none of the other packages is there."""
    for name in ("torch", "matplotlib", "networkx"):
        assert importlib.util.find_spec(name) is None, f"{name} is installed here"


def check_torch() -> None:
    r"""`import rnn.pytorch` says in its last line, one sentence, what to install."""
    code = [sys.executable, "-c", "import rnn.pytorch"]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode, "import rnn.pytorch works without torch"
    assert last.startswith("ImportError"), last
    assert 'pip install "rnn-companion[torch]"' in last, last
    print(f"import rnn.pytorch: {last}")


def check_readme(readme: str) -> None:
    r"""Run the Python that README shows, as it stands there, where it needs NumPy alone."""
    blocks = re.findall(r"```python\n(.*?)```", Path(readme).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks, f"{readme} shows no Python"
    for block in blocks:
        if "import torch" in block:
            continue
        exec(compile(block, readme, "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    check_alone()
    check_import()
    check_torch()
    check_readme(sys.argv[1])
