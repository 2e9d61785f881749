"""Runs of several people: choosing a way, the second person, going on alone, taking over; and what steps print."""

from typing import Any

import msgspec
import pytest
from outagetui.board.rows import GlassRow, RunRow
from outagetui.tui.widgets.questions import Asker, choices, may_be_second
from tests.tui import run_fakes as rf
from tests.tui.driver import operator
from tests.tui.fakes import NOW, FakeOrders
from tests.tui.run_fakes import HASH

BOB: dict[str, Any] = {"role": "approver", "actor": "bob"}
ALICE: dict[str, Any] = {"role": "approver", "actor": "alice"}
GLASS = GlassRow(run="r3", step="restart", title="restart it", at=NOW - 60, actor="ada",
                 reason="nobody else is awake and every phone is down")  # fmt: skip


# A choice.


async def test_a_choice_is_made_by_its_number() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.choosing()), orders) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-choose")
        await me.press("3", "y")
        assert orders.sent == []
        await me.press("2")
        assert orders.sent == [
            ("answer", {"run": "r12", "step": "way", "attempt": 1, "answer": "phone"}),
        ]


async def test_a_number_typed_before_the_question_was_there_chooses_nothing() -> None:
    orders = FakeOrders()
    async with operator(rf.source(rf.choosing()), orders) as me:
        await me.open_run(unread=True)
        await me.press("1")
        assert orders.sent == []
        me.read()
        await me.press("1")
        assert len(orders.sent) == 1


async def test_more_choices_than_keys_say_what_to_type() -> None:
    names = tuple(f"way-{n}" for n in range(1, 11))
    row = rf.choosing()
    steps = tuple(msgspec.structs.replace(each, answers=(*names, "abort"), preview="") if each.answers else each
                  for each in row.steps)  # fmt: skip
    async with operator(rf.source(msgspec.structs.replace(row, steps=steps)), size=(100, 40)) as me:
        await me.open_run()
        me.see("  9  way-9", "-  way-10  (outagetui answer r12 way way-10)")


# Two people.


async def test_the_starter_reads_what_another_has_to_type() -> None:
    orders = FakeOrders(**ALICE)
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-approve-own")
        await me.press("y")
        assert orders.sent == []


async def test_the_second_person_sees_exactly_what_will_be_done_and_approves_its_hash() -> None:
    orders = FakeOrders(**BOB)
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-approve")
        await me.press("y")
        assert orders.sent == [("approve", {"run": "r12", "step": "switch", "hash": HASH})]
        me.see("sent: approve exactly this")


async def test_a_wide_screen_shows_the_whole_approval() -> None:
    async with operator(rf.source(rf.approving()), FakeOrders(**BOB), size=(140, 40)) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-approve-140x40")


async def test_a_refused_approval_is_told_and_can_be_sent_again() -> None:
    orders = FakeOrders(**BOB, refuse="bob asked for it")
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.press("y")
        me.hear("bob asked for it")
        await me.press("y")
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
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.wait(600.0)
        me.see("Nobody approved it in time. r asks anew.")
        await me.press("y")
        assert orders.sent == []
        await me.press("r")
        assert orders.sent[0][1]["answer"] == "again"


# Going on alone.


async def test_going_on_alone_needs_a_typed_reason() -> None:
    orders = FakeOrders(**ALICE)
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.press("exclamation_mark")
        me.ask("Go on alone")
        me.see_as_kept("run-reason")
        await me.write("too few", "enter")
        assert orders.sent == []
        me.see("Longer, please")
        await me.write(" people", "enter")
        fields = {"run": "r12", "step": "switch", "attempt": 1, "answer": "break-glass", "note": "too few people"}
        assert orders.sent == [("answer", fields)]


async def test_escape_leaves_it_to_two() -> None:
    orders = FakeOrders(**ALICE)
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.press("exclamation_mark")
        await me.write("because I said so", "escape")
        assert orders.sent == []


async def test_a_reason_typed_for_another_question_sends_nothing() -> None:
    orders = FakeOrders(**ALICE)
    async with operator(rf.source(rf.approving()), orders) as me:
        await me.open_run()
        await me.press("exclamation_mark")
        await me.find(rf.board(rf.attempt(rf.approving(), 2)))
        await me.write("nobody else is here", "enter")
        assert orders.sent == []
        me.hear("asks something else by now")


async def test_the_mark_goes_nowhere_where_one_person_is_enough() -> None:
    orders = FakeOrders(**ALICE)
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        await me.press("exclamation_mark")
        me.calm()


@pytest.mark.parametrize(
    "keys", [[], ["p"], ["l"], ["enter"], ["r"]], ids=["board", "playbooks", "log", "channel", "run"]
)
async def test_who_went_on_alone_is_loud_on_every_screen(keys: list[str]) -> None:
    async with operator(rf.source(rf.asking(), glass=(GLASS,))) as me:
        await me.press(*keys)
        me.see("BREAK-GLASS  ada did r3 restart alone: nobody else is awake")


async def test_the_newest_is_named_and_the_others_are_counted() -> None:
    older = msgspec.structs.replace(GLASS, run="r2", actor="eve")
    async with operator(rf.source(glass=(GLASS, older))) as me:
        me.see("ada did r3 restart alone (and 1 more): nobody")
        me.miss("eve did")


# Whose run it is.


async def test_a_run_of_another_is_taken_over_after_a_second_look() -> None:
    orders = FakeOrders(actor="bob")
    async with operator(rf.source(rf.asking()), orders) as me:
        await me.open_run()
        me.see("T take over")
        await me.press("T")
        me.ask("from alice?")
        await me.yes()
        assert orders.sent == [("take", {"run": "r12"})]
        await me.find(rf.board(rf.asking(actor="bob", started_by="alice")))
        me.see("by alice, taken over by bob")
        me.miss("T take over")


@pytest.mark.parametrize("row", [rf.asking(), rf.ended(actor="eve")], ids=["own", "over"])
async def test_nothing_is_there_to_take_over(row: RunRow) -> None:
    orders = FakeOrders(actor="alice")
    async with operator(rf.source(row), orders) as me:
        await me.open_run()
        await me.press("T", "y")
        assert not [name for name, _ in orders.sent if name == "take"]


async def test_a_changed_playbook_is_said_while_its_run_goes_on() -> None:
    async with operator(rf.source(rf.asking(changed=True))) as me:
        await me.open_run()
        me.see("CHANGED  the playbook changed; this run goes on with the steps it had")


# What steps print.


async def test_the_last_lines_of_a_step_under_way_stand_below_it() -> None:
    async with operator(rf.source(rf.printing())) as me:
        await me.open_run()
        await me.settle()
        me.see_as_kept("run-printing")


async def test_what_was_printed_is_folded_when_the_step_is_done_and_a_key_shows_it() -> None:
    async with operator(rf.source(rf.printing("done"))) as me:
        await me.open_run()
        me.see("printed 12 lines; o shows them")
        me.miss("line 12")
        await me.press("o")
        me.see("line 1: checking")
        await me.press("pagedown", "o")
        me.miss("line 1: checking")


async def test_hostile_output_is_only_text() -> None:
    row = rf.printing()
    steps = tuple(msgspec.structs.replace(each, output=f"{rf.HOSTILE}\n{rf.HOSTILE}") if each.output else each
                  for each in row.steps)  # fmt: skip
    async with operator(rf.source(msgspec.structs.replace(row, steps=steps))) as me:
        await me.open_run()
        await me.press("o")
        me.see("[b]x[/b]")
        me.miss(*rf.DANGEROUS)


async def test_hostile_words_in_questions_are_only_text() -> None:
    for row in (rf.choosing(), rf.approving()):
        steps = tuple(
            msgspec.structs.replace(each, question=rf.HOSTILE, preview=f"webchat: {rf.HOSTILE}\nphone: {rf.HOSTILE}")
            if each.answers else each for each in row.steps
        )  # fmt: skip
        glass = msgspec.structs.replace(GLASS, actor=rf.HOSTILE, reason=rf.HOSTILE)
        made = msgspec.structs.replace(row, steps=steps)
        async with operator(rf.source(made, glass=(glass,)), FakeOrders(**BOB)) as me:
            await me.open_run()
            me.see("[b]x[/b]")
            me.miss(*rf.DANGEROUS)


def test_the_keys_of_a_question_are_all_different() -> None:
    for row in (rf.choosing(), rf.approving(), *map(rf.asking, ("confirm", "manual", "failed", "unsure"))):
        assert row.asking is not None
        keys = [choice.key for choice in choices(row.asking, second=True)]
        assert len(set(keys)) == len(keys)
        assert "n" not in keys
