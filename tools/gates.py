r"""The rules that every stored notebook keeps: `make gates`, and tests/test_gates.py.

A gate takes a `Page` and yields findings: the cell (0 for the whole notebook) and what is wrong.
"""

import re
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.page import Page, face, lines, pages, words
from tools.pinned import ROOT
from tools.twins import code_cells, compared, read_text, sources, texts

__all__ = ["GATES", "findings", "unbuilt"]

Finding = tuple[int, str]
REBUILD = "run `make notebooks`"
MAX_BYTES = 1_000_000
CELLS = range(15, 41)
MAX_LINES, MEDIAN_LINES = 20, 5
WORDS_A_LINE = 8
COMPARED_SHARE = 1 / 3
PATHS = re.compile(
    r"(?<![\w.:/~-])/(home|root|Users|tmp|var|opt|usr|mnt|private)/\w"
    r"|\b[A-Z]:\\(Users|Windows|Program|Temp)|ipykernel_\d+"
)
UNCOMPARED = re.compile(
    r"\b(slider|interact|progress|time|timeit|perf_counter|sample|generate|documentation)\w*\("
)
CAUSES = "only a slider, a time, generated text or Python's documentation may differ"
FORBIDDEN_TAGS = {"nbval-skip", "nbval-raises-exception", "raises-exception"}


def in_step(page: Page) -> Iterator[Finding]:
    r"""Notebook and text twin have the same cells: type, source and tags."""
    if not page.text.exists():
        yield 0, f"its text twin {page.text.name} is missing: write it, or delete the notebook"
        return
    here, there = page.nb.cells, read_text(page.text).cells
    pairs = enumerate(zip(here, there, strict=False), 1)
    if differing := [number for number, (cell, twin) in pairs if face(cell) != face(twin)]:
        others = f" (and {len(differing) - 1} after it)" * (len(differing) > 1)
        yield differing[0], f"differs from its text twin{others}: {REBUILD}"
    if len(here) != len(there):
        yield 0, f"has {len(here)} cells and its text twin {len(there)}: {REBUILD}"


def up_to_date(page: Page) -> Iterator[Finding]:
    r"""The outputs were made from today's text, package, results and versions."""
    if page.text.exists() and page.record.get("sources") != sources(page.text, page.root):
        yield 0, f"its outputs were made from other sources: {REBUILD}"


def executed(page: Page) -> Iterator[Finding]:
    r"""Every code cell was executed, from the first to the last."""
    for expected, (number, cell) in enumerate(page.code(), 1):
        if cell.execution_count != expected:
            yield number, f"was not executed in its turn ({cell.execution_count}): {REBUILD}"


def outputs_kept(page: Page) -> Iterator[Finding]:
    r"""As many cells have text to compare as when the notebook was built, and enough of them."""
    cells = code_cells(page.nb)
    count, stored = sum(map(compared, cells)), page.record.get("compared")
    if count != stored:
        yield 0, f"has {count} cells with text to compare, but was built with {stored}: {REBUILD}"
    if page.framed and count < COMPARED_SHARE * len(cells):
        yield 0, f"only {count} of {len(cells)} code cells print or return text: show more results"


def no_errors(page: Page) -> Iterator[Finding]:
    r"""No cell ends in an error, and none writes to stderr."""
    for number, cell in page.code():
        for output in cell.outputs:
            if output.output_type == "error":
                yield number, f"stores the error {output.ename}: mend it, then {REBUILD}"
            if output.get("name") == "stderr":
                yield number, f"stores a warning or log on stderr: mend it, then {REBUILD}"


def no_paths(page: Page) -> Iterator[Finding]:
    r"""No source and no output names a folder of one machine."""
    for number, cell in enumerate(page.nb.cells, 1):
        for said in [cell.source, *map(words, cell.get("outputs", []))]:
            if found := re.search(re.escape(str(page.root)), said) or PATHS.search(said):
                yield number, f"holds the absolute path '{found[0]}…': use a relative one"


def no_widgets(page: Page) -> Iterator[Finding]:
    r"""No live widget is stored: it cannot live without its kernel."""
    if "widgets" in page.nb.metadata:
        yield 0, f"stores widget state: {REBUILD}"
    for number, cell in page.code():
        if any("widget-view" in kind for out in cell.outputs for kind in out.get("data", {})):
            yield number, f"stores a live widget: {REBUILD}"


def small(page: Page) -> Iterator[Finding]:
    r"""The file is at most 1 MB, so that it opens at once and shows on the web."""
    if (size := len(page.raw.encode())) > MAX_BYTES:
        yield 0, f"has {size / 1e6:.2f} MB, more than 1 MB: draw fewer or smaller pictures"


def kernel(page: Page) -> Iterator[Finding]:
    r"""Notebook and text twin name the kernel python3, or JupyterLab asks for one."""
    if page.nb.metadata.get("kernelspec", {}).get("name") != "python3":
        yield 0, f"does not name the kernel python3: {REBUILD}"
    if page.text.exists() and "name: python3\n" not in page.text.read_text(encoding="utf-8"):
        yield 0, f"the header of {page.text.name} does not name the kernel python3: add it"


def no_semicolons(page: Page) -> Iterator[Finding]:
    r"""No cell ends in a semicolon, which hides a result from the comparison."""
    for number, cell in page.code():
        if cell.source.rstrip().endswith(";"):
            yield number, "ends in a semicolon: assign the result to `_`"


def uncompared(page: Page) -> Iterator[Finding]:
    r"""Output is ignored only where it may differ: widgets, times, generated text."""
    for number, cell in page.code():
        tagged = "nbval-ignore-output" in cell.metadata.get("tags", [])
        if tagged and not UNCOMPARED.search(cell.source):
            yield number, f"is tagged nbval-ignore-output without cause: {CAUSES}"
        if set(cell.metadata.get("tags", [])) & FORBIDDEN_TAGS or "NBVAL_" in cell.source:
            yield number, "switches nbval off: only the tag nbval-ignore-output is allowed"


def described(page: Page) -> Iterator[Finding]:
    r"""Every picture in the text has a description for those who do not see it."""
    for number, cell in enumerate(page.nb.cells, 1):
        if cell.cell_type == "markdown" and re.search(
            r"!\[\s*\]\(|<img(?![^>]*\balt=)", cell.source
        ):
            yield number, "shows a picture without alt text: describe it"


def frame(page: Page) -> Iterator[Finding]:
    r"""A section's notebook has 15 to 40 small code cells, and prose enough around them."""
    if not page.framed:
        return
    lengths = {number: lines(cell.source) for number, cell in page.code()}
    if len(lengths) not in CELLS:
        yield 0, f"has {len(lengths)} code cells, and should have {CELLS[0]} to {CELLS[-1]}"
    for number, length in lengths.items():
        if length > MAX_LINES:
            yield number, f"has {length} lines of code, more than {MAX_LINES}"
    if lengths and (median := statistics.median(lengths.values())) > MEDIAN_LINES:
        yield 0, f"its median code cell has {median:g} lines, more than {MEDIAN_LINES}"
    if (ratio := page.prose / max(sum(lengths.values()), 1)) < WORDS_A_LINE:
        yield 0, f"has {ratio:.1f} words of prose a line of code, fewer than {WORDS_A_LINE}"


GATES: tuple[Callable[[Page], Iterator[Finding]], ...] = (
    in_step,
    up_to_date,
    executed,
    outputs_kept,
    no_errors,
    no_paths,
    no_widgets,
    small,
    kernel,
    no_semicolons,
    uncompared,
    described,
    frame,
)


def unbuilt(root: Path = ROOT) -> list[str]:
    r"""Return a sentence for each text twin without a notebook."""
    built = {page.text for page in pages(root)}
    return [
        f"{t.relative_to(root).as_posix()} has no notebook: {REBUILD}"
        for t in texts(root)
        if t not in built
    ]


def findings(page: Page) -> list[str]:
    r"""Return one sentence for each broken rule: file, cell, what is wrong, what to do."""
    return [
        f"{page.name}, cell {number}: {what}" if number else f"{page.name}: {what}"
        for gate in GATES
        for number, what in gate(page)
    ]


def main() -> None:
    found = unbuilt() + [line for page in pages() for line in findings(page)]
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(pages())} notebooks, {len(GATES)} rules, {len(found)} broken.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
