# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here: worked answer
#
# Back to [the start page](../10.00-start-here.ipynb).

# %%
import numpy as np

from rnn.book import check

# %% [markdown]
# ## 10.0-a
#
# A net that knows nothing gives each of 64 characters the probability $1/64$, whatever came before.
# The loss of one prediction is minus the natural logarithm of the probability of what came, and
# that is the same number each time: $-\ln\frac1{64} = \ln 64 = 6 \ln 2 \approx 4.16$ nats.
#
# In bits it would be $\log_2 64 = 6$. Nats and bits differ by the factor $\ln 2$, so always say
# which: this book says nats.

# %%
answer = np.log(64)
check("10.0-a", answer)
