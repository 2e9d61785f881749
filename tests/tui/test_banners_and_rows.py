"""What must not be overlooked is said first, what does not fit says so, and nothing old looks well."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import Board, DaemonRow, DeliveryRow, IncidentRow
from outagetui.core.model import State
from outagetui.tui.app import OutageApp
from outagetui.tui.theme import GREEN, RICH
from outagetui.tui.wall import WallApp
from outagetui.tui.widgets.lines import across, joined, shortened, wrapped
from outagetui.tui.widgets.row_lines import Columns, bars
from outagetui.tui.widgets.story import reason
from rich.style import Style
from tests.tui import run_fakes as rf
from tests.tui.fakes import (
    MINUTE,
    NOW,
    Clock,
    FakeOrders,
    FakeSource,
    announcement,
    calm,
    channel,
    everything,
    lines_with,
    many,
    outage,
    replace_channel,
    run,
    text_of,
)

STALE = DaemonRow(pid=4711, age=75.0, stale=True)


def made(board: Board) -> OutageApp:
    return OutageApp(FakeSource(board), FakeOrders(), clock=Clock(), ascii=False)


async def shown(board: Board, size: tuple[int, int]) -> str:
    app = made(board)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        return text_of(app)


def colours_of(app: Any) -> set[str]:
    strips = app.screen._compositor.render_strips(app.size)
    return {
        style.color.name.upper()
        for strip in strips
        for text, style, _ in strip
        if style is not None and style.color is not None and text.strip()
    }


NAMES = ("Public messenger", "Team chat of the whole company", "Support mailbox", "Telephone")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
async def test_an_incident_says_when_and_which_key_before_it_names_the_channels(width: int) -> None:
    rows = tuple(channel(f"c{n}", name, State.DOWN) for n, name in enumerate(NAMES))
    incident = IncidentRow(id="i42", since=NOW - 2 * MINUTE, channels=tuple(row.id for row in rows))
    text = await shown(outage(channels=rows, incident=incident), (width, 24))
    (line,) = lines_with(text, ("INCIDENT",))
    assert line.startswith(" INCIDENT 14:30 (2m) press a to take it · Public messenger")
    assert line.endswith("…") == (width < 160)
    assert len(line) <= width


async def test_an_incident_whose_channels_are_all_up_says_when_it_closes_and_asks_nobody() -> None:
    incident = IncidentRow(id="i42", since=NOW - 40 * MINUTE, channels=("messenger",), closes=NOW + 20 * MINUTE)
    board = replace_channel(calm(incident=incident), "messenger", since=NOW - 10 * MINUTE)
    text = await shown(board, (80, 24))
    assert lines_with(text, ("INCIDENT 13:52 (40m) all up since 14:22, closes by itself at 14:52",))
    assert "press a" not in text


async def test_a_drill_has_short_words_for_a_narrow_terminal() -> None:
    assert lines_with(await shown(calm(drill="messenger-2011"), (80, 24)), ("DRILL", "a rehearsal: messenger-2011"))
    title, line = lines_with(await shown(calm(drill="messenger-2011"), (50, 24)), ("DRILL",))
    assert title.startswith(" Example")
    assert line == " DRILL  nothing leaves this machine"


@pytest.mark.parametrize("width", [40, 60, 80])
async def test_what_does_not_fit_at_the_foot_ends_in_an_ellipsis_behind_what_counts(width: int) -> None:
    asking = run(name="x")
    question = "Can two colleagues on different networks confirm that nothing at all arrives any more at their desks?"
    steps = (msgspec.structs.replace(asking.steps[0], question=question), *asking.steps[1:])
    late = msgspec.structs.replace(
        announcement(), next_update=NOW - MINUTE, title="Reach us by web chat, phone and all other ways"
    )
    board = outage(runs=(msgspec.structs.replace(asking, steps=steps),), announcements=(late,))
    text = await shown(board, (width, 30))
    (ask,) = lines_with(text, ("YOUR TURN",))
    assert "run r12 step 1 of 3" in ask
    assert "that nothing at all arrives" in " ".join(text.replace("▌", "").split())
    text = await shown(msgspec.structs.replace(board, runs=()), (width, 30))
    (told,) = lines_with(text, ("update late by 1 min, press w",))
    assert told.endswith("…")


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (90 * MINUTE, "next update in 1 h 30 min"),
        (12.5 * MINUTE, "next update in 12 min"),
        (59, "next update now"),
        (0, "update due now, press w"),
        (-59, "update due now, press w"),
        (-5 * MINUTE, "update late by 5 min, press w"),
        (-26 * 60 * MINUTE, "update late by 1 d 2 h, press w"),
    ],
)
async def test_the_next_update_is_counted_down_and_its_lateness_up(left: float, words: str) -> None:
    told = msgspec.structs.replace(announcement(), next_update=NOW + left)
    assert words in await shown(outage(announcements=(told,)), (100, 30))


async def test_outlets_that_were_left_out_are_named_as_loudly_as_those_that_failed() -> None:
    gone = DeliveryRow(outlet="soc", state="skipped", left_out=True)
    asked = DeliveryRow(outlet="blog", state="skipped")
    told = msgspec.structs.replace(announcement(), deliveries=(gone, asked))
    (line,) = lines_with(await shown(outage(announcements=(told,)), (100, 30)), ("left out soc",))
    assert "blog" not in line


async def test_the_wall_counts_down_without_naming_keys_and_says_nothing_of_what_is_closed() -> None:
    late = msgspec.structs.replace(announcement(), next_update=NOW - 5 * MINUTE)
    closed = msgspec.structs.replace(late, id="a4", open=False, title="It is over")
    app = WallApp(FakeSource(outage(announcements=(late, closed))), clock=Clock(), ascii=False)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        (line,) = lines_with(text_of(app), ("update late by 5 min  customers were told",))
        assert "press" not in line
        (over,) = lines_with(text_of(app), ("It is over",))
        assert "late" not in over


async def test_of_two_open_announcements_the_later_one_stands_first() -> None:
    early = msgspec.structs.replace(announcement(), audience="staff", next_update=NOW + 600)
    late = msgspec.structs.replace(announcement(), id="a4", next_update=NOW - 600)
    text = await shown(outage(announcements=(early, late)), (100, 30))
    assert text.index("update late by 10 min") < text.index("next update in 10 min")


def test_a_line_that_is_cut_says_so_and_wide_characters_do_not_make_it_longer() -> None:
    style = Style()
    assert across(style, 6, "abcdef").plain == "abcdef"
    assert across(style, 6, "abcdefg").plain == "abcde…"
    for width in range(12):
        assert across(style, width, "漢字漢字漢字").cell_len == width


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_nothing_looks_well_while_nobody_probes(size: tuple[int, int]) -> None:
    for board, green in ((calm(), True), (calm(daemon=STALE), False), (outage(daemon=None), False)):
        app = made(board)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert (GREEN in colours_of(app)) is green
            assert lines_with(text_of(app), ("● UP", "Internal"))
            app.open_channel("voip")
            await pilot.pause()
            assert (GREEN in colours_of(app)) is green


async def test_nothing_looks_well_while_the_store_cannot_be_read_until_it_can_again() -> None:
    app = made(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        source = app.source
        assert isinstance(source, FakeSource)
        await pilot.pause()
        source.error = OSError("disk on fire")
        app.poll()
        await pilot.pause()
        assert GREEN not in colours_of(app)
        source.error = None
        app.poll()
        await pilot.pause()
        assert GREEN in colours_of(app)


async def test_nothing_looks_well_on_the_wall_while_nobody_probes() -> None:
    for board, green in ((calm(), True), (calm(daemon=STALE), False)):
        app = WallApp(FakeSource(board), clock=Clock(), ascii=False)
        async with app.run_test(size=(140, 40)) as pilot:
            await pilot.pause()
            assert (GREEN in colours_of(app)) is green


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.UP, "needs vps"), (State.DOWN, "what it depends on is down (vps) · no answer")],
)
def test_a_row_is_excused_by_what_it_needs_only_when_it_is_not_up(state: State, words: str) -> None:
    row = channel("chat", "Chat", state, suppressed=True, depends_on=("vps",), why="no answer")
    assert reason(row, NOW, "UTC") == words
    assert reason(msgspec.structs.replace(row, suppressed=False), NOW, "UTC") == words.rpartition(" · ")[2].replace(
        "needs vps", ""
    )


def test_noise_of_a_few_milliseconds_is_a_calm_line_and_a_spike_still_stands_out() -> None:
    noise = "".join(text for text, _ in bars((1.0, 3.0, 1.2, 2.0, 0.4), 5, RICH))
    assert set(noise) <= {"▁", "▂"}
    spike = "".join(text for text, _ in bars((1.0, 3.0, 90.0), 3, RICH))
    assert spike.endswith("█")


@pytest.mark.parametrize("width", range(20, 60))
def test_no_line_is_broken_within_a_percentage(width: int) -> None:
    words = "customers who can reach us: 31 % → 94 % now and 5 % later, 6 of 20 failed (likely 16-48 %), evidence"
    for lines in ([line.plain for line in wrapped(joined((words, RICH.dim)), width)], shortened(words, width, 99)):
        assert " ".join(lines) == words
        assert not [line for line in lines if line.startswith(("%", "→"))]
        assert [line for line in lines if "31 % → 94 %" in line]


@pytest.mark.parametrize("width", [160, 180, 200, 240])
async def test_a_wide_terminal_does_not_cut_a_reason_before_sixty_characters(width: int) -> None:
    why = "6 of 20 failed (likely 16-48 %), evidence 11.4/8 and more xxxxx to be cut here"
    board = replace_channel(many(80), "channel-002", state=State.DOWN, why=why)
    app = made(board)
    async with app.run_test(size=(width, 30)) as pilot:
        await pilot.pause()
        assert lines_with(text_of(app), ("✖ DOWN", why[:59]))


@pytest.mark.parametrize("size", [(120, 36), (150, 32), (160, 48), (220, 50), (240, 67)])
async def test_where_there_is_room_the_whole_reason_stands_beside_or_below(size: tuple[int, int]) -> None:
    app = made(everything(blind=""))
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.3)
        text = " ".join(text_of(app).split())
        for words in ("muted until 15:32 by bob: works", "overloaded or being", "from 2 of 3 places"):
            assert words in text


def test_a_small_board_keeps_one_line_a_row() -> None:
    assert Columns.of(80) == Columns(name=17, standing=8, since=5, took=0, bars=0, reason=34)


async def test_the_chosen_range_of_a_chart_is_marked_without_colour() -> None:
    async with rf.screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        assert "15 min [1 h] 24 h" in text_of(app)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "15 min  1 h [24 h]" in text_of(app)


async def test_help_says_how_an_incident_ends() -> None:
    async with rf.screens(rf.source(), size=(100, 190)) as (app, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        assert "or after 30 quiet minutes" in " ".join(text_of(app).split())
