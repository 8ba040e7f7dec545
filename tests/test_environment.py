"""What gets installed is said once: pyproject, constraints, conda, lint and CI stay in step."""

import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which JupyterLab brings")

from tools.oldest import direct, oldest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = dict(
    line.lower().replace("_", "-").split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def load(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize("name", direct())
def test_a_direct_dependency_has_a_lower_bound_and_an_exact_pin(name):
    bound = direct()[name]
    assert re.fullmatch(r">=[\d.]+", bound), f"{name}{bound}: a lower bound alone, such as >=1.2"
    assert re.fullmatch(r"[\d.]+(post\d+)?", PINS[name])
    assert numbers(PINS[name]) >= numbers(bound)


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def test_the_dependencies_are_found():
    assert {"numpy", "torch", "networkx", "jupyterlab", "num2words", "nbval"} <= set(direct())


def test_pins_hold_on_every_platform():
    own = [name for name in PINS if name.startswith(("nvidia", "cuda", "triton", "rnn"))]
    assert own == []


def test_the_oldest_job_installs_the_lower_bounds():
    assert oldest()[0] == PROJECT["dependencies"][0].replace(">=", "==")
    assert len(oldest()) == len(direct())


def test_conda_installs_the_same():
    conda, pip, requirements = load("environment.yml")["dependencies"]
    assert conda == "python" + PROJECT["requires-python"]
    assert pip == "pip"
    constraint, editable = requirements["pip"]
    assert constraint == "-c constraints.txt"
    assert re.fullmatch(r"-e \.\[(\w+)\]", editable)[1] in PROJECT["optional-dependencies"]


def test_set_up_knows_the_extras_and_the_python():
    from tools import setup_env

    assert set(setup_env.EXTRAS) <= set(PROJECT["optional-dependencies"])
    lowest = tuple(numbers(PROJECT["requires-python"]))
    setup_env.check_python(lowest, find=str)
    with pytest.raises(setup_env.SetupError):
        setup_env.check_python((lowest[0], lowest[1] - 1), find=str)


def test_dev_holds_book_and_data():
    assert "rnn-companion[book,data]" in PROJECT["optional-dependencies"]["dev"]


def test_nbval_and_xdist_stand_in_the_makefile_only():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    assert "addopts" not in options["ini_options"]
    assert "--dist loadscope" in (ROOT / "Makefile").read_text("utf-8")


def test_pre_commit_runs_what_make_lint_runs():
    (local,) = load(".pre-commit-config.yaml")["repos"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in local["hooks"])


def test_the_workflow_calls_ci_and_tries_oldest_and_newest():
    workflow = load(".github/workflows/ci.yml")
    triggers = workflow[True]  # YAML reads the key `on` as true
    assert {"push", "pull_request", "schedule"} <= set(triggers)
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    runs = "\n".join(step.get("run", "") for step in steps)
    assert ".ci/run" in runs
    assert "tools/oldest.py" in runs
    assert "--nbval-lax" in runs
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps if "uses" in step)
