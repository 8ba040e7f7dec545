r"""Run in each kernel before the first cell: a warning in a notebook is an error.

A warning that is shown carries a temporary path, so it would differ from run to run; and a reader
should not meet one. Deprecations deep inside other packages stay quiet, as they are by default.
"""

import warnings

for _category in (UserWarning, RuntimeWarning, FutureWarning, SyntaxWarning, UnicodeWarning):
    warnings.filterwarnings("error", category=_category)
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("error", category=DeprecationWarning, module=r"__main__|rnn(\.|$)")
del warnings, _category
