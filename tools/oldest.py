r"""Print constraints that hold every direct dependency at its lower bound in pyproject.toml."""

import re
import tomllib
from pathlib import Path

__all__ = ["direct", "oldest"]

ALSO = ["pyparsing<3.3"]  # matplotlib 3.9 uses names that are deprecated there

ROOT = Path(__file__).resolve().parent.parent


def direct(root: Path = ROOT) -> dict[str, str]:
    r"""Return each direct dependency of the project, of any extra, with its version specifier."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    split = (re.fullmatch(r"([\w.-]+)(?:\[.*\])?\s*(.*)", line).groups() for line in wanted)
    return {name: bound for name, bound in split if name != project["name"]}


def oldest(root: Path = ROOT) -> list[str]:
    r"""Return `name==version` for each lower bound."""
    return [f"{name}=={bound.removeprefix('>=')}" for name, bound in direct(root).items()]


if __name__ == "__main__":
    print(*oldest(), *ALSO, sep="\n")
