"""Two processes with half the batch each give the gradients of one with all of it."""

import os
import socket
import sys

import pytest
from compare import furthest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from rnn.pytorch.cells.gated import GRU, LSTM  # noqa: E402
from rnn.pytorch.cells.simple import RNN  # noqa: E402

CELLS = {
    "rnn-fused": lambda: RNN(3, 4, path="fused", dtype=torch.float64),
    "lstm-lean": lambda: LSTM(3, 4, path="lean", dtype=torch.float64),
    "lstm-hoisted": lambda: LSTM(3, 4, peepholes=True, path="hoisted", dtype=torch.float64),
    "gru-library": lambda: GRU(3, 4, path="library", dtype=torch.float64),
}


def problem(name):
    torch.manual_seed(0)
    return CELLS[name](), torch.randn(7, 6, 3, dtype=torch.float64)


def gradients(net, x):
    """Return the gradient of a mean over rows, so that the mean over halves is that of all."""
    net(x)[0].pow(2).sum((0, 2)).mean().backward()
    return tuple(p.grad.numpy() for p in net.parameters())


def half(rank, port, folder):
    """Compute what one of two processes computes, and leave what it got."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    if sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    found = {}
    for name in CELLS:
        net, x = problem(name)
        shared = torch.nn.parallel.DistributedDataParallel(net)
        found[name] = gradients(shared, x[:, 3 * rank : 3 * rank + 3])
    torch.save(found, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available(),
    reason="needs PyTorch with gloo",
)
def test_two_processes_give_the_gradients_of_one(tmp_path):
    torch.multiprocessing.spawn(half, (free_port(), tmp_path), nprocs=2)
    each = [torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in (0, 1)]
    for name in CELLS:
        expected = gradients(*problem(name))
        assert all(furthest(found[name], expected) < 1e-12 for found in each)
        net, x = problem(name)
        assert furthest(gradients(net, x[:, :3]), expected) > 1e-3  # halves alone differ
