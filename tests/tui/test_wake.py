"""The bell and the notice on attached screens: once for an incident, once when it is passed on, and never more."""

import re
from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.board.rows import Board, IncidentRow
from outagetui.core.model import State
from outagetui.facts.ledger import Mute
from outagetui.tui.wake import LASTING, Waker
from tests.kit.pty_driver import Pty, python
from tests.tui.fakes import MINUTE, NOW, announcement, calm, channel, outage
from tests.tui.opened_incident import opened

NOTICE = "\a\x1b]9;Outage: Public messenger. Nobody has taken it yet.\a"
TERMINAL = {"TERM": "xterm-256color"}


def with_row(**fields: Any) -> Board:
    board = opened()
    rows = tuple(replace(row, **fields) if row.id == "messenger" else row for row in board.channels)
    return replace(board, channels=rows)


def attached(**environment: str) -> Waker:
    waker = Waker(TERMINAL | environment)
    assert waker.wake(calm()) == ""
    return waker


def test_it_rings_once_when_an_incident_has_lasted_and_once_when_it_is_passed_on() -> None:
    waker = attached()
    assert waker.wake(opened(since=NOW - LASTING + 1)) == ""
    assert waker.wake(opened()) == NOTICE
    assert waker.wake(opened()) == ""
    assert waker.wake(opened("phone")) == ""
    assert waker.wake(opened("phone", "second")) == NOTICE
    assert waker.wake(opened("phone", "second", "boss")) == ""


def test_it_rings_anew_for_the_next_incident() -> None:
    waker = attached()
    assert waker.wake(opened())
    board = opened()
    assert board.incident is not None
    assert waker.wake(replace(board, incident=replace(board.incident, id="i99"))) == NOTICE


def test_what_was_so_when_the_screen_was_opened_is_silent() -> None:
    waker = Waker(TERMINAL)
    assert waker.wake(opened("phone")) == ""
    assert waker.wake(opened("phone")) == ""
    assert waker.wake(opened("phone", "second")) == NOTICE


@pytest.mark.parametrize(
    "board",
    [
        opened(acked_by="alice"),
        opened(closed=NOW),
        with_row(muted=Mute(until=NOW + 60, reason="work", actor="alice")),
        with_row(suppressed=True),
        with_row(local="vps-1"),
        with_row(state=State.UP),
        replace(opened(), blind="no canary answers"),
        replace(opened(), daemon=None),
        calm(),
    ],
)
def test_nobody_is_disturbed_for_what_needs_nobody(board: Board) -> None:
    waker = attached()
    assert waker.wake(board) == ""


def test_it_rings_when_a_mute_ends() -> None:
    waker = attached()
    assert waker.wake(with_row(muted=Mute(until=NOW + 60, reason="work", actor="alice"))) == ""
    assert waker.wake(opened()) == NOTICE


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no"])
def test_it_can_be_switched_off(word: str) -> None:
    waker = attached(OUTAGETUI_BELL=word)
    assert waker.wake(opened()) == ""


def test_a_console_without_notices_gets_the_bell_alone() -> None:
    assert attached(TERM="linux").wake(opened()) == "\a"


def test_a_hostile_name_cannot_end_the_notice_or_begin_another() -> None:
    board = opened()
    evil = channel("messenger", "a\a\x1b]52;c;eA==\a\x9c\u202eb\n;4;1", State.DOWN)
    for ascii in (False, True):
        waker = Waker(TERMINAL, ascii=ascii)
        waker.wake(calm())
        sent = waker.wake(replace(board, channels=(evil,)))
        assert re.fullmatch(r"\a\x1b\]9;Outage: [^\x00-\x1f\x7f-\x9f\u202e]*\a", sent)
        assert not ascii or sent.isascii()


def test_many_channels_make_a_short_notice() -> None:
    rows = tuple(channel(f"c{n}", f"Channel {n}", State.DOWN) for n in range(40))
    incident = IncidentRow(id="i1", since=NOW - MINUTE, channels=tuple(row.id for row in rows))
    waker = attached()
    sent = waker.wake(outage(channels=rows, incident=incident))
    assert "Channel 0, Channel 1, Channel 2 and 37 more. Nobody" in sent


def promised(due: float, **fields: Any) -> Board:
    return calm(announcements=(replace(announcement(), next_update=due, **fields),))


LATE = "\a\x1b]9;Update late: customers were promised news by now. Press w to write it.\a"


def test_a_late_update_rings_once_and_the_next_one_anew() -> None:
    waker = attached()
    assert waker.wake(promised(NOW + 1)) == ""
    assert waker.wake(promised(NOW)) == LATE
    assert waker.wake(promised(NOW - 600)) == ""
    assert waker.wake(promised(NOW + 1, parts=2)) == ""
    assert waker.wake(promised(NOW, parts=2)) == LATE


@pytest.mark.parametrize(
    "board",
    [promised(NOW - 1, open=False), calm(announcements=(replace(announcement(), next_update=None),))],
)
def test_what_is_closed_or_promised_nothing_is_never_late(board: Board) -> None:
    assert attached().wake(board) == ""


def test_an_update_that_was_late_when_the_screen_was_opened_is_silent() -> None:
    waker = Waker(TERMINAL)
    assert waker.wake(promised(NOW - 1)) == ""
    assert waker.wake(promised(NOW - 1)) == ""


def test_an_outage_and_a_late_update_at_once_ring_once() -> None:
    waker = attached()
    both = replace(opened(), announcements=promised(NOW - 1).announcements)
    assert waker.wake(both) == NOTICE
    assert waker.wake(both) == ""


def test_a_hostile_audience_stays_within_the_notice() -> None:
    evil = promised(NOW, audience="a\a\x1b]52;c;eA==\a\x9cb\n")
    assert re.fullmatch(r"\a\x1b\]9;Update late: [^\x00-\x1f\x7f-\x9f]*\a", attached().wake(evil))


@pytest.mark.parametrize(("kind", "rings"), [("operator", 2), ("wall", 0)])
def test_the_terminal_gets_exactly_these_bytes(kind: str, rings: int) -> None:
    with Pty(python("-m", "tests.tui.wake_child", kind)) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(5.0)
        assert terminal.process.poll() is None
        assert terminal.output.count(NOTICE.encode()) == rings
        assert terminal.output.count(b"\a") == 2 * rings
