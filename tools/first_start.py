r"""Time `make lab` as a newcomer meets it: an empty environment, twice, reached by HTTP.

Standard library only. The working folder is the clone to start in.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

LIMIT = {"first": 1800, "second": 15}  # seconds
KEPT = ("PATH", "LANG", "PYTHON", "TORCH", "SSL_CERT_FILE")


def environment(home: str) -> dict[str, str]:
    r"""Return an environment with next to nothing in it but where packages come from."""
    kept = {n: v for n, v in os.environ.items() if n in KEPT or n.startswith("PIP_")}
    return {**kept, "HOME": home}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start(home: str, limit: float) -> float:
    r"""Run `make lab` until it answers, stop it, and return the seconds it took to answer."""
    port = free_port()
    flags = "--no-browser --IdentityProvider.token=newcomer"
    line = ["make", "lab", f"PORT={port}", f"LAB_ARGS={flags}"]
    begin = time.monotonic()
    lab = subprocess.Popen(line, env=environment(home), start_new_session=True)
    try:
        while not answers(f"http://127.0.0.1:{port}/lab/tree/10.00-start-here.ipynb"):
            if lab.poll() is not None or time.monotonic() - begin > limit:
                sys.exit(f"make lab did not answer within {limit} s (exit code {lab.poll()})")
            time.sleep(0.2)
        return time.monotonic() - begin
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(60)


def answers(url: str) -> bool:
    try:
        return b"jupyter" in urllib.request.urlopen(f"{url}?token=newcomer", timeout=5).read()
    except OSError:
        return False


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for time_of, limit in LIMIT.items():
            print(f"make lab, the {time_of} time: {start(home, limit):.1f} s", flush=True)


if __name__ == "__main__":
    main()
