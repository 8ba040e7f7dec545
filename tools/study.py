r"""Lay out `study/`, the student's own copy of the notebooks, and never overwrite a file there.

A chapter that has changed since it was copied is laid beside the student's copy, as
`10.01-unfolding.newer.ipynb`. Standard library only.
"""

import hashlib
import json
import platform
from itertools import chain, count
from pathlib import Path

__all__ = ["digest", "refresh"]

ROOT = Path(__file__).resolve().parent.parent


def refresh(root: Path = ROOT) -> list[str]:
    r"""Copy new chapters to `root/study`; return a sentence for each that was laid beside."""
    chapters, study = root / "chapters", root / "study"
    origin = read_origin(study)
    said = []
    for chapter in chain(sorted(chapters.glob("*.ipynb")), sorted(chapters.glob("*/*.ipynb"))):
        name = chapter.relative_to(chapters).as_posix()
        said += lay(chapter, study / name, origin.get(name))
        origin[name] = digest(chapter)
        write_origin(study, origin)
    return said


def lay(chapter: Path, mine: Path, copied: str | None) -> list[str]:
    r"""Lay one chapter into `study/`: as the student's copy, or beside it where it has changed."""
    if not mine.exists():
        copy(chapter, mine)
    elif copied != digest(chapter) and digest(chapter) not in map(digest, versions(mine)):
        beside = next(path for path in names(mine) if not path.exists())
        copy(chapter, beside)
        return [f"{mine.name} has a newer version; it lies beside yours as {beside.name}."]
    return []


def versions(mine: Path) -> list[Path]:
    r"""Return the student's copy and every newer version that lies beside it."""
    return [mine, *mine.parent.glob(f"{mine.stem}.newer*.ipynb")]


def names(mine: Path):
    r"""Yield `x.newer.ipynb`, `x.newer-2.ipynb`, `x.newer-3.ipynb`, …"""
    yield mine.with_name(f"{mine.stem}.newer.ipynb")
    yield from (mine.with_name(f"{mine.stem}.newer-{n}.ipynb") for n in count(2))


def copy(chapter: Path, to: Path) -> None:
    r"""Copy a notebook in one step, so that an interrupt leaves all of it or nothing.

    The copy names the Python that will run it. JupyterLab would write that down by itself, call
    the notebook changed, and ask a reader who has changed nothing whether to save it.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    notebook["metadata"].setdefault("language_info", {})["version"] = platform.python_version()
    temporary = to.with_name(f".{to.name}.tmp")
    temporary.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(to)


def digest(path: Path) -> str:
    r"""Return a hash of a notebook, the same whichever Python it names; of any file, if broken."""
    content = path.read_bytes()
    try:
        notebook = json.loads(content)
        notebook["metadata"].pop("language_info", None)
        content = json.dumps(notebook, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return hashlib.sha256(content).hexdigest()


def read_origin(study: Path) -> dict[str, str]:
    r"""Return the hash that each chapter had when it was last laid into `study/`."""
    try:
        return json.loads((study / ".origin.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_origin(study: Path, origin: dict[str, str]) -> None:
    r"""Record those hashes in one step."""
    temporary = study / ".origin.json.tmp"
    temporary.write_text(json.dumps(origin, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(study / ".origin.json")


if __name__ == "__main__":
    print(*refresh(), sep="\n", end="")
