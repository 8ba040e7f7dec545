r"""Make `.venv` and install the book into it; a second run with nothing changed returns at once.

Standard library only, and syntax that an old Python still reads: it must be able to say that
it is too old.
"""

import argparse
import collections
import hashlib
import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("book", "dev")  # each holds the one before
STAMP = "rnn-stamp.json"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"


FAILED = (
    "The installation failed, and its last words stand above: "
    "put that right (often it is the network), then run the same command again."
)


class SetupError(Exception):
    r"""Something that the person at the keyboard can put right, in one sentence."""


def check_python(version=sys.version_info, find=importlib.util.find_spec):
    r"""Raise `SetupError` where this Python cannot carry the book."""
    if tuple(version[:2]) < (3, 11):
        raise SetupError(
            f"The book needs Python 3.11 or later and this is {version[0]}.{version[1]}: "
            "name another one, as in `make PYTHON=python3.12 lab`."
        )
    if find("venv") is None or find("ensurepip") is None:
        raise SetupError(
            "This Python has no working venv module: install it "
            f"(on Debian and Ubuntu: sudo apt install python{version[0]}.{version[1]}-venv) "
            "or name another Python, as in `make PYTHON=python3.12 lab`."
        )


def fingerprint(root):
    r"""Return a hash of the files that decide what gets installed."""
    files = [root / "pyproject.toml", root / "constraints.txt"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def read_stamp(venv):
    r"""Return what was installed, or an empty dict where a set-up never finished."""
    try:
        return json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_stamp(venv, **stamp):
    r"""Record what was installed, in one atomic step."""
    temporary = venv / (STAMP + ".tmp")
    temporary.write_text(json.dumps(stamp), encoding="utf-8")
    temporary.replace(venv / STAMP)


def is_sound(venv, stamp, torch):
    r"""Tell whether an environment may stay: whole, made in this folder, with this PyTorch."""
    stands = stamp.get("home") == str(venv) and (venv / "bin" / "python").exists()
    return stands and torch in ("", stamp["torch"])


def is_fresh(root, stamp, extra):
    r"""Tell whether a sound environment already holds `extra` at today's versions."""
    return stamp["key"] == fingerprint(root) and stamp["extra"] in EXTRAS[EXTRAS.index(extra) :]


def show(line):
    r"""Overwrite one line of the terminal; into a log file, write nothing."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r\033[K" + line.strip()[:width], end="", flush=True)


def call(command, root):
    r"""Run a command and show that it lives; where it fails, raise with its last lines printed."""
    child = subprocess.Popen(
        command, cwd=str(root), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    last = collections.deque(maxlen=12)
    try:
        for line in child.stdout:
            last.append(line)
            show(line)
    except BaseException:
        child.terminate()
        raise
    finally:
        code = child.wait()
        show("")
    if code:
        sys.stderr.write("".join(last))
        raise SetupError(FAILED)


def install(venv, root, extra, torch):
    r"""Install the project with one extra, at the versions of constraints.txt."""
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pip += ["-c", "constraints.txt"]
    if torch == "cpu":  # PyTorch alone comes from its own index
        call([*pip, "--no-deps", "--extra-index-url", CPU_WHEELS, "torch"], root)
    call([*pip, "-e", f".[{extra}]"], root)
    call([python, "-c", "import matplotlib.font_manager"], root)  # fills the font cache, once
    stamp = {"home": str(venv), "key": fingerprint(root), "extra": extra, "torch": torch}
    write_stamp(venv, **stamp)


def build(venv, root, extra, torch):
    r"""Make a new environment; whatever stops it, put back what stood there before."""
    print("Installing the book into .venv (a few minutes the first time) …", flush=True)
    aside = venv.with_name(venv.name + ".old")
    shutil.rmtree(str(aside), ignore_errors=True)
    if read_stamp(venv):
        venv.rename(aside)
    try:
        call([sys.executable, "-m", "venv", "--clear", str(venv)], root)
        install(venv, root, extra, torch)
    except BaseException:
        shutil.rmtree(str(venv), ignore_errors=True)
        if aside.exists():
            aside.rename(venv)
        raise
    shutil.rmtree(str(aside), ignore_errors=True)


def update(venv, root, stamp, extra):
    r"""Bring an environment up to date; if that fails it stays, but is tried again next time."""
    print("Bringing .venv up to date …", flush=True)
    write_stamp(venv, **dict(stamp, key="interrupted"))
    try:
        install(venv, root, max(extra, stamp["extra"], key=EXTRAS.index), stamp["torch"])
    except SetupError as error:
        raise SetupError(f"{error} The .venv of before still stands, not up to date.") from None


def setup(extra, torch="", root=ROOT):
    r"""Make or refresh `.venv` under `root`, so that it holds `extra` (`book` or `dev`)."""
    venv = root / ".venv"
    stamp = read_stamp(venv)
    if not is_sound(venv, stamp, torch):
        check_python()
        build(venv, root, extra, torch)
    elif not is_fresh(root, stamp, extra):
        update(venv, root, stamp, extra)


def stop(*_):
    r"""Treat a request to end like Ctrl-C, so that it too leaves nothing half-installed."""
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description="Make .venv and install the book into it.")
    parser.add_argument("extra", choices=EXTRAS)
    parser.add_argument("--torch", default="", choices=["", "cpu"], help="cpu: without CUDA")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    try:
        setup(options.extra, options.torch)
    except SetupError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nStopped; nothing half-installed is left behind.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
