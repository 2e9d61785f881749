"""The composer: what would be sent stands there before it is sent, whatever changes meanwhile."""

import asyncio

import pytest
from msgspec.structs import replace
from outagetui.board.rows import Board, ChannelRow
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import State
from outagetui.core.orders import Order
from outagetui.tui.app import OutageApp
from outagetui.tui.composing import DEBOUNCE, RENEW, RETRY
from outagetui.tui.screens.ask import Confirm
from outagetui.tui.screens.board import BoardScreen
from outagetui.tui.screens.composer import ComposerScreen
from tests.kit.waiting import until
from tests.tui.composer_fakes import PLACES, Daemon, announced, board, composer, delivery, settled
from tests.tui.fakes import NOW, Clock, FakeOrders, FakeSource, calm, found, lines_with, replace_channel, text_of
from tests.tui.golden import assert_golden
from tests.tui.hostile import ATTACKS, poisoned
from tests.tui.run_fakes import DANGEROUS, show, toasts
from textual.events import Key
from textual.widgets import Input

ALL = ["page", "blog", "mastodon", "x"]


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_composer_reads_as_it_was_kept(size: tuple[int, int]) -> None:
    async with composer(size=size) as (app, _):
        assert_golden(f"composer-{size[0]}x{size[1]}", text_of(app))


async def test_going_on_with_an_open_announcement_reads_as_it_was_kept() -> None:
    late = announced(delivery("page", "seen"), next_update=NOW - 300)
    async with composer(made=board(announcements=(late,))) as (app, pilot):
        await pilot.press("down", "space")
        await settled(app, pilot)
        assert_golden("composer-update-80x24", text_of(app))


async def test_a_terminal_without_unicode_is_shown_ascii_only() -> None:
    from textual.color import Color

    async with composer(ascii=True) as (app, _):
        strips = app.screen._compositor.render_strips(app.size)
        safe = [app._safe.apply(list(strip), Color(0, 0, 0)) for strip in strips]
        text = "\n".join("".join(part.text for part in line) for line in safe)
        assert text.isascii()
        assert "v Status page" in text


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (140, 40), (200, 50), (30, 10)])
async def test_hostile_text_from_everywhere_stays_text(size: tuple[int, int]) -> None:
    orders = Daemon(places=poisoned(PLACES), warnings=tuple(("", each) for each in ATTACKS))
    made = poisoned(board(announcements=(announced(delivery("page", "seen")),)))
    async with composer(orders, made, size=size) as (app, pilot):
        for keys in (("down",), ("right", "right"), ("pagedown",), ("s",), ("n", "e", "s", "c")):
            await pilot.press(*keys)
            await pilot.pause()
            assert not [bad for bad in DANGEROUS if bad in text_of(app)]


async def test_a_refusal_with_hostile_words_stays_text() -> None:
    async with composer(Daemon(cannot=ATTACKS[3] + ATTACKS[0])) as (app, _):
        assert not [bad for bad in DANGEROUS if bad in text_of(app)]
        assert "[@click=app.quit]link[/]" in text_of(app)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (board(), "investigating"),
        (replace_channel(board(), "webchat", standing="active"), "backup-active"),
        (board(announcements=(announced(),)), "update"),
    ],
)
async def test_it_begins_with_what_is_most_likely_to_be_said(made: object, kind: str) -> None:
    orders = Daemon()
    async with composer(orders, made):  # type: ignore[arg-type]
        assert orders.previews[-1]["kind"] == kind
        assert orders.previews[-1]["outlets"] == ALL


@pytest.mark.parametrize(
    ("made", "possible"),
    [
        (board(), "123"),
        (board(incident=None), "1238"),
        (board(announcements=(announced(),)), "1234567"),
        (board(announcements=(announced(),), incident=None), "12345678"),
        (board(drill="messenger-2011"), "1238"),
    ],
)
async def test_a_digit_is_one_kind_for_ever_and_says_why_it_is_not_possible(made: Board, possible: str) -> None:
    async with composer(made=made, size=(120, 30)) as (app, pilot):
        assert all(f"{digit} {kind}" in text_of(app) for digit, kind in enumerate(ANNOUNCEMENT_KINDS, 1))
        for digit, kind in enumerate(ANNOUNCEMENT_KINDS, 1):
            await pilot.press("1", str(digit))
            draft = app.screen.composing.draft  # type: ignore[attr-defined]
            assert draft.kind == (kind if str(digit) in possible else "investigating")
        told = [line.split(" ")[0] for line in toasts(app).splitlines()]
        assert told == [kind for digit, kind in enumerate(ANNOUNCEMENT_KINDS, 1) if str(digit) not in possible]


async def test_outlets_that_are_only_watched_are_not_offered() -> None:
    async with composer() as (app, _):
        assert "Forum" not in text_of(app)


async def test_a_change_is_composed_once_the_keys_have_rested() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await settled(app, pilot)
        before = len(orders.previews)
        await pilot.press("n", *"we are at it")
        assert len(orders.previews) - before <= 2, "not for every key"
        await asyncio.sleep(DEBOUNCE)
        await settled(app, pilot)
        assert orders.previews[-1]["note"] == "we are at it"
        assert "we are at it" in text_of(app)


async def test_one_question_is_asked_at_a_time_and_the_last_change_is_always_composed() -> None:
    orders = Daemon(hold=asyncio.Event())
    async with composer(orders) as (app, pilot):
        assert len(orders.previews) == 1
        await pilot.press("3")
        await asyncio.sleep(DEBOUNCE + 0.1)
        await pilot.press("2")
        await asyncio.sleep(DEBOUNCE + 0.1)
        assert len(orders.previews) == 1
        assert orders.hold is not None
        orders.hold.set()
        await settled(app, pilot)
        assert [each["kind"] for each in orders.previews] == ["investigating", "identified"]
        assert "identified: reach us" in text_of(app)


async def test_it_is_composed_anew_when_the_facts_change_and_when_time_goes_on() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await settled(app, pilot)
        before = len(orders.previews)
        await show(app, pilot, replace_channel(board(), "webchat", standing="active"))
        await settled(app, pilot)
        assert len(orders.previews) == before + 1
        await show(app, pilot, replace_channel(board(), "webchat", standing="active", latency_ms=99.0))
        assert len(orders.previews) == before + 1, "a latency changes no word"
        assert isinstance(app.clock, Clock)
        app.clock.now += RENEW
        app.poll()
        await settled(app, pilot)
        assert len(orders.previews) == before + 2


async def test_a_daemon_that_is_away_is_asked_again_and_nothing_is_sent_meanwhile() -> None:
    orders = Daemon(cannot="the daemon does not answer; start it")
    async with composer(orders) as (app, pilot):
        assert "the daemon does not answer" in text_of(app)
        await pilot.press("s")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)
        orders.cannot = ""
        assert isinstance(app.clock, Clock)
        app.clock.now += RETRY
        app.poll()
        await settled(app, pilot)
        assert "143 of 160" in text_of(app)


async def test_an_answer_of_another_version_is_said() -> None:
    class Older(FakeOrders):
        async def send(self, order: Order) -> dict[str, object]:
            return {"ok": True, "texts": 3}

    async with composer(Older()) as (app, _):
        assert "another version" in text_of(app)


async def test_an_audience_without_outlets_is_said() -> None:
    async with composer(made=board(outlets=PLACES[:4])) as (app, pilot):
        await pilot.press("a")
        await settled(app, pilot)
        assert "no outlet can tell staff" in text_of(app)


async def test_the_other_audience_gets_its_own_outlets_and_keeps_the_note() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await pilot.press("n", *"hello", "enter", "a")
        await settled(app, pilot)
        assert orders.previews[-1] | {"kind": ""} == {
            "kind": "", "audience": "staff", "outlets": ["intranet"], "note": "hello",
        }  # fmt: skip
        assert "Tell staff" in text_of(app)


async def test_a_note_is_typed_without_its_letters_becoming_keys() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await pilot.press("n", *"says qwap", "tab", "space", "3", "ctrl+s")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "says qwap 3"
        assert isinstance(app.screen, ComposerScreen)
        await pilot.press("escape")
        await settled(app, pilot)
        assert "note" not in orders.previews[-1], "esc leaves the note as it was"
        assert orders.sent == []


@pytest.mark.parametrize("cut", range(1, 16, 3))
async def test_keys_that_come_at_once_are_the_words_of_the_line_that_the_first_opens(cut: int) -> None:
    async with composer(Daemon()) as (app, pilot):
        typed = "3nwe are at it"
        for key in typed[:cut]:
            app.post_message(Key(key, key))
        await asyncio.sleep(0)
        for key in typed[cut:]:
            app.post_message(Key(key, key))
        await pilot.press("x", "enter")
        assert app.screen.query_one("#note", Input).value == "we are at itx"
        assert app.screen.composing.draft.note == "we are at itx"  # type: ignore[attr-defined]
        assert app.screen.composing.draft.kind == "backup-active"  # type: ignore[attr-defined]


@pytest.mark.parametrize("keys", [("3", "tab"), ("5", "shift+tab")])
async def test_tab_goes_from_kind_to_kind(keys: tuple[str, ...]) -> None:
    orders = Daemon()
    async with composer(orders, board(announcements=(announced(),))) as (app, pilot):
        await pilot.press(*keys)
        await settled(app, pilot)
        assert orders.previews[-1]["kind"] == "update"
        await pilot.press("9")
        assert app.screen.composing.draft.kind == "update", "there is no ninth"  # type: ignore[attr-defined]


async def test_texts_stand_side_by_side_where_there_is_room_and_follow_the_cursor() -> None:
    async with composer(size=(140, 40)) as (app, pilot):
        assert lines_with(text_of(app), ("▸ Status page", "Company blog", "Mastodon", "──"))
        await pilot.press("right", "right", "right")
        await pilot.pause()
        assert lines_with(text_of(app), ("Company blog", "Mastodon", "▸ X", "──"))
        await pilot.press("left")
        await pilot.pause()
        assert lines_with(text_of(app), ("Company blog", "▸ Mastodon", "X 280/280", "──")), "nothing moves needlessly"


async def test_a_viewer_is_told_why_there_is_nothing_to_compose() -> None:
    app = OutageApp(FakeSource(board()), FakeOrders(role="viewer"), clock=Clock(), ascii=False)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("w")
        await pilot.pause()
        assert isinstance(app.screen, BoardScreen)
        assert "viewer" in toasts(app)


async def test_the_palette_leads_to_the_composer() -> None:
    app = OutageApp(FakeSource(calm()), Daemon(), clock=Clock(), ascii=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("l", "ctrl+p", *"announcement")
        await found(app, "announcement (w)")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, ComposerScreen))


async def test_a_fact_that_fails_is_named_as_the_daemon_names_it() -> None:
    made = board()
    rows = tuple(replace(row, known=State.UP) if isinstance(row, ChannelRow) else row for row in made.channels)
    async with composer(made=replace(made, channels=rows)) as (app, _):
        assert "failed: Public messenger" in text_of(app), "of the incident that is open"
    async with composer(made=replace(made, channels=rows, incident=None)) as (app, _):
        assert "nothing fails now" in text_of(app)
