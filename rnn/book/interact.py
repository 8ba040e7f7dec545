r"""What moves in a notebook: sliders, always with their static figure, and progress bars."""

import io
import os

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import display
from tqdm.auto import tqdm

__all__ = ["progress", "slider"]

VIEW = "application/vnd.jupyter.widget-view+json"


def slider(draw, **settings):
    r"""Show ``draw(**values)`` with one slider for each setting.

    The output holds the figure for the default values as a picture too, so that a reader on a
    web page, or of a stored notebook, sees it where the sliders cannot live.

    Parameters
    ----------
    draw : callable
        Takes the values by name and returns a matplotlib `Figure`.
    **settings : tuple (low, high, default) or (low, high, default, step)
        Whole numbers give steps of 1; otherwise a hundredth of the range.
    """
    controls = {name: _control(name, *bounds) for name, bounds in settings.items()}
    picture = ipywidgets.Image(format="png")

    def redraw(_=None):
        picture.value = _png(draw(**{name: c.value for name, c in controls.items()}))

    redraw()
    for control in controls.values():
        control.observe(redraw, names="value")
    box = ipywidgets.VBox([*controls.values(), picture])
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    still = {"image/png": bytes(picture.value), "text/plain": _plain(controls)}
    display({VIEW: view, **still}, raw=True)


def progress(steps, label=""):
    r"""Iterate over `steps` with a bar in JupyterLab that leaves no trace in stored outputs.

    It stays silent where the variable RNN_SILENT is set, as `make notebooks` and `make test` do.
    """
    return tqdm(steps, desc=label, leave=False, disable=bool(os.environ.get("RNN_SILENT")))


def _control(name, low, high, default, step=None):
    whole = all(isinstance(v, int) for v in (low, high, default))
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    step = step or (1 if whole else (high - low) / 100)
    return kind(value=default, min=low, max=high, step=step, description=name.replace("_", " "))


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    plt.close(figure)  # or the notebook would show it once more
    return buffer.getvalue()


def _plain(controls):
    return "figure for " + ", ".join(f"{name} = {c.value:g}" for name, c in controls.items())
