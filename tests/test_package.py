r"""The package as an importer meets it."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

import rnn
from rnn.__main__ import _presence

BLOCK = "import sys; sys.modules.update(dict.fromkeys({blocked}, None))\n"


def run(code, blocked=()):
    return subprocess.run(
        [sys.executable, "-c", BLOCK.format(blocked=list(blocked)) + code],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_reference_needs_numpy_alone():
    done = run(
        "import rnn, rnn.reference, rnn.tasks\n"
        "heavy = {'torch', 'matplotlib', 'networkx', 'IPython', 'scipy', 'rnn.book'}\n"
        "assert not heavy & set(m for m, v in sys.modules.items() if v), heavy & set(sys.modules)"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("room", "blocked", "extra"), [("pytorch", "torch", "torch"), ("graph", "networkx", "graph")]
)
def test_a_missing_extra_is_one_sentence(room, blocked, extra):
    done = run(f"import rnn.{room}", [blocked])
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")
    assert f'pip install "rnn-companion[{extra}]"' in done.stderr.splitlines()[-1]


def test_python_m_rnn_reports_and_agrees():
    pytest.importorskip("torch", reason="needs PyTorch")
    done = subprocess.run(
        [sys.executable, "-m", "rnn"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"rnn-companion {rnn.__version__}" in done.stdout
    assert "twins agree on cpu" in done.stdout


def test_python_m_rnn_without_torch_says_what_to_install():
    done = run("import runpy; runpy.run_module('rnn', run_name='__main__')", ["torch"])
    assert 'rnn.pytorch needs PyTorch: pip install "rnn-companion[torch]"' in done.stdout


def test_python_m_rnn_names_the_extra_of_a_missing_part(monkeypatch):
    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("rnn.__main__.version", nothing)
    expected = 'missing (handwritten digits): pip install "rnn-companion[data]"'
    assert expected in _presence("scikit-learn")


def modules():
    return [m.name for m in pkgutil.walk_packages(rnn.__path__, "rnn.") if "__main__" not in m.name]


@pytest.mark.parametrize("name", modules())
def test_public_names_exist_and_have_docstrings(name):
    if ".book" in name or name.startswith("rnn.graph"):
        pytest.importorskip("matplotlib", reason="needs matplotlib")
        pytest.importorskip("networkx", reason="needs networkx")
        pytest.importorskip("IPython", reason="needs IPython")
    if ".pytorch" in name:
        pytest.importorskip("torch", reason="needs PyTorch")
    module = importlib.import_module(name)
    assert module.__doc__, name
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if callable(thing):
            assert thing.__doc__, f"{name}.{public} has no docstring"


def test_rooms_keep_to_themselves():
    from pathlib import Path

    here = Path(rnn.__file__).parent
    for path in here.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        room = path.relative_to(here).parts[0]
        if room != "book":
            assert "rnn.book" not in text.replace("rnn.book : ", ""), path
        if room == "reference":
            assert "torch" not in {
                line.split()[1].split(".")[0]
                for line in text.splitlines()
                if line.startswith(("import ", "from "))
            }
        if room == "pytorch" and path.name != "convert.py":
            assert "import reference" not in text, path


@pytest.mark.parametrize("name", [n for n in modules() if ".book" not in n])
def test_examples_in_docstrings_hold(name):
    needs = {"pytorch": "torch", "graph": "networkx"}
    for room, package in needs.items():
        if f".{room}" in name:
            pytest.importorskip(package, reason=f"needs {package}")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_hold():
    import rnn.reference.fused

    assert doctest.testmod(rnn.reference.fused).attempted > 3
