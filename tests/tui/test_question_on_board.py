"""A run's question is answered on the board: nothing is sent that was not in sight to its end, nor twice."""

import msgspec
import pytest
from outagetui.board.rows import RunRow
from outagetui.tui.answering import READING
from outagetui.tui.screens.board import BoardScreen
from outagetui.tui.screens.run import RunScreen
from tests.tui import run_fakes as rf
from tests.tui.driver import Driver, operator
from tests.tui.fakes import NOW, FakeOrders
from textual.widgets import Input

SIZES = [(80, 24), (120, 36), (160, 48), (240, 67)]
LONG = "\n".join(f"line {number} of what customers will read" for number in range(1, 41))
SHORT = "Our messenger is down.\nPlease use the web chat."


def asking(preview: str = SHORT, **fields: object) -> RunRow:
    """A run that asks whether it may announce a text."""
    row = rf.asking()
    steps = tuple(msgspec.structs.replace(each, preview=preview) if each.answers else each for each in row.steps)
    return msgspec.structs.replace(row, steps=steps, **fields)


async def later(me: Driver) -> None:
    me.clock.now += READING
    await me.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_a_question_stands_at_the_foot_and_opens_in_place(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with operator(rf.source(asking(LONG)), size=size) as me:
        me.see("MAY I DO THIS?", "run r12 step 3 of 4", "line 1 of what customers")
        me.see_as_kept(f"board-ask-{name}")
        await me.press("r")
        me.at(BoardScreen)
        me.see("INCIDENT 14:02", "customers reach us", "line 12 of what customers")
        me.see_as_kept(f"board-asked-{name}")
        await me.press("escape")
        me.see("CUSTOMERS", "line 1 of what customers")


async def test_a_yes_sends_what_was_in_sight_once() -> None:
    orders = FakeOrders()
    async with operator(rf.source(asking()), orders, size=(120, 36)) as me:
        await later(me)
        await me.press("y", "y", "y")
        assert orders.sent == [("answer", {"run": "r12", "step": "tell", "attempt": 1, "answer": "yes"})]
        me.see("sent: yes, do it. Waiting for the journal…")
        await me.find(rf.board(rf.waiting()))
        me.miss("MAY I DO THIS?")
        me.at(BoardScreen)


async def test_a_yes_before_the_end_was_in_sight_opens_the_text_and_sends_nothing() -> None:
    orders = FakeOrders()
    async with operator(rf.source(asking(LONG)), orders) as me:
        await later(me)
        await me.press("y")
        assert orders.sent == []
        me.see("line 10 of what customers")
        me.hear("read it to its end first")
        await later(me)
        await me.press("y")
        assert orders.sent == []
        for _ in range(4):
            await me.press("pagedown")
        me.see("line 40 of what customers")
        await me.press("y")
        assert [fields["answer"] for _, fields in orders.sent] == ["yes"]


async def test_keys_typed_before_the_question_was_there_or_moved_do_not_answer_it() -> None:
    orders = FakeOrders()
    async with operator(rf.source(asking()), orders, size=(120, 36)) as me:
        await me.press("y")
        assert orders.sent == []
        me.hear("only just appeared")
        await later(me)
        await me.resize(80, 24)
        await me.press("y")
        assert orders.sent == []


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        (rf.asking("confirm"), "yS"),
        (rf.asking("manual"), "yfS"),
        (rf.asking("failed"), "uS"),
        (rf.asking("unsure"), "duS"),
        (rf.choosing(), "12"),
    ],
    ids=["confirm", "manual", "failed", "unsure", "choose"],
)
async def test_every_answer_has_its_key_on_the_board(row: RunRow, keys: str) -> None:
    for key in keys:
        orders = FakeOrders()
        async with operator(rf.source(row), orders, size=(120, 36)) as me:
            await later(me)
            await me.press(key)
            if key == "S":
                await me.yes()
            assert [name for name, _ in orders.sent] == ["answer"], key


async def test_r_never_answers_a_closed_question_and_tries_a_failed_step_again_in_an_open_one() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking("failed")), orders) as me:
        await later(me)
        await me.press("r", "r")
        assert orders.sent == []
        await later(me)
        await me.press("r")
        assert [fields["answer"] for _, fields in orders.sent] == ["retry"]


async def test_the_keys_of_a_question_mean_nothing_without_one() -> None:
    orders = FakeOrders()
    async with operator(rf.source(), orders) as me:
        await later(me)
        await me.press(*"yfdSunx!123")
        assert orders.sent == []
        me.at(BoardScreen)
        me.calm()


async def test_the_older_question_comes_first_and_the_other_is_an_arrow_away() -> None:
    older = msgspec.structs.replace(rf.asking("manual"), id="r9")
    steps = tuple(msgspec.structs.replace(each, at=NOW - 99) if each.answers else each for each in older.steps)
    older = msgspec.structs.replace(older, steps=steps)
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(), older), orders, size=(120, 36)) as me:
        me.see("(1 of 2) run r9")
        await me.press("r", "right")
        me.see("(2 of 2 ← →) run r12")
        await me.press("y")
        assert orders.sent == []
        await later(me)
        await me.press("y")
        assert [fields["run"] for _, fields in orders.sent] == ["r12"]


async def test_a_note_goes_with_the_answer_and_its_letters_are_no_keys() -> None:
    orders = FakeOrders()
    async with operator(rf.source(asking()), orders, size=(120, 36)) as me:
        await later(me)
        await me.press("n")
        await me.write("yes x q", "enter")
        assert orders.sent == []
        me.see("note: yes x q")
        await later(me)
        await me.press("y")
        assert [fields["note"] for _, fields in orders.sent] == ["yes x q"]


async def test_a_note_that_is_left_is_not_kept() -> None:
    async with operator(rf.source(asking()), size=(120, 36)) as me:
        await me.press("n")
        await me.write("never", "escape")
        assert not me.app.screen.query_one("#note", Input).has_class("open")
        me.miss("note: never")


async def test_a_question_that_goes_while_it_is_opened_gives_the_list_back() -> None:
    async with operator(rf.source(asking(LONG))) as me:
        await me.press("r")
        me.miss("CUSTOMERS")
        await me.find(rf.board(rf.waiting()))
        me.see("CUSTOMERS")
        await me.press("down")
        me.at(BoardScreen)


async def test_enter_on_an_open_question_opens_its_run() -> None:
    async with operator(rf.source(asking(LONG))) as me:
        await me.press("r", "enter")
        me.at(RunScreen)


async def test_a_viewer_is_told_that_an_operator_answers() -> None:
    orders = FakeOrders(role="viewer")
    async with operator(rf.source(asking()), orders, size=(120, 36)) as me:
        me.see("You are a viewer: an operator has to answer.")
        await later(me)
        await me.press("y")
        assert orders.sent == []


async def test_the_row_under_the_cursor_is_never_under_the_question() -> None:
    async with operator(rf.source(asking(LONG))) as me:
        for _ in range(12):
            await me.press("down")
            me.see("▸")
