"""Every row of the table of bad input: an error at the boundary that says what was wrong."""

from collections import Counter

import numpy as np
import pytest
from refusals import TABLE
from refusals_base import walked
from refusals_walks import WALKS, carried_back, same


@pytest.mark.parametrize("refusal", [pytest.param(row, id=row.what) for row in TABLE])
def test_it_is_refused_by_name(refusal):
    with pytest.raises(refusal.error, match=refusal.message):
        refusal.call()


def test_no_row_stands_twice():
    assert [what for what, n in Counter(refusal.what for refusal in TABLE).items() if n > 1] == []


@pytest.mark.parametrize("name", WALKS)
def test_what_is_not_wrong_goes_through_so_that_the_table_tests_what_it_says(name):
    back = carried_back(name, same)
    assert np.isfinite(walked(name, same).h).all()
    assert back.theta is not None
