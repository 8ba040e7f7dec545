"""The account of `make test`: it notices cells that were not run, and texts not compared."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbval", reason="the account is about nbval")
pytest.importorskip("nbclient", reason="the sample notebook is built with nbclient")

import nbformat

from tools import pinned, tally, twins

ROOT = Path(__file__).resolve().parent.parent
NAME = "chapters/10.50-sample.ipynb"
ASKED = {NAME: {"cells": 16, "compared": 15}}


def run(root, *options):
    """Run nbval on the house as `make test` does, and return its exit code and its account."""
    line = [sys.executable, "-m", "pytest", "chapters", "--nbval", "--nbval-current-env"]
    line += ["--nbval-sanitize-with", str(ROOT / "tests/nbval_sanitize.cfg"), "-W", "default"]
    line += [
        "-p",
        "tools.tally",
        "--tally",
        "tally.json",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        *options,
    ]
    environment = pinned.environment() | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=root, env=environment, capture_output=True, text=True)
    return done, json.loads((root / "tally.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def built(built_house, tmp_path_factory):
    return Path(shutil.copytree(built_house, tmp_path_factory.mktemp("tally") / "house"))


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadscope")])
def test_every_cell_is_run_and_every_text_compared(built, options):
    done, account = run(built, *options)
    assert done.returncode == 0, done.stdout
    assert account["passed"] == 16
    assert account["notebooks"][NAME]["core_s"] > 0
    assert tally.complaints(account["notebooks"], ASKED) == []


def change(root, edit):
    path = root / NAME
    nb = nbformat.read(path, as_version=4)
    edit(twins.code_cells(nb))
    nbformat.write(nb, path)


def test_another_text_fails_but_another_measured_number_does_not(built):
    before = (built / NAME).read_bytes()
    try:
        change(built, lambda cells: cells[14].outputs[0].update(text="⟦9.9⟧ measured\n"))
        assert run(built)[0].returncode == 0
        change(built, lambda cells: cells[14].outputs[0].update(text="⟦9.9⟧ counted\n"))
        assert run(built)[0].returncode == 1
    finally:
        (built / NAME).write_bytes(before)


def test_an_unexecuted_notebook_passes_nbval_but_not_the_account(built):
    before = (built / NAME).read_bytes()

    def strip(cells):
        for cell in cells:
            cell.update(outputs=[], execution_count=None)

    try:
        change(built, strip)
        done, account = run(built)
    finally:
        (built / NAME).write_bytes(before)
    assert done.returncode == 0
    complaint = f"{NAME}: 0 cells had their text compared, and it has 15."
    assert tally.complaints(account["notebooks"], ASKED) == [complaint]


@pytest.mark.parametrize(
    ("ran", "complaint"),
    [
        ({}, f"{NAME}: 0 cells were run, and it has 16."),
        ({NAME: {"cells": 15, "compared": 15}}, f"{NAME}: 15 cells were run, and it has 16."),
    ],
)
def test_a_cell_that_was_not_run_is_noticed(ran, complaint):
    assert complaint in tally.complaints(ran, ASKED)


def test_a_book_without_any_output_is_noticed():
    empty = {NAME: {"cells": 16, "compared": 0}}
    assert "No text output is stored" in tally.complaints(empty, empty)[0]


def test_a_slow_notebook_is_named():
    ran = {"chapters/a.ipynb": {"core_s": 61.0}, "chapters/solutions/a.ipynb": {"core_s": 15.5}}
    assert tally.slow(ran) == [
        "chapters/a.ipynb took 61.0 core-seconds; its budget is 60.",
        "chapters/solutions/a.ipynb took 15.5 core-seconds; its budget is 15.",
        "The mean is 38 core-seconds, over 30.",
    ]


def test_a_skip_fails_under_make_test_unless_it_needs_a_gpu(tmp_path):
    tests = {
        "test_skip": "import pytest\ndef test_it(): pytest.skip('no reason')\n",
        "test_module": "import pytest\npytest.importorskip('nonesuch', reason='not here')\n",
        "test_gpu": "import pytest\ndef test_it(): pytest.skip('needs a GPU')\n",
        "test_xfail": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert 0\n",
    }
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"), "utf-8")
    for name, source in tests.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    assert outcome(tmp_path, strict="") == "3 skipped, 1 xfailed"
    assert outcome(tmp_path, strict="1") == "1 failed, 1 skipped, 1 xfailed, 1 error"


def outcome(folder, strict):
    """Return the counts in the last line of a run of pytest."""
    line = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors"]
    environment = {"RNN_NO_SKIPS": strict, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        line, cwd=folder, env=os.environ | environment, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1].partition(" in ")[0]
