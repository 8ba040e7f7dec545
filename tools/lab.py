r"""Open JupyterLab on the student's copy: `make lab`, or `python -m tools.lab` in any environment.

JupyterLab's settings stand in `tools/jupyter`; what it remembers goes to `study/.jupyter`, so the
reader's own Jupyter is neither used nor touched.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tools.study import ROOT, digest, refresh

__all__ = ["LabError", "command", "environment", "is_free", "port_flags"]

START = "10.00-start-here.ipynb"


class LabError(Exception):
    r"""Something that the reader can put right, in one sentence."""


def environment() -> dict[str, str]:
    r"""Return the environment in which JupyterLab knows only this project's settings and kernel."""
    kept = {name: value for name, value in os.environ.items() if name != "JUPYTER_PATH"}
    return {
        **kept,
        "JUPYTER_CONFIG_PATH": str(ROOT / "tools/jupyter"),
        "JUPYTER_CONFIG_DIR": str(ROOT / "study/.jupyter"),
        "JUPYTER_DATA_DIR": str(ROOT / "study/.jupyter/data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def is_free(port: int) -> bool:
    r"""Tell whether a port of this machine can be listened on."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_flags(port: str) -> list[str]:
    r"""Return JupyterLab's flags for a port; without one it takes the next that is free."""
    if not port:
        return []
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise LabError(f"PORT must be a number from 1 to 65535, and it is {port!r}.")
    if not is_free(int(port)):
        raise LabError(f"Port {port} is taken: name another, as in `make lab PORT=8890`.")
    return [f"--port={port}", "--ServerApp.port_retries=0"]


def command(root: Path, flags: list[str]) -> list[str]:
    r"""Return the command line that opens JupyterLab in `root/study`."""
    lab = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root / 'study'}"]
    start = [f"--LabApp.default_url=/lab/tree/{START}"] * (root / "study" / START).exists()
    as_root = ["--allow-root"] * (getattr(os, "geteuid", lambda: 1)() == 0)
    return [*lab, *start, *as_root, *flags]


def main() -> None:
    try:
        flags = port_flags(os.environ.get("PORT", ""))
        if not any((ROOT / "chapters").glob("*.ipynb")):
            raise LabError("There are no notebooks in chapters/ yet: run `make notebooks`.")
    except LabError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(*refresh(), "JupyterLab is starting; Ctrl-C twice ends it.", sep="\n", flush=True)
    trust()
    sys.exit(run(command(ROOT, [*flags, *sys.argv[1:]])))


def trust(root: Path = ROOT) -> None:
    r"""Sign the book's own notebooks in `study/`, so that JupyterLab does not warn of them."""
    os.environ.update(environment())
    from nbformat import read
    from nbformat.sign import NotebookNotary

    ours = {digest(path) for path in (root / "chapters").rglob("*.ipynb")}
    notary = NotebookNotary()
    for mine in (root / "study").rglob("*.ipynb"):
        if digest(mine) in ours:
            notary.sign(read(mine, as_version=4))


def run(line: list[str]) -> int:
    r"""Become JupyterLab, or where a process cannot do that (Windows), wait for it."""
    if os.name == "posix":
        os.chdir(ROOT)
        os.execve(line[0], line, environment())
    return subprocess.call(line, cwd=ROOT, env=environment())


if __name__ == "__main__":
    main()
