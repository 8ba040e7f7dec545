r"""``python -m rnn``: what is installed here, and do the twins agree?"""

import importlib
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import rnn

# distribution: the extra that brings it, and what it is for
PARTS = {
    "numpy": ("", "the reference"),
    "torch": ("torch", "the PyTorch twin"),
    "networkx": ("graph", "recurrent graphs"),
    "matplotlib": ("book", "the figures"),
    "jupyterlab": ("book", "the notebooks"),
    "scikit-learn": ("data", "handwritten digits"),
    "statsmodels": ("data", "sunspots, CO2, El Niño"),
    "num2words": ("data", "number words"),
}


def main():
    r"""Print the report; return 1 if the twins disagree."""
    print(f"rnn-companion {rnn.__version__}, Python {platform.python_version()}")
    for part in PARTS:
        print(_presence(part))
    try:
        importlib.import_module("rnn.pytorch")
    except ImportError as missing:
        print(f"  twins not compared: {missing}")
        return 0
    return _agreement()


def _presence(part):
    extra, purpose = PARTS[part]
    try:
        return f"  {part:<14}{version(part)}"
    except PackageNotFoundError:
        return f'  {part:<14}missing ({purpose}): pip install "rnn-companion[{extra}]"'


def _agreement():
    import torch

    devices = ["cpu"] + [f"cuda:{k}" for k in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    disagree = False
    for device in devices:
        error, bound = _compare(device)
        verdict = "agree" if error <= bound else "DISAGREE"
        print(f"  twins {verdict} on {device}: worst relative error {error:.1e}, bound {bound:.0e}")
        disagree |= error > bound
    return int(disagree)


def _compare(device):
    r"""Compare loss and gradients of the twins on a small net; return worst error and bound."""
    import numpy as np
    import torch

    from rnn import pytorch, reference

    dtype, bound = (np.float64, 1e-12) if device != "mps" else (np.float32, 2e-6)
    rng = np.random.default_rng(0)
    theta = reference.init_theta(rng, 5, 16, 4, dtype)
    x, y = rng.normal(size=(50, 3, 5)).astype(dtype), rng.integers(0, 4, (50, 3))
    L, grad = reference.bptt(None, x, y, theta, reduction="mean")
    there = (torch.as_tensor(a, device=device) for a in (x, y))
    copied = pytorch.to_pytorch(theta, device=device)
    L_there, grad_there = pytorch.bptt(None, *there, copied, reduction="mean")
    pairs = [(L, float(L_there)), *zip(grad, pytorch.to_reference(grad_there), strict=True)]
    return max(np.abs(a - b).max() / np.abs(a).max() for a, b in pairs), bound


if __name__ == "__main__":
    sys.exit(main())
