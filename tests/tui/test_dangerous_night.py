"""What makes a night dangerous: a dead way, a backup nobody knows, a failed proof, a daemon that is silent."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from outagetui.board.rows import Board, DaemonRow, GainRow, GlassRow, IncidentRow, LeftRow, OwedRow, ReachRow
from outagetui.core.model import State
from outagetui.core.words import Owed
from outagetui.tui.app import OutageApp
from outagetui.tui.proofs import fresh
from outagetui.tui.proved import proved
from outagetui.tui.theme import GREEN, ORANGE, VERMILLION
from outagetui.tui.wake import Waker
from outagetui.tui.wall import WallApp
from outagetui.tui.widgets.story import Row
from tests.tui import composer_fakes as cf
from tests.tui import run_fakes as rf
from tests.tui.fakes import (
    MINUTE,
    NOW,
    Clock,
    FakeOrders,
    FakeSource,
    calm,
    lines_with,
    outage,
    replace_channel,
    text_of,
)
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens, show, toasts

STALE = DaemonRow(pid=4711, age=240.0, stale=True)
DEAD = OwedRow(
    kind=Owed.DEAD_WAY, audience="customers", channel="phone", name="Telephone", announcement="a3",
    since=NOW - 2 * MINUTE,
)  # fmt: skip
UNTOLD = OwedRow(
    kind=Owed.NOT_TOLD, audience="customers", channel="webchat", name="Web chat", since=NOW - 16 * MINUTE,
    gain=GainRow(audience="customers", now=0.2, then=0.8),
)  # fmt: skip
GLASS = GlassRow(
    run="r3", step="restart", title="restart it", at=NOW - MINUTE, actor="ada", reason="nobody else is awake"
)
REACH = ReachRow(audience="customers", now=0.8, known=0.2, possible=0.98)


def made(board: Board) -> OutageApp:
    return OutageApp(FakeSource(board), FakeOrders(), clock=Clock(), ascii=False)


def colours(app: Any, words: str) -> set[str]:
    """The colours of what is drawn in the lines that hold `words`."""
    found: set[str] = set()
    for strip in app.screen._compositor.render_strips(app.size):
        if words in "".join(text for text, _, _ in strip):
            found |= {
                style.color.name.lower()
                for text, style, _ in strip
                if style is not None and style.color is not None and text.strip()
            }
    return found


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (240, 67)])
async def test_the_board_of_a_dangerous_night(size: tuple[int, int]) -> None:
    night = outage(owed=(DEAD, UNTOLD), reach=(REACH,))
    app = made(night)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert_golden(f"board-night-{size[0]}x{size[1]}", text)
        assert " DEAD WAY  customers were sent to Telephone; it is DOWN since 14:30: press w" in text
        assert " NOT TOLD  Web chat is open since 14:16, no customer knows: press w" in text
        assert "customers reach us  20 % → 80 % once told → 98 % with backups" in text
        assert lines_with(text, (" w tell customers not to use Telephone",))
        app.open_channel("webchat")
        await pilot.pause()
        assert lines_with(text_of(app), ("DEAD WAY  customers were sent to Telephone",))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_wall_says_the_same_and_names_no_key(size: tuple[int, int]) -> None:
    app = WallApp(FakeSource(outage(owed=(DEAD, UNTOLD), reach=(REACH,))), clock=Clock(), ascii=False)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert_golden(f"wall-night-{size[0]}x{size[1]}", text)
        assert lines_with(text, ("DEAD WAY  customers were sent to Telephone; it is DOWN since 14:30",))
        assert lines_with(text, ("NOT TOLD  Web chat is open since 14:16, no customer knows",))
        assert "press w" not in text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (replace(UNTOLD, run="r7"), "no customer knows: r: a yes to r7 tells them"),
        (replace(UNTOLD, audience="staff"), "nobody of the staff knows: tell them, then outagetui told webchat"),
    ],
)
async def test_the_key_is_the_one_that_helps(row: OwedRow, words: str) -> None:
    app = made(outage(owed=(row,)))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        assert words in text_of(app)


@pytest.mark.parametrize(
    ("known", "colour"), [(1.0, GREEN), (0.95, GREEN), (0.94, ORANGE), (0.7, ORANGE), (0.69, VERMILLION)]
)
async def test_reach_is_green_from_calm_on_only(known: float, colour: str) -> None:
    row = ReachRow(audience="customers", now=1.0, known=known, possible=1.0)
    board = calm(reach=(row,), daemon=DaemonRow(pid=1, age=0.0, stale=False))
    for app in (made(board), WallApp(FakeSource(board), clock=Clock(), ascii=False)):
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.pause()
            found = colours(app, "reach us") if isinstance(app, OutageApp) else colours(app, "██")
            assert {GREEN.lower(), ORANGE.lower(), VERMILLION.lower()} & found == {colour.lower()}


async def test_where_nothing_is_left_to_win_it_is_said() -> None:
    lost = ReachRow(audience="customers", now=0.42, known=0.42, possible=0.42)
    app = made(outage(reach=(lost,)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert lines_with(text_of(app), ("customers reach us  42 %  no backup is left",))


# A silent daemon.


async def test_every_state_of_a_silent_daemon_is_only_the_last_known_one() -> None:
    for board in (calm(daemon=STALE), outage(daemon=STALE), calm(daemon=None)):
        for app in (made(board), WallApp(FakeSource(board), clock=Clock(), ascii=False)):
            async with app.run_test(size=(140, 45)) as pilot:
                await pilot.pause()
                text = text_of(app)
                rows: list[Row] = [*board.channels, *board.outlets]
                for row in rows:
                    if row.state is not State.UNKNOWN:
                        assert lines_with(text, (f"{row.state.value.upper()}?", row.name[:14])), (row.name, text)
                if isinstance(app, OutageApp):
                    assert lines_with(text, ("%?",))
                    app.open_channel(board.channels[0].id)
                    await pilot.pause()
                    assert f"{board.channels[0].state.value.upper()}?" in text_of(app)


# A failed proof.


def unproven(**fields: Any) -> Board:
    told: dict[str, Any] = {"readiness": "broken", "proved": NOW - MINUTE, "proof": "no echo came back"}
    return replace_channel(calm(), "phone", **(told | fields))


async def test_a_failed_proof_is_amber_with_its_reason_and_not_among_those_that_are_up() -> None:
    app = made(unproven())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("◆ BROKEN", "Phone"))
        assert "last proof failed: no echo" in line
        assert "1 of 5 not up" in text_of(app)
        assert ORANGE.lower() in colours(app, "◆ BROKEN")
        app.open_channel("phone")
        await pilot.pause()
        assert lines_with(text_of(app), ("◆ BROKEN",))
        assert lines_with(text_of(app), ("proof", "failed 1m ago", "no echo came back"))
    wall = WallApp(FakeSource(unproven()), clock=Clock(), ascii=False)
    async with wall.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        assert lines_with(text_of(wall), ("◆ BROKEN",))
        assert lines_with(text_of(wall), ("last proof failed: no echo came back",))


async def test_a_failed_proof_is_only_the_last_known_one_at_a_silent_daemon() -> None:
    board = replace(unproven(), daemon=STALE)
    for app in (made(board), WallApp(FakeSource(board), clock=Clock(), ascii=False)):
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.pause()
            assert lines_with(text_of(app), ("BROKEN?", "Phone +49"))


async def test_what_came_of_a_proof_is_said_once() -> None:
    async with screens(FakeSource(calm())) as (app, pilot):
        await show(app, pilot, unproven())
        await show(app, pilot, replace(unproven(), at=NOW + 1))
        assert toasts(app).count("Phone +49 30 901820: BROKEN: its proof failed: no echo came back") == 1
        passed = unproven(readiness="ready", proved=NOW, proof="an echo came back")
        await show(app, pilot, passed)
        await show(app, pilot, replace(passed, at=NOW + 5))
        assert toasts(app).count("Phone +49 30 901820: proof passed: an echo came back") == 1
        app.open_channel("phone")
        await pilot.pause()
        assert lines_with(text_of(app), ("proof", "passed", "an echo came back"))


async def test_a_passed_proof_covers_no_question() -> None:
    async with screens(FakeSource(calm())) as (app, pilot):
        app.write("customers")
        await pilot.pause()
        await show(app, pilot, unproven(readiness="ready", proved=NOW, proof="an echo came back"))
        assert "proof" not in toasts(app)
        await show(app, pilot, unproven())
        assert "BROKEN" in toasts(app)


def test_proofs_that_were_there_before_are_not_said() -> None:
    assert list(proved(None, unproven())) == []
    assert list(proved(unproven(), None)) == []
    assert list(proved(calm(channels=()), unproven())) == []


async def test_a_channel_that_is_down_opens_on_the_check_that_fails() -> None:
    checks = rf.checks()
    states = (State.UP, State.SLOW, State.DOWN)
    told = tuple(replace(check, state=state) for check, state in zip(checks, states, strict=False))
    board = replace_channel(rf.board(), "messenger", checks=told)
    source = rf.source()
    source.current = board
    async with screens(source, size=(120, 40)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        screen: Any = app.screen
        assert screen.check.id == told[-1].id
        await pilot.press("right")
        assert screen.check.id == told[0].id
        await show(app, pilot, replace(board, at=NOW + 1))
        assert screen.check.id == told[0].id  # what somebody looks at stays


# The bell and the composer.


def test_a_dead_way_rings_once_also_when_the_incident_is_taken() -> None:
    taken = IncidentRow(id="i1", since=NOW - 30 * MINUTE, channels=("messenger",), acked_by="alice")
    waker = Waker({"TERM": "xterm"})
    assert waker.wake(outage(incident=taken)) == ""
    rung = waker.wake(outage(incident=taken, owed=(DEAD,)))
    assert rung == "\a\x1b]9;Dead way: customers were sent to Telephone, which is down. Press w.\a"
    assert waker.wake(outage(incident=taken, owed=(DEAD,))) == ""
    assert waker.wake(outage(incident=taken, owed=())) == ""
    assert waker.wake(outage(incident=taken, owed=(replace(DEAD, since=NOW),))) != ""  # it died again
    assert waker.wake(outage(incident=taken, owed=(replace(DEAD, channel="webchat"),))) != ""
    for silent in ({"daemon": STALE}, {"blind": "no canary"}):
        other = replace(DEAD, channel="jabber")
        assert waker.wake(outage(incident=taken, owed=(other,), **silent)) == ""
    assert waker.wake(outage(incident=taken, owed=(UNTOLD,))) == ""


@pytest.mark.parametrize("audience", ["customers", "staff"])
def test_the_composer_opens_on_whom_it_is_owed_with_an_update(audience: str) -> None:
    said = tuple(
        cf.announced(id=f"a-{whom}", audience=whom, next_update=NOW + (0 if whom != audience else 3600))
        for whom in ("customers", "staff")
    )
    board = cf.board(announcements=said, owed=(replace(DEAD, audience=audience),))
    draft = fresh(board)
    assert (draft.audience, draft.kind) == (audience, "update")


@pytest.mark.parametrize(
    ("state", "backup", "owed", "kind"),
    [
        (State.DOWN, "active", (), "update"),
        (State.UNKNOWN, "standby", (), "update"),
        (State.UP, "active", (), "recovering"),
        (State.UP, "standby", (), "resolved"),
        (State.UP, "active", (DEAD,), "update"),
    ],
)
def test_the_next_part_does_not_say_that_what_is_over_goes_on(
    state: State, backup: str, owed: tuple[OwedRow, ...], kind: str
) -> None:
    night = cf.board(announcements=(cf.announced(audience="customers"),), owed=owed)
    rows = tuple(
        replace(row, standing=backup) if row.is_backup else replace(row, state=state, known=state)
        for row in night.channels
    )
    assert fresh(replace(night, channels=rows), "customers").kind == kind


def test_what_has_no_outlet_cannot_be_composed() -> None:
    board = cf.board(outlets=cf.PLACES[:1], owed=(replace(UNTOLD, audience="staff"), DEAD))
    assert fresh(board).audience == "customers"


# What a run leaves.


async def test_a_run_that_ended_early_says_what_it_left_half_done() -> None:
    left = LeftRow(active=("webchat",), untold=("webchat",), words="Web chat is active, and nobody was told")
    run = replace(rf.asking(), state="aborted", ended=NOW, left=left)
    async with screens(rf.source(run), size=(120, 40)) as (app, pilot):
        app.open_run(run.id)
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("HALF DONE",))
        assert line.strip().startswith(
            "HALF DONE  Web chat is active, and nobody was told: p starts it again, D stands"
        )
        await show(app, pilot, rf.board(msgspec.structs.replace(run, left=None)))
        assert "HALF DONE" not in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (240, 67)])
async def test_the_board_offers_to_begin_again_or_to_stand_down(size: tuple[int, int]) -> None:
    left = LeftRow(active=("webchat",), untold=("webchat",), words="Web chat is active, and nobody was told")
    ended = replace(rf.asking(), state="aborted", ended=NOW, left=left)
    again = replace(rf.asking(), id="r9")
    app = made(outage(owed=(replace(UNTOLD, ended=ended.id),), runs=(ended,)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        found = f" HALF DONE  {ended.id} {ended.name[:12]}"
        assert lines_with(text_of(app), (found, ": p starts it again; r, then D takes it back"))
        await show(app, pilot, outage(runs=(ended, again)))
        assert "HALF DONE" not in text_of(app)


# What must not be overlooked is not, where there are few cells.

EVERYTHING = (
    DEAD,
    UNTOLD,
    replace(UNTOLD, channel="phone", name="Telephone", since=NOW - 3 * MINUTE),
    replace(UNTOLD, channel="telegram", name="Telegram account of the support team"),
    replace(UNTOLD, audience="staff", channel="jabber", name="Staff Jabber"),
    replace(UNTOLD, audience="staff", channel="extensions", name="Extensions of the offices"),
)


@pytest.mark.parametrize("size", [(48, 24), (60, 20), (80, 24), (140, 40)])
async def test_the_key_that_helps_is_in_sight_in_every_size_and_on_every_screen(size: tuple[int, int]) -> None:
    owed = tuple(replace(each, name=f"{each.name} with the long name") for each in EVERYTHING)
    places = replace(outage().outlets[0], id="staff-page", audience="staff")
    app = made(outage(owed=owed, outlets=(*outage().outlets, places)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        lines = lines_with(text_of(app), ("DEAD WAY",)) + lines_with(text_of(app), ("NOT TOLD",))
        assert len(lines) == 3
        assert [line.rstrip().endswith(": press w") for line in lines] == [True] * 3, lines
        app.open_channel("webchat")
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("DEAD WAY",))
        assert line.rstrip().endswith(": press w")


async def test_backups_that_one_word_tells_of_share_a_line() -> None:
    by_hand = replace(EVERYTHING[-1], audience="partners")
    places = replace(outage().outlets[0], id="staff-page", audience="staff")
    app = made(outage(owed=(*EVERYTHING, by_hand), outlets=(*outage().outlets, places)))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        text = text_of(app)
        found = "NOT TOLD  Web chat, Telephone and Telegram account of the support team are open, no customer knows"
        assert lines_with(text, (found,))
        assert lines_with(text, ("outagetui told extensions --audience partners",))
        assert lines_with(
            text, ("NOT TOLD  Staff Jabber and Extensions of the offices are open, nobody of the staff knows",)
        )


async def test_what_has_no_room_is_counted_and_named() -> None:
    app = made(outage(owed=EVERYTHING, blind="all fail", drill="messenger-2011", glass=(GLASS,)))
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.pause()
        assert lines_with(text_of(app), ("+", " more: ", "NOT TOLD", "BREAK-GLASS", "DRILL"))
