"""The student's copy: laid out once, never overwritten, newer chapters beside it."""

import json
import platform

import pytest

from tools import study


@pytest.fixture
def book(tmp_path):
    (tmp_path / "chapters/solutions/text").mkdir(parents=True)
    write(tmp_path, "chapters/10.00-start.ipynb", "start, first edition")
    write(tmp_path, "chapters/10.01-first.ipynb", "first edition")
    write(tmp_path, "chapters/solutions/10.01-first.ipynb", "answers, first edition")
    write(tmp_path, "chapters/solutions/text/10.01-first.py", "# text")
    study.refresh(tmp_path)
    return tmp_path


def write(root, name, words):
    """Write a notebook whose only cell says these words."""
    notebook = {"cells": [{"cell_type": "markdown", "source": words}], "metadata": {}}
    (root / name).write_text(json.dumps(notebook), encoding="utf-8")


def read(path):
    """Return what `write` wrote; of a file that is no notebook, its text."""
    text = path.read_text("utf-8")
    return json.loads(text)["cells"][0]["source"] if path.suffix == ".ipynb" else text


def found(root):
    """Return everything a student sees in study/, by name, with its content."""
    paths = [path for path in (root / "study").rglob("*") if path.is_file()]
    seen = {path.relative_to(root / "study").as_posix(): read(path) for path in paths}
    del seen[".origin.json"]
    return seen


FIRST = {
    "10.00-start.ipynb": "start, first edition",
    "10.01-first.ipynb": "first edition",
    "solutions/10.01-first.ipynb": "answers, first edition",
}


def test_the_notebooks_are_copied_and_nothing_else(book):
    assert found(book) == FIRST


def test_a_copy_names_the_python_that_will_run_it(book):
    copy = json.loads((book / "study/10.01-first.ipynb").read_text("utf-8"))
    assert copy["metadata"]["language_info"]["version"] == platform.python_version()


def test_a_broken_file_of_the_students_is_left_alone(book):
    (book / "study/10.01-first.ipynb").write_text("{ not a notebook", encoding="utf-8")
    write(book, "chapters/10.01-first.ipynb", "second edition")
    study.refresh(book)
    assert (book / "study/10.01-first.ipynb").read_text("utf-8") == "{ not a notebook"
    assert read(book / "study/10.01-first.newer.ipynb") == "second edition"


def test_a_second_run_changes_nothing(book):
    assert study.refresh(book) == []
    assert found(book) == FIRST


def test_an_answer_survives(book):
    write(book, "study/10.01-first.ipynb", "my answers")
    assert study.refresh(book) == []
    assert found(book) == FIRST | {"10.01-first.ipynb": "my answers"}


@pytest.mark.parametrize("mine", ["my answers", "first edition"])
def test_a_newer_chapter_is_laid_beside(book, mine):
    write(book, "study/10.01-first.ipynb", mine)
    write(book, "chapters/10.01-first.ipynb", "second edition")
    sentence = (
        "10.01-first.ipynb has a newer version; it lies beside yours as 10.01-first.newer.ipynb."
    )
    assert study.refresh(book) == [sentence]
    assert study.refresh(book) == []
    newer = {"10.01-first.ipynb": mine, "10.01-first.newer.ipynb": "second edition"}
    assert found(book) == FIRST | newer


def test_each_newer_chapter_gets_its_own_name(book):
    for edition in ("second", "third", "fourth"):
        write(book, "chapters/10.01-first.ipynb", f"{edition} edition")
        study.refresh(book)
    assert found(book) == FIRST | {
        "10.01-first.newer.ipynb": "second edition",
        "10.01-first.newer-2.ipynb": "third edition",
        "10.01-first.newer-3.ipynb": "fourth edition",
    }


def test_a_newer_answer_sheet_lies_beside_the_old_one(book):
    write(book, "chapters/solutions/10.01-first.ipynb", "answers, second edition")
    study.refresh(book)
    assert found(book)["solutions/10.01-first.newer.ipynb"] == "answers, second edition"


def test_a_new_chapter_is_added(book):
    write(book, "chapters/10.02-second.ipynb", "second notebook")
    assert study.refresh(book) == []
    assert found(book) == FIRST | {"10.02-second.ipynb": "second notebook"}


def test_a_deleted_copy_comes_back_as_the_chapter_is_now(book):
    write(book, "chapters/10.01-first.ipynb", "second edition")
    (book / "study/10.01-first.ipynb").unlink()
    assert study.refresh(book) == []
    assert found(book) == FIRST | {"10.01-first.ipynb": "second edition"}


def test_a_students_own_file_of_that_name_is_left_alone(book):
    write(book, "study/10.02-second.ipynb", "my own notes")
    write(book, "chapters/10.02-second.ipynb", "second notebook")
    study.refresh(book)
    assert found(book)["10.02-second.ipynb"] == "my own notes"
    assert found(book)["10.02-second.newer.ipynb"] == "second notebook"


def test_a_lost_record_overwrites_nothing(book):
    write(book, "study/10.01-first.ipynb", "my answers")
    (book / "study/.origin.json").unlink()
    study.refresh(book)
    assert found(book)["10.01-first.ipynb"] == "my answers"
    assert found(book)["10.01-first.newer.ipynb"] == "first edition"
    assert "10.00-start.newer.ipynb" not in found(book)


def test_an_interrupt_before_the_record_lays_nothing_twice(book, monkeypatch):
    write(book, "chapters/10.01-first.ipynb", "second edition")
    with monkeypatch.context() as patch:
        patch.setattr(study, "write_origin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            study.refresh(book)
    write(book, "chapters/10.00-start.ipynb", "start, first edition")
    study.refresh(book)
    assert list(found(book)).count("10.01-first.newer.ipynb") == 1
    assert "10.01-first.newer-2.ipynb" not in found(book)


def test_an_interrupted_copy_leaves_no_half_file(book, monkeypatch):
    (book / "study/10.01-first.ipynb").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(study.Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            study.refresh(book)
    assert not (book / "study/10.01-first.ipynb").exists()
    study.refresh(book)
    assert found(book)["10.01-first.ipynb"] == "first edition"


def interrupt(*_):
    raise KeyboardInterrupt
