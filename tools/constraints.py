r"""Write constraints.txt: what a clean install of everything resolves to today.

Further requirements narrow it: `python -m tools.constraints "torch==2.13.0"`.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEADER = """\
# The exact versions with which the stored outputs of the notebooks were made.
# Written by `make constraints`: pip freeze of a clean install of ".[dev]".
# A later wheel is welcome elsewhere: pyproject.toml has the lower bounds.
"""


NOT_PINNED = ("#", "-e", "rnn-companion", "nvidia-", "cuda-", "triton")


def pins(freeze: str) -> list[str]:
    r"""Keep the `name==version` lines that hold on every platform: no CUDA wheels, no `+cpu`."""
    lines = [re.sub(r"\+.*", "", line) for line in freeze.splitlines() if "==" in line]
    return [line for line in lines if not line.startswith(NOT_PINNED)]


def clean_install(folder: str, further: list[str]) -> str:
    r"""Return the `pip freeze` of a new environment that holds everything, and `further`."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "-e", f"{ROOT}[dev]", *further], check=True)
    return subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = pins(clean_install(folder, sys.argv[1:]))
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"constraints.txt: {len(lines)} versions")


if __name__ == "__main__":
    main()
