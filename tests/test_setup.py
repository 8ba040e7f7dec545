"""Set-up and start: quick the second time, one sentence where it cannot work, nothing half-made."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import lab, setup_env

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def root(tmp_path):
    """Lay out a folder with the two files that decide what is installed."""
    root = tmp_path / "a folder with spaces"
    root.mkdir()
    (root / "pyproject.toml").write_text("first", encoding="utf-8")
    (root / "constraints.txt").write_text("first", encoding="utf-8")
    return root


class Machine:
    """Stand in for venv and pip: note each command, and fail when told to."""

    def __init__(self):
        self.commands, self.failure = [], None

    def __call__(self, command, root):
        self.commands.append(" ".join(command))
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir(parents=True)
            (Path(command[-1]) / "bin" / "python").touch()
        elif self.failure:
            raise self.failure

    def installed(self):
        return [line.rpartition(" ")[2] for line in self.commands if "-e .[" in line]


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(setup_env, "call", machine)
    return machine


def test_the_second_time_nothing_runs(root, machine):
    setup_env.setup("book", root=root)
    assert machine.installed() == [".[book]"]
    assert "-c constraints.txt" in machine.commands[1]
    machine.commands.clear()
    setup_env.setup("book", root=root)
    assert machine.commands == []


def test_the_tests_need_more_than_the_reader_does(root, machine):
    setup_env.setup("book", root=root)
    setup_env.setup("dev", root=root)
    setup_env.setup("book", root=root)
    assert machine.installed() == [".[book]", ".[dev]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_what_has_changed_is_installed_and_no_less_than_before(root, machine, name):
    setup_env.setup("dev", root=root)
    (root / name).write_text("second", encoding="utf-8")
    setup_env.setup("book", root=root)
    assert machine.installed() == [".[dev]", ".[dev]"]
    assert sum("venv" in line and "--clear" in line for line in machine.commands) == 1


def test_cpu_wheels_are_asked_for_and_remembered(root, machine):
    setup_env.setup("book", torch="cpu", root=root)
    assert any(f"{setup_env.CPU_WHEELS} torch" in line for line in machine.commands)
    machine.commands.clear()
    setup_env.setup("book", root=root)
    assert machine.commands == []


def test_another_torch_makes_a_new_environment(root, machine):
    setup_env.setup("book", root=root)
    (root / ".venv/old").touch()
    setup_env.setup("book", torch="cpu", root=root)
    assert not (root / ".venv/old").exists()
    assert not (root / ".venv.old").exists()


def test_a_folder_that_was_moved_makes_a_new_environment(root, machine):
    setup_env.setup("book", root=root)
    moved = root.rename(root.with_name("elsewhere"))
    setup_env.setup("book", root=moved)
    assert machine.installed() == [".[book]", ".[book]"]


@pytest.mark.parametrize("failure", [setup_env.SetupError("no"), KeyboardInterrupt()])
def test_a_first_set_up_that_fails_leaves_nothing(root, machine, failure):
    machine.failure = failure
    with pytest.raises(type(failure)):
        setup_env.setup("book", root=root)
    assert sorted(path.name for path in root.iterdir()) == ["constraints.txt", "pyproject.toml"]


@pytest.mark.parametrize("failure", [setup_env.SetupError("no"), KeyboardInterrupt()])
def test_a_new_environment_that_fails_puts_the_old_one_back(root, machine, failure):
    setup_env.setup("book", root=root)
    (root / ".venv/old").touch()
    machine.failure = failure
    with pytest.raises(type(failure)):
        setup_env.setup("book", torch="cpu", root=root)
    assert (root / ".venv/old").exists()
    assert not (root / ".venv.old").exists()


def test_an_update_that_fails_keeps_the_environment_and_is_tried_again(root, machine):
    setup_env.setup("book", root=root)
    (root / "constraints.txt").write_text("second", encoding="utf-8")
    machine.failure = setup_env.SetupError("No network.")
    with pytest.raises(setup_env.SetupError, match="still stands, not up to date"):
        setup_env.setup("book", root=root)
    assert (root / ".venv/bin/python").exists()
    machine.failure = None
    (root / "constraints.txt").write_text("first", encoding="utf-8")
    setup_env.setup("book", root=root)
    assert machine.installed() == [".[book]"] * 3


def test_an_environment_that_was_never_finished_is_made_anew(root, machine):
    (root / ".venv").mkdir()
    (root / ".venv/half").touch()
    setup_env.setup("book", root=root)
    assert machine.installed() == [".[book]"]
    assert "--clear" in machine.commands[0]


def test_an_old_python_is_told_so():
    with pytest.raises(setup_env.SetupError, match=r"3\.11 or later and this is 3\.9: name"):
        setup_env.check_python((3, 9, 2))


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_missing_venv_module_is_told(missing):
    with pytest.raises(setup_env.SetupError, match=r"no working venv module: .*python3\.12-venv"):
        setup_env.check_python((3, 12, 1), find=lambda name: None if name == missing else name)


def test_a_machine_without_packages_gets_one_sentence_and_keeps_nothing(root):
    """Run it for real, with a pip that finds nothing."""
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tools/setup_env.py", root / "tools")
    shutil.copy(ROOT / "pyproject.toml", root)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    nowhere = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, root / "tools/setup_env.py", "book"],
        env=clean | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == setup_env.FAILED
    assert "Traceback" not in done.stderr
    assert not (root / ".venv").exists()


def taken_port():
    server = socket.create_server(("127.0.0.1", 0))
    return server, str(server.getsockname()[1])


def test_a_port_that_is_taken_is_told_in_one_sentence():
    server, port = taken_port()
    with server, pytest.raises(lab.LabError, match=f"Port {port} is taken: name another"):
        lab.port_flags(port)


def test_a_free_port_is_used_and_no_other():
    server, port = taken_port()
    server.close()
    assert lab.port_flags(port) == [f"--port={port}", "--ServerApp.port_retries=0"]
    assert lab.port_flags("") == []


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "8.5"])
def test_a_port_that_is_none_is_told(port):
    with pytest.raises(lab.LabError, match=r"PORT must be a number from 1 to 65535"):
        lab.port_flags(port)


def test_a_kernel_of_the_users_own_does_not_take_the_books_place(tmp_path, monkeypatch):
    pytest.importorskip("jupyter_client", reason="needs Jupyter")
    spec = json.dumps({"argv": ["false"], "display_name": "mine", "language": "python"})
    for place in ("jupyter", ".local/share/jupyter"):
        folder = tmp_path / place / "kernels/python3"
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(spec, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    code = (
        "from jupyter_client.kernelspec import get_kernel_spec as g; print(g('python3').argv[-1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=lab.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == "{connection_file}\n", done.stderr
