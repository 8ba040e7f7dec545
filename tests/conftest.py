import os
import shutil
from pathlib import Path

import numpy as np
import pytest

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---
"""
PROSE = "# %% [markdown]\n# " + "A sentence that tells the reader what the next cell shows. " * 2
PICTURE = """\
# %% tags=["nbval-ignore-output"]
import ipywidgets


def draw(tau=3):
    plt.plot(range(tau))
    plt.show()


slider = ipywidgets.interactive(draw, tau=(1, 5))
display(slider)
draw()
"""


@pytest.fixture
def rng():
    """Give each test its own generator with a fixed seed."""
    return np.random.default_rng(0)


def sample_text():
    """Return the text of a small notebook that keeps every rule of the house."""
    cells = [f"# %%\nvalue = {n}\nvalue * 2" for n in range(14)]
    cells += ["# %%\nimport matplotlib.pyplot as plt\nprint('⟦1.234⟧ measured')", PICTURE]
    return HEADER + "\n" + "\n\n".join(f"{PROSE}\n\n{cell}" for cell in cells) + "\n"


@pytest.fixture(scope="session")
def house_plan(tmp_path_factory):
    """Lay out a folder with one notebook's text twin and all that its outputs depend on."""
    root = tmp_path_factory.mktemp("house")
    for folder in ("chapters/text", "chapters/solutions/text", "rnn", "experiments/results"):
        (root / folder).mkdir(parents=True)
    (root / "chapters/text/10.50-sample.py").write_text(sample_text(), encoding="utf-8")
    (root / "rnn/__init__.py").write_text("", encoding="utf-8")
    (root / "constraints.txt").write_text("numpy==2.0\n", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def built_house(house_plan, tmp_path_factory):
    """Build the sample notebook of a house, once a run; a test that changes it takes a copy."""
    from tools import notebooks, pinned, twins

    root = tmp_path_factory.mktemp("built") / "house"
    shutil.copytree(house_plan, root)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in pinned.environment().items():
            patch.setenv(name, value)
        pinned.pin()
        notebooks.build_all(twins.texts(root), root)
    return root


@pytest.fixture
def house(house_plan, tmp_path):
    """Give a test its own copy of the house, to change as it likes."""
    return Path(shutil.copytree(house_plan, tmp_path / "house"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    """Turn a skip into a failure under `make test`: a test that does not run shows nothing."""
    return without_skips((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    """Do the same for a module that skips itself as a whole."""
    return without_skips((yield))


def without_skips(report):
    if not (os.environ.get("RNN_NO_SKIPS") and report.skipped) or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "needs a GPU" not in reason:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which `make test` forbids: {reason}"
    return report
