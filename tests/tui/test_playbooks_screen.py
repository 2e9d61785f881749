"""The list of playbooks: what starting one would do is read first, and it is started once."""

import msgspec
from outagetui.board.rows import GainRow
from outagetui.tui.screens.ask import Confirm
from outagetui.tui.screens.playbooks import PlaybooksScreen
from outagetui.tui.screens.run import RunScreen
from tests.tui import run_fakes as rf
from tests.tui.fakes import FakeOrders, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens, show, toasts


async def test_the_list_and_the_plan_fit_a_small_terminal() -> None:
    async with screens(rf.source(rf.ended())) as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        assert_golden("playbooks", text_of(app))
        await pilot.press("down", "down")
        await pilot.pause()
        assert_golden("playbooks-other", text_of(app))


async def test_a_failed_practice_says_how_it_failed() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_plan("phone-down")
        await pilot.pause()
        words = "Confidence low: run for real 12:32, failed after 1m 04s, 2 steps failed, changed since"
        assert words in " ".join(text_of(app).split())


async def test_all_audiences_that_are_won_back_are_named() -> None:
    (hint,) = rf.board().suggestions
    staff = GainRow(audience="staff", now=0.0, then=1.0)
    hint = msgspec.structs.replace(hint, gains=(*hint.gains, staff))
    async with screens(rf.source(suggestions=(hint,)), size=(140, 40)) as (app, pilot):
        assert "customers 31 % to 94 %, staff 0 % to 100 %" in text_of(app)
        await pilot.press("p")
        await pilot.pause()
        assert "reach: customers 31 % to 94 %, staff 0 % to 100 %" in text_of(app)
        assert_golden("playbooks-140x40", text_of(app))


async def test_a_wide_terminal_shows_the_summaries_too() -> None:
    async with screens(rf.source(rf.ended()), size=(130, 40)) as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        assert "Send callers to the web chat." in text_of(app)


async def test_a_playbook_is_started_once_after_one_question() -> None:
    orders = FakeOrders(reply={"run": "r12"})
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_plan("phone-down")
        await pilot.pause()
        assert "1  activate x" in text_of(app)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "Telephone down" in text_of(app)
        await pilot.press("s", "enter", "y", "y")
        await pilot.pause()
        assert orders.sent == [("start", {"playbook": "phone-down"})]
        assert isinstance(app.screen, RunScreen)


async def test_no_is_no() -> None:
    orders = FakeOrders()
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_plan("phone-down")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("n")
        await pilot.pause()
        assert orders.sent == []
        assert isinstance(app.screen, PlaybooksScreen)


async def test_a_refusal_is_told_and_the_list_stays() -> None:
    orders = FakeOrders(refuse="messenger-down runs already")
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_plan("phone-down")
        await pilot.pause()
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert "runs already" in toasts(app)
        assert isinstance(app.screen, PlaybooksScreen)


async def test_a_viewer_may_read_the_plan_and_start_nothing() -> None:
    orders = FakeOrders(role="viewer")
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_plan("phone-down")
        await pilot.pause()
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, PlaybooksScreen)
        assert orders.sent == []
        assert "viewer" in toasts(app)


async def test_a_running_playbook_opens_its_run() -> None:
    playbooks = (msgspec.structs.replace(rf.PLAYBOOKS[0], running="r12"), *rf.PLAYBOOKS[1:])
    async with screens(rf.source(rf.asking(), playbooks=playbooks)) as (app, pilot):
        app.open_plan("messenger-down")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        await pilot.press("escape", "p")
        await pilot.pause()
        assert "RUNNING r12" in text_of(app)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)


async def test_the_last_run_opens_with_o() -> None:
    async with screens(rf.source(rf.ended())) as (app, pilot):
        app.open_plan("messenger-down")
        await pilot.pause()
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)


async def test_the_cursor_stays_on_its_playbook_when_the_order_changes() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_plan("page")
        await pilot.pause()
        playbooks = tuple(msgspec.structs.replace(row, suggested=row.id == "page") for row in rf.PLAYBOOKS)
        await show(app, pilot, rf.board(playbooks=playbooks))
        screen = app.screen
        assert isinstance(screen, PlaybooksScreen)
        assert screen.chosen is not None
        assert screen.chosen.id == "page"


async def test_without_playbooks_it_says_where_they_go() -> None:
    async with screens(rf.source(playbooks=())) as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        assert "No playbooks yet" in text_of(app)
        await pilot.press("s", "down", "enter")


async def test_hostile_text_in_a_playbook_stays_text() -> None:
    evil = msgspec.structs.replace(rf.PLAYBOOKS[0], name=rf.HOSTILE, summary=rf.HOSTILE, steps=(rf.HOSTILE,),
                                   running=rf.HOSTILE)  # fmt: skip
    async with screens(rf.source(playbooks=(evil,))) as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        text = text_of(app)
        assert not [bad for bad in rf.DANGEROUS if bad in text]
        assert "[b]x[/b]" in text
