r"""What measures a recurrent net: its Jacobians, its spectrum, its exponents, its memory."""

from rnn.reference.measure.exponents import lyapunov_exponents
from rnn.reference.measure.gradients import gradient_norms_by_lag, influence, input_jacobian
from rnn.reference.measure.jacobians import (
    jacobian_norms_by_lag,
    jacobian_product,
    step_jacobian,
)
from rnn.reference.measure.memory import memory_capacity
from rnn.reference.measure.spectrum import (
    PowerRun,
    closed_form,
    largest_singular_value,
    linear_recurrence,
    power_iteration,
    spectral_radius,
)

__all__ = [
    "spectral_radius",
    "largest_singular_value",
    "linear_recurrence",
    "closed_form",
    "PowerRun",
    "power_iteration",
    "step_jacobian",
    "jacobian_product",
    "jacobian_norms_by_lag",
    "lyapunov_exponents",
    "gradient_norms_by_lag",
    "input_jacobian",
    "influence",
    "memory_capacity",
]
