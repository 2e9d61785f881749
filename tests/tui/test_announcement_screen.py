"""The announcement screen: what came of it at each outlet, and an operator's word on one, given once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from outagetui.board.rows import Board
from outagetui.tui.answering import PATIENCE
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.announcement import AnnouncementScreen
from outagetui.tui.screens.ask import Confirm
from outagetui.tui.screens.composer import ComposerScreen
from outagetui.tui.screens.own_words import OwnWords
from tests.tui.composer_fakes import Daemon, announced, board, delivery
from tests.tui.fakes import NOW, Clock, FakeOrders, FakeSource, lines_with, text_of
from tests.tui.golden import assert_golden
from tests.tui.hostile import poisoned
from tests.tui.run_fakes import DANGEROUS, show, toasts
from textual.widgets import Input, TextArea

STATES = (
    delivery("page", "seen", url="https://status.example.net/"),
    delivery("blog", "failed", detail="http.503 Service Unavailable", until=NOW + 90),
    delivery("mastodon", "sent", url="https://social.example/@hosting/1131", count=362, limit=500, settled=False),
    delivery("x", "unknown", detail="no answer within 10 s; it may still be published", count=270, limit=280),
    delivery("forum", "planned"),
)


def with_states(**fields: Any) -> Board:
    return board(announcements=(announced(*STATES, **fields),))


@asynccontextmanager
async def announcement(
    orders: FakeOrders | None = None, made: Board | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[OutageApp, Any]]:
    app = OutageApp(FakeSource(made or with_states()), orders or Daemon(), clock=Clock(), ascii=False)
    async with app.run_test(size=size, notifications=True) as pilot:
        app.push_screen(AnnouncementScreen())
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_state_reads_as_it_was_kept(size: tuple[int, int]) -> None:
    async with announcement(size=size) as (app, pilot):
        await pilot.press("down", "down", "down")
        await pilot.pause()
        assert_golden(f"announcement-states-{size[0]}x{size[1]}", text_of(app))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 50)])
async def test_hostile_outlets_and_replies_stay_text(size: tuple[int, int]) -> None:
    async with announcement(made=poisoned(with_states()), size=size) as (app, pilot):
        for keys in (("down",), ("pagedown",), ("X",)):
            await pilot.press(*keys)
            await pilot.pause()
            assert not [bad for bad in DANGEROUS if bad in text_of(app)]


@pytest.mark.parametrize(
    ("outlet", "keys", "do"),
    [
        ("blog", "r", "retry"),
        ("x", "r", "retry"),
        ("blog", "Sy", "skip"),
        ("x", "Sy", "skip"),
        ("forum", "Sy", "skip"),
    ],
)
async def test_a_word_on_an_outlet_is_ordered_once(outlet: str, keys: str, do: str) -> None:
    orders = Daemon()
    async with announcement(orders) as (app, pilot):
        await pilot.press(*["down"] * [row.outlet for row in STATES].index(outlet))
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.press(keys[0])
        await pilot.pause()
        assert orders.sent == [("delivery", {"announcement": "a3", "outlet": outlet, "do": do, "part": 0})]
        assert "ordered, waiting for the journal" in text_of(app)
        assert "already ordered" in toasts(app)


async def test_the_word_may_be_given_again_when_the_journal_answered_or_stayed_silent() -> None:
    orders = Daemon()
    async with announcement(orders) as (app, pilot):
        await pilot.press("down", "r")
        await pilot.pause()
        assert isinstance(app.clock, Clock)
        app.clock.now += PATIENCE
        await pilot.press("r")
        await pilot.pause()
        assert len(orders.sent) == 2
        again = delivery("blog", "failed", detail="http.502 Bad Gateway")
        await show(app, pilot, board(announcements=(announced(STATES[0], again),)))
        assert "ordered" not in text_of(app)
        await pilot.press("r")
        await pilot.pause()
        assert len(orders.sent) == 3


async def test_a_refused_word_is_told_and_may_be_given_again() -> None:
    orders = Daemon(refuse="blog asks to be left alone for another 90 s")
    async with announcement(orders) as (app, pilot):
        await pilot.press("down", "r")
        await pilot.pause()
        assert "left alone" in toasts(app)
        await pilot.press("r")
        await pilot.pause()
        assert len(orders.sent) == 2


@pytest.mark.parametrize(("downs", "keys"), [(0, "rSe"), (2, "rSe"), (3, "e"), (4, "r")])
async def test_keys_that_do_not_fit_the_state_do_nothing(downs: int, keys: str) -> None:
    orders = Daemon()
    async with announcement(orders) as (app, pilot):
        await pilot.press(*["down"] * downs, *keys)
        await pilot.pause()
        assert orders.sent == []
        assert isinstance(app.screen, AnnouncementScreen)


async def test_own_words_are_sent_to_one_outlet() -> None:
    orders = Daemon()
    async with announcement(orders) as (app, pilot):
        await pilot.press("down", "e")
        await pilot.pause()
        assert isinstance(app.screen, OwnWords)
        assert app.screen.query_one(Input).value == "Reach us by web chat and phone"
        app.screen.query_one(TextArea).text = "Shorter."
        await pilot.press("ctrl+s")
        await pilot.pause()
        fields = {"announcement": "a3", "outlet": "blog", "do": "edit", "part": 0,
                  "title": "Reach us by web chat and phone", "body": "Shorter."}  # fmt: skip
        assert orders.sent == [("delivery", fields)]


async def test_own_words_keep_what_their_script_is_written_with() -> None:
    orders = Daemon()
    words = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    late = delivery("blog", "failed", title=words, body=words, text=words)
    async with announcement(orders, made=board(announcements=(announced(late),))) as (_, pilot):
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [(fields["title"], fields["body"]) for _, fields in orders.sent] == [(words, words)]


async def test_own_words_begin_with_those_of_the_outlet_before_they_were_made_to_fit() -> None:
    blog = delivery("blog", "failed", title="Störung", body="Wir sind dran. *", text="Störung\n\nWir sind dran. \\*")
    async with announcement(made=board(announcements=(announced(blog),))) as (app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, OwnWords)
        assert app.screen.query_one(Input).value == "Störung"
        assert app.screen.query_one(TextArea).text == "Wir sind dran. *"


async def test_all_of_it_is_taken_back_after_a_question() -> None:
    orders = Daemon()
    async with announcement(orders) as (app, pilot):
        await pilot.press("X")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "5 outlets" in text_of(app)
        await pilot.press("n", "X", "y")
        await pilot.pause()
        assert orders.sent == [("retract", {"announcement": "a3"})]


async def test_what_was_taken_back_says_so_and_takes_one_word_only() -> None:
    rows = (delivery("page", "retracted"), delivery("x", "failed", detail="http.500"), delivery("blog", "planned"))
    gone = board(announcements=(announced(*rows, open=False, retracted=NOW - 30),))
    orders = Daemon()
    async with announcement(orders, gone) as (app, pilot):
        assert "TAKEN BACK" in text_of(app)
        assert "Taken back from 1 of 3" in text_of(app)
        await pilot.press("X", "down", "e", "S", "r")
        await pilot.pause()
        assert orders.sent == [("delivery", {"announcement": "a3", "outlet": "x", "do": "retry"})]


async def test_the_next_part_is_a_key_away() -> None:
    orders = Daemon()
    staff = announced(id="a4", audience="staff")
    async with announcement(orders, board(announcements=(staff, announced(*STATES)))) as (app, pilot):
        await pilot.press("left", "w")
        await pilot.pause()
        assert isinstance(app.screen, ComposerScreen)
        assert orders.previews[-1]["audience"] == "customers"
        assert orders.previews[-1]["update"] == "a3"


async def test_a_viewer_gives_no_word() -> None:
    orders = FakeOrders(role="viewer")
    async with announcement(orders) as (app, pilot):
        await pilot.press("down", "r", "S", "e", "X", "w")
        await pilot.pause()
        assert orders.sent == []
        assert isinstance(app.screen, AnnouncementScreen)
        assert "viewer" in toasts(app)


async def test_a_late_update_is_said_with_its_key() -> None:
    async with announcement(made=with_states(next_update=NOW - 300)) as (app, _):
        assert lines_with(text_of(app), ("late by 5 min, press w",))


async def test_the_outlet_under_the_cursor_stays_in_sight() -> None:
    many = tuple(delivery(f"o{n}", "failed", detail="http.503") for n in range(40))
    async with announcement(made=board(announcements=(announced(*many),))) as (app, pilot):
        await pilot.press(*["down"] * 39)
        await pilot.pause()
        assert "▸ ✗ FAILED      o39" in text_of(app)
        await pilot.press(*["k"] * 39)
        await pilot.pause()
        assert "▸ ✗ FAILED      o0" in text_of(app)
        assert "backup-active to customers" in text_of(app)
