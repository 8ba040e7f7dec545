r"""What the reference is believed for: the worst error of every cell and net, by kind of evidence.

``python -m experiments.evidence`` walks through the registry of the tests, prints the table and
stores it; with ``--markdown`` it prints a Markdown table. ``--messages`` prints what bad input
gets.
"""

import re
import sys
import time
import warnings
from pathlib import Path

from experiments.record import record

__all__ = ["main", "measured", "messages", "table", "walk"]

TESTS = Path(__file__).parents[1] / "tests"


def walk():
    r"""Return cases and kinds of evidence, which stand among the tests."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    from evidence import KINDS, of
    from registry import CASES

    return CASES, {case.name: of(case) for case in CASES}, KINDS


def measured():
    r"""Compute the worst errors.

    Returns
    -------
    errors : dict of dicts
        For each case, its worst error of each kind that there is for it.
    seconds : dict
        Processor time of each kind, over all cases.
    """
    cases, kinds_of, kinds = walk()
    errors, seconds = {case.name: {} for case in cases}, dict.fromkeys(kinds, 0.0)
    for case in cases:
        for name in kinds_of[case.name]:
            start = time.process_time()
            errors[case.name][name] = kinds[name].error(case)
            seconds[name] += time.process_time() - start
    return errors, seconds


def worst(errors, kinds):
    r"""Return the largest error of each kind."""
    return {kind: max(row[kind] for row in errors.values() if kind in row) for kind in kinds}


def table(rows, *, markdown=False):
    r"""Lay out rows of strings, the first of which are the titles of the columns.

    Examples
    --------
    >>> print(table([("case", "oracle"), ("rnn", "1e-16")], markdown=True))
    | case | oracle |
    |------|--------|
    | rnn  | 1e-16  |
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    bar, edge = (" | ", "| {} |") if markdown else ("  ", "{}")
    lines = [
        edge.format(bar.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        for row in rows
    ]
    if markdown:
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(line.rstrip() for line in lines)


def messages():
    r"""Return a row for each message that bad input gets: what was given, to how many, the message.

    What is refused in the same words by several cells and nets stands there once.
    """
    walk()
    from refusals import TABLE

    found = {}
    for refusal in TABLE:
        what, to = re.fullmatch(r"(.*?)(?: \(([a-z][\w-]*)\))?", refusal.what).groups()
        found.setdefault(what, {}).setdefault(_said(refusal), []).append(to or "")
    return [(what, _names(found[what][said]), said) for what in found for said in found[what]]


def _said(refusal):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning refuses nothing
            refusal.call()
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return "no error"


def _names(names):
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _rows(errors, kinds):
    lines = {**errors, "worst": worst(errors, kinds)}
    lines["bound"] = {name: kind.bound for name, kind in kinds.items()}
    shown = [(name, *(_number(row.get(kind)) for kind in kinds)) for name, row in lines.items()]
    return [("case", *kinds), *shown]


def _number(error):
    return "" if error is None else f"{error:.1e}"


def main(arguments):
    r"""Print what was asked for; store the errors if they were computed."""
    markdown = "--markdown" in arguments
    if "--messages" in arguments:
        print(table([("given", "to", "message"), *messages()], markdown=markdown))
        return
    _, _, kinds = walk()
    errors, seconds = measured()
    print(table(_rows(errors, kinds), markdown=markdown))
    bounds = {name: kind.bound for name, kind in kinds.items()}
    details = {"bounds": bounds, "worst": worst(errors, kinds), "seconds": seconds}
    record("evidence", seeds=range(9), measured=errors, **details)


if __name__ == "__main__":
    main(sys.argv[1:])
