r"""A stored notebook and its text twin, as the rules of `tools.gates` see them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.pinned import ROOT
from tools.twins import notebooks, text_of

__all__ = ["Page", "face", "lines", "pages", "words"]

UNFRAMED = ("10.00", "10.99")


@dataclass(frozen=True)
class Page:
    r"""A stored notebook and its text twin, read once."""

    path: Path
    root: Path = ROOT

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def raw(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def nb(self) -> NotebookNode:
        return nbformat.reads(self.raw, as_version=nbformat.NO_CONVERT)

    @property
    def record(self) -> NotebookNode:
        r"""Return what `make notebooks` wrote down of the build."""
        return self.nb.metadata.get("rnn", {})

    @property
    def text(self) -> Path:
        return text_of(self.path)

    @property
    def framed(self) -> bool:
        r"""Tell whether it is a section's notebook, which the rules of the frame are for."""
        section = re.match(r"10\.\d\d(\.\d)?-", self.path.name)
        framed = bool(section) and self.path.name[:5] not in UNFRAMED
        return framed and self.path.parent.name == "chapters"

    def code(self) -> Iterator[tuple[int, NotebookNode]]:
        r"""Yield each code cell with its number, counted from 1 over all cells."""
        return ((n, c) for n, c in enumerate(self.nb.cells, 1) if c.cell_type == "code")

    @property
    def prose(self) -> int:
        r"""Count the words of the text cells."""
        text = (cell.source for cell in self.nb.cells if cell.cell_type == "markdown")
        return sum(len(source.split()) for source in text)


def pages(root: Path = ROOT) -> list[Page]:
    r"""Return every stored notebook under `root`."""
    return [Page(path, root) for path in notebooks(root)]


def face(cell: NotebookNode) -> tuple[str, str, list[str]]:
    r"""Return what the twins must share of a cell: type, source and tags."""
    return cell.cell_type, cell.source, sorted(cell.metadata.get("tags", []))


def words(output: NotebookNode) -> str:
    r"""Return all text of an output, pictures left out."""
    data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
    return output.get("text", "") + "".join(map(str, data.values()))


def lines(source: str) -> int:
    r"""Count the lines that are not blank."""
    return sum(bool(line.strip()) for line in source.splitlines())
