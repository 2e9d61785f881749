import subprocess

import msgspec
import pytest
from outagetui.board.rows import Board, GlassRow, IncidentRow
from outagetui.tui.wall import WallApp, WallScreen
from tests.kit.pty_driver import python
from tests.tui.fakes import (
    MINUTE,
    NOW,
    Clock,
    FakeSource,
    announcement,
    calm,
    everything,
    lines_with,
    many,
    outage,
    run,
    text_of,
)
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import approving


def made(board: Board, *, ascii: bool = False) -> WallApp:
    return WallApp(FakeSource(board), clock=Clock(), ascii=ascii)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize("name", ["outage", "everything"])
async def test_the_wall_reads_as_it_was_kept(name: str, size: tuple[int, int]) -> None:
    app = made({"outage": outage, "everything": everything}[name]())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert_golden(f"wall-{name}-{size[0]}x{size[1]}", text_of(app))


def test_a_wall_has_nothing_in_it_that_could_order() -> None:
    code = (
        "import sys, outagetui.tui.wall\n"
        "print([name for name in sys.modules if name.startswith(('outagetui.orders', 'outagetui.daemon',"
        " 'outagetui.playbook', 'outagetui.core.orders', 'outagetui.actions', 'outagetui.tui.app',"
        " 'outagetui.tui.screens.ask', 'outagetui.tui.palette'))])"
    )
    seen = subprocess.run(python("-c", code), capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_a_walls_keys_only_scroll_turn_pages_and_quit() -> None:
    keys = {binding.action.partition("(")[0] for binding in (*WallScreen.BINDINGS, *WallApp.BINDINGS)}  # type: ignore[union-attr]
    assert keys == {"scroll", "turn", "quit"}


async def test_no_other_key_does_anything_on_the_wall() -> None:
    app = made(outage())
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        before = text_of(app)
        actions = {active.binding.action for active in app.screen.active_bindings.values()}
        await pilot.press(*"aAmMpPsSrRlLyn?", "enter", "ctrl+p", "ctrl+z", "tab", "ctrl+x", "f1", "escape")
        await pilot.pause()
        assert text_of(app) == before
        assert len(app.screen_stack) == 1
    assert {action.partition("(")[0] for action in actions} == {"scroll", "turn", "quit"}


async def test_pages_turn_by_themselves_and_start_again() -> None:
    app = made(many(30))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WallScreen)
        seen = []
        for _ in range(4):
            seen.append(lines_with(text_of(app), (" of 3",))[0].strip())
            screen.turn()
            await pilot.pause()
    assert seen == ["page 1 of 3", "page 2 of 3", "page 3 of 3", "page 1 of 3"]


async def test_a_page_turned_by_hand_stays_for_a_while() -> None:
    app = made(many(30))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pagedown")
        screen = app.screen
        assert isinstance(screen, WallScreen)
        screen.turn()
        await pilot.pause()
        assert "page 2 of 3" in text_of(app)
        await pilot.press("pageup", "down")
        await pilot.pause()
        text = text_of(app)
        assert "Channel number 001" in text
        assert "Channel number 000" not in text


async def test_no_row_is_torn_between_two_pages() -> None:
    app = made(outage())
    async with app.run_test(size=(80, 19)) as pilot:
        pages = []
        for _ in range(4):
            await pilot.pause()
            pages.append(text_of(app))
            await pilot.press("pagedown")
    for page in pages:
        if "Public messenger  " in page and "PARTIAL" in page:
            assert "503 Service Unavailable" in page


async def test_what_is_over_disappears_half_an_hour_later() -> None:
    closed = IncidentRow(id="i42", since=NOW - 60 * MINUTE, channels=("messenger",), closed=NOW - 29 * MINUTE)
    ended = msgspec.structs.replace(announcement(), open=False, kind="resolved", made=NOW - 29 * MINUTE)
    old_run = run("done", ended=NOW - MINUTE)
    app = made(calm(incident=closed, announcements=(ended,), runs=(old_run,)))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        assert "is over since 14:03" in text_of(app)
        assert "were told at" in text_of(app)
        assert "INCIDENT" not in text_of(app)
        assert isinstance(app.clock, Clock)
        app.clock.now += 2 * MINUTE
        app.poll()
        await pilot.pause()
        assert "is over" not in text_of(app)
        assert "were told at" not in text_of(app)


async def test_stale_blind_and_drill_are_loud_on_the_wall_too() -> None:
    app = made(everything())
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.pause()
        for words in ("STALE  nobody is probing", "BLIND", "DRILL", "INCIDENT", "run r12 asks"):
            assert words in text_of(app)


async def test_a_wall_in_ascii_has_nothing_else() -> None:
    app = made(everything(), ascii=True)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        assert text_of(app).isascii()


@pytest.mark.parametrize("size", [(1, 1), (20, 6), (300, 90)])
async def test_no_size_breaks_the_wall(size: tuple[int, int]) -> None:
    app = made(everything())
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "pagedown", "up", "left")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Example Hosting" in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_wall_tells_who_went_on_alone_and_how_long_a_second_person_is_waited_for(
    size: tuple[int, int],
) -> None:
    glass = GlassRow(run="r3", step="restart", title="restart it", at=NOW, actor="ada", reason="nobody else is awake")
    app = made(outage(glass=(glass,), runs=(approving(),)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert "BREAK-GLASS  ada did r3 restart alone: nobody else is awake" in text
        assert "run r12 needs a second person, 9m left: change www.example.net A" in text


@pytest.mark.parametrize(
    ("left", "words"), [(5.0, "needs a second person, seconds left:"), (-1.0, "a second person, asked too long ago:")]
)
async def test_a_question_for_a_second_person_runs_out_on_the_wall(left: float, words: str) -> None:
    app = made(outage(runs=(approving(left),)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert words in text_of(app)
