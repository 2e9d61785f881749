"""The journal on the screen: newest first, read on as far as one scrolls, searched, and followed."""

import msgspec
from outagetui.board.rows import LogRow
from outagetui.tui.screens.journal import JournalScreen
from tests.tui import run_fakes as rf
from tests.tui.fakes import NOW, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens, show


def entry(seq: int, text: str, at: float = NOW) -> LogRow:
    return LogRow(seq=seq, at=at, actor="carol", kind="ack", text=text)


async def test_the_journal_fits_a_small_terminal() -> None:
    async with screens(rf.source()) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()
        assert_golden("journal", text_of(app))


async def test_it_reads_on_to_the_oldest_entry() -> None:
    source = rf.source()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, JournalScreen)
        for _ in range(6):
            await pilot.press("end")
            await pilot.pause()
        assert screen.entry is not None
        assert screen.entry.seq == 1
        assert "Thu 19 Nov 2026" in text_of(app)
        assert "450 entries" in text_of(app)


async def test_new_entries_push_on_while_the_newest_is_chosen() -> None:
    source = rf.source()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        source.entries = (entry(451, "on it"), *source.entries)
        await show(app, pilot, source.current)
        screen = app.screen
        assert isinstance(screen, JournalScreen)
        assert screen.entry is not None
        assert screen.entry.text == "on it"


async def test_a_reader_of_older_entries_is_not_disturbed_until_they_follow() -> None:
    source = rf.source()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("down", "down", "down")
        screen = app.screen
        assert isinstance(screen, JournalScreen)
        before = screen.entry
        source.entries = (entry(452, "two"), entry(451, "one"), *source.entries)
        await show(app, pilot, source.current)
        assert screen.entry == before
        assert "standing" in text_of(app)
        await pilot.press("f")
        await pilot.pause()
        assert screen.entry is not None
        assert screen.entry.text == "two"


async def test_many_entries_at_once_leave_no_gap() -> None:
    source = rf.source()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        source.entries = (*(entry(n, f"entry {n}") for n in range(1000, 450, -1)), *source.entries)
        await show(app, pilot, source.current)
        screen = app.screen
        assert isinstance(screen, JournalScreen)
        assert [row.seq for row in screen._rows] == list(range(1000, 250, -1))


async def test_typed_words_filter_and_escape_ends_it() -> None:
    async with screens(rf.source()) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("slash", *"BOB i42", "enter")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, JournalScreen)
        assert {row.kind for row in screen._rows} == {"ack"}
        assert 'with "BOB i42"' in text_of(app)
        assert len(screen._rows) > 100  # the search went on behind the first entries read
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is screen
        assert "announce" in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is not screen


async def test_words_that_occur_nowhere_say_so() -> None:
    async with screens(rf.source()) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("slash", *"zebra", "enter")
        await pilot.pause()
        assert "No entry has these words." in text_of(app)
        await pilot.press("down", "up", "enter", "end", "home")


async def test_an_empty_journal_says_so() -> None:
    source = rf.source()
    source.entries = ()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        assert "The journal is empty." in text_of(app)


async def test_hostile_text_in_an_entry_stays_text() -> None:
    source = rf.source()
    evil = entry(1, rf.HOSTILE)
    source.entries = (msgspec.structs.replace(evil, kind=rf.HOSTILE, actor=rf.HOSTILE),)
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        text = text_of(app)
        assert not [bad for bad in rf.DANGEROUS if bad in text]
        assert "[b]x[/b]" in text


async def test_a_store_that_cannot_be_read_leaves_the_screen_as_it_was() -> None:
    source = rf.source()
    async with screens(source) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()

        def broken(limit: int, before: int | None = None) -> tuple[LogRow, ...]:
            raise OSError("disk on fire")

        source.log = broken  # type: ignore[method-assign]
        await show(app, pilot, source.current)
        await pilot.press("end")
        await pilot.pause()
        assert any(note.message.startswith("this cannot be read") for note in app._notifications)
        assert "run r12" in text_of(app)
