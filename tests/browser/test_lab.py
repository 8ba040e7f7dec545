"""A reader's first hour in a real browser: open, run through, move a slider, solve an exercise."""

import json

import pytest
from conftest import NOTEBOOK

CHAPTERS = ["10.A-making-it-fast", "10.00-start-here", "10.01-unfolding"]
EXERCISE = 'check("10.1-a", answer)'


def errors(cells):
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    return [out["evalue"] for out in outputs if out["output_type"] == "error"]


def test_the_book_opens_on_the_start_page(lab):
    lab.open()
    title = lab.page.evaluate("window.jupyterapp.shell.currentWidget.title.label")
    assert title == "10.00-start-here.ipynb"
    lab.page.wait_for_timeout(3000)  # time for a pop-up to come
    changed = lab.page.evaluate("window.jupyterapp.shell.currentWidget.model.dirty")
    assert not changed, "a notebook that nobody touched would ask to be saved"
    code = f"{NOTEBOOK}.widgets.filter(cell => cell.model.type === 'code')"
    trusted = lab.page.evaluate(f"{code}.every(cell => cell.model.trusted)")
    assert trusted, "the book's own notebooks should be trusted"
    lab.screenshot("start")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_through(lab, name):
    lab.open(f"/lab/tree/{name}.ipynb")
    lab.run_all()
    cells = lab.cells()
    assert errors(cells) == []
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert None not in counts
    lab.screenshot(f"{name}-run")


def test_a_slider_moves_its_picture(lab):
    lab.open("/lab/tree/10.01-unfolding.ipynb")
    lab.run_all()
    cell = lab.go_to(lab.find("slider("))
    handle = cell.wait_for_selector(".noUi-handle")
    picture = cell.wait_for_selector(".jupyter-widgets img")
    before, value = picture.get_attribute("src"), handle.get_attribute("aria-valuenow")
    lab.screenshot("slider-before")
    handle.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_function("([img, src]) => img.src !== src", arg=[picture, before])
    lab.idle()
    assert float(handle.get_attribute("aria-valuenow")) > float(value)
    lab.page.wait_for_timeout(500)
    lab.screenshot("slider-after")


def test_an_exercise_says_what_is_wrong_and_then_that_it_is_right(lab, book):
    lab.open("/lab/tree/10.01-unfolding.ipynb")
    lab.run_all()
    number = lab.find(EXERCISE)
    assert "not attempted yet" in lab.said(number)
    wrong = lab.answer(number, f"answer = (10, 11)\n{EXERCISE}")
    assert "numbers are right but in the other order" in wrong
    lab.go_to(number)
    lab.screenshot("exercise-wrong")
    right = lab.answer(number, f"answer = (11, 10)\n{EXERCISE}")
    assert "correct" in right.lower()
    lab.go_to(number)
    lab.screenshot("exercise-right")
    assert_saved(lab, book, "answer = (11, 10)")


def assert_saved(lab, book, answer):
    """The answer reaches the student's copy, and only it: no chapter and no twin is written."""
    lab.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    mine = book / "study/10.01-unfolding.ipynb"
    sources = ["".join(c["source"]) for c in json.loads(mine.read_text("utf-8"))["cells"]]
    assert any(answer in source for source in sources)
    assert answer not in (book / "chapters/10.01-unfolding.ipynb").read_text("utf-8")
    assert not (book / "study/text").exists()
