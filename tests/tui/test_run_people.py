"""Runs of several people: choosing a way, the second person, going on alone, taking over; and what steps print."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import GlassRow, RunRow
from outagetui.tui.screens.ask import Confirm, Reason
from outagetui.tui.widgets.questions import Asker, choices, may_be_second
from tests.tui import run_fakes as rf
from tests.tui.fakes import NOW, Clock, FakeOrders, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import HASH, open_run, read, screens, show, toasts

BOB: dict[str, Any] = {"role": "approver", "actor": "bob"}
ALICE: dict[str, Any] = {"role": "approver", "actor": "alice"}
GLASS = GlassRow(run="r3", step="restart", title="restart it", at=NOW - 60, actor="ada",
                 reason="nobody else is awake and every phone is down")  # fmt: skip


# A choice.


async def test_a_choice_is_made_by_its_number() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.choosing()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause(0.05)
        assert_golden("run-choose", text_of(app))
        await pilot.press("3", "y")
        assert orders.sent == []
        await pilot.press("2")
        assert orders.sent == [
            ("answer", {"run": "r12", "step": "way", "attempt": 1, "answer": "phone", "note": ""}),
        ]


async def test_a_number_typed_before_the_question_was_there_chooses_nothing() -> None:
    orders = FakeOrders()
    async with screens(rf.source(rf.choosing()), orders) as (app, pilot):
        app.open_run("r12")
        await pilot.press("1")
        assert orders.sent == []
        read(app)
        await pilot.press("1")
        assert len(orders.sent) == 1


async def test_more_choices_than_keys_say_what_to_type() -> None:
    names = tuple(f"way-{n}" for n in range(1, 11))
    row = rf.choosing()
    steps = tuple(msgspec.structs.replace(each, answers=(*names, "abort"), preview="") if each.answers else each
                  for each in row.steps)  # fmt: skip
    async with screens(rf.source(msgspec.structs.replace(row, steps=steps)), size=(100, 40)) as (app, pilot):
        await open_run(app, pilot)
        text = text_of(app)
        assert "  9  way-9" in text
        assert "-  way-10  (outagetui answer r12 way way-10)" in text


# Two people.


async def test_the_starter_reads_what_another_has_to_type() -> None:
    orders = FakeOrders(**ALICE)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause(0.05)
        assert_golden("run-approve-own", text_of(app))
        await pilot.press("y")
        assert orders.sent == []


async def test_the_second_person_sees_exactly_what_will_be_done_and_approves_its_hash() -> None:
    orders = FakeOrders(**BOB)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause(0.05)
        assert_golden("run-approve", text_of(app))
        await pilot.press("y")
        assert orders.sent == [("approve", {"run": "r12", "step": "switch", "hash": HASH})]
        assert "sent: approve exactly this" in text_of(app)


async def test_a_wide_screen_shows_the_whole_approval() -> None:
    async with screens(rf.source(rf.approving()), FakeOrders(**BOB), size=(140, 40)) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause(0.05)
        assert_golden("run-approve-140x40", text_of(app))


async def test_a_refused_approval_is_told_and_can_be_sent_again() -> None:
    orders = FakeOrders(**BOB, refuse="bob asked for it")
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("y")
        await pilot.pause()
        assert "bob asked for it" in toasts(app)
        await pilot.press("y")
        assert len(orders.sent) == 2


@pytest.mark.parametrize(
    ("row", "asker", "second"),
    [
        (rf.approving(), Asker("approver", "bob", NOW), True),
        (rf.approving(), Asker("approver", "", NOW), True),  # the daemon will say who we are
        (rf.approving(), Asker("operator", "bob", NOW), False),
        (rf.approving(), Asker("approver", "alice", NOW), False),
        (rf.approving(actor="bob"), Asker("approver", "bob", NOW), False),
        (rf.approving(actor="bob"), Asker("approver", "alice", NOW), False),
        (rf.approving(), Asker("approver", "bob", NOW + 591.0), False),
    ],
    ids=["another", "not known", "operator", "starter", "owner", "starter of a taken run", "too late"],
)
def test_who_may_be_the_second_person(row: RunRow, asker: Asker, second: bool) -> None:
    assert row.asking is not None
    assert may_be_second(row, row.asking, asker) == second


async def test_after_its_time_a_question_is_asked_anew() -> None:
    orders = FakeOrders(**BOB)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        assert isinstance(app.clock, Clock)
        app.clock.now += 600.0
        await show(app, pilot, rf.board(rf.approving()))
        assert "Nobody approved it in time. r asks anew." in text_of(app)
        await pilot.press("y")
        assert orders.sent == []
        await pilot.press("r")
        assert orders.sent[0][1]["answer"] == "again"


# Going on alone.


async def test_going_on_alone_needs_a_typed_reason() -> None:
    orders = FakeOrders(**ALICE)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("exclamation_mark")
        await pilot.pause()
        assert isinstance(app.screen, Reason)
        assert_golden("run-reason", text_of(app))
        await pilot.press(*"too few", "enter")
        await pilot.pause()
        assert orders.sent == []
        assert "Longer, please" in text_of(app)
        await pilot.press(*" people", "enter")
        await pilot.pause()
        fields = {"run": "r12", "step": "switch", "attempt": 1, "answer": "break-glass", "note": "too few people"}
        assert orders.sent == [("answer", fields)]


async def test_escape_leaves_it_to_two() -> None:
    orders = FakeOrders(**ALICE)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("exclamation_mark")
        await pilot.pause()
        await pilot.press(*"because I said so", "escape")
        await pilot.pause()
        assert orders.sent == []


async def test_a_reason_typed_for_another_question_sends_nothing() -> None:
    orders = FakeOrders(**ALICE)
    async with screens(rf.source(rf.approving()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("exclamation_mark")
        await pilot.pause()
        await show(app, pilot, rf.board(rf.attempt(rf.approving(), 2)))
        await pilot.press(*"nobody else is here", "enter")
        await pilot.pause()
        assert orders.sent == []
        assert "asks something else by now" in toasts(app)


async def test_the_mark_goes_nowhere_where_one_person_is_enough() -> None:
    orders = FakeOrders(**ALICE)
    async with screens(rf.source(rf.asking()), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("exclamation_mark")
        await pilot.pause()
        assert not isinstance(app.screen, Reason)


@pytest.mark.parametrize(
    "keys", [[], ["p"], ["l"], ["enter"], ["r"]], ids=["board", "playbooks", "log", "channel", "run"]
)
async def test_who_went_on_alone_is_loud_on_every_screen(keys: list[str]) -> None:
    async with screens(rf.source(rf.asking(), glass=(GLASS,))) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert "BREAK-GLASS  ada did r3 restart alone: nobody else is awake" in text_of(app)


async def test_the_newest_is_named_and_the_others_are_counted() -> None:
    older = msgspec.structs.replace(GLASS, run="r2", actor="eve")
    async with screens(rf.source(glass=(GLASS, older))) as (app, _):
        assert "ada did r3 restart alone (and 1 more): nobody" in text_of(app)
        assert "eve" not in text_of(app)


# Whose run it is.


async def test_a_run_of_another_is_taken_over_after_a_second_look() -> None:
    orders = FakeOrders(actor="bob")
    async with screens(rf.source(rf.asking()), orders) as (app, pilot):
        await open_run(app, pilot)
        assert "T take over" in text_of(app)
        await pilot.press("T")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "from alice?" in text_of(app)
        await pilot.press("y")
        await pilot.pause()
        assert orders.sent == [("take", {"run": "r12"})]
        await show(app, pilot, rf.board(rf.asking(actor="bob", started_by="alice")))
        assert "by alice, taken over by bob" in text_of(app)
        assert "T take over" not in text_of(app)


@pytest.mark.parametrize("row", [rf.asking(), rf.ended(actor="eve")], ids=["own", "over"])
async def test_nothing_is_there_to_take_over(row: RunRow) -> None:
    orders = FakeOrders(actor="alice")
    async with screens(rf.source(row), orders) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("T", "y")
        await pilot.pause()
        assert not [name for name, _ in orders.sent if name == "take"]


async def test_a_changed_playbook_is_said_while_its_run_goes_on() -> None:
    async with screens(rf.source(rf.asking(changed=True))) as (app, pilot):
        await open_run(app, pilot)
        assert "CHANGED  the playbook changed; this run goes on with the steps it had" in text_of(app)


# What steps print.


async def test_the_last_lines_of_a_step_under_way_stand_below_it() -> None:
    async with screens(rf.source(rf.printing())) as (app, pilot):
        await open_run(app, pilot)
        await pilot.pause(0.05)
        assert_golden("run-printing", text_of(app))


async def test_what_was_printed_is_folded_when_the_step_is_done_and_a_key_shows_it() -> None:
    async with screens(rf.source(rf.printing("done"))) as (app, pilot):
        await open_run(app, pilot)
        text = text_of(app)
        assert "printed 12 lines; o shows them" in text
        assert "line 12" not in text
        await pilot.press("o")
        await pilot.pause()
        assert "line 1: checking" in text_of(app)
        await pilot.press("pagedown", "o")
        await pilot.pause()
        assert "line 1: checking" not in text_of(app)


async def test_hostile_output_is_only_text() -> None:
    row = rf.printing()
    steps = tuple(msgspec.structs.replace(each, output=f"{rf.HOSTILE}\n{rf.HOSTILE}") if each.output else each
                  for each in row.steps)  # fmt: skip
    async with screens(rf.source(msgspec.structs.replace(row, steps=steps))) as (app, pilot):
        await open_run(app, pilot)
        await pilot.press("o")
        await pilot.pause()
        text = text_of(app)
        assert "[b]x[/b]" in text
        assert not any(char in text for char in rf.DANGEROUS)


async def test_hostile_words_in_questions_are_only_text() -> None:
    for row in (rf.choosing(), rf.approving()):
        steps = tuple(
            msgspec.structs.replace(each, question=rf.HOSTILE, preview=f"webchat: {rf.HOSTILE}\nphone: {rf.HOSTILE}")
            if each.answers else each for each in row.steps
        )  # fmt: skip
        glass = msgspec.structs.replace(GLASS, actor=rf.HOSTILE, reason=rf.HOSTILE)
        made = msgspec.structs.replace(row, steps=steps)
        async with screens(rf.source(made, glass=(glass,)), FakeOrders(**BOB)) as (app, pilot):
            await open_run(app, pilot)
            text = text_of(app)
            assert "[b]x[/b]" in text
            assert not any(char in text for char in rf.DANGEROUS)


def test_the_keys_of_a_question_are_all_different() -> None:
    for row in (rf.choosing(), rf.approving(), *map(rf.asking, ("confirm", "manual", "failed", "unsure"))):
        assert row.asking is not None
        keys = [choice.key for choice in choices(row.asking, second=True)]
        assert len(set(keys)) == len(keys)
        assert "n" not in keys
