r"""Check every path on a device, then time them, in one call: `python -m experiments.bench_gpu`.

First the evidence: outputs and gradients of every path of RNN, GRU and LSTM against the NumPy
reference, in float64 and float32. Then the sweep: microseconds a step, forward and with the way
back, for `torch.nn`, the eager loop, the hoisted and the fused walk and the CUDA graph, over units,
batch sizes and dtypes; the names of the kernels that ran show where the library leaves its fast
ones. It writes ``results/bench_gpu.json`` with the name of the device, and stops the sweep when its
minutes are used up. Without a GPU it runs in small on the CPU and records nothing.
"""

import argparse
import itertools
import statistics
import time

import numpy as np
import torch

from experiments.record import record
from rnn import pytorch, reference
from rnn._tree import tree_leaves

KINDS = ("RNN", "GRU", "LSTM")
PATHS = ("loop", "hoisted", "fused", "library", "graph")
UNITS, BATCHES = (32, 64, 128, 256, 512, 768, 1024), (1, 8, 32, 64, 128, 256)
DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
BOUNDS = {"float64": 1e-12, "float32": 2e-6}
TAU = 256


def main():
    r"""Check, sweep, print and record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=7.0, help="when to stop the sweep")
    parser.add_argument("--tau", type=int, default=TAU)
    options = parser.parse_args()
    start = time.perf_counter()
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    errors = check(device)
    print(*(f"{name:28}{error:.1e}" for name, error in errors.items()), sep="\n")
    rows = sweep(device, start + 60 * options.minutes, options.tau, small=not gpu)
    print(*map(line, rows), sep="\n")
    if gpu:
        measured = {"errors": errors, "rows": rows, **by_mode(rows, options.tau)}
        hardware = torch.cuda.get_device_name()
        seconds = time.perf_counter() - start
        record("bench_gpu", seeds=[0], measured=measured, gpu=hardware, seconds=seconds)
    else:
        print("no GPU here: nothing is recorded")


def check(device, tau=40, batch=5, d_x=7, d_h=16):
    r"""Return the worst relative error of each kind and path against the reference."""
    rng = np.random.default_rng(0)
    x, grad_h = rng.normal(size=(tau, batch, d_x)), rng.normal(size=(tau, batch, d_h))
    found = {}
    for kind, dtype in itertools.product(KINDS, (torch.float64, torch.float32)):
        cell = getattr(reference, kind)()
        theta = cell.init_theta(rng, d_x, d_h)
        run = cell.forward(None, x, theta)
        expected = [run.h, *tree_leaves(cell.backward(grad_h, run, theta).grad)]
        module = pytorch.from_reference(cell, theta, device=device, dtype=dtype)
        inputs = [torch.tensor(a, device=device, dtype=dtype) for a in (x, grad_h)]
        for path in PATHS:
            if module.why_not(path, module.request(inputs[0], module.theta, None)):
                continue
            module.path = path
            name = f"{kind} {path} {str(dtype).removeprefix('torch.')}"
            found[name] = worst(module, *inputs, expected)
            assert found[name] <= BOUNDS[name.split()[-1]], f"{name}: {found[name]:.1e}"
    return found


def worst(module, x, grad_h, expected):
    r"""Return the largest relative difference of outputs and gradients."""
    h, _ = module(x)
    grads = torch.autograd.grad(h, list(tree_leaves(module.theta)), grad_h)
    pairs = zip([h.detach(), *grads], expected, strict=True)
    return max(float(np.abs(a.cpu().numpy() - b).max() / np.abs(b).max()) for a, b in pairs)


def sweep(device, until, tau, small):
    r"""Time every combination until the time is up; the middle sizes come first."""
    units, batches = ((32, 64), (1, 8)) if small else (UNITS, BATCHES)
    dtypes = ["fp32"] if small else list(DTYPES)
    combinations = list(itertools.product(dtypes, KINDS, units, batches))
    combinations.sort(key=lambda c: abs(np.log(c[2] / 256)) + abs(np.log(c[3] / 32)))
    rows = []
    for dtype, kind, d_h, batch in combinations:
        if time.perf_counter() > until:
            print(f"stopped after {len(rows)} of {len(combinations)} combinations")
            break
        rows.append(measure(device, dtype, kind, d_h, batch, tau if not small else 16))
    return rows


def measure(device, dtype, kind, d_h, batch, tau):
    r"""Return microseconds a step of each contestant, and the kernels that the library ran."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = dtype == "tf32"
    torch.manual_seed(0)
    options = {"device": device, "dtype": DTYPES[dtype]}
    ours = getattr(pytorch, kind)(d_h, d_h, **options)
    peer = getattr(torch.nn, kind)(d_h, d_h, **options)
    x = torch.randn(tau, batch, d_h, **options)
    grad_h = torch.randn(tau, batch, d_h, **options)
    row = {"dtype": dtype, "kind": kind, "units": d_h, "batch": batch, "tau": tau}
    row["torch.nn"] = times(peer, x, grad_h)
    for path in PATHS:
        if not ours.why_not(path, ours.request(x, ours.theta, None)):
            ours.path = path
            row[path] = times(ours, x, grad_h, repeats=3 if path in ("loop", "hoisted") else 7)
    row["kernels"] = kernels(peer, x) if device.type == "cuda" else []
    return row


def times(module, x, grad_h, repeats=7):
    r"""Return the median microseconds a step: forward alone, and with the way back."""
    parameters = list(module.parameters())

    def forward():
        with torch.no_grad():
            module(x)

    def both():
        torch.autograd.grad(module(x)[0], parameters, grad_h)

    return {
        name: 1e6 / len(x) * statistics.median(seconds(run, x.device) for _ in range(repeats))
        for name, run in (("forward", forward), ("both", both))
        if run() is None
    }


def seconds(run, device):
    r"""Time one call, with device events on a GPU."""
    if device.type != "cuda":
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
    events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
    events[0].record()
    run()
    events[1].record()
    torch.cuda.synchronize()
    return events[0].elapsed_time(events[1]) / 1000


def kernels(module, x):
    r"""List the names of the kernels that one forward pass ran, the most frequent first."""
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile, torch.no_grad():
        module(x)
        torch.cuda.synchronize()
    events = sorted(profile.key_averages(), key=lambda event: -event.count)
    return [f"{event.count} {event.key[:80]}" for event in events[:4]]


def by_mode(rows, tau):
    r"""Arrange the fp32 rows as `experiments.paths` reads them."""
    modes = {"training": "both", "inference": "forward"}
    arranged = {mode: {kind: {} for kind in KINDS} for mode in modes}
    for mode, name in modes.items():
        for row in rows:
            if row["dtype"] != "fp32":
                continue
            shape = f"{tau}x{row['batch']}x{row['units']}x{row['units']}"
            paths = {path: row[path][name] for path in PATHS if path in row}
            peer = row["torch.nn"][name]
            arranged[mode][row["kind"]][shape] = {
                path: {"ours": taken, "peer": peer, "ratio": peer / taken}
                for path, taken in paths.items()
            }
    return arranged


def line(row):
    r"""Write a row of the sweep as text: microseconds a step, forward / with the way back."""
    head = f"{row['dtype']:5}{row['kind']:5}{row['units']:5} x {row['batch']:<4}"
    names = [name for name in ("torch.nn", *PATHS) if name in row]
    return head + "".join(f"  {n} {row[n]['forward']:.1f}/{row[n]['both']:.1f}" for n in names)


if __name__ == "__main__":
    main()
