r"""The README keeps its word: its code runs as it stands and prints what it says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


BLOCKS = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", README, re.S)


@pytest.mark.parametrize(("code", "printed"), BLOCKS, ids=["reference", "pytorch"])
def test_code_prints_what_the_readme_says(code, printed, tmp_path):
    if "torch" in code:
        pytest.importorskip("torch", reason="needs PyTorch")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},  # also where the package is not installed
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


def test_the_numbers_on_speed_are_those_that_were_measured():
    measured = json.loads((ROOT / "experiments/results/bench_cpu.json").read_text())["measured"]
    means, sparing = measured["geometric_mean"], measured["checkpointed"]
    said = re.sub(r"\s+", " ", README)
    tanh, gru, lstm = (f"{means[kind]:.1f}" for kind in ("RNN", "GRU", "LSTM"))
    assert f"{tanh} times as fast for the tanh net, {gru} for the GRU, and {lstm} for the" in said
    memory, time = f"{100 * sparing['memory']:.1f}", f"{sparing['ratio']:.1f}"
    assert f"needs {memory} % of the memory and {time} times the time" in said


def test_every_link_of_the_pages_leads_somewhere():
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (ROOT / link).exists(), f"{page}: {link}"


def test_every_make_target_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"`make ([a-z]+)", text):
            assert f"\n{target}:" in makefile, f"{page}: make {target}"
