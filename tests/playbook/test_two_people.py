"""Steps that need a second person: who may approve what, until when, and how one person goes on alone."""

import asyncio

import pytest
from outagetui.core.orders import OrderError
from outagetui.facts.events import StepAnswered, StepAsked, StepPlan
from outagetui.playbook.approval import APPROVAL_SECONDS, approval_hash, person
from tests.kit.runner_in_memory import Effects, MemoryJournal, activate, announce, row, runner_of, settle
from tests.kit.virtual_loop import run as in_virtual_time

SWITCH = activate("switch", "phone", needs="two-person")


def test_another_approver_allows_exactly_what_was_asked() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (SWITCH,))
        await settle()
        asked = row(journal, "switch")
        assert asked.answers == ("again", "skip", "abort", "break-glass")
        assert "channels" in asked.preview
        with pytest.raises(OrderError, match=r"takes again, skip, abort, break-glass; not yes; another approver types"):
            await runner.answer("ada", "r1", "switch", 1, "yes")
        for same in ("ada", "root (ada)"):
            with pytest.raises(OrderError, match=r"needs a second person: .*ada.* asked for it"):
                await runner.approve(same, "r1", "switch", asked.hash, approver=True)
        with pytest.raises(OrderError, match=r"needs an approver; bob is none"):
            await runner.approve("bob", "r1", "switch", asked.hash, approver=False)
        for wrong in ("", asked.hash[:11], "0" * 64, asked.hash + "0"):
            with pytest.raises(OrderError, match=r"asks about"):
                await runner.approve("bob", "r1", "switch", wrong, approver=True)
        assert journal.ledger.active == {}
        await runner.approve("bob", "r1", "switch", asked.hash[:12].upper(), approver=True)
        await settle()
        assert journal.ledger.runs["r1"].state == "done"
        assert [(event.answer, event.note) for event in journal.events(StepAnswered)] == [("approved", asked.hash[:12])]
        with pytest.raises(OrderError, match=r"is over: done"):
            await runner.approve("bob", "r1", "switch", asked.hash, approver=True)

    in_virtual_time(story())


def test_whoever_takes_a_run_over_or_asks_again_is_not_its_second_person() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (SWITCH,))
        await settle()
        with pytest.raises(OrderError, match=r"r1 is yours already"):
            await runner.take("ada", "r1")
        await runner.take("bob", "r1")
        assert journal.ledger.runs["r1"].actor == "bob"
        first = row(journal, "switch").hash
        await runner.answer("cyd", "r1", "switch", 1, "again")
        await settle()
        assert row(journal, "switch").hash != first
        for asker in ("ada", "bob", "cyd"):
            with pytest.raises(OrderError, match=r"needs a second person"):
                await runner.approve(asker, "r1", "switch", row(journal, "switch").hash, approver=True)
        with pytest.raises(OrderError, match=r"asks about"):
            await runner.approve("dee", "r1", "switch", first, approver=True)
        await runner.approve("dee", "r1", "switch", row(journal, "switch").hash, approver=True)
        await settle()
        assert set(journal.ledger.active) == {"phone"}
        with pytest.raises(OrderError, match=r"r1 is over"):
            await runner.take("dee", "r1")

    in_virtual_time(story())


@pytest.mark.parametrize("jump", [APPROVAL_SECONDS + 1.0, -3600.0])
def test_an_old_question_and_one_of_the_future_are_approved_by_nobody(jump: float) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (SWITCH,))
        await settle()
        asked = row(journal, "switch")
        runner._clock = lambda: asked.at + jump
        with pytest.raises(OrderError, match=r"too old; let it be asked again"):
            await runner.approve("bob", "r1", "switch", asked.hash, approver=True)
        assert journal.ledger.active == {}
        await runner.abort("ada", "r1")

    in_virtual_time(story())


def test_words_that_changed_since_they_were_approved_are_asked_about_anew() -> None:
    async def story() -> None:
        journal, effects = MemoryJournal(), Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="two-person"),))
        await settle()
        before = row(journal, "tell").hash
        effects.text = "other words"
        await runner.approve("bob", "r1", "tell", before, approver=True)
        await settle()
        assert effects.acts == []
        assert row(journal, "tell").question == "tell them (it has changed since it was asked)"
        await runner.approve("bob", "r1", "tell", row(journal, "tell").hash, approver=True)
        await settle()
        assert effects.acts == ["begin r1 tell", "end r1 tell"]

    in_virtual_time(story())


def test_one_person_goes_on_alone_only_with_a_reason() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (SWITCH,))
        await settle()
        with pytest.raises(OrderError, match=r"needs a reason of at least 10 characters"):
            await runner.answer("ada", "r1", "switch", 1, "break-glass", "hurry")
        await runner.answer("ada", "r1", "switch", 1, "break-glass", "nobody else answers the phone")
        await settle()
        assert set(journal.ledger.active) == {"phone"}

    in_virtual_time(story())


def test_a_failed_two_person_step_is_not_tried_again_by_one() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects(lambda: "badly")
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="two-person"),))
        await settle()
        await runner.approve("bob", "r1", "tell", row(journal, "tell").hash, approver=True)
        await settle()
        await runner.answer("ada", "r1", "tell", row(journal, "tell").attempt, "retry")
        await settle()
        assert [event.why for event in journal.events(StepAsked)] == ["approve", "failed", "approve"]
        assert effects.acts == ["begin r1 tell", "end r1 tell"]
        await runner.abort("ada", "r1")
        await asyncio.sleep(0)

    in_virtual_time(story())


def test_the_hash_tells_every_attempt_and_every_word_apart() -> None:
    plan = StepPlan(id="x", do="command", what="w", options={"command": "restart"}, facts={"argv": ["/bin/x", "a"]})
    other = StepPlan(id="x", do="command", what="w", options={"command": "restart"}, facts={"argv": ["/bin/x", "b"]})
    hashes = {
        approval_hash("r1", 1, plan, ""),
        approval_hash("r2", 1, plan, ""),
        approval_hash("r1", 2, plan, ""),
        approval_hash("r1", 1, other, ""),
        approval_hash("r1", 1, plan, "text"),
    }
    assert len(hashes) == 5


def test_a_person_is_the_one_behind_sudo() -> None:
    assert [person(actor) for actor in ("ada", "root (ada)", "uid 7")] == ["ada", "ada", "uid 7"]


def test_words_that_changed_since_they_were_read_are_asked_about_anew() -> None:
    async def story() -> None:
        journal, effects = MemoryJournal(), Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell"),))
        await settle()
        effects.text = "other words"
        await runner.answer("ada", "r1", "tell", 1, "yes")
        await settle()
        assert effects.acts == []
        assert row(journal, "tell").question == "tell them (the words have changed since you read them)"
        assert row(journal, "tell").preview == "other words of tell"
        await runner.answer("ada", "r1", "tell", 2, "yes")
        await settle()
        assert effects.acts == ["begin r1 tell", "end r1 tell"]

    in_virtual_time(story())


def test_words_that_people_read_are_asked_about_with_the_text_they_stand_in() -> None:
    async def story() -> None:
        journal, effects = MemoryJournal(), Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell"),))
        await settle()
        assert "words" in row(journal, "tell").answers
        await runner.answer("ada", "r1", "tell", 1, "words", "Tills work")
        await settle()
        assert effects.acts == []
        assert row(journal, "tell").question == "tell them (with your words)"
        assert row(journal, "tell").attempt == 2
        assert journal.ledger.runs["r1"].steps["tell"].words == "Tills work"
        await runner.answer("ada", "r1", "tell", 2, "yes", "my own remark")
        await settle()
        assert effects.acts == ["begin r1 tell", "end r1 tell"]
        assert journal.ledger.runs["r1"].steps["tell"].words == "Tills work"

    in_virtual_time(story())


def test_who_adds_words_is_not_the_second_person() -> None:
    async def story() -> None:
        journal, effects = MemoryJournal(), Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="two-person"),))
        await settle()
        before = row(journal, "tell").hash
        await runner.answer("bob", "r1", "tell", 1, "words", "Tills work")
        await settle()
        asked = row(journal, "tell")
        assert asked.hash not in ("", before)
        with pytest.raises(OrderError, match="needs a second person"):
            await runner.approve("bob", "r1", "tell", asked.hash, approver=True)

    in_virtual_time(story())
