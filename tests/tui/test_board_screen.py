from typing import Any

import msgspec
import pytest
from outagetui.board.rows import Board
from outagetui.core.model import State
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.ask import Confirm, MuteForm
from outagetui.tui.screens.board import REST, BoardScreen
from outagetui.tui.widgets.row_lines import Columns
from tests.tui.fakes import (
    MINUTE,
    NOW,
    Clock,
    FakeOrders,
    FakeSource,
    calm,
    everything,
    found,
    lines_with,
    many,
    outage,
    replace_channel,
    run,
    text_of,
)
from tests.tui.golden import assert_golden
from textual.pilot import Pilot


def made(board: Board | None = None, **orders: Any) -> OutageApp:
    return OutageApp(FakeSource(board or outage()), FakeOrders(**orders), clock=Clock(), ascii=False)


def orders_of(app: OutageApp) -> list[tuple[str, dict[str, object]]]:
    assert isinstance(app.orders, FakeOrders)
    return app.orders.sent


def source_of(app: OutageApp) -> FakeSource:
    assert isinstance(app.source, FakeSource)
    return app.source


async def select(pilot: Pilot[Any], name: str) -> None:
    app = pilot.app
    await pilot.press("home")
    for _ in range(30):
        row = app.screen.query_one("#table").selected  # type: ignore[attr-defined]
        if row is not None and row.id == name:
            return
        await pilot.press("down")
    raise AssertionError(f"no row {name}")


async def settle(pilot: Pilot[Any]) -> None:
    for worker in list(pilot.app.workers):
        if worker.is_running and not isinstance(pilot.app.screen, Confirm | MuteForm):
            await worker.wait()
    await pilot.pause()


def announced(app: OutageApp) -> str:
    return " ".join(note.message for note in app._notifications)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (240, 67)])
@pytest.mark.parametrize("name", ["outage", "everything", "calm"])
async def test_the_board_reads_as_it_was_kept(name: str, size: tuple[int, int]) -> None:
    board = {"outage": outage, "everything": everything, "calm": calm}[name]()
    app = made(board)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert_golden(f"board-{name}-{size[0]}x{size[1]}", text_of(app))


async def test_every_state_is_a_sign_and_a_word_and_never_colour_alone() -> None:
    board = outage()
    rows = [
        msgspec.structs.replace(board.channels[0], id=state.value, name=f"n-{state.value}", state=state)
        for state in State
    ]
    app = made(msgspec.structs.replace(board, channels=tuple(rows)))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        text = text_of(app)
    signs = {}
    for state, sign, word in zip(State, "●◐▲✖?⊘", ("UP", "SLOW", "PARTIAL", "DOWN", "UNKNOWN", "BLIND"), strict=True):
        assert lines_with(text, (f"{sign} {word}", f"n-{state.value}")), word
        signs[sign] = word
    assert len(signs) == len(State)


async def test_an_ascii_terminal_gets_ascii_everywhere_even_in_the_palette_and_notices() -> None:
    app = OutageApp(FakeSource(everything()), FakeOrders(), clock=Clock(), ascii=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.tell("Grüße – überall", "warning")
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert text_of(app).isascii()
        await pilot.press("escape")
        await pilot.pause()
        text = text_of(app)
        assert text.isascii()
        assert "X DOWN" in text


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_columns_never_need_more_than_the_width(width: int) -> None:
    columns = Columns.of(width)
    used = 12 + columns.name + columns.since + columns.reason
    used += sum(wide + 1 for wide in (columns.standing, columns.took, columns.bars) if wide)
    assert used <= max(width, 12 + columns.name)


async def test_the_cursor_stays_on_its_channel_when_rows_change_places() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await select(pilot, "phone")
        board = source_of(app).current
        order = sorted(board.channels, key=lambda row: (row.audience, row.id != "phone"))
        source_of(app).current = msgspec.structs.replace(board, channels=tuple(order))
        app.poll()
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("▸",))
        assert "Phone +49" in line


async def test_until_it_is_moved_the_cursor_stands_on_the_worst() -> None:
    app = made(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        source_of(app).current = outage()
        app.poll()
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("▸",))
        assert "Public messenger" in line


async def test_two_hundred_channels_are_paged_and_the_place_is_said() -> None:
    app = made(many())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "of 202" in text_of(app)
        await pilot.press("end")
        assert "Company blog" in text_of(app)
        await pilot.press("pageup", "pageup", "home")
        assert "Channel number" in text_of(app).splitlines()[4]


async def test_enter_opens_the_channel_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    app = made()
    opened: list[str] = []
    monkeypatch.setattr(app, "open_channel", opened.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "enter")
    assert opened == ["telegram"]


async def test_s_opens_the_plan_of_the_suggested_playbook_and_r_the_newest_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = run("done", id="r13", ended=NOW)
    app = made(outage(runs=(done,)))
    opened: list[str] = []
    monkeypatch.setattr(app, "open_plan", opened.append)
    monkeypatch.setattr(app, "open_run", opened.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "r")
    assert opened == ["messenger-down", "r13"]


async def test_a_running_playbook_is_not_suggested_again_and_its_question_is_loud() -> None:
    app = made(outage(runs=(run(),)))
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        text = text_of(app)
    assert lines_with(text, ("YOUR TURN", "Can two colleagues"))
    assert not lines_with(text, ("s start Public",))


async def test_a_takes_the_incident() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        await pilot.pause()
    assert orders_of(app) == [("ack", {"incident": "i42"})]


async def test_without_an_incident_there_is_nothing_to_take() -> None:
    app = made(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        await pilot.pause()
        assert "no incident" in announced(app)
    assert orders_of(app) == []


async def test_a_refusal_is_shown_in_words_and_never_as_markup() -> None:
    app = made(refuse="a viewer may not ack [b]x[/b] [/c] \x1b[2J", role="viewer")
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await pilot.press("a")
        await pilot.pause()
        await pilot.pause()
        text = text_of(app)
    assert "a viewer may not ack [b]x[/b]" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("key", ["m", "A"])
async def test_a_viewer_is_told_at_once_what_an_operator_could_do(key: str) -> None:
    app = made(role="viewer")
    async with app.run_test(size=(80, 24)) as pilot:
        await select(pilot, "phone")
        await pilot.press(key)
        await settle(pilot)
        assert "viewer" in announced(app)
        assert isinstance(app.screen, BoardScreen)
    assert orders_of(app) == []


async def test_mute_asks_for_minutes_and_a_reason() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("backspace", "backspace", "4", "5", "enter", "enter")
        assert isinstance(app.screen, MuteForm), "a reason is required"
        await pilot.press(*"works", "enter")
        await settle(pilot)
    assert orders_of(app) == [("mute", {"id": "messenger", "seconds": 2700.0, "reason": "works"})]


async def test_a_mute_in_force_ends_with_nought_minutes() -> None:
    app = made(everything())
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("backspace", "backspace", "0", "enter")
        await settle(pilot)
    ((order, fields),) = orders_of(app)
    assert (order, fields["seconds"]) == ("mute", 0.0)


async def test_activating_asks_and_warns_about_a_backup_that_is_not_up() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await select(pilot, "telegram")
        await pilot.press("A")
        await pilot.pause()
        text = text_of(app)
        assert "Activate Telegram account for customers?" in text
        assert "It is UNKNOWN now: no route from vps-1" in text
        await pilot.press("enter")
        assert isinstance(app.screen, Confirm), "return alone does nothing"
        await pilot.press("y")
        await settle(pilot)
    assert orders_of(app) == [("activate", {"channels": ["telegram"]})]


async def test_an_active_backup_is_taken_out_of_use_and_no_means_no() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await select(pilot, "jabber")
        await pilot.press("A")
        await pilot.pause()
        await pilot.press("n")
        await settle(pilot)
        assert orders_of(app) == []
        await pilot.press("A")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
    assert orders_of(app) == [("deactivate", {"channels": ["jabber"]})]


async def test_a_primary_cannot_be_activated() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("A")
        await settle(pilot)
        assert "Only a backup" in announced(app)


async def test_recheck_names_the_row_under_the_cursor() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "R")
        await pilot.pause()
    assert orders_of(app) == [("recheck", {"id": "telegram"})]


async def test_the_palette_finds_channels_by_name_and_runs_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    app = made(replace_channel(outage(), "voip", name="[b]Internal[/b] [/x]"))
    opened: list[str] = []
    monkeypatch.setattr(app, "open_channel", opened.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"Internal")
        await found(app, "[b]Internal[/b] [/x]")
        await pilot.press("enter")
        await pilot.pause()
    assert opened == ["voip"]


async def test_stale_blind_drill_and_a_waiting_incident_are_loud() -> None:
    app = made(everything())
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        text = text_of(app)
    for words in ("STALE  nobody is probing for 1m", "BLIND  our own uplink fails",
                  "INCIDENT 14:02 (30m) press a to take it",
                  "DRILL  nothing leaves this machine · a rehearsal: messenger-2011"):  # fmt: skip
        assert lines_with(text, (words,)), words


async def test_the_side_panel_explains_the_row_where_there_is_room() -> None:
    app = made()
    async with app.run_test(size=(160, 40)) as pilot:
        await select(pilot, "jabber")
        await pilot.pause(2 * REST)
        text = text_of(app)
    assert lines_with(text, ("│ xmpp:office@rooms.example.net?join",))
    assert lines_with(text, ("│ backs up Staff messenger ✖ DOWN",))


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (44, 10), (300, 80)])
async def test_no_size_breaks_the_screen(size: tuple[int, int]) -> None:
    app = made(everything())
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "end", "m", "escape")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Example Hosting" in text_of(app)


async def test_a_board_without_anything_is_still_a_board() -> None:
    empty = outage(channels=(), outlets=(), reach=(), suggestions=(), incident=None, daemon=None)
    app = made(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter", "A", "m", "R", "s", "r", "end")
        await pilot.pause()
        assert "STALE  no daemon has written here yet" in text_of(app)
    assert orders_of(app) == []


async def test_ages_move_with_the_clock() -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        clock = app.clock
        assert isinstance(clock, Clock)
        clock.now += 31 * MINUTE
        app.poll()
        await pilot.pause()
        assert lines_with(text_of(app), ("PARTIAL", "Public messenger", "1h01m"))


def test_every_key_has_an_id_and_says_what_it_does() -> None:
    for bindings in (BoardScreen.BINDINGS, OutageApp.BINDINGS):
        for binding in bindings:
            assert binding.id, binding  # type: ignore[union-attr]
            assert binding.tooltip, binding  # type: ignore[union-attr]
