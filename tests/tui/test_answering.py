"""Answers to a run, without a screen: each goes out once, to the question that was read, and only after a yes."""

import pytest
from outagetui.board.rows import RunRow
from outagetui.tui.answering import PATIENCE, READING, Answering
from tests.tui import run_fakes as rf
from tests.tui.fakes import FakeOrders
from tests.tui.plain import PlainOperator, PlainScreen

YES = ("answer", {"run": "r12", "step": "tell", "attempt": 1, "answer": "yes"})


def speaking(
    *rows: RunRow, orders: FakeOrders | None = None, says: tuple[bool | str | None, ...] = ()
) -> tuple[Answering, PlainScreen, PlainOperator]:
    """Somebody who read what the run asks."""
    operator = PlainOperator(rf.board(*rows), orders, *says)
    screen = PlainScreen(operator)
    made = Answering(screen, "r12")
    made.notice(in_front=True)
    operator.time.now += READING
    return made, screen, operator


async def test_an_answer_goes_out_once_and_waits_for_the_journal() -> None:
    made, screen, operator = speaking(rf.asking())
    made.answer("y")
    made.answer("y")
    await screen.done()
    assert operator.sent == [YES]
    assert operator.told == ["already sent: yes, do it; waiting for the journal"]
    assert made.sent is not None
    operator.board = rf.board(rf.waiting())
    assert made.sent is None, "the journal showed it"


async def test_silence_ends_the_waiting() -> None:
    made, screen, operator = speaking(rf.asking())
    made.answer("y")
    await screen.done()
    operator.time.now += PATIENCE
    assert made.sent is None
    made.answer("y")
    await screen.done()
    assert operator.sent == [YES, YES]


async def test_a_refusal_lets_it_be_sent_again() -> None:
    made, screen, _ = speaking(rf.asking(), orders=FakeOrders(refuse="the run asks for attempt 2"))
    made.answer("y")
    await screen.done()
    assert made.sent is None


@pytest.mark.parametrize("seen", [True, False])
def test_a_question_takes_no_answer_before_somebody_read_it(seen: bool) -> None:
    operator = PlainOperator(rf.board(rf.asking()))
    made = Answering(PlainScreen(operator), "r12")
    assert made.notice(in_front=seen)
    operator.time.now += READING * 0.9
    made.answer("y")
    if not seen:
        operator.time.now += 60.0
        made.answer("y")
        made.uncovered()
        made.answer("y")
    assert operator.sent == []
    assert set(operator.told) == {"this question has only just appeared: read it, then press the key again"}
    operator.time.now += READING
    assert not made.fresh


async def test_a_key_of_another_question_does_nothing() -> None:
    made, screen, operator = speaking(rf.asking())
    for key in "fdru19":
        assert not made.takes("answer", key)
        made.answer(key)
    await screen.done()
    assert operator.sent == []
    assert operator.told == []


@pytest.mark.parametrize(("agreed", "sent"), [(True, ["skip"]), (False, [])])
async def test_a_step_is_left_out_after_a_second_look(agreed: bool, sent: list[str]) -> None:
    made, screen, operator = speaking(rf.asking(), says=(agreed,))
    made.answer("S")
    assert operator.sent == []
    await screen.done()
    assert [fields["answer"] for _, fields in operator.sent] == sent


async def test_a_yes_to_a_question_that_is_over_sends_nothing() -> None:
    made, screen, operator = speaking(rf.asking(), says=(True,))
    operator.meanwhile = lambda: setattr(operator, "board", rf.board(rf.attempt(rf.asking("failed"), 2)))
    made.answer("S")
    await screen.done()
    assert operator.sent == []
    assert operator.told == ["nothing was sent: the run asks something else by now"]


@pytest.mark.parametrize(("reason", "sent"), [("nobody else is awake", 1), (None, 0)])
async def test_going_on_alone_takes_a_reason(reason: str | None, sent: int) -> None:
    made, screen, operator = speaking(rf.approving(), orders=FakeOrders(actor="alice"), says=(reason,))
    made.order("break_glass")
    await screen.done()
    assert [fields["note"] for _, fields in operator.sent] == [reason] * sent


@pytest.mark.parametrize(
    ("row", "what", "order"),
    [
        (rf.waiting(), "abort", ("abort", {"run": "r12"})),
        (rf.asking(), "take", ("take", {"run": "r12"})),
        (rf.ended(), "stand_down", ("start", {"stand_down": "r12"})),
    ],
    ids=["abort", "take", "stand down"],
)
async def test_other_orders_take_a_yes(row: RunRow, what: str, order: tuple[str, dict[str, object]]) -> None:
    made, screen, operator = speaking(row, orders=FakeOrders(actor="bob"), says=(False, True))
    assert made.takes(what)
    made.order(what)
    await screen.done()
    assert operator.sent == []
    made.order(what)
    await screen.done()
    assert operator.sent == [order]
    assert len(operator.asked) == 2


@pytest.mark.parametrize(
    ("rows", "actor", "taken"),
    [
        ((rf.asking(),), "alice", {"abort"}),
        ((rf.asking(),), "bob", {"abort", "take"}),
        ((rf.asking(),), "", {"abort"}),
        ((rf.ended(),), "bob", {"stand_down"}),
        ((rf.ended(), rf.ended(id="r13", stands_down="r12")), "bob", set()),
        ((rf.ended(stands_down="r11"),), "bob", set()),
        ((), "bob", set()),
    ],
    ids=["own", "of another", "not greeted", "over", "stood down", "a stand-down", "not shown yet"],
)
def test_what_a_run_takes(rows: tuple[RunRow, ...], actor: str, taken: set[str]) -> None:
    made, _, _ = speaking(*rows, orders=FakeOrders(actor=actor))
    assert {what for what in ("abort", "take", "stand_down") if made.takes(what)} == taken


async def test_a_viewer_sends_nothing() -> None:
    made, screen, operator = speaking(rf.asking(), orders=FakeOrders(role="viewer"))
    made.answer("y")
    made.order("abort")
    made.keep("a note")
    await screen.done()
    assert operator.sent == []
    assert operator.told[:2] == ["no: answer", "no: end the run"]
    assert "the note was not kept" in operator.told[2]


async def test_a_note_goes_with_the_answer_and_not_with_the_next_question() -> None:
    made, screen, operator = speaking(rf.asking())
    made.keep("Bob saw it too")
    made.answer("y")
    await screen.done()
    assert operator.sent[0][1]["note"] == "Bob saw it too"
    operator.board = rf.board(rf.attempt(rf.asking("failed"), 2))
    assert made.notice(in_front=True)
    assert made.note == ""


async def test_the_run_that_stands_another_down_is_the_one_to_speak_with() -> None:
    made, screen, _ = speaking(rf.ended(), orders=FakeOrders(reply={"run": "r13"}), says=(True,))
    before = screen.followed
    made.order("stand_down")
    await screen.done()
    assert made.run == "r13"
    assert made.sent is None
    assert screen.followed > before
