r"""The index of equations and figures: nothing is missing, and nothing points nowhere."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INDEX = tomllib.loads((ROOT / "rnn" / "book" / "index.toml").read_text(encoding="utf-8"))
ENTRIES = [(kind, entry) for kind in ("equation", "figure") for entry in INDEX[kind]]


def named(field):
    rows = [(kind, entry["number"], entry[field]) for kind, entry in ENTRIES if entry[field]]
    return pytest.mark.parametrize(("kind", "number", "where"), rows)


def test_all_52_equations_and_18_figures_have_an_entry():
    assert [e["number"] for e in INDEX["equation"]] == [f"10.{n}" for n in range(1, 53)]
    assert [e["number"] for e in INDEX["figure"]] == [f"10.{n}" for n in range(1, 19)]
    for _, entry in ENTRIES:
        assert bool(entry["code"]) == bool(entry["test"]), entry
        assert entry["code"] or not entry["notebook"], entry


def test_every_equation_is_computed_somewhere():
    assert [e["number"] for e in INDEX["equation"] if not e["code"]] == []


@named("code")
def test_the_code_exists_and_names_its_number(kind, number, where):
    if ".book" in where:
        pytest.importorskip("matplotlib", reason="needs matplotlib")
        pytest.importorskip("networkx", reason="needs networkx")
        pytest.importorskip("IPython", reason="needs IPython")
    module, name = where.split(":")
    assert callable(getattr(importlib.import_module(module), name))


@named("code")
def test_an_equation_stands_where_it_is_computed(kind, number, where):
    """The number is written in the docstring of the function, or at a line of its module."""
    if kind == "figure":
        return
    module, name = where.split(":")
    thing = getattr(importlib.import_module(module), name)
    home = Path(importlib.import_module(thing.__module__).__file__).read_text(encoding="utf-8")
    spans = re.findall(r"\((10\.\d+)\)(?:-\((10\.\d+)\))?", home)
    covered = {n for a, b in spans for n in range(int(a[3:]), int((b or a)[3:]) + 1)}
    assert int(number[3:]) in covered, f"({number}) is not named in {thing.__module__}"


@named("test")
def test_the_test_exists(kind, number, where):
    path, name = where.split("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


@named("notebook")
def test_the_notebook_shows_it(kind, number, where):
    text = (ROOT / "chapters" / "text" / f"{where}.py").read_text(encoding="utf-8")
    shown = {
        "equation": rf"\\tag\{{{re.escape(number)}\}}",
        "figure": rf'figure_(graph|unfolded)\("{re.escape(number)}[ "a-c]',
    }
    assert re.search(shown[kind], text)


def test_every_numbered_equation_of_a_notebook_is_in_the_index():
    for text in (ROOT / "chapters" / "text").glob("*.py"):
        for number in re.findall(r"\\tag\{(.+?)\}", text.read_text(encoding="utf-8")):
            entry = next(e for e in INDEX["equation"] if e["number"] == number)
            assert entry["notebook"] == text.stem, number
