r"""Sliders, progress bars and shown sources."""

import numpy as np
import pytest

pytest.importorskip("IPython", reason="needs IPython")
pytest.importorskip("ipywidgets", reason="needs ipywidgets")
Figure = pytest.importorskip("matplotlib.figure", reason="needs matplotlib").Figure

from rnn.book import interact  # noqa: E402
from rnn.book.notes import Note, source_of  # noqa: E402
from rnn.reference import tanh_cell  # noqa: E402


def draw(length):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot(np.arange(length))
    return figure


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(interact, "display", lambda data, raw: bundles.append(data))
    return bundles


def test_a_slider_carries_its_static_figure(shown):
    interact.slider(draw, length=(1, 9, 4))
    (bundle,) = shown
    assert bundle["image/png"][:4] == b"\x89PNG"
    assert bundle["text/plain"] == "figure for length = 4"


def test_moving_a_slider_draws_anew(shown, monkeypatch):
    kept, make = [], interact.ipywidgets.VBox

    def keep(children):
        kept.append(make(children))
        return kept[0]

    monkeypatch.setattr(interact.ipywidgets, "VBox", keep)
    interact.slider(draw, length=(1, 9, 4))
    control, picture = kept[0].children
    before = picture.value
    control.value = 8
    assert picture.value != before
    assert (control.min, control.max, control.step) == (1, 9, 1)


def test_fractions_get_a_hundredth_as_a_step(shown):
    interact.slider(lambda x: draw(3), x=(0.0, 2.0, 1.0))
    assert shown[0]["text/plain"] == "figure for x = 1"


def test_progress_is_silent_when_asked(monkeypatch, capsys):
    monkeypatch.setenv("RNN_SILENT", "1")
    assert list(interact.progress(range(3), "training")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_a_shown_source_is_the_source_without_its_docstring():
    shown = source_of(tanh_cell)
    assert shown.splitlines()[0] == "def tanh_cell(h, x, theta):"
    assert shown.splitlines()[1].strip().startswith("a = theta.b + h @ theta.W.T")
    assert len(shown.splitlines()) == 3


def test_a_note_is_plain_outside_a_notebook():
    assert repr(Note("> **Claim 1** (§10). Yes.")) == "Claim 1 (§10). Yes."
