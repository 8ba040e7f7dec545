r"""The conditions under which notebooks are made and compared: `python -m tools.pinned -m pytest`.

One thread, no progress bars, warnings as errors, and none of the reader's own settings.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["ROOT", "environment", "pin"]

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

CONDITIONS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "RNN_SILENT": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "IPYTHONDIR": str(BUILD / "ipython"),
    "MPLCONFIGDIR": str(BUILD / "matplotlib"),
}
PERSONAL = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "MPLBACKEND", "MATPLOTLIBRC", "PYTHONSTARTUP")

KERNEL_CONFIG = """\
c = get_config()
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = "ERROR"
"""
WARM = "import matplotlib.font_manager"


def environment() -> dict[str, str]:
    r"""Return this process's environment variables with the conditions in force."""
    kept = {name: value for name, value in os.environ.items() if name not in PERSONAL}
    return {**kept, **CONDITIONS}


def prepare() -> None:
    r"""Write the kernel's start-up file, and let matplotlib build its font cache."""
    profile = Path(CONDITIONS["IPYTHONDIR"]) / "profile_default"
    (profile / "startup").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "tools/kernel_startup.py", profile / "startup/00-warnings.py")
    (profile / "ipython_kernel_config.py").write_text(KERNEL_CONFIG, encoding="utf-8")
    if not any(Path(CONDITIONS["MPLCONFIGDIR"]).glob("fontlist*.json")):
        subprocess.run([sys.executable, "-c", WARM], env=environment(), check=True)


def pin() -> None:
    r"""Put the conditions in force for every process that this one starts."""
    prepare()
    for name in PERSONAL:
        os.environ.pop(name, None)
    os.environ.update(CONDITIONS)


def main() -> None:
    prepare()
    done = subprocess.run([sys.executable, *sys.argv[1:]], env=environment(), check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
