"""The list of playbooks: what starting one would do is read first, and it is started once."""

import msgspec
from outagetui.board.rows import GainRow
from outagetui.tui.screens.playbooks import PlaybooksScreen
from outagetui.tui.screens.run import RunScreen
from tests.tui import run_fakes as rf
from tests.tui.driver import operator
from tests.tui.fakes import FakeOrders


async def test_the_list_and_the_plan_fit_a_small_terminal() -> None:
    async with operator(rf.source(rf.ended())) as me:
        await me.press("p")
        me.see_as_kept("playbooks")
        await me.press("down", "down")
        me.see_as_kept("playbooks-other")


async def test_a_failed_practice_says_how_it_failed() -> None:
    async with operator(rf.source()) as me:
        await me.open_plan("phone-down")
        words = "Confidence low: run for real 12:32, failed after 1m 04s, 2 steps failed, changed since"
        assert words in " ".join(me.text.split())


async def test_all_audiences_that_are_won_back_are_named() -> None:
    (hint,) = rf.board().suggestions
    staff = GainRow(audience="staff", now=0.0, then=1.0)
    hint = msgspec.structs.replace(hint, gains=(*hint.gains, staff))
    async with operator(rf.source(suggestions=(hint,)), size=(140, 40)) as me:
        me.see("customers 31 % to 94 %, staff 0 % to 100 %")
        await me.press("p")
        me.see("reach: customers 31 % to 94 %, staff 0 % to 100 %")
        me.see_as_kept("playbooks-140x40")


async def test_a_wide_terminal_shows_the_summaries_too() -> None:
    async with operator(rf.source(rf.ended()), size=(130, 40)) as me:
        await me.press("p")
        me.see("Send callers to the web chat.")


async def test_a_playbook_is_started_once_after_one_question() -> None:
    orders = FakeOrders(reply={"run": "r12"})
    async with operator(rf.source(), orders) as me:
        await me.open_plan("phone-down")
        me.see("1  activate x")
        await me.press("s")
        me.ask("Telephone down")
        await me.press("s", "enter", "y", "y")
        assert orders.sent == [("start", {"playbook": "phone-down"})]
        me.at(RunScreen)


async def test_no_is_no() -> None:
    orders = FakeOrders()
    async with operator(rf.source(), orders) as me:
        await me.open_plan("phone-down")
        await me.press("enter")
        await me.no()
        assert orders.sent == []
        me.at(PlaybooksScreen)


async def test_a_refusal_is_told_and_the_list_stays() -> None:
    orders = FakeOrders(refuse="messenger-down runs already")
    async with operator(rf.source(), orders) as me:
        await me.open_plan("phone-down")
        await me.press("s")
        await me.yes()
        me.hear("runs already")
        me.at(PlaybooksScreen)


async def test_a_viewer_may_read_the_plan_and_start_nothing() -> None:
    orders = FakeOrders(role="viewer")
    async with operator(rf.source(), orders) as me:
        await me.open_plan("phone-down")
        await me.press("s")
        me.at(PlaybooksScreen)
        assert orders.sent == []
        me.hear("viewer")


async def test_a_running_playbook_opens_its_run() -> None:
    playbooks = (msgspec.structs.replace(rf.PLAYBOOKS[0], running="r12"), *rf.PLAYBOOKS[1:])
    async with operator(rf.source(rf.asking(), playbooks=playbooks)) as me:
        await me.open_plan("messenger-down")
        me.at(RunScreen)
        await me.press("escape", "p")
        me.see("RUNNING r12")
        await me.press("s")
        me.at(RunScreen)


async def test_the_last_run_opens_with_o() -> None:
    async with operator(rf.source(rf.ended())) as me:
        await me.open_plan("messenger-down")
        await me.press("o")
        me.at(RunScreen)


async def test_the_cursor_stays_on_its_playbook_when_the_order_changes() -> None:
    async with operator(rf.source()) as me:
        await me.open_plan("page")
        playbooks = tuple(msgspec.structs.replace(row, suggested=row.id == "page") for row in rf.PLAYBOOKS)
        await me.find(rf.board(playbooks=playbooks))
        screen = me.app.screen
        assert isinstance(screen, PlaybooksScreen)
        assert screen.chosen is not None
        assert screen.chosen.id == "page"


async def test_without_playbooks_it_says_where_they_go() -> None:
    async with operator(rf.source(playbooks=())) as me:
        await me.press("p")
        me.see("No playbooks yet")
        await me.press("s", "down", "enter")


async def test_hostile_text_in_a_playbook_stays_text() -> None:
    evil = msgspec.structs.replace(rf.PLAYBOOKS[0], name=rf.HOSTILE, summary=rf.HOSTILE, steps=(rf.HOSTILE,),
                                   running=rf.HOSTILE)  # fmt: skip
    async with operator(rf.source(playbooks=(evil,))) as me:
        await me.press("p")
        me.see("[b]x[/b]")
        me.miss(*rf.DANGEROUS)
