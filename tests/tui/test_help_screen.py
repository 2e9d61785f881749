"""The help says what every key does, and the announcement screen where the words went."""

import msgspec
import pytest
from outagetui.board.rows import DeliveryRow
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.announcement import AnnouncementScreen, Deliveries
from outagetui.tui.screens.channel import ChannelScreen
from outagetui.tui.screens.composer import ComposerScreen, Outlets
from outagetui.tui.screens.journal import JournalScreen
from outagetui.tui.screens.own_words import OwnWords
from outagetui.tui.screens.playbooks import PlaybooksScreen
from outagetui.tui.screens.run import RunScreen
from outagetui.tui.widgets.scrolling import Listing, Page
from tests.tui import run_fakes as rf
from tests.tui.fakes import text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens

OURS = (
    RunScreen, ChannelScreen, PlaybooksScreen, JournalScreen, AnnouncementScreen, Deliveries, ComposerScreen, Outlets,
    OwnWords, Page, Listing,
)  # fmt: skip


@pytest.mark.parametrize("node", OURS)
def test_every_key_has_a_name_and_an_explanation(node: type) -> None:
    bindings = node.__dict__.get("BINDINGS", ())
    assert [binding.key for binding in bindings if not binding.id or not binding.tooltip] == []


async def test_help_on_a_run_fits_a_small_terminal() -> None:
    async with screens(rf.source(rf.asking())) as (app, pilot):
        app.open_run("r12")
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        assert_golden("help", text_of(app))


async def test_help_names_every_key_of_the_screen_below_and_of_everywhere() -> None:
    async with screens(rf.source(rf.asking()), size=(130, 70)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        text = text_of(app)
        for node in (ChannelScreen, Page, OutageApp):
            for binding in node.__dict__["BINDINGS"]:
                assert binding.tooltip in text
        assert_golden("help-wide", text)
        await pilot.press("escape")
        assert isinstance(app.screen, ChannelScreen)


async def test_the_announcement_says_where_it_arrived() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.push_screen(AnnouncementScreen())
        await pilot.pause()
        assert_golden("announcement", text_of(app))


async def test_older_announcements_are_a_key_away() -> None:
    older = msgspec.structs.replace(rf.announcement(), id="a2", title="The phone is back", open=False)
    async with screens(rf.source(announcements=(rf.announcement(), older))) as (app, pilot):
        app.push_screen(AnnouncementScreen())
        await pilot.pause()
        await pilot.press("left", "left")
        await pilot.pause()
        assert "The phone is back" in text_of(app)
        assert "CLOSED" in text_of(app)
        await pilot.press("right")
        await pilot.pause()
        assert "Reach us by web chat and phone" in text_of(app)


async def test_nothing_announced_is_said() -> None:
    async with screens(rf.source(announcements=())) as (app, pilot):
        app.push_screen(AnnouncementScreen())
        await pilot.pause()
        assert "Nothing was announced yet." in text_of(app)
        await pilot.press("left")


async def test_hostile_text_in_an_announcement_stays_text() -> None:
    evil = rf.HOSTILE
    told = DeliveryRow(outlet=evil, state=evil, url=evil, detail=evil, text=evil)
    row = msgspec.structs.replace(
        rf.announcement(), id=evil, kind=evil, audience=evil, title=evil, body=evil, deliveries=(told,)
    )
    async with screens(rf.source(announcements=(row,))) as (app, pilot):
        app.push_screen(AnnouncementScreen())
        await pilot.pause()
        text = text_of(app)
        assert not [bad for bad in rf.DANGEROUS if bad in text]
        assert "[b]x[/b]" in text


@pytest.mark.parametrize("opener", ["playbooks", "run"])
async def test_what_was_told_is_a_key_away(opener: str) -> None:
    async with screens(rf.source(rf.asking())) as (app, pilot):
        app.open_run("r12") if opener == "run" else app.action_show("playbooks")
        await pilot.pause()
        await pilot.press("t")
        await pilot.pause()
        assert isinstance(app.screen, AnnouncementScreen)
