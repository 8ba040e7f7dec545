"""The rules of the house: kept by every stored notebook, and each rule shown to bite."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="the gates need jupytext")
pytest.importorskip("nbclient", reason="the gates need nbclient")

import nbformat

from tools import gates, notebooks, page, twins

NAME = "chapters/10.50-sample.ipynb"
REAL = page.pages()


@pytest.mark.parametrize("real", REAL, ids=[one.name for one in REAL])
def test_a_notebook_keeps_every_rule(real):
    assert gates.findings(real) == []


def test_every_text_twin_has_its_notebook():
    assert gates.unbuilt() == []


@pytest.fixture
def sound(built_house, tmp_path):
    return Path(shutil.copytree(built_house, tmp_path / "house"))


def broken(root, change):
    """Apply a change to the stored notebook and return what the gates find."""
    path = root / NAME
    nb = nbformat.read(path, as_version=4)
    change(nb)
    nbformat.write(nb, path)
    return gates.findings(page.Page(path, root))


def code(nb, n=0):
    return twins.code_cells(nb)[n]


def last(nb):
    return code(nb, -1)


def test_the_sample_keeps_every_rule(sound):
    assert broken(sound, lambda nb: None) == []


def unexecuted(nb):
    code(nb, 3).execution_count = None


def out_of_turn(nb):
    code(nb, 3).execution_count = 40


def stripped(nb):
    for cell in twins.code_cells(nb):
        cell.outputs = []


def one_stripped(nb):
    code(nb, 2).outputs = []


def error(nb):
    code(nb).outputs = [nbformat.v4.new_output("error", ename="Oops", evalue="", traceback=[])]


def warning(nb):
    code(nb).outputs.append(nbformat.v4.new_output("stream", name="stderr", text="careful"))


def path_in_output(nb):
    code(nb).outputs[0].data["text/plain"] = "'/home/ann/data.txt'"


def windows_path(nb):
    code(nb).outputs[0].data["text/plain"] = r"'C:\Users\ann'"


def path_in_text(nb):
    nb.cells[0].source += "\nSee /Users/ann/notes."


def widget_state(nb):
    nb.metadata["widgets"] = {"state": {}}


def widget_view(nb):
    last(nb).outputs[0].data[notebooks.WIDGET] = {"model_id": "1"}


def oversize(nb):
    last(nb).outputs[0].data["image/png"] = "A" * 1_000_001


def other_kernel(nb):
    nb.metadata.kernelspec.name = "mine"


def edited(nb):
    code(nb, 1).source = "value = 2\nvalue * 2"


def retagged(nb):
    code(nb, 1).metadata["tags"] = ["nbval-ignore-output"]


def skipping(nb):
    code(nb, 1).metadata["tags"] = ["nbval-skip"]


def commented_out(nb):
    code(nb, 1).source = "# NBVAL_SKIP\nvalue = 1"


def cell_gone(nb):
    del nb.cells[-2:]


def semicolon(nb):
    code(nb, 1).source += ";"


def no_alt(nb):
    nb.cells[0].source += "\n![](picture.png)"


def no_alt_html(nb):
    nb.cells[0].source += '\n<img src="picture.png">'


def long_cell(nb):
    code(nb, 1).source = "\n".join(f"a = {n}" for n in range(21))


def long_cells(nb):
    for cell in twins.code_cells(nb):
        cell.source = "\n".join(f"a = {n}" for n in range(6))


def few_cells(nb):
    nb.cells = nb.cells[:20]


def terse(nb):
    for cell in nb.cells[::2]:
        cell.source = "So:"


def silent(nb):
    stripped(nb)
    nb.metadata.rnn.compared = 0


BREAKS = [
    (edited, f"{NAME}, cell 4: differs from its text twin: run `make notebooks`"),
    (retagged, f"{NAME}, cell 4: differs from its text twin: run `make notebooks`"),
    (cell_gone, f"{NAME}: has 30 cells and its text twin 32: run `make notebooks`"),
    (unexecuted, f"{NAME}, cell 8: was not executed in its turn (None): run `make notebooks`"),
    (out_of_turn, f"{NAME}, cell 8: was not executed in its turn (40): run `make notebooks`"),
    (stripped, f"{NAME}: has 0 cells with text to compare, but was built with 15: run"),
    (one_stripped, f"{NAME}: has 14 cells with text to compare, but was built with 15: run"),
    (silent, f"{NAME}: only 0 of 16 code cells print or return text"),
    (error, f"{NAME}, cell 2: stores the error Oops: mend it, then run `make notebooks`"),
    (warning, f"{NAME}, cell 2: stores a warning or log on stderr"),
    (path_in_output, f"{NAME}, cell 2: holds the absolute path '/home/a…'"),
    (windows_path, f"{NAME}, cell 2: holds the absolute path 'C:\\Users…'"),
    (path_in_text, f"{NAME}, cell 1: holds the absolute path '/Users/a…'"),
    (widget_state, f"{NAME}: stores widget state: run `make notebooks`"),
    (widget_view, f"{NAME}, cell 32: stores a live widget: run `make notebooks`"),
    (oversize, f"{NAME}: has 1.0"),
    (other_kernel, f"{NAME}: does not name the kernel python3: run `make notebooks`"),
    (semicolon, f"{NAME}, cell 4: ends in a semicolon: assign the result to `_`"),
    (retagged, f"{NAME}, cell 4: is tagged nbval-ignore-output without cause"),
    (skipping, f"{NAME}, cell 4: switches nbval off"),
    (commented_out, f"{NAME}, cell 4: switches nbval off"),
    (no_alt, f"{NAME}, cell 1: shows a picture without alt text"),
    (no_alt_html, f"{NAME}, cell 1: shows a picture without alt text"),
    (long_cell, f"{NAME}, cell 4: has 21 lines of code, more than 20"),
    (long_cells, f"{NAME}: its median code cell has 6 lines, more than 5"),
    (few_cells, f"{NAME}: has 10 code cells, and should have 15 to 40"),
    (terse, f"{NAME}: has 0."),
]


@pytest.mark.parametrize(("change", "finding"), BREAKS, ids=[one[0].__name__ for one in BREAKS])
def test_a_broken_copy_is_found(sound, change, finding):
    assert any(found.startswith(finding) for found in broken(sound, change))


def test_every_rule_is_shown_to_bite(sound):
    """Each gate finds something in at least one broken copy, here or in the tests below."""
    path, silent_gates = sound / NAME, {gates.up_to_date}
    plain = path.read_text(encoding="utf-8")
    for change, _ in BREAKS:
        broken(sound, change)
        silent_gates |= {gate for gate in gates.GATES if any(gate(page.Page(path, sound)))}
        path.write_text(plain, encoding="utf-8")
    assert silent_gates == set(gates.GATES)


def test_a_newer_text_is_found(sound):
    text = sound / "chapters/text/10.50-sample.py"
    text.write_text(text.read_text(encoding="utf-8").replace("value = 3", "value = 33"), "utf-8")
    found = broken(sound, lambda nb: None)
    assert f"{NAME}, cell 8: differs from its text twin: run `make notebooks`" in found
    assert f"{NAME}: its outputs were made from other sources: run `make notebooks`" in found


def test_newer_package_sources_are_found(sound):
    (sound / "rnn/__init__.py").write_text("changed = True\n", encoding="utf-8")
    message = f"{NAME}: its outputs were made from other sources: run `make notebooks`"
    assert broken(sound, lambda nb: None) == [message]


def test_a_missing_text_is_found(sound):
    (sound / "chapters/text/10.50-sample.py").unlink()
    assert "text twin 10.50-sample.py is missing" in broken(sound, lambda nb: None)[0]


def test_a_text_without_a_notebook_is_found(sound):
    (sound / NAME).unlink()
    message = "chapters/text/10.50-sample.py has no notebook: run `make notebooks`"
    assert gates.unbuilt(sound) == [message]


def test_a_header_without_the_kernel_is_found(sound):
    text = sound / "chapters/text/10.50-sample.py"
    text.write_text(text.read_text("utf-8").replace("name: python3\n", "name: other\n"), "utf-8")
    found = broken(sound, lambda nb: None)
    assert any("header of 10.50-sample.py does not name the kernel python3" in f for f in found)


def test_the_projects_own_folder_is_an_absolute_path(sound):
    def leak(nb):
        code(nb).outputs[0].data["text/plain"] = str(sound / "chapters")

    assert any(f"cell 2: holds the absolute path '{sound}" in f for f in broken(sound, leak))


@pytest.mark.parametrize(
    "innocent",
    [
        "see https://example.org/home/ann",
        r"$f: \mathbb{R} \to \mathbb{R}$",
        "a/tmp/b",
        "and/or 1/2",
    ],
)
def test_what_only_looks_like_a_path_is_left_alone(innocent):
    assert gates.PATHS.search(innocent) is None


def test_solutions_and_the_start_page_need_not_follow_the_frame(sound):
    plain = (sound / NAME).read_bytes()
    for name in ("chapters/10.00-start.ipynb", "chapters/solutions/10.50-sample.ipynb"):
        (sound / name).write_bytes(plain)
        assert not page.Page(sound / name, sound).framed
    assert page.Page(sound / NAME, sound).framed
