"""The table of bad input: what was given, the call, the error, and what its message must say."""

from refusals_nets import NETS, STATES
from refusals_numbers import LEARNING, NUMBERS
from refusals_sizes import RESIZED, SIZES
from refusals_targets import TARGETS
from refusals_trees import TASKS, TREES
from refusals_walks import WALKED

TABLE = [*WALKED, *TARGETS, *STATES, *NETS, *SIZES, *RESIZED, *NUMBERS, *LEARNING, *TREES, *TASKS]
