"""`outagetui status`: what is suggested and won, how practised playbooks are, and who went on alone."""

import pytest
from msgspec.structs import replace
from outagetui.board.rows import DaemonRow, GlassRow, LeftRow, OwedRow, ReachRow
from outagetui.cli.runs import run_document, run_lines
from outagetui.cli.status import document, exit_status, lines
from outagetui.core.words import Owed
from tests.tui.fakes import NOW, calm, outage, replace_channel
from tests.tui.run_fakes import PLAYBOOKS, ended

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
    nearly = ReachRow(audience="customers", now=0.004, known=0.004, possible=0.996)
    assert "reach customers: 1 % → 99 % with backups" in lines(outage(reach=(nearly,)))


# The night.

DEAD = OwedRow(
    kind=Owed.DEAD_WAY, audience="customers", channel="phone", name="Telephone", announcement="a3", since=NOW - 120.0
)  # fmt: skip
UNTOLD = OwedRow(kind=Owed.NOT_TOLD, audience="staff", channel="jabber", name="Staff Jabber", since=NOW - 960.0)
STALE = DaemonRow(pid=4711, age=75.0, stale=True)


def test_it_says_what_is_owed_as_the_board_does_with_what_to_type() -> None:
    made = outage(owed=(DEAD, UNTOLD))
    told = lines(made)
    dead = told.index(
        "DEAD WAY: customers were sent to Telephone; it is DOWN since 14:30: "
        "outagetui announce update --audience customers"
    )
    assert told[dead + 1] == (
        "NOT TOLD: Staff Jabber is open since 14:16, nobody of the staff knows: outagetui told jabber --audience staff"
    )
    assert document(made)["owed"] == [
        {"kind": "dead-way", "audience": "customers", "channel": "phone", "announcement": "a3", "run": None,
         "since": "2026-11-22T13:30:07Z", "do": "outagetui announce update --audience customers"},
        {"kind": "not-told", "audience": "staff", "channel": "jabber", "announcement": None, "run": None,
         "since": "2026-11-22T13:16:07Z", "do": "outagetui told jabber --audience staff"},
    ]  # fmt: skip


def test_reach_has_its_three_figures() -> None:
    made = outage(reach=(ReachRow(audience="customers", now=0.8, known=0.2, possible=0.98),))
    assert document(made)["reach"] == {"customers": {"now": 0.8, "known": 0.2, "possible": 0.98, "uncertain": False}}
    assert "reach customers: 20 % → 80 % once told → 98 % with backups" in lines(made)


@pytest.mark.parametrize("daemon", [STALE, None])
def test_states_of_a_silent_daemon_are_only_the_last_known_ones(daemon: DaemonRow | None) -> None:
    for made in (calm(daemon=daemon), outage(daemon=daemon)):
        told = document(made)
        assert {row["state"] for row in told["channels"]} & {"up", "slow", "partial", "down"} == set()
        assert {row["state"] for row in told["channels"]} & {"up?", "slow?", "partial?", "down?"}
        assert told["daemon"]["stale"]
        rows = [line.split()[0] for line in lines(made)]
        assert not {"UP", "SLOW", "PARTIAL", "DOWN"} & set(rows)
        assert "UP?" in rows
        assert exit_status(made) == 3


def test_a_run_that_left_something_half_done_says_what_to_type() -> None:
    left = LeftRow(active=("webchat",), untold=("webchat",), words="Web chat is active, and nobody was told")
    made = replace(ended(), state="aborted", left=left)
    assert (
        f"run {made.id} aborted: Web chat is active, and nobody was told: "
        f"outagetui play {made.playbook} or outagetui play {made.id} --stand-down" in lines(outage(runs=(made,)))
    )
    assert run_document(made)["left"] == {
        "active": ["webchat"],
        "untold": ["webchat"],
        "rest": [f"outagetui play {made.playbook}", f"outagetui play {made.id} --stand-down"],
    }
    assert "  left half done: Web chat is active, and nobody was told" in run_lines(made)
    assert run_document(ended())["left"] is None


def test_a_failed_proof_is_a_warning_with_its_reason() -> None:
    made = replace_channel(calm(), "phone", readiness="broken", proof="no echo came back")
    assert exit_status(calm()) == 0
    assert exit_status(made) == 1
    (line,) = [line for line in lines(made) if line.startswith("BROKEN")]
    assert line.endswith("last proof failed: no echo came back")
    (row,) = [row for row in document(made)["channels"] if row["id"] == "phone"]
    assert (row["state"], row["readiness"], row["why"]) == ("up", "broken", "last proof failed: no echo came back")
