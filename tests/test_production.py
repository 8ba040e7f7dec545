"""The production line: text twin to notebook, and when it runs again."""

import gc
import json
import sys

import pytest

pytest.importorskip("jupytext", reason="the production line needs jupytext")
pytest.importorskip("nbclient", reason="the production line needs nbclient")

import nbformat

from tools import notebooks, pinned, twins

NAME = "10.50-sample"


@pytest.fixture(autouse=True, scope="module")
def pinned_environment():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in pinned.environment().items():
            patch.setenv(name, value)
        pinned.pin()
        yield


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Collect what a killed kernel's client leaves: its last words come when it is collected.

    If that happened while another test imports a module, Python 3.11 would trip over itself: it
    parses source both to import and to print a traceback.
    """
    yield
    gc.collect()


@pytest.fixture
def text(house):
    return house / f"chapters/text/{NAME}.py"


def write_cells(text, *cells):
    header = text.read_text(encoding="utf-8").partition("# %%")[0]
    text.write_text(header + "\n\n".join(f"# %%\n{cell}" for cell in cells) + "\n", "utf-8")


def test_a_notebook_has_its_outputs_and_no_widget(text, house):
    notebooks.build(text, house)
    raw = twins.notebook_of(text).read_text(encoding="utf-8")
    nb = nbformat.reads(raw, as_version=4)
    last = nb.cells[-1]
    assert nb.cells[1].outputs[0].data["text/plain"] == "0"
    assert [sorted(out.data) for out in last.outputs] == [["image/png", "text/plain"]]
    assert "widget" not in raw.partition('"nbformat"')[0].replace("ipywidgets", "")
    assert nb.metadata.rnn.compared == 15
    assert set(nb.metadata) == {"kernelspec", "language_info", "rnn"}


def test_building_twice_gives_the_same_bytes(text, house):
    notebooks.build(text, house)
    first = twins.notebook_of(text).read_bytes()
    notebooks.build(text, house)
    assert twins.notebook_of(text).read_bytes() == first


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("chapters/text/10.50-sample.py", "\n# %%\n1\n"),
        ("rnn/__init__.py", "x = 1\n"),
        ("rnn/new.toml", "a = 1\n"),
        ("constraints.txt", "torch==2.0\n"),
    ],
)
def test_whatever_the_outputs_depend_on_makes_a_notebook_stale(text, house, path, change):
    write_cells(text, "1 + 1")
    notebooks.build(text, house)
    assert not notebooks.stale(text, house)
    with (house / path).open("a", encoding="utf-8") as file:
        file.write(change)
    assert notebooks.stale(text, house)


def test_a_stored_result_counts_only_where_it_is_named(text, house):
    write_cells(text, "'adding'")
    results = house / "experiments/results"
    before = twins.sources(text, house)
    (results / "copying.json").write_text("{}", encoding="utf-8")
    assert twins.sources(text, house) == before
    (results / "adding.json").write_text("{}", encoding="utf-8")
    assert twins.sources(text, house) != before


def test_line_endings_do_not_count(text, house):
    before = twins.sources(text, house)
    text.write_bytes(text.read_bytes().replace(b"\n", b"\r\n"))
    assert twins.sources(text, house) == before


def test_an_error_names_the_cell_and_leaves_the_old_notebook(text, house):
    write_cells(text, "a = 1", "a + 1")
    notebooks.build(text, house)
    before = twins.notebook_of(text).read_bytes()
    write_cells(text, "a = 1", "a / 0")
    with pytest.raises(notebooks.NotebookError) as caught:
        notebooks.build(text, house)
    assert f"chapters/{NAME}.ipynb, cell 2 failed" in str(caught.value)
    assert "a / 0" in str(caught.value)
    assert "ZeroDivisionError" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert twins.notebook_of(text).read_bytes() == before
    assert [path.name for path in (house / "chapters").glob("*tmp*")] == []


def test_a_picture_that_is_none_names_the_cell(text, house):
    write_cells(text, "1", "display({'image/png': memoryview(b'abc')}, raw=True)")
    with pytest.raises(notebooks.NotebookError, match=r"cell 2 failed(.|\n)*image/png") as caught:
        notebooks.build(text, house)
    assert len(str(caught.value)) < 400


def test_a_cell_without_end_names_the_cell(text, house):
    nb = twins.bare(text, None)
    nb.cells = nb.cells[:1]
    nb.cells += [nbformat.v4.new_code_cell("import time"), nbformat.v4.new_code_cell("while 1: 0")]
    with pytest.raises(notebooks.NotebookError, match=r"cell 3 failed(.|\n)*longer than 1 s"):
        notebooks.execute(nb, "it", house, timeout=1)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("import warnings\nwarnings.warn('careful')", "UserWarning"),
        ("import numpy as np\nnp.log(np.zeros(2))", "RuntimeWarning"),
        ("import warnings\nwarnings.warn('old', DeprecationWarning)", "DeprecationWarning"),
    ],
)
def test_a_warning_in_a_notebook_is_an_error(text, house, cell, kind):
    write_cells(text, cell)
    with pytest.raises(notebooks.NotebookError, match=kind):
        notebooks.build(text, house)


def test_the_kernel_runs_under_the_conditions_of_the_house(text, house):
    code = "import os, sys\nprint(os.environ['OMP_NUM_THREADS'], os.environ['RNN_SILENT'])"
    write_cells(text, code, "sys.executable", "os.path.basename(os.getcwd())")
    notebooks.build(text, house)
    cells = nbformat.read(twins.notebook_of(text), as_version=4).cells
    assert cells[0].outputs[0].text == "1 1\n"
    assert cells[1].outputs[0].data["text/plain"] == repr(sys.executable)
    assert cells[2].outputs[0].data["text/plain"] == "'chapters'"


def test_a_cell_keeps_its_id_when_others_come_and_it_is_edited(text):
    write_cells(text, "a = 1", "b = 2", "c = 3")
    old = twins.bare(text, None)
    write_cells(text, "a = 1", "new = 0", "b = 22", "c = 3")
    new = twins.bare(text, old)
    ids, was = [cell.id for cell in new.cells], [cell.id for cell in old.cells]
    assert (ids[0], ids[3]) == (was[0], was[2])
    assert len(set(ids)) == 4


def test_equal_cells_have_different_ids(text):
    write_cells(text, "a = 1", "a = 1", "a = 1")
    assert len({cell.id for cell in twins.bare(text, None).cells}) == 3


def test_a_new_notebook_gets_the_same_ids_every_time(text):
    first, second = twins.bare(text, None), twins.bare(text, None)
    assert [cell.id for cell in first.cells] == [cell.id for cell in second.cells]


def test_only_and_stale_choose_what_is_built(house, text, capsys):
    write_cells(text, "1 + 1")
    other = text.with_name("10.51-other.py")
    other.write_text(text.read_text(encoding="utf-8"), encoding="utf-8")
    assert twins.texts(house, only="10.51") == [other]
    notebooks.build_all(twins.texts(house), house)
    assert "chapters/10.51-other.ipynb …" in capsys.readouterr().out
    assert not any(notebooks.stale(path, house) for path in twins.texts(house))


def test_one_that_fails_does_not_hold_up_the_others(house, text, capsys):
    write_cells(text, "1 / 0")
    other = text.with_name("10.51-other.py")
    other.write_text(text.read_text("utf-8").replace("/", "+"), encoding="utf-8")
    assert notebooks.build_all([text, other], house) == [f"chapters/{NAME}.ipynb"]
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert not notebooks.stale(other, house)


def test_a_broken_notebook_file_is_built_anew(text, house):
    write_cells(text, "1 + 1")
    twins.notebook_of(text).write_text("{not json", encoding="utf-8")
    assert notebooks.stale(text, house)
    notebooks.build(text, house)
    assert json.loads(twins.notebook_of(text).read_text(encoding="utf-8"))["nbformat"] == 4
