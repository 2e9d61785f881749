"""`outagetui status`: what is suggested and won, how practised playbooks are, and who went on alone."""

from outagetui.board.rows import GlassRow, ReachRow
from outagetui.cli.status import document, lines
from tests.tui.fakes import NOW, outage
from tests.tui.run_fakes import PLAYBOOKS

GLASS = GlassRow(run="r3", step="restart", title="restart it", at=NOW, actor="ada", reason="nobody is\x1b[31m awake")


def test_the_document_tells_of_suggestions_practice_and_broken_glass() -> None:
    told = document(outage(playbooks=PLAYBOOKS, glass=(GLASS,)))
    (hint,) = told["suggestions"]
    assert (hint["playbook"], hint["gains"]) == (
        "messenger-down",
        [{"audience": "customers", "now": 0.31, "then": 0.94}],
    )
    messenger, phone, page = told["playbooks"]
    assert messenger["suggested"]
    assert messenger["practised"] == {
        "confidence": "medium", "at": "2026-11-13T13:32:07Z", "where": "drill", "state": "done", "seconds": 207.0,
        "failed": 0, "skipped": 1, "changed": False,
    }  # fmt: skip
    assert (phone["practised"]["confidence"], phone["practised"]["changed"]) == ("low", True)
    assert page["practised"] == {
        "confidence": "none", "at": None, "where": None, "state": None, "seconds": None, "failed": 0, "skipped": 0,
        "changed": False,
    }  # fmt: skip
    (glass,) = told["break_glass"]
    assert (glass["run"], glass["step"], glass["actor"], glass["at"]) == (
        "r3",
        "restart",
        "ada",
        "2026-11-22T13:32:07Z",
    )
    assert "\x1b" not in glass["reason"]


def test_the_text_says_the_gain_in_words_and_the_confidence() -> None:
    told = lines(outage(playbooks=PLAYBOOKS, glass=(GLASS,)))
    assert "suggested: outagetui play messenger-down (customers 31 % to 94 %): messenger partial for 30 min; " \
        "confidence medium" in told  # fmt: skip
    assert any(line.startswith("BREAK-GLASS: ada did r3 restart alone: nobody is") for line in told)
    assert not any("\x1b" in line for line in told)


def test_a_playbook_that_nobody_knows_is_not_trusted() -> None:
    assert any(line.endswith("confidence none") for line in lines(outage(playbooks=())))


def test_reach_is_never_whole_while_somebody_is_missing() -> None:
    nearly = ReachRow(audience="customers", now=0.004, possible=0.996)
    assert "reach customers: 1 % now, 99 % with every backup" in lines(outage(reach=(nearly,)))
