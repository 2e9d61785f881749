"""What a run asks is read before it is answered: nothing typed ahead answers, and what will be sent can be read."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import RunRow
from outagetui.tui.answering import READING
from outagetui.tui.screens.ask import Confirm
from outagetui.tui.screens.run import RunScreen
from outagetui.tui.widgets.scrolling import Page
from tests.tui import run_fakes as rf
from tests.tui.fakes import NOW, Clock, FakeOrders, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import open_run, read, screens, show, toasts
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
    async with screens(rf.source(rf.asking(why)), orders) as (app, pilot):
        app.open_run("r12")
        await pilot.press(*keys)
        assert isinstance(app.clock, Clock)
        app.clock.now += READING * 0.9
        await pilot.press(*keys)
        assert orders.sent == []
        assert isinstance(app.screen, RunScreen)
        assert "only just appeared" in toasts(app)
        app.clock.now += READING * 0.2
        await pilot.press(keys[0])
        assert len(orders.sent) == 1


async def test_the_next_question_of_a_run_is_not_answered_by_the_key_for_the_one_before() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.asking("manual")), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("y")
        await show(app, pilot, rf.board(rf.asking()))
        await pilot.press("y")
        assert len(orders.sent) == 1
        read(app)
        await pilot.press("y")
        assert [fields["answer"] for _, fields in orders.sent] == ["done", "yes"]


async def test_a_question_that_came_while_another_screen_was_in_front_is_new_to_its_reader() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.waiting()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("l")
        await show(app, pilot, rf.board(rf.asking()))
        read(app)
        await pilot.press("escape", "y")
        assert orders.sent == []
        read(app)
        await pilot.press("y")
        assert len(orders.sent) == 1


async def test_a_step_is_not_skipped_when_the_run_asks_something_else_by_the_time_of_the_yes() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.asking()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("S")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await show(app, pilot, rf.board(rf.attempt(rf.asking("failed"), 2)))
        await pilot.press("y")
        await pilot.pause()
        assert orders.sent == []
        assert "asks something else by now" in toasts(app)


async def test_no_leaves_the_question_as_it_is() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.asking()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("S")
        await pilot.pause()
        await pilot.press("n")
        await pilot.pause()
        assert orders.sent == []
        await pilot.press("y")
        assert orders.sent[0][1]["answer"] == "yes"


@pytest.mark.parametrize("why", ["confirm", "manual", "failed", "unsure"])
async def test_every_answer_takes_a_note(why: str) -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.asking(why)), orders) as (app, pilot):
        await open_run(app, pilot)
        assert "n add a note" in text_of(app)
        await pilot.press("n", *"sxyuD", "enter")
        await pilot.press("r" if why in ("failed", "unsure") else "y")
        assert [fields["note"] for _, fields in orders.sent] == ["sxyuD"]


async def test_a_note_typed_while_nothing_is_asked_gives_no_order_and_goes_with_the_next_answer() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.waiting()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("n", *"xyq", "tab", *"sD")
        assert isinstance(app.screen, RunScreen)
        await pilot.press("enter")
        await show(app, pilot, rf.board(rf.asking()))
        assert "note: xyqsD" in text_of(app)
        read(app)
        await pilot.press("y")
        assert [fields["note"] for _, fields in orders.sent] == ["xyqsD"]


@pytest.mark.parametrize(("row", "role"), [(rf.ended(), "operator"), (rf.asking(), "viewer")])
async def test_where_no_note_can_be_kept_its_words_are_still_no_keys(row: RunRow, role: str) -> None:
    orders = FakeOrders(role=role)
    async with screens(rf.source(row), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("n")
        await pilot.pause()
        assert "no note can be kept here" in text_of(app)
        await pilot.press(*"Dxq", "enter")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        assert orders.sent == []
        assert "was not kept" in toasts(app)


async def test_a_question_that_comes_while_a_note_is_typed_does_not_turn_its_words_into_keys() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.asking("manual")), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("n", *"they sa")
        await show(app, pilot, rf.board(rf.attempt(rf.asking("failed"), 2)))
        read(app)
        await pilot.press("y", "r", "u")
        assert app.screen.query_one("#note", Input).value == "they sayru"
        assert orders.sent == []


async def test_what_a_yes_will_send_is_read_word_for_word() -> None:
    async with screens(rf.source(announcing())) as (app, pilot):
        await open_run(app, pilot)
        assert_golden("run-announce", text_of(app))


async def test_a_long_text_is_scrolled_where_it_stands() -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(20))
    async with screens(rf.source(announcing(text))) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause()
        assert_golden("run-announce-long", text_of(app))
        for _ in range(8):
            await pilot.press("pagedown")
        await pilot.pause()
        assert "Paragraph 19" in text_of(app)
        assert "y yes, do it" in text_of(app)
        assert "ASKING   3" in text_of(app), "the step that asks stays in sight"
        await pilot.press(*["pageup"] * 9)
        await pilot.pause()
        assert "Paragraph 0" in text_of(app)


@pytest.mark.parametrize("size", [(160, 50), (60, 15), (100, 30), (20, 6)])
async def test_a_text_to_be_sent_breaks_no_size(size: tuple[int, int]) -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(12))
    async with screens(rf.source(announcing(text)), size=size) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("pagedown")
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        await pilot.pause()
        assert "Customers will read:" in text_of(app)
        assert "Paragraph 11" in text_of(app)


async def test_a_long_text_that_follows_another_question_leaves_the_keys_in_sight_at_once() -> None:
    text = "\n\n".join(f"Paragraph {n}: use the web chat." for n in range(20))
    async with screens(rf.source(rf.asking("manual"))) as (app, pilot):
        await open_run(app, pilot)
        await show(app, pilot, rf.board(announcing(text)))
        await pilot.pause()
        lines = text_of(app).splitlines()
        assert "esc back" in lines[-1]
        assert "y yes, do it" in lines[-3]
        assert [line for line in lines if "ASKING   3" in line]


async def test_staff_are_not_called_customers() -> None:
    row = announcing(title="announce backup-active to staff on Jabber")
    async with screens(rf.source(row)) as (app, pilot):
        await open_run(app, pilot)
        assert "Staff will read:" in text_of(app)


async def test_a_text_goes_with_its_question() -> None:
    async with screens(rf.source(announcing())) as (app, pilot):
        await open_run(app, pilot)
        await show(app, pilot, rf.board(rf.asking("failed")))
        assert "will read" not in text_of(app)
        assert "Please use the web chat" not in text_of(app)


async def test_hostile_text_to_be_sent_stays_text() -> None:
    async with screens(rf.source(announcing(rf.HOSTILE))) as (app, pilot):
        await open_run(app, pilot)
        text = text_of(app)
        assert not [bad for bad in rf.DANGEROUS if bad in text]
        assert "[b]x[/b]" in text


@pytest.mark.parametrize("state", ["aborted", "asking"])
async def test_nothing_of_a_run_that_ended_still_asks(state: str) -> None:
    row = msgspec.structs.replace(rf.asking(), state=state, ended=NOW - 5)
    async with screens(rf.source(row)) as (app, pilot):
        await open_run(app, pilot)
        text = text_of(app)
        assert "ASKING" not in text
        assert "WAITING" not in text
        assert "NOT DONE 3 announce backup-active" in text
        assert "ended 14:32:02" in text
        assert ("ABORTED" if state == "aborted" else "ENDED") in text.splitlines()[0]


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_the_step_at_hand_is_in_sight_at_first_and_when_it_changes(size: tuple[int, int]) -> None:
    async with screens(rf.source(long_run(20)), size=size) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause()
        assert "ASKING  21 step number 20" in text_of(app)
        for at, state, word in ((24, "doing", "DOING"), (29, "asking", "ASKING"), (2, "asking", "ASKING")):
            await show(app, pilot, rf.board(long_run(at, state)))
            await pilot.pause()
            assert f"{word:<8}{at + 1:>2} step number {at}" in text_of(app)


async def test_a_step_at_hand_does_not_pull_away_a_reader_who_scrolled() -> None:
    async with screens(rf.source(long_run(20))) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause()
        await pilot.press("home")
        await pilot.pause()
        await show(app, pilot, rf.board(long_run(25)))
        await pilot.pause()
        assert app.screen.query_one("#steps", Page).scroll_offset.y == 0
        assert "question 25?" in text_of(app), "the question itself is always in sight"
