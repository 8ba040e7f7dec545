r"""The chapter's 147 claims, and what this book finds about each.

`claims.toml` holds them: id, section, statement in our own words, kind, verdict, and the notebook
where the claim is measured. A test reads every notebook and checks that both sides agree.
"""

import tomllib
from functools import cache
from importlib.resources import files
from numbers import Real

from rnn._checks import require_choice
from rnn.book.notes import Note, say

__all__ = ["EVIDENCE", "VERDICTS", "ClaimFailed", "claim", "claims_table", "registry"]

EVIDENCE = {
    "live": "measured here",
    "stored": "stored result over several seeds",
    "discussed": "discussed",
}
VERDICTS = (
    "holds",
    "holds with a caveat",
    "fails as printed",
    "discussed",
    "open",
)


class ClaimFailed(AssertionError):
    r"""Say that what was measured does not bear a claim out."""


@cache
def registry():
    r"""Return the claims by number, each a dict with the fields of `claims.toml`."""
    text = files("rnn.book").joinpath("claims.toml").read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in tomllib.loads(text)["claim"]}


def claim(number, *, holds=None, measured=None, bound=None, evidence="live"):
    r"""State a claim of the chapter, what was measured, and the verdict.

    Parameters
    ----------
    number : int
        1 to 147, as in `claims.toml`.
    holds : bool
        The outcome of the measurement: what the verdict says must be true. Not needed for
        evidence "discussed".
    measured, bound : str or number, optional
        What was found, and what it had to stay within. The measured value is printed between
        ⟦ and ⟧, where the tests do not compare it: it may differ from one machine to the next.
    evidence : {"live", "stored", "discussed"}

    Raises
    ------
    ClaimFailed
        If `holds` is not true.
    """
    require_choice("evidence", evidence, tuple(EVIDENCE))
    entry = registry()[number]
    if evidence != "discussed" and (holds is None or not bool(holds)):
        raise ClaimFailed(f"claim {number} does not hold: measured {measured}, bound {bound}")
    say(
        f"> **Claim {number}** ({_place(entry)}). {entry['statement']}\n>\n> "
        + _finding(entry, measured, bound, evidence)
    )


def claims_table(numbers):
    r"""Return a table of claims with their verdicts, to be shown as the last line of a cell."""
    rows = ["| claim | where | statement | verdict |", "|---:|---|---|---|"]
    for number in numbers:
        entry = registry()[number]
        verdict = entry["verdict"] + (f": {entry['caveat']}" if entry.get("caveat") else "")
        rows.append(f"| {number} | {_place(entry)} | {entry['statement']} | {verdict} |")
    return Note("\n".join(rows))


def _finding(entry, measured, bound, evidence):
    found = EVIDENCE[evidence].capitalize()
    if measured is not None:
        found += f": ⟦{_short(measured)}⟧"
    if bound is not None:
        found += f"; bound: {bound}"
    caveat = f": {entry['caveat']}" if entry.get("caveat") else ""
    verdict = "" if entry["verdict"] == "discussed" else f" **{entry['verdict'].capitalize()}**"
    return f"{found}.{verdict}{caveat}{'' if caveat.endswith('.') else '.' if verdict else ''}"


def _place(entry):
    return "introduction" if entry["section"] == "intro" else f"§{entry['section']}"


def _short(value):
    return f"{value:.3g}" if isinstance(value, Real) else str(value)
