"""Sending from the composer: what was read is sent, once, and no word typed is lost."""

import asyncio

from outagetui.core.model import State
from outagetui.core.orders import Announce, Order
from outagetui.tui.composing import RENEW
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.ask import Confirm
from outagetui.tui.screens.board import BoardScreen
from outagetui.tui.screens.composer import ComposerScreen
from outagetui.tui.screens.own_words import OwnWords
from tests.tui.composer_fakes import Daemon, announced, board, composer, delivery, read, settled
from tests.tui.fakes import Clock, lines_with, replace_channel, text_of
from tests.tui.run_fakes import show, toasts
from textual.widgets import Input, TextArea

ALL = ["page", "blog", "mastodon", "x"]


async def test_it_is_sent_exactly_once_as_it_stands_there() -> None:
    orders = Daemon(hold=asyncio.Event())
    assert orders.hold is not None
    orders.hold.set()
    async with composer(orders, board(announcements=(announced(),))) as (app, pilot):
        await pilot.press("3", "down", "space", "n", *"hello", "enter")
        await settled(app, pilot)
        orders.hold.clear()
        await read(app, pilot)
        await pilot.press("s")
        await pilot.pause()
        assert "Tell customers on 3 outlets now?" in text_of(app)
        assert "backup-active, on Status page, Mastodon, X" in text_of(app)
        assert "Phone +49 30 901820 is named and is slow" in text_of(app)
        await pilot.press("s", "enter", "space")
        assert orders.sent == []
        await pilot.press("y", "y", "s", "y", "ctrl+s", "y", "4", "a", "space")
        await pilot.pause()
        assert "SENDING" in text_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ComposerScreen)
        orders.hold.set()
        await pilot.pause()
        fields = {"kind": "backup-active", "audience": "customers", "outlets": ["page", "mastodon", "x"],
                  "note": "hello", "update": "a3"}  # fmt: skip
        assert orders.sent == [("announce", fields)]
        assert isinstance(app.screen, AnnouncementScreen)
        assert app.draft is None
        await pilot.press("escape")
        assert isinstance(app.screen, BoardScreen)


async def test_results_arrive_from_the_journal_and_not_from_the_reply() -> None:
    async with composer() as (app, pilot):
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert "Waiting for the journal to show a3" in text_of(app)
        await show(app, pilot, board(announcements=(announced(delivery("page", "sending"), delivery("x", "planned")),)))
        assert "◆ SENDING" in text_of(app)
        assert "○ PLANNED" in text_of(app)
        seen = delivery("page", "seen", url="https://status.example.net/")
        await show(app, pilot, board(announcements=(announced(seen, delivery("x", "failed", detail="http.403")),)))
        assert lines_with(text_of(app), ("✔ SEEN", "Status page", "https://status.example.net/"))
        assert "http.403" in text_of(app)


async def test_the_part_before_is_not_mistaken_for_the_one_just_sent() -> None:
    class Second(Daemon):
        async def send(self, order: Order) -> dict[str, object]:
            return {**await super().send(order)} | ({"part": 1} if type(order) is Announce else {})

    async with composer(Second(), board(announcements=(announced(delivery("page", "seen")),))) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert "Waiting for the journal to show a3" in text_of(app)
        await show(app, pilot, board(announcements=(announced(delivery("page", "sending"), parts=2),)))
        assert "SENDING" in text_of(app)


async def test_what_was_shown_goes_along_with_the_yes() -> None:
    orders = Daemon(shown="1000.0 c0ffee")
    async with composer(orders) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        ((order, fields),) = orders.sent
        assert (order, fields["shown"]) == ("announce", "1000.0 c0ffee")


async def test_a_no_sends_nothing() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s", "n", "s", "escape")
        await pilot.pause()
        assert orders.sent == []
        assert isinstance(app.screen, ComposerScreen)


async def test_a_refusal_is_said_and_every_word_is_kept() -> None:
    orders = Daemon(refuse="the disk is full")
    async with composer(orders) as (app, pilot):
        await pilot.press("3", "n", *"hello", "enter")
        await settled(app, pilot)
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert "not sent: the disk is full" in text_of(app)
        assert "hello" in text_of(app)
        orders.refuse = ""
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert [fields["note"] for _, fields in orders.sent] == ["hello", "hello"]


async def test_what_changed_while_the_question_stood_is_not_sent_unread() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s")
        await pilot.pause()
        orders.warnings = (("", "webchat is named and is down"),)
        await show(app, pilot, replace_channel(board(), "webchat", standing="active", known=State.DOWN))
        await pilot.pause(0.1)
        await pilot.press("y")
        await pilot.pause()
        assert orders.sent == []
        assert "nothing was sent" in toasts(app)


async def test_time_that_goes_on_does_not_take_a_standing_question_back() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.clock, Clock)
        app.clock.now += 10 * RENEW
        app.poll()
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert len(orders.sent) == 1


async def test_with_every_outlet_left_out_nothing_can_be_sent() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        for _ in ALL:
            await pilot.press("space", "down")
        await settled(app, pilot)
        assert "every outlet is left out" in text_of(app)
        await read(app, pilot)
        await pilot.press("s")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)
        assert all(each["outlets"] for each in orders.previews), "no outlets would mean all"


async def test_own_words_go_to_one_outlet_alone_and_empty_ones_are_composed_again() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await pilot.press("down", "down", "e")
        await pilot.pause()
        assert isinstance(app.screen, OwnWords)
        app.screen.query_one(TextArea).text = "Wir sind im Chat."
        app.screen.query_one(Input).value = ""
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, OwnWords), "a title is missing"
        app.screen.query_one(Input).value = "Hallo"
        await pilot.press("ctrl+s")
        await pilot.pause()
        await settled(app, pilot)
        assert orders.previews[-1]["words"] == {"mastodon": ["Hallo", "Wir sind im Chat."]}
        assert lines_with(text_of(app), ("Mastodon", "own words"))
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert orders.sent[-1][1]["words"] == {"mastodon": ["Hallo", "Wir sind im Chat."]}


async def test_own_words_can_be_taken_back() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        app.screen.composing.draft.words["page"] = ("Hallo", "Wir sind im Chat.")  # type: ignore[attr-defined]
        await pilot.press("e")
        await pilot.pause()
        app.screen.query_one(TextArea).text = app.screen.query_one(Input).value = ""
        await pilot.press("ctrl+s")
        await pilot.pause()
        await settled(app, pilot)
        assert "words" not in orders.previews[-1]


async def test_a_draft_is_still_there_after_another_screen() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await pilot.press("3", "n", *"hello", "enter", "escape")
        await pilot.pause()
        assert isinstance(app.screen, BoardScreen)
        assert "kept until you leave" in toasts(app)
        await pilot.press("w")
        await pilot.pause()
        await settled(app, pilot)
        assert orders.previews[-1]["note"] == "hello"
        assert orders.previews[-1]["kind"] == "backup-active"


async def test_a_draft_without_words_is_made_anew() -> None:
    orders = Daemon()
    async with composer(orders) as (app, pilot):
        await pilot.press("3", "escape")
        await pilot.pause()
        await show(app, pilot, board(announcements=(announced(),)))
        await pilot.press("w")
        await pilot.pause()
        assert orders.previews[-1]["kind"] == "update"


async def test_sending_the_next_part_leads_back_to_the_announcement_it_was_written_from() -> None:
    async with composer(made=board(announcements=(announced(delivery("page", "seen")),))) as (app, pilot):
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        await pilot.press("w")
        await pilot.pause()
        await settled(app, pilot)
        await read(app, pilot)
        await pilot.press("s", "y")
        await pilot.pause()
        assert isinstance(app.screen, AnnouncementScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, BoardScreen)
