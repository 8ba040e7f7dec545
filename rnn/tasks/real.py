r"""Real data that ships inside other packages: nothing is downloaded."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice
from rnn.tasks._common import conditional_entropy
from rnn.tasks._libraries import import_data_library
from rnn.tasks.batch import Batch

__all__ = ["Series", "digits", "sunspots", "el_nino", "co2"]

TRAIN = 1437


class Series(NamedTuple):
    r"""Hold a measured series; `windows` cuts it into a `Batch`.

    Attributes
    ----------
    time : array, (n,)
        Years, as decimal numbers.
    values : array, (n,)
        Finite numbers; each loader names the unit.
    filled : bool array, (n,)
        Where the value was missing and is interpolated.
    """

    time: np.ndarray
    values: np.ndarray
    filled: np.ndarray


def digits(order="rows", split="train", dtype=np.float64):
    r"""Load handwritten digits as sequences: scikit-learn's 1797 pictures of 8 x 8 pixels.

    Parameters
    ----------
    order : {"rows", "pixels"}
        A row of 8 pixels a step (8 steps), or one pixel a step (64 steps, row by row).
    split : {"train", "test"}
        The first 1437 pictures, or the last 360: scikit-learn's order is kept, nothing is drawn.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (8, B, 8) or (64, B, 1) in [0, 1] (the data has 0 to 16), y is (B,), the digit.
        ``memoryless_loss`` is the entropy of the digits of this split, about ln 10: what the
        best predictor pays that ignores the picture. (What the last row or pixel alone would
        tell can only be guessed from so few pictures.)

    Raises
    ------
    ImportError
        Without scikit-learn.
    """
    shape = {"rows": (8, 8), "pixels": (64, 1)}[require_choice("order", order, ("rows", "pixels"))]
    require_choice("split", split, ("train", "test"))
    require_choice("dtype", np.dtype(dtype).name, ("float32", "float64"))
    data = import_data_library("sklearn.datasets", "scikit-learn").load_digits()
    part = slice(TRAIN) if split == "train" else slice(TRAIN, None)
    y = data.target[part].astype(int)
    x = (data.data[part] / 16).reshape(len(y), *shape).swapaxes(0, 1)
    x = np.ascontiguousarray(x, dtype=dtype)
    return Batch(x, y, None, conditional_entropy(np.bincount(y, minlength=10)[None]))


def sunspots():
    r"""Load the sunspot numbers of the years 1700 to 2008, 309 of them, from statsmodels.

    Yearly means of the daily number (a count, so without a unit); none is missing. `time` is the
    calendar year. The cycle takes about 11 years.
    """
    data = _load("sunspots")
    return _series(data["YEAR"], data["SUNACTIVITY"])


def el_nino():
    r"""Load sea-surface temperatures from January 1950 to December 2010 from statsmodels.

    Monthly means in degrees Celsius, 732 of them, of the Pacific between 0 and 10 degrees south
    and 80 and 90 degrees west; none is missing. `time` is the middle of the month, taken as
    a twelfth of a year.
    """
    data = _load("elnino").to_numpy(float)
    time = data[:, :1] + (np.arange(12) + 0.5) / 12
    return _series(time.ravel(), data[:, 1:].ravel())


def co2():
    r"""Load the carbon dioxide in the air at Mauna Loa, March 1958 to December 2001.

    Weekly means in parts per million by volume, 2284 of them, from statsmodels. 59 weeks are
    missing (at most 18 in a row); they are interpolated linearly between the neighbours and
    marked in `filled`. `time` is the Saturday that the library gives for the week.
    """
    data = _load("co2")
    day = data.index.to_numpy().astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    start, end = (y.astype("datetime64[D]") for y in (year, year + 1))
    time = 1970 + year.astype(int) + (day - start) / (end - start)
    return _series(time, data["co2"])


def _load(name):
    library = import_data_library(f"statsmodels.datasets.{name}", "statsmodels")
    return library.load_pandas().data


def _series(time, values):
    time, values = np.array(time, float), np.array(values, float)
    filled = np.isnan(values)
    values[filled] = np.interp(time[filled], time[~filled], values[~filled])
    return Series(time, values, filled)
