"""The manual on the screens: key `?`, then Enter on a topic."""

from outagetui.tui.screens.help import HelpScreen, ManualScreen
from tests.tui import run_fakes as rf
from tests.tui.fakes import text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens


async def test_enter_on_a_topic_opens_its_page_and_escape_comes_back() -> None:
    async with screens(rf.source(rf.asking())) as (app, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ManualScreen)
        assert_golden("manual", text_of(app))
        await pilot.press("right")
        await pilot.pause()
        assert "Feeds" in text_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HelpScreen)


async def test_the_keys_are_read_page_by_page_beside_the_topics() -> None:
    async with screens(rf.source(rf.asking())) as (app, pilot):
        app.open_run("r12")
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        assert "outagetui validate" not in text_of(app)
        await pilot.press(*["pagedown"] * 9)
        await pilot.pause()
        assert "outagetui validate" in text_of(app)
