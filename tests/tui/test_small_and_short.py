"""Small terminals, short words that come and go, and orders that nobody takes."""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from outagetui.board.rows import Board
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.board import BoardScreen
from outagetui.tui.screens.playbooks import PlaybooksScreen
from outagetui.tui.widgets.scrolling import Page
from tests.tui import run_fakes as rf
from tests.tui.fakes import Clock, FakeOrders, FakeSource, everything, lines_with, outage, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import open_run, screens, toasts

GONE = "the daemon does not answer; start it with: systemctl start outagetui"
STEPS = tuple(f"step number {n} of the plan" for n in range(1, 31))


class NoDaemon(FakeOrders):
    """Orders into the void: nobody greets, and the role stays unknown."""

    def __init__(self, role: str = "viewer") -> None:
        super().__init__(role=role, refuse=GONE)
        self.greeted = 0

    async def hello(self) -> dict[str, object]:
        self.greeted += 1
        return {"ok": False, "error": GONE}


def messages(app: OutageApp) -> list[str]:
    return [note.message for note in app._notifications]


async def press(pilot: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


@pytest.mark.parametrize("role", ["viewer", "operator"])
@pytest.mark.parametrize("key", ["a", "R", "m", "v", "A"])
async def test_without_a_daemon_every_key_that_orders_says_so_in_the_same_words_once(role: str, key: str) -> None:
    async with screens(rf.source(), NoDaemon(role)) as (app, pilot):
        table: Any = app.screen.query_one("#table")
        while table.selected.id != "phone":
            await press(pilot, "down")
        for _ in range(2):
            await press(pilot, key)
            if role == "operator":
                await press(pilot, *{"m": ("enter", "x", "enter"), "A": ("y",)}.get(key, ()))
        assert messages(app) == [GONE]


@pytest.mark.parametrize("opener", ["run", "channel", "playbooks"])
async def test_without_a_daemon_the_opened_screens_say_so_too(opener: str) -> None:
    orders = NoDaemon()
    async with screens(rf.source(rf.asking()), orders) as (app, pilot):
        keys = {"run": ("y", "S", "x"), "channel": ("R", "m", "A", "v"), "playbooks": ("s",)}[opener]
        if opener == "run":
            await open_run(app, pilot)
        elif opener == "channel":
            app.open_channel("webchat")
        else:
            app.open_plan("phone-down")
        await pilot.pause()
        await press(pilot, *keys)
        assert messages(app) == [GONE]
        assert orders.sent == []


async def test_a_daemon_that_came_back_is_found_by_the_next_key() -> None:
    orders = NoDaemon()
    async with screens(rf.source(), orders) as (app, pilot):
        await press(pilot, "m")
        orders.role = "operator"
        assert orders.greeted == 2, "the key asked again"
        await press(pilot, "m")
        assert not isinstance(app.screen, BoardScreen)


async def test_words_that_come_and_go_cover_neither_the_question_nor_the_foot() -> None:
    async with screens(rf.source(rf.asking())) as (app, pilot):
        await open_run(app, pilot)
        before = text_of(app).splitlines()
        app.tell("the answer is to attempt 1 of the step, but the run asks for attempt 2 by now: look again", "error")
        app.tell("and something else", "warning")
        await pilot.pause()
        await pilot.pause()
        after = text_of(app).splitlines()
        told = " ".join(" ".join(line[41:] for line in after).split())
        assert "the answer is to attempt 1 of the step, but the run asks for attempt 2 by now: look again" in told
        assert "and something else" in told
        changed = [y for y, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
        assert changed == list(range(len(changed)))
        assert len(changed) < 6
        assert all(was.ljust(80)[:39] == now.ljust(80)[:39] for was, now in zip(before, after, strict=True))


async def test_the_same_words_are_shown_once() -> None:
    async with screens(rf.source()) as (app, pilot):
        for _ in range(5):
            await pilot.press("A")
        await pilot.pause()
        assert len(messages(app)) == 1
        assert app.NOTIFICATION_TIMEOUT == 4


@pytest.mark.parametrize("keys", [("pagedown",), ("pagedown", "pagedown", "pageup")])
async def test_a_long_plan_is_read_page_by_page_while_the_cursor_stays(keys: tuple[str, ...]) -> None:
    long = msgspec.structs.replace(rf.PLAYBOOKS[0], steps=STEPS)
    async with screens(rf.source(playbooks=(long, *rf.PLAYBOOKS[1:]))) as (app, pilot):
        await press(pilot, "p")
        assert "PgUp PgDn: all" in text_of(app)
        assert "step number 1 of" in text_of(app)
        await press(pilot, *keys)
        screen = app.screen
        assert isinstance(screen, PlaybooksScreen)
        assert screen.query_one("#plan", Page).scroll_offset.y > 0
        assert screen.chosen is not None
        assert screen.chosen.id == "messenger-down"
        await press(pilot, "pagedown", "pagedown", "pagedown")
        assert "step number 30 of" in text_of(app)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_the_plan_has_the_room_that_the_list_leaves(count: int) -> None:
    async with screens(rf.source(playbooks=rf.PLAYBOOKS[:count])) as (app, pilot):
        await press(pilot, "p")
        plan = app.screen.query_one("#plan", Page)
        used = count + 2 + 2 + 1  # the list, the heading and the keys with a blank each, one between
        assert plan.size.height == 24 - used
        assert "PgDn" not in text_of(app)


Opener = Callable[[OutageApp, Any], Coroutine[Any, Any, None]]


async def muting(app: OutageApp, pilot: Any) -> None:
    await press(pilot, "m")


async def running(app: OutageApp, pilot: Any) -> None:
    await open_run(app, pilot)
    await pilot.pause()


async def noting(app: OutageApp, pilot: Any) -> None:
    await running(app, pilot)
    await press(pilot, "n")


async def skipping(app: OutageApp, pilot: Any) -> None:
    await running(app, pilot)
    await press(pilot, "S")


@pytest.mark.parametrize(
    ("opener", "name", "words"),
    [
        (muting, "short-mute", ("Mute Public messenger", "Minutes", "Reason", "Enter  next, mute      Esc  leave")),
        (
            running,
            "short-run",
            ("r12", "ASKING  2m", "2 of 4 steps over", "MAY I DO THIS?", "y yes, do it"),
        ),
        (noting, "short-note", ("Enter keeps it, Esc leaves it", "MAY I DO THIS?", "y yes, do it")),
        (skipping, "short-skip", ("Leave out this step?", "y  yes      n  no")),
    ],
)
async def test_sixty_columns_and_fifteen_lines_are_enough(opener: Opener, name: str, words: tuple[str, ...]) -> None:
    async with screens(rf.source(rf.asking(), blind="all canaries fail", drill="messenger-2011"), size=(60, 15)) as (
        app,
        pilot,
    ):
        await opener(app, pilot)
        await pilot.pause()
        text = text_of(app)
        for each in words:
            assert lines_with(text, (each,)), each
        assert_golden(name, text)


async def test_the_complaint_of_a_short_form_is_seen() -> None:
    async with screens(rf.source(), size=(60, 15)) as (app, pilot):
        await press(pilot, "m", "enter", "enter")
        assert "Say why: the journal keeps it" in text_of(app)
        assert "Esc  leave" in text_of(app)


@pytest.mark.parametrize("board", [outage(), everything()])
async def test_a_board_of_fifteen_lines_still_shows_rows_and_keys(board: Board) -> None:
    app = OutageApp(FakeSource(board), FakeOrders(), clock=Clock(), ascii=False)
    async with app.run_test(size=(60, 15)) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert lines_with(text, ("PARTIAL", "Public messenger"))
        assert lines_with(text, ("? help", "q quit"))
        assert toasts(app) == ""
