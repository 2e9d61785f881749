"""A run on the screen: every answer goes out once, and only what the journal says is shown."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import RunRow, StepRow
from outagetui.tui.answering import PATIENCE
from outagetui.tui.screens.board import BoardScreen
from tests.tui import run_fakes as rf
from tests.tui.driver import operator
from tests.tui.fakes import NOW, FakeOrders
from tests.tui.run_fakes import screens
from textual.color import Color
from textual.strip import Strip
from textual.widgets import Input


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("run-confirm", rf.asking()),
        ("run-manual", rf.asking("manual")),
        ("run-failed", rf.asking("failed")),
        ("run-unsure", rf.asking("unsure")),
        ("run-waiting", rf.waiting()),
        ("run-ended", rf.ended()),
    ],
)
async def test_a_run_fits_a_small_terminal(name: str, row: RunRow) -> None:
    async with operator(rf.source(row)) as me:
        await me.open_run(unread=True)
        me.see_as_kept(name)


async def test_a_terminal_without_unicode_shows_ascii_only() -> None:
    async with screens(rf.source(rf.asking("unsure")), ascii=True) as (app, pilot):
        app.open_run("r12")
        await pilot.pause()
        text = "\n".join(strip.text for strip in _filtered(app))
        assert text.isascii()
        assert "UNSURE" in text


def _filtered(app: Any) -> list[Strip]:
    strips = app.screen._compositor.render_strips(app.size)
    return [Strip(app._safe.apply(list(strip), Color(0, 0, 0))) for strip in strips]


@pytest.mark.parametrize(
    ("why", "key", "answer"),
    [
        ("confirm", "y", "yes"),
        ("confirm", "S", "skip"),
        ("manual", "y", "done"),
        ("manual", "f", "failed"),
        ("manual", "S", "skip"),
        ("failed", "r", "retry"),
        ("failed", "S", "skip"),
        ("failed", "u", "undo"),
        ("unsure", "r", "retry"),
        ("unsure", "d", "done"),
        ("unsure", "S", "skip"),
        ("unsure", "u", "undo"),
    ],
)
async def test_a_key_sends_its_answer_exactly_once(why: str, key: str, answer: str) -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(why)), orders) as me:
        await me.open_run()
        await me.press(key)
        if key == "S":
            assert orders.sent == []
            me.ask("Leave out this step? announce backup-active")
            await me.yes()
        await me.press(key, key)
        assert orders.sent == [("answer", {"run": "r12", "step": "tell", "attempt": 1, "answer": answer})]
        me.see("Waiting for the journal")
        me.hear("already sent")


@pytest.mark.parametrize(
    ("why", "keys"), [("confirm", "sfdru"), ("manual", "sdru"), ("failed", "syfd"), ("unsure", "syf")]
)
async def test_keys_that_do_not_fit_the_question_send_nothing(why: str, keys: str) -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(why)), orders) as me:
        await me.open_run()
        await me.press(*keys)
        assert orders.sent == []


async def test_another_answer_cannot_overtake_the_one_on_its_way() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("y", "S", "y")
        assert [fields["answer"] for _, fields in orders.sent] == ["yes"]


async def test_after_ten_silent_seconds_the_answer_may_be_given_again() -> None:
    orders, source = FakeOrders(), rf.source(rf.asking())
    async with operator(source, orders) as me:
        await me.open_run()
        await me.press("y")
        me.clock.now += PATIENCE - 1
        await me.press("y")
        assert len(orders.sent) == 1
        me.clock.now += 1
        await me.find(source.current)
        me.miss("Waiting for the journal")
        await me.press("y")
        assert len(orders.sent) == 2


async def test_the_next_attempt_is_asked_and_answered_with_its_own_number() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking("failed")), orders) as me:
        await me.open_run()
        await me.press("r")
        await me.find(rf.board(rf.attempt(rf.asking("failed"), 2)))
        me.miss("Waiting for the journal")
        me.see("(try 2)")
        me.read()
        await me.press("r")
        assert [fields["attempt"] for _, fields in orders.sent] == [1, 2]


async def test_a_refused_answer_is_told_and_may_be_given_again() -> None:
    orders = FakeOrders(refuse="the answer is to attempt 1, the run asks for attempt 2")
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("y")
        me.hear("attempt 2")
        await me.press("S")
        await me.yes()
        assert [fields["answer"] for _, fields in orders.sent] == ["yes", "skip"]


async def test_a_viewer_answers_nothing_and_is_told_why() -> None:
    orders = FakeOrders(role="viewer")
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("y", "x")
        assert orders.sent == []
        me.hear("viewer")
        me.see("You are a viewer")


async def test_a_note_goes_with_the_answer_and_with_no_other() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking("manual")), orders) as me:
        await me.open_run()
        await me.press("n", *"sxy", "enter")
        assert orders.sent == []
        me.see("note: sxy")
        await me.press("y")
        assert orders.sent[0][1]["note"] == "sxy"
        await me.find(rf.board(rf.attempt(rf.asking("failed"), 2)))
        me.read()
        await me.press("r")
        assert "note" not in orders.sent[1][1]


async def test_escape_leaves_the_note_first_and_then_the_screen() -> None:
    async with operator(rf.source(rf.asking("manual"))) as me:
        await me.open_run()
        screen = me.app.screen
        await me.press("n", "h", "escape")
        assert me.app.screen is screen
        assert not screen.query_one("#note", Input).has_class("open")
        await me.press("escape")
        me.at(BoardScreen)


async def test_ending_a_run_takes_a_second_look() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.waiting()), orders) as me:
        await me.open_run()
        await me.press("x")
        await me.no()
        await me.press("x")
        assert orders.sent == []
        await me.yes()
        assert orders.sent == [("abort", {"run": "r12"})]


async def test_a_finished_run_is_stood_down_once() -> None:
    orders = FakeOrders(reply={"run": "r13"})
    async with operator(rf.source(rf.ended()), orders) as me:
        await me.open_run()
        await me.press("D")
        await me.yes()
        assert orders.sent == [("start", {"stand_down": "r12"})]
        back = rf.ended(id="r13", stands_down="r12", state="running", ended=None)
        await me.find(rf.board(back, rf.ended()))
        me.see("stands down r12")
        await me.press("left")
        me.see("run r12")
        await me.press("D")
        me.calm()


async def test_a_run_that_was_dropped_is_found_in_its_question_by_whoever_opens_it() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(actor="somebody-else")), orders) as me:
        await me.open_run()
        me.see("by somebody-else")
        await me.press("y")
        assert len(orders.sent) == 1


async def test_a_run_the_journal_does_not_show_yet_is_waited_for() -> None:
    async with operator(rf.source()) as me:
        await me.open_run()
        me.see("Waiting for the journal to show run r12")
        await me.find(rf.board(rf.asking()))
        me.see("MAY I DO THIS?")


async def test_progress_of_a_wait_appears_as_it_is_journaled() -> None:
    async with operator(rf.source(rf.waiting("1 of 3 times up"))) as me:
        await me.open_run()
        me.see("1 of 3 times up")
        await me.find(rf.board(rf.waiting("2 of 3 times up")))
        me.see("2 of 3 times up")


async def test_hostile_text_in_any_field_of_a_run_stays_text() -> None:
    evil = StepRow(
        id=rf.HOSTILE, do=rf.HOSTILE, title=rf.HOSTILE, state="asking", attempt=2, detail=rf.HOSTILE, at=NOW,
        actor=rf.HOSTILE, question=rf.HOSTILE, answers=("retry", "done", rf.HOSTILE),
    )  # fmt: skip
    row = rf.run((evil, msgspec.structs.replace(evil, state=rf.HOSTILE)), name=rf.HOSTILE, actor=rf.HOSTILE,
                 stands_down=rf.HOSTILE)  # fmt: skip
    async with operator(rf.source(row)) as me:
        await me.open_run()
        me.see("[b]x[/b]")
        me.miss(*rf.DANGEROUS)


async def test_the_question_comes_and_goes_with_the_journal() -> None:
    async with operator(rf.source(rf.asking())) as me:
        await me.open_run()
        for row, asks in (
            (rf.waiting(), False),
            (rf.asking("failed"), True),
            (rf.waiting(), False),
            (rf.asking(), True),
        ):
            await me.find(rf.board(row))
            assert ("end the run" in me.text) is asks
