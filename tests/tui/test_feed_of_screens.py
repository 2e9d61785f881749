import sqlite3

import pytest
from outagetui.tui.app import OutageApp
from outagetui.tui.board_feed import BoardFeed
from tests.tui.fakes import NOW, Clock, FakeOrders, FakeSource, calm, outage, text_of


def test_nothing_is_read_while_nothing_changed_within_a_second() -> None:
    source, clock = FakeSource(), Clock()
    feed = BoardFeed(source, clock)
    assert feed.poll() is not None
    clock.now += 0.25
    assert feed.poll() is None
    assert source.reads == 1


def test_a_change_is_read_at_once_and_every_second_moves_the_ages() -> None:
    source, clock = FakeSource(), Clock()
    feed = BoardFeed(source, clock)
    feed.poll()
    source.current = calm()
    clock.now += 0.25
    board = feed.poll()
    assert board is not None
    assert board.incident is None
    clock.now += 1
    assert feed.poll() is not None


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database is locked"),
        FileNotFoundError(2, "No such file or directory"),
        RuntimeError("schema 9 is newer than this program; install a newer outagetui"),
        ValueError(),
    ],
)
def test_a_source_that_fails_becomes_words_and_recovers(error: Exception) -> None:
    source, clock = FakeSource(), Clock()
    feed = BoardFeed(source, clock)
    source.error = error
    assert feed.poll() is None
    assert feed.trouble
    source.error = None
    clock.now += 0.25
    assert feed.poll() is not None, "after trouble the next good read is shown at once"
    assert feed.trouble == ""


async def test_an_unreadable_store_is_a_loud_banner_over_the_last_board_with_its_age() -> None:
    source, clock = FakeSource(outage()), Clock()
    app = OutageApp(source, FakeOrders(), clock=clock, ascii=False)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        source.error = sqlite3.OperationalError("disk I/O error \x1b[2J")
        clock.now = NOW + 125
        app.poll()
        await pilot.pause()
        text = text_of(app)
        assert "STALE  what you see is 2m old: the store cannot be read: disk I/O error" in text
        assert "Public messenger" in text
        clock.now = NOW + 200
        app.poll()
        await pilot.pause()
        assert "what you see is 3m old" in text_of(app), "the age goes on while the trouble lasts"
        source.error = None
        app.poll()
        await pilot.pause()
        assert "STALE" not in text_of(app)


async def test_a_store_that_cannot_be_read_from_the_start_shows_why() -> None:
    source = FakeSource()
    source.error = ValueError("the store has schema 9")
    app = OutageApp(source, FakeOrders(), clock=Clock(), ascii=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter", "a", "m", "A", "R", "s", "r")
        await pilot.pause()
        assert "the store has schema 9" in text_of(app)
