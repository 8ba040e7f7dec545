r"""Claims: registry and notebooks agree both ways, and a claim that fails stops the notebook."""

import ast
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="needs IPython")

from rnn.book.claims import EVIDENCE, VERDICTS, ClaimFailed, claim, claims_table, registry

TEXTS = sorted((Path(__file__).parent.parent / "chapters" / "text").glob("*.py"))


def calls_in(text):
    tree = ast.parse(text.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim":
            yield node.args[0].value, {k.arg: k.value for k in node.keywords}


STATED = [(number, text.stem, words) for text in TEXTS for number, words in calls_in(text)]


def test_the_registry_holds_all_147_claims():
    assert list(registry()) == list(range(1, 148))
    for entry in registry().values():
        assert entry["verdict"] in VERDICTS
        assert entry["statement"].endswith((".", "?"))
        assert ("notebook" in entry) == (entry["verdict"] != "open")
        assert ("caveat" in entry) == (entry["verdict"] in VERDICTS[1:3])


def test_every_claim_with_a_verdict_is_stated_where_it_says():
    stated = {(number, notebook) for number, notebook, _ in STATED}
    assert stated == {(e["id"], e["notebook"]) for e in registry().values() if "notebook" in e}
    assert len(stated) == len(STATED), "a claim is stated twice"


def test_only_what_is_discussed_has_no_measurement():
    for number, _, words in STATED:
        evidence = words["evidence"].value if "evidence" in words else "live"
        assert evidence in EVIDENCE
        discussed = registry()[number]["verdict"] == "discussed"
        assert (evidence == "discussed") == discussed == ("holds" not in words), number


def test_a_claim_that_fails_stops():
    with pytest.raises(ClaimFailed, match=r"claim 7 does not hold: measured 0.1, bound < 1e-12"):
        claim(7, holds=False, measured=0.1, bound="< 1e-12")
    with pytest.raises(ClaimFailed):
        claim(7)
    with pytest.raises(ValueError, match="evidence"):
        claim(7, holds=True, evidence="rumour")


def test_a_claim_prints_its_measurement_between_rare_brackets(capsys):
    claim(7, holds=True, measured=1.23456e-16, bound="≤ 1e-12")
    out = capsys.readouterr().out
    assert out.startswith("Claim 7 (§10.1). Applying the recurrence")
    assert "Measured here: ⟦1.23e-16⟧; bound: ≤ 1e-12. Holds." in out


def test_the_table_shows_caveats():
    assert "holds with a caveat: that holds for any f" in claims_table([14]).markdown
