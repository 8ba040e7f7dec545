r"""The kernels that PyTorch brings: oneDNN's on the CPU, cuDNN's on a GPU."""

import torch

from rnn.pytorch.cells.carry import at_end

__all__ = ["library_refuses", "run_library"]

DTYPES = {
    "cpu": (torch.float32, torch.float64),
    "cuda": (torch.float32, torch.float64, torch.float16, torch.bfloat16),
}


def library_refuses(request):
    r"""Return why PyTorch's kernels cannot do what is asked, or None if they can."""
    if request.device not in DTYPES:
        return f"there is no library path on {request.device}"
    if request.dtype not in DTYPES[request.device]:
        return f"there is no library path for {request.dtype} on {request.device}"
    if request.rests_first:
        return "a library cannot let rows rest before their first step"
    if not request.tau or not request.batch:
        return "the libraries want at least one step and one row"
    return None


def run_library(kernel, x, state, theta, counted, second_bias=None):
    r"""Call a kernel with one layer; return outputs and, at each row's end, the state h.

    Beyond a row's length the kernel walks on over zeros; what it finds there is dropped.
    """
    second_bias = torch.zeros_like(theta.b) if second_bias is None else second_bias
    weights = [theta.U, theta.W, theta.b, second_bias]
    training = torch.is_grad_enabled()
    h, *last = kernel(x, _layered(state), weights, True, 1, 0.0, training, False, False)
    if counted is not None:
        return h, at_end(state, h, counted)
    last = [part[0] for part in last]
    return h, last[0] if isinstance(state, torch.Tensor) else type(state)(*last)


def _layered(state):
    if isinstance(state, torch.Tensor):
        return state[None].contiguous()
    return tuple(part[None].contiguous() for part in state)
