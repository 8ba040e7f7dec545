r"""Count what a run of the tests really did, and print it: `-p tools.tally --tally FILE`.

As a pytest plugin it counts tests, notebook cells, and cells whose text nbval compared. As a
program it reads those counts, holds them against the stored notebooks, and prints the list.
"""

import json
import os
import sys
from pathlib import Path

import pytest

__all__ = ["Tally", "account", "close", "complaints", "expected", "slow"]

BUDGET = {"chapters": 60, "solutions": 15}  # core-seconds a notebook
MEAN_BUDGET = 30
UNIT_BUDGET = 8 * 60


def pytest_addoption(parser):
    parser.addoption("--tally", metavar="FILE", help="write what was run to FILE, as JSON")


def pytest_configure(config):
    path = config.getoption("--tally")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally(Path(path)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    r"""Note on a notebook cell's report whether its text was compared, and the kernel's time."""
    report = (yield).get_result()
    if call.when == "call" and hasattr(item, "cell"):
        report.user_properties += [("compared", was_compared(item)), ("core_s", kernel_time(item))]


def was_compared(item) -> bool:
    from tools.twins import compared

    return bool(item.options["check"]) and not item.options["skip"] and compared(item.cell)


def kernel_time(item) -> float:
    r"""Return the processor time of the kernel and its children so far, in seconds."""
    import psutil

    try:
        times = psutil.Process(item.parent.kernel.km.provisioner.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


class Tally:
    r"""Collect the reports of a run, from all workers, and write them down at its end."""

    def __init__(self, path: Path):
        self.path = path
        self.passed, self.seconds = 0, 0.0
        self.notebooks: dict[str, dict] = {}

    def pytest_runtest_logreport(self, report):
        self.seconds += report.duration
        self.passed += report.when == "call" and report.passed
        noted = dict(report.user_properties)
        if report.when == "call" and "compared" in noted:
            self.note(report.nodeid.partition("::")[0], **noted)

    def note(self, name: str, compared: bool, core_s: float) -> None:
        entry = self.notebooks.setdefault(name, {"cells": 0, "compared": 0, "core_s": 0.0})
        entry["cells"] += 1
        entry["compared"] += compared
        entry["core_s"] = max(entry["core_s"], round(core_s, 1))

    def pytest_sessionfinish(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        counts = {name: self.notebooks[name] for name in sorted(self.notebooks)}
        found = {"passed": self.passed, "seconds": round(self.seconds, 1), "notebooks": counts}
        self.path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def expected() -> dict[str, dict]:
    r"""Return what the stored notebooks ask for: code cells, and cells with text to compare."""
    from tools.page import pages
    from tools.twins import code_cells, compared

    cells = {page.name: code_cells(page.nb) for page in pages()}
    return {n: {"cells": len(c), "compared": sum(map(compared, c))} for n, c in cells.items()}


def complaints(ran: dict[str, dict], asked: dict[str, dict]) -> list[str]:
    r"""Return a sentence for each notebook that was not run or compared as far as it should be."""
    said = []
    for name, ask in asked.items():
        got = ran.get(name, {"cells": 0, "compared": 0})
        for what in ("cells", "compared"):
            if got[what] != ask[what]:
                said.append(f"{name}: {got[what]} {WHAT[what]}, and it has {ask[what]}.")
    if not sum(ask["compared"] for ask in asked.values()):
        said.append("No text output is stored in any notebook: run `make notebooks`.")
    return said


WHAT = {"cells": "cells were run", "compared": "cells had their text compared"}


def budget(name: str) -> int:
    return BUDGET[Path(name).parent.name]


def slow(ran: dict[str, dict]) -> list[str]:
    r"""Return a sentence for each budget of time that is overdrawn."""
    over = [
        f"{name} took {got['core_s']} core-seconds; its budget is {budget(name)}."
        for name, got in ran.items()
        if got["core_s"] > budget(name)
    ]
    mean = sum(got["core_s"] for got in ran.values()) / max(len(ran), 1)
    return over + [f"The mean is {mean:.0f} core-seconds, over {MEAN_BUDGET}."] * (
        mean > MEAN_BUDGET
    )


def table(ran: dict[str, dict]) -> str:
    r"""Return one line a notebook: cells run, cells compared, core-seconds and their budget."""
    lines = [f"  {'notebook':<48} {'cells':>6} {'compared':>9} {'core-s':>7} {'budget':>7}"]
    for name, n in ran.items():
        counts = f"{n['cells']:>6} {n['compared']:>9} {n['core_s']:>7.1f} {budget(name):>7}"
        lines.append(f"  {name:<48} {counts}")
    return "\n".join(lines)


def load(paths: list[str]) -> list[dict]:
    return [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]


def close(seconds: str, paths: list[str]) -> None:
    r"""Print the closing line of a whole run, as pytest prints its own."""
    passed = sum(run["passed"] for run in load(paths))
    print(f"\n============ {passed} passed in {float(seconds):.2f}s ============")


def account(paths: list[str]) -> None:
    r"""Print what `make test` did, and exit with 1 where it did less than it should."""
    tests, books = load(paths)
    ran = books["notebooks"]
    cells, compared = (sum(n[what] for n in ran.values()) for what in ("cells", "compared"))
    core_s = sum(n["core_s"] for n in ran.values())
    wrong, late = complaints(ran, expected()), slow(ran)
    late += ["The unit tests took over 8 core-minutes."] * (tests["seconds"] > UNIT_BUDGET)
    print("", table(ran), *wrong, *late, sep="\n")
    print(
        f"\n{tests['passed']} unit tests passed in {tests['seconds']:.0f} core-seconds; "
        f"{cells} notebook cells run in {core_s:.0f} core-seconds, "
        f"the text of {compared} of them compared."
    )
    sys.exit(bool(wrong or (late and os.environ.get("CI"))))


def main() -> None:
    if sys.argv[1] == "--close":
        close(sys.argv[2], sys.argv[3:])
    else:
        account(sys.argv[1:])


if __name__ == "__main__":
    main()
