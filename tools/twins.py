r"""Where notebooks and their text twins lie, and how a twin becomes a notebook's cells."""

import hashlib
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from tools.pinned import ROOT

__all__ = [
    "bare",
    "code_cells",
    "compared",
    "keep_ids",
    "notebook_of",
    "notebooks",
    "read_text",
    "sources",
    "text_of",
    "texts",
]

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def texts(root: Path = ROOT, only: str = "") -> list[Path]:
    r"""Return the text twins under `root`, those whose name starts with `only`."""
    folders = [root / "chapters/text", root / "chapters/solutions/text"]
    return [path for folder in folders for path in sorted(folder.glob(f"{only}*.py"))]


def notebooks(root: Path = ROOT) -> list[Path]:
    r"""Return the stored notebooks under `root`."""
    folders = [root / "chapters", root / "chapters/solutions"]
    return [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]


def notebook_of(text: Path) -> Path:
    r"""Return the notebook that belongs to a text twin."""
    return text.parent.parent / f"{text.stem}.ipynb"


def text_of(notebook: Path) -> Path:
    r"""Return the text twin that belongs to a notebook."""
    return notebook.parent / "text" / f"{notebook.stem}.py"


def read_text(text: Path) -> NotebookNode:
    r"""Read a text twin as a notebook without outputs."""
    return jupytext.read(text, fmt="py:percent")


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    r"""Return the cells that run."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def sources(text: Path, root: Path = ROOT) -> str:
    r"""Return a hash of all that a notebook's outputs depend on.

    That is its text, the sources of `rnn`, the stored results that it names, and the versions
    of constraints.txt.
    """
    words = text.read_text(encoding="utf-8")
    results = sorted((root / "experiments/results").glob("*.json"))
    named = [path for path in results if re.search(rf"\b{re.escape(path.stem)}\b", words)]
    package = sorted(path for end in ("py", "toml") for path in (root / "rnn").rglob(f"*.{end}"))
    digest = hashlib.sha256()
    for path in [text, *package, *named, root / "constraints.txt"]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def compared(cell: NotebookNode) -> bool:
    r"""Tell whether nbval compares some text that this cell prints or returns.

    The text beside a picture (`<Figure …>`) says nothing, so it does not count.
    """
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return False
    return any(said.strip() for output in cell.outputs for said in spoken(output))


def spoken(output: NotebookNode) -> Iterator[str]:
    r"""Yield the text of one output that carries a statement."""
    if output.output_type == "stream":
        yield output.text
    elif "data" in output and not any(kind.startswith("image/") for kind in output.data):
        yield str(output.data.get("text/plain", ""))


def keep_ids(nb: NotebookNode, old: NotebookNode | None) -> None:
    r"""Give each cell the id it had; a new cell gets one made from its content."""
    before = old.cells if old else []
    for cell in nb.cells:
        cell["id"] = ""
    match = SequenceMatcher(
        None, *([face(c) for c in cells] for cells in (before, nb.cells)), False
    )
    for kind, i, i_end, j, j_end in match.get_opcodes():
        if kind in ("equal", "replace"):
            for was, now in zip(before[i:i_end], nb.cells[j:j_end], strict=False):
                now["id"] = was.get("id", "") if was.cell_type == now.cell_type else ""
    taken = {cell["id"] for cell in nb.cells}
    for cell in nb.cells:
        cell["id"] = cell["id"] or new_id(cell, taken)


def face(cell: NotebookNode) -> tuple[str, str]:
    return cell.cell_type, cell.source


def new_id(cell: NotebookNode, taken: set[str]) -> str:
    r"""Return an id made from the cell's content that is not taken yet, and take it."""
    for attempt in range(len(taken) + 1):
        digest = hashlib.sha256(f"{attempt}{face(cell)}".encode()).hexdigest()[:8]
        if digest not in taken:
            break
    taken.add(digest)
    return digest


def bare(text: Path, old: NotebookNode | None) -> NotebookNode:
    r"""Return the notebook of a text twin: ids kept, outputs empty, metadata normal."""
    nb = read_text(text)
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE})
    keep_ids(nb, old)
    return nb
