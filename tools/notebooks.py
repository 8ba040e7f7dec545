r"""Turn text twins into notebooks: `make notebooks`. Only what changed is executed, and then whole.

*Changed* means that the hash stored in the notebook (`tools.twins.sources`) differs. Then all
outputs are dropped and the notebook runs from its first cell in a fresh kernel. A notebook is
written in one step, after its last cell, so an error or Ctrl-C leaves the old one as it was.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.pinned import ROOT, pin
from tools.twins import bare, code_cells, compared, notebook_of, sources, texts

__all__ = ["NotebookError", "build", "execute", "stale"]

WIDGET = "application/vnd.jupyter.widget-view+json"


BYTES = " A picture must be bytes or base64 text (a widget's value is a memoryview)."


class NotebookError(Exception):
    r"""A notebook that does not run to its end; the message names the cell."""


def read_old(path: Path) -> NotebookNode | None:
    r"""Read a stored notebook, or return None where there is none that can be read."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None


def stale(text: Path, root: Path = ROOT) -> bool:
    r"""Tell whether a notebook is missing or was made from other sources."""
    old = read_old(notebook_of(text))
    return old is None or old.metadata.get("rnn", {}).get("sources") != sources(text, root)


def execute(nb: NotebookNode, name: str, folder: Path, timeout: int = 300) -> None:
    r"""Run all cells in a fresh kernel whose working folder is `folder`."""
    client = NotebookClient(
        nb,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookError(report(nb, name, error.traceback)) from None
    except CellTimeoutError:
        raise NotebookError(report(nb, name, f"It ran longer than {timeout} s.")) from None
    except DeadKernelError:
        raise NotebookError(report(nb, name, "The kernel died.")) from None
    except nbformat.ValidationError as error:
        why = str(error).partition("On instance")[2].partition(":")[0]
        raise NotebookError(report(nb, name, f"Its output {why} is not valid.{BYTES}")) from None


def report(nb: NotebookNode, name: str, why: str) -> str:
    r"""Return a message that names the cell which stopped a run, with its source."""
    begun = [cell for cell in code_cells(nb) if cell.execution_count]
    failing = [cell for cell in begun if has_error(cell)] or begun[-1:] or code_cells(nb)[:1]
    number = nb.cells.index(failing[0]) + 1
    why = re.sub(r"\x1b\[[0-9;]*m", "", why).strip()
    return f"{name}, cell {number} failed:\n\n{indent(failing[0].source)}\n\n{why}\n"


def has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def indent(source: str) -> str:
    return "\n".join(f"    {line}" for line in source.splitlines())


def strip_widgets(cell: NotebookNode) -> None:
    r"""Drop live widgets, which only the kernel that drew them can move; keep their pictures."""
    for output in cell.outputs:
        if output.get("data", {}).pop(WIDGET, None) and set(output.data) <= {"text/plain"}:
            output.data.clear()
    cell.outputs = [out for out in cell.outputs if out.get("data", "kept")]


def finish(nb: NotebookNode, digest: str) -> None:
    r"""Make the outputs the same on every run, and record what they were made from."""
    for number, cell in enumerate(code_cells(nb), start=1):
        strip_widgets(cell)
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
    nb.metadata.pop("widgets", None)
    nb.metadata.language_info.pop("version", None)
    count = sum(compared(cell) for cell in code_cells(nb))
    nb.metadata["rnn"] = nbformat.from_dict({"compared": count, "sources": digest})


def write(nb: NotebookNode, path: Path) -> None:
    r"""Write a notebook in one step."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        text = nbformat.writes(nb, version=nbformat.NO_CONVERT)
        temporary.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def build(text: Path, root: Path = ROOT) -> None:
    r"""Execute one text twin and store it as a notebook with its outputs."""
    path, digest = notebook_of(text), sources(text, root)
    nb = bare(text, read_old(path))
    language = nb.metadata.language_info.copy()
    name = path.relative_to(root).as_posix()
    execute(nb, name, path.parent)
    nb.metadata.language_info = language  # the kernel wrote its exact version there
    finish(nb, digest)
    write(nb, path)


def build_all(chosen: list[Path], root: Path = ROOT) -> list[str]:
    r"""Build notebooks one after the other, with a line each; return the names that failed."""
    failed = []
    for text in chosen:
        name, start = notebook_of(text).relative_to(root).as_posix(), time.perf_counter()
        print(f"  {name} …", end="", flush=True)
        try:
            build(text, root)
            print(f" {time.perf_counter() - start:.1f} s", flush=True)
        except NotebookError as error:
            print(f" failed\n\n{error}", flush=True)
            failed.append(name)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the notebooks whose sources changed.")
    parser.add_argument("--only", default="", help="the start of a name, such as 10.01")
    parser.add_argument("--force", action="store_true", help="build also what did not change")
    options = parser.parse_args()
    named = texts(only=options.only)
    if not named:
        sys.exit(f"No text twin in chapters/ has a name that starts with {options.only!r}.")
    chosen = [text for text in named if options.force or stale(text)]
    pin()
    try:
        failed = build_all(chosen)
    except KeyboardInterrupt:
        sys.exit("\nStopped; the notebook that was being built is as it was before.")
    print(f"{len(chosen) - len(failed)} built, {len(named) - len(chosen)} already up to date.")
    if failed:
        sys.exit(f"Not built, and left as before: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
