"""What a run asks is read before it is answered: nothing typed ahead answers, and what will be sent can be read."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import RunRow
from outagetui.tui.answering import READING
from outagetui.tui.screens.run import RunScreen
from outagetui.tui.widgets.scrolling import Page
from tests.tui import run_fakes as rf
from tests.tui.driver import operator
from tests.tui.fakes import NOW, FakeOrders
from textual.widgets import Input

WORDS = "We cannot be reached on the messenger since 14:02.\n\nPlease use the web chat, or call us: +49 30 901820."


def announcing(preview: str = WORDS, **fields: Any) -> RunRow:
    """A run that asks whether it may announce a text."""
    row = rf.asking()
    steps = tuple(msgspec.structs.replace(each, preview=preview, **fields) if each.answers else each
                  for each in row.steps)  # fmt: skip
    return msgspec.structs.replace(row, steps=steps)


def long_run(at: int, state: str = "asking") -> RunRow:
    """A run of thirty steps, the one at hand somewhere among them."""
    steps = [rf.step(f"s{n}", "done" if n < at else "waiting", f"step number {n}") for n in range(30)]
    answers = ("done", "failed", "skip", "abort") if state == "asking" else ()
    steps[at] = rf.step(f"s{at}", state, f"step number {at}", question=f"question {at}?", answers=answers, at=NOW)
    return rf.run(tuple(steps), state="asking" if state == "asking" else "running")


@pytest.mark.parametrize(("why", "keys"), [("confirm", "yS"), ("manual", "yfS"), ("failed", "ruS"), ("unsure", "druS")])
async def test_keys_typed_before_a_question_was_there_do_not_answer_it(why: str, keys: str) -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(why)), orders) as me:
        await me.open_run(unread=True)
        await me.press(*keys)
        me.clock.now += READING * 0.9
        await me.press(*keys)
        assert orders.sent == []
        me.at(RunScreen)
        me.hear("only just appeared")
        me.clock.now += READING * 0.2
        await me.press(keys[0])
        assert len(orders.sent) == 1


async def test_the_next_question_of_a_run_is_not_answered_by_the_key_for_the_one_before() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking("manual")), orders) as me:
        await me.open_run()
        await me.press("y")
        await me.find(rf.board(rf.asking()))
        await me.press("y")
        assert len(orders.sent) == 1
        me.read()
        await me.press("y")
        assert [fields["answer"] for _, fields in orders.sent] == ["done", "yes"]


async def test_a_question_that_came_while_another_screen_was_in_front_is_new_to_its_reader() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.waiting()), orders) as me:
        await me.open_run()
        await me.press("l")
        await me.find(rf.board(rf.asking()))
        me.read()
        await me.press("escape", "y")
        assert orders.sent == []
        me.read()
        await me.press("y")
        assert len(orders.sent) == 1


async def test_a_step_is_not_skipped_when_the_run_asks_something_else_by_the_time_of_the_yes() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("S")
        me.ask("Leave out this step?")
        await me.find(rf.board(rf.attempt(rf.asking("failed"), 2)))
        await me.yes()
        assert orders.sent == []
        me.hear("asks something else by now")


async def test_no_leaves_the_question_as_it_is() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("S")
        await me.no()
        assert orders.sent == []
        await me.press("y")
        assert orders.sent[0][1]["answer"] == "yes"


@pytest.mark.parametrize("why", ["confirm", "manual", "failed", "unsure"])
async def test_every_answer_takes_a_note(why: str) -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking(why)), orders) as me:
        await me.open_run()
        me.see("n journal note")
        await me.press("n", *"sxyuD", "enter")
        await me.press("r" if why in ("failed", "unsure") else "y")
        assert [fields["note"] for _, fields in orders.sent] == ["sxyuD"]


async def test_a_note_typed_while_nothing_is_asked_gives_no_order_and_goes_with_the_next_answer() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.waiting()), orders) as me:
        await me.open_run()
        await me.press("n", *"xyq", "tab", *"sD")
        me.at(RunScreen)
        await me.press("enter")
        await me.find(rf.board(rf.asking()))
        me.see("note: xyqsD")
        me.read()
        await me.press("y")
        assert [fields["note"] for _, fields in orders.sent] == ["xyqsD"]


@pytest.mark.parametrize(("row", "role"), [(rf.ended(), "operator"), (rf.asking(), "viewer")])
async def test_where_no_note_can_be_kept_its_words_are_still_no_keys(row: RunRow, role: str) -> None:
    orders = FakeOrders(role=role)
    async with operator(rf.source(row), orders) as me:
        await me.open_run()
        await me.press("n")
        me.see("no note can be kept here")
        await me.write("Dxq", "enter")
        me.at(RunScreen)
        assert orders.sent == []
        me.hear("was not kept")


async def test_a_question_that_comes_while_a_note_is_typed_does_not_turn_its_words_into_keys() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.asking("manual")), orders) as me:
        await me.open_run()
        await me.press("n", *"they sa")
        await me.find(rf.board(rf.attempt(rf.asking("failed"), 2)))
        me.read()
        await me.press("y", "r", "u")
        assert me.app.screen.query_one("#note", Input).value == "they sayru"
        assert orders.sent == []


async def test_what_a_yes_will_send_is_read_word_for_word() -> None:
    async with operator(rf.source(announcing())) as me:
        await me.open_run()
        me.see_as_kept("run-announce")


async def test_a_long_text_is_scrolled_where_it_stands() -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(20))
    async with operator(rf.source(announcing(text))) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-announce-long")
        for _ in range(8):
            await me.press("pagedown")
        me.see("Paragraph 19", "y yes, do it")
        assert "ASKING   3" in me.text, "the step that asks stays in sight"
        await me.press(*["pageup"] * 9)
        me.see("Paragraph 0")


@pytest.mark.parametrize("size", [(160, 50), (60, 15), (100, 30), (20, 6)])
async def test_a_text_to_be_sent_breaks_no_size(size: tuple[int, int]) -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(12))
    async with operator(rf.source(announcing(text)), size=size) as me:
        await me.open_run()
        await me.press("pagedown")
        await me.resize(160, 50)
        me.see("Customers will read:", "Paragraph 11")


async def test_a_long_text_that_follows_another_question_leaves_the_keys_in_sight_at_once() -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(20))
    async with operator(rf.source(rf.asking("manual"))) as me:
        await me.open_run()
        await me.find(rf.board(announcing(text)))
        lines = me.text.splitlines()
        assert "esc back" in lines[-1]
        assert "y read all" in " ".join(lines[-5:-2])
        assert [line for line in lines if "ASKING   3" in line]


LONG = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(20))


async def test_a_yes_counts_only_when_the_end_of_the_text_was_in_sight() -> None:
    orders = FakeOrders()
    async with operator(rf.source(announcing(LONG)), orders) as me:
        await me.open_run()
        await me.press(*"yyyyyyyy")
        assert orders.sent == []
        me.see("y read all (", "read it to its end first: PgDn shows")
        while "Paragraph 19" not in me.text:
            await me.press("y", "pagedown")
            assert orders.sent == []
        me.see("y yes, do it")
        await me.press("y")
        assert [fields["answer"] for _, fields in orders.sent] == ["yes"]


async def test_a_text_that_does_not_fit_any_more_is_read_again() -> None:
    orders = FakeOrders()
    wide = "\n\n".join(f"Paragraph {n}: {'use the web chat, ' * 6}" for n in range(20))
    async with operator(rf.source(announcing(wide)), orders, size=(160, 70)) as me:
        await me.open_run()
        me.see("Paragraph 19", "y yes, do it")
        await me.resize(60, 24)
        me.read()
        await me.press("y")
        assert orders.sent == []
        me.see("y read all (")


async def test_another_attempt_of_the_question_has_to_be_read_too() -> None:
    orders = FakeOrders()
    async with operator(rf.source(announcing(LONG)), orders, size=(80, 24)) as me:
        await me.open_run()
        for _ in range(8):
            await me.press("pagedown")
        await me.find(rf.board(rf.attempt(announcing(LONG + "\n\nAnd one line more."), 2)))
        me.read()
        await me.press("y")
        assert orders.sent == []


async def test_words_that_people_read_are_told_apart_from_the_note_of_the_journal() -> None:
    orders = FakeOrders()
    row = announcing(answers=("yes", "words", "skip", "abort"))
    async with operator(rf.source(row), orders) as me:
        await me.open_run()
        me.see("e add words that people read", "n journal note")
        await me.press("e", *"Tills work", "enter")
        assert orders.sent == [
            ("answer", {"run": "r12", "step": "tell", "attempt": 1, "answer": "words", "note": "Tills work"}),
        ]


async def test_staff_are_not_called_customers() -> None:
    row = announcing(title="announce backup-active to staff on Jabber")
    async with operator(rf.source(row)) as me:
        await me.open_run()
        me.see("Staff will read:")


async def test_a_text_goes_with_its_question() -> None:
    async with operator(rf.source(announcing())) as me:
        await me.open_run()
        await me.find(rf.board(rf.asking("failed")))
        me.miss("will read", "Please use the web chat")


async def test_hostile_text_to_be_sent_stays_text() -> None:
    async with operator(rf.source(announcing(rf.HOSTILE))) as me:
        await me.open_run()
        me.see("[b]x[/b]")
        me.miss(*rf.DANGEROUS)


@pytest.mark.parametrize("state", ["aborted", "asking"])
async def test_nothing_of_a_run_that_ended_still_asks(state: str) -> None:
    row = msgspec.structs.replace(rf.asking(), state=state, ended=NOW - 5)
    async with operator(rf.source(row)) as me:
        await me.open_run()
        text = me.text
        assert "ASKING" not in text
        assert "WAITING" not in text
        assert "NOT DONE 3 announce backup-active" in text
        assert "ended 14:32:02" in text
        assert ("ABORTED" if state == "aborted" else "ENDED") in text.splitlines()[0]


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_the_step_at_hand_is_in_sight_at_first_and_when_it_changes(size: tuple[int, int]) -> None:
    async with operator(rf.source(long_run(20)), size=size) as me:
        await me.open_run()
        me.see("ASKING  21 step number 20")
        for at, state, word in ((24, "doing", "DOING"), (29, "asking", "ASKING"), (2, "asking", "ASKING")):
            await me.find(rf.board(long_run(at, state)))
            me.see(f"{word:<8}{at + 1:>2} step number {at}")


async def test_a_step_at_hand_does_not_pull_away_a_reader_who_scrolled() -> None:
    async with operator(rf.source(long_run(20))) as me:
        await me.open_run()
        await me.press("home")
        await me.find(rf.board(long_run(25)))
        assert me.app.screen.query_one("#steps", Page).scroll_offset.y == 0
        assert "question 25?" in me.text, "the question itself is always in sight"
