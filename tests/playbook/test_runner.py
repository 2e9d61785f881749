"""The runner alone: intents, outcomes, answers, aborts, and a journal that cannot be written for a while."""

import asyncio

import pytest
from outagetui import actions
from outagetui.actions import Result
from outagetui.core.orders import OrderError
from outagetui.facts.events import (
    Activated,
    RunEnded,
    RunStarted,
    StepAnswered,
    StepAsked,
    StepEnded,
    StepIntended,
    StepPlan,
)
from outagetui.machine.background import hear_failures
from outagetui.playbook.run_driver import RunDriver
from outagetui.store.journal import WriteError
from tests.kit.journal_rules import assert_rules
from tests.kit.runner_in_memory import (
    STEPS,
    Effects,
    MemoryJournal,
    activate,
    announce,
    crash,
    manual,
    row,
    runner_of,
    settle,
    verify,
)
from tests.kit.virtual_loop import run as in_virtual_time


def test_intent_stands_before_the_outcome_and_what_it_did_is_one_commit_with_it() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("switch", "phone", "mail"),))
        await settle()
        assert [entry.kind for entry in journal.entries] == [
            "run.start", "step.intent", "activate", "activate", "step.outcome", "run.end",
        ]  # fmt: skip
        assert [(event.channel, event.run) for event in journal.events(Activated)] == [("phone", "r1"), ("mail", "r1")]

    in_virtual_time(story())


def test_a_second_answer_and_a_stale_attempt_are_refused() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects(lambda: "badly"))
        await runner.start("ada", "book", "Book", (announce("tell"),))
        await settle()
        with pytest.raises(OrderError, match=r"takes yes, words, skip, abort; not retry"):
            await runner.answer("ada", "r1", "tell", 1, "retry")
        await runner.answer("ada", "r1", "tell", 1, "yes")
        with pytest.raises(OrderError, match=r"r1 tell is not asking"):
            await runner.answer("bob", "r1", "tell", 1, "yes")
        await settle()
        assert row(journal, "tell").answers == ("retry", "skip", "abort")
        with pytest.raises(OrderError, match=r"asks for the 2. time, this answers the 1."):
            await runner.answer("bob", "r1", "tell", 1, "retry")
        with pytest.raises(OrderError, match=r"r1 has no step other"):
            await runner.answer("bob", "r1", "other", 1, "yes")
        with pytest.raises(OrderError, match=r"there is no run r9"):
            await runner.answer("bob", "r9", "tell", 1, "yes")
        await runner.abort("bob", "r1")

    in_virtual_time(story())


def test_a_run_that_was_given_up_takes_no_answer() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (manual("sure"), activate("switch", "phone")))
        await settle()
        assert await runner.abort("bob", "r1")
        assert journal.ledger.runs["r1"].state == "aborted"  # when the order is answered, and not some time later
        assert journal.entries[-1].actor == "bob"
        with pytest.raises(OrderError, match=r"r1 is over: aborted"):
            await runner.answer("ada", "r1", "sure", 1, "done")
        with pytest.raises(OrderError, match=r"r1 is over: aborted"):
            await runner.abort("ada", "r1")
        await settle()
        assert journal.ledger.active == {}
        assert journal.ledger.runs["r1"].state == "aborted"

    in_virtual_time(story())


@pytest.mark.parametrize("do", ["verify", "wait_for"])
def test_a_wait_is_given_up_at_once_and_its_end_is_one_commit(do: str) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects(lambda: "badly"))
        await runner.start("ada", "book", "Book", (verify("see", do), activate("switch", "phone")))
        await asyncio.sleep(2.0)
        before = asyncio.get_running_loop().time()
        assert await runner.abort("bob", "r1")
        assert asyncio.get_running_loop().time() - before < 0.1
        assert [type(event) for event in journal.events(StepEnded, RunEnded)] == [StepEnded, RunEnded]
        assert row(journal, "see").detail == "given up by bob"
        # The daemon is killed right behind each entry: none of them may lead to the step being done again.
        for cut in range(len(journal.entries)):
            if journal.entries[cut].kind == "step.outcome":
                assert journal.entries[cut].at + 1 == journal.entries[cut + 1].at

    in_virtual_time(story())


def test_a_step_in_progress_is_finished_before_the_run_is_given_up() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="auto"), activate("switch", "phone")))
        await asyncio.sleep(0.5)
        assert await runner.abort("bob", "r1")
        assert effects.acts == ["begin r1 tell", "end r1 tell"]
        assert row(journal, "tell").state == "done"
        assert row(journal, "switch").state == "waiting"
        assert journal.ledger.runs["r1"].state == "aborted"

    in_virtual_time(story())


def test_what_was_confirmed_and_then_given_up_is_not_begun() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell"),))
        await settle()
        await runner.answer("ada", "r1", "tell", 1, "yes")
        await runner.abort("ada", "r1")  # before the runner woke
        await settle()
        assert effects.acts == []
        assert journal.ledger.runs["r1"].state == "aborted"

    in_virtual_time(story())


def test_an_abort_as_answer_ends_the_run_even_when_the_daemon_dies_right_behind_it() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (manual("sure"), activate("switch", "phone")))
        await settle()
        fresh = await crash(journal, runner)
        fresh.put("bob", StepAnswered(run="r1", step="sure", attempt=1, answer="abort"))
        runner_of(fresh, Effects()).resume()
        await settle()
        assert fresh.ledger.runs["r1"].state == "aborted"
        assert fresh.entries[-1].actor == "bob"

    in_virtual_time(story())


def test_an_announcement_that_was_under_way_is_looked_up_and_otherwise_asked_about() -> None:
    async def story(after: float, state: str) -> None:
        journal = MemoryJournal()
        effects = Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="auto"),))
        await asyncio.sleep(after)
        journal.dead = True  # nothing is written any more, but what is on its way goes out
        await asyncio.sleep(3.0 if state == "done" else 0.0)
        fresh = await crash(journal, runner)
        again = runner_of(fresh, effects)
        again.resume()
        await settle()
        assert row(fresh, "tell").state == state
        assert effects.acts.count("begin r1 tell") == 1
        if state == "unsure":
            assert row(fresh, "tell").answers == ("retry", "done", "skip", "abort")
            await again.answer("bob", "r1", "tell", row(fresh, "tell").attempt, "done")
            await settle()
            assert row(fresh, "tell").state == "done"
            assert effects.acts.count("begin r1 tell") == 1
        assert_rules(fresh.entries)

    in_virtual_time(story(0.5, "unsure"))
    in_virtual_time(story(0.5, "done"))


def test_taking_back_that_was_under_way_is_not_turned_into_doing() -> None:
    async def story() -> None:
        plan = activate("switch", "phone")
        journal = MemoryJournal()
        journal.put(
            "ada",
            RunStarted(run="r1", playbook="book", name="Book", digest="", steps=(plan,)),
            StepIntended(run="r1", step="switch", attempt=1, what=""),
            Activated(channel="phone", run="r1"),
            StepEnded(run="r1", step="switch", attempt=1, outcome="failed", detail=""),
            StepAsked(run="r1", step="switch", attempt=2, why="failed", question="", answers=("retry", "undo")),
            StepAnswered(run="r1", step="switch", attempt=2, answer="undo"),
            StepIntended(run="r1", step="switch", attempt=2, what="deactivate"),
        )
        runner_of(journal, Effects()).resume()
        await settle()
        assert row(journal, "switch").state == "undone"
        assert journal.ledger.active == {}

    in_virtual_time(story())


@pytest.mark.parametrize("kind", ["announce", "verify"])
def test_an_action_that_breaks_is_a_failed_step_and_no_dead_run(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(plan: StepPlan, effects: object) -> Result:
        raise ZeroDivisionError("a bug \x1b[2J")

    monkeypatch.setattr(actions, "act", broken)

    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        step = announce("it", needs="auto") if kind == "announce" else verify("it")
        await runner.start("ada", "book", "Book", (step,))
        await settle()
        assert row(journal, "it").state == "asking"
        assert "a fault of outagetui itself; please report it" in row(journal, "it").question
        assert "ZeroDivision" not in row(journal, "it").question
        assert "\x1b" not in row(journal, "it").question
        await runner.abort("ada", "r1")

    in_virtual_time(story())


def test_a_look_up_that_breaks_ends_in_a_question() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        journal.put(
            "ada",
            RunStarted(run="r1", playbook="book", name="Book", digest="", steps=(announce("tell"),)),
            StepIntended(run="r1", step="tell", attempt=1, what=""),
        )
        runner = runner_of(journal, Effects(lambda: "breaks"))
        runner.resume()
        await settle()
        assert row(journal, "tell").state == "unsure"
        assert "a fault of outagetui itself" in row(journal, "tell").question
        await runner.abort("ada", "r1")

    in_virtual_time(story())


def test_an_action_that_hangs_fails_when_its_time_is_up() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects(lambda: "hangs"))
        await runner.start("ada", "book", "Book", (announce("tell", needs="auto", timeout=7.0, on_failure="stop"),))
        await settle(8.0)
        assert row(journal, "tell").detail == "not done within 7 s"
        assert journal.ledger.runs["r1"].state == "failed"

    in_virtual_time(story())


def test_a_full_disk_delays_the_outcome_and_loses_nothing() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="auto"), manual("last")))
        await asyncio.sleep(0.5)
        journal.full = True
        await settle(30.0)
        assert row(journal, "tell").state == "doing"
        with pytest.raises(WriteError):
            await runner.start("ada", "other", "Other", STEPS)
        journal.full = False
        await settle()
        assert row(journal, "tell").state == "done"
        assert effects.acts.count("begin r1 tell") == 1
        assert row(journal, "last").state == "asking"
        journal.full = True
        with pytest.raises(WriteError):
            await runner.abort("ada", "r1")
        assert journal.ledger.runs["r1"].ended is None
        journal.full = False
        await runner.answer("ada", "r1", "last", 1, "done")  # an abort that was refused did not happen
        await settle()
        assert journal.ledger.runs["r1"].state == "done"

    in_virtual_time(story())


def test_leaving_lets_a_step_finish_begins_nothing_new_and_the_next_daemon_goes_on() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects()
        runner = runner_of(journal, effects)
        await runner.start("ada", "book", "Book", (announce("tell", needs="auto"), activate("switch", "phone")))
        await asyncio.sleep(0.5)
        await runner.aclose()
        assert row(journal, "tell").state == "done"
        assert row(journal, "switch").state == "waiting"
        fresh = journal.after_crash()
        runner_of(fresh, effects).resume()
        await settle()
        assert fresh.ledger.runs["r1"].state == "done"
        assert_rules(fresh.entries)

    in_virtual_time(story())


def test_leaving_does_not_wait_for_a_wait_or_an_answer() -> None:
    async def story(step: StepPlan, delay: float) -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects(lambda: "badly"))
        await runner.start("ada", "book", "Book", (step,))
        await asyncio.sleep(delay)
        before = asyncio.get_running_loop().time()
        await runner.aclose()
        assert asyncio.get_running_loop().time() - before < 1.0
        assert journal.ledger.runs["r1"].ended is None

    for delay in (0.0, 3.0):
        in_virtual_time(story(verify("see"), delay))
        in_virtual_time(story(manual("sure"), delay))


def test_a_playbook_that_runs_is_not_begun_again() -> None:
    async def story() -> None:
        runner = runner_of(MemoryJournal(), Effects())
        await runner.start("ada", "book", "Book", (manual("sure"),))
        with pytest.raises(OrderError, match=r"book already runs as r1, started by ada"):
            await runner.start("bob", "book", "Book", (manual("sure"),))
        with pytest.raises(OrderError, match=r"still under way; abort it first"):
            await runner.stand_down("bob", "r1")
        await runner.abort("ada", "r1")
        with pytest.raises(OrderError, match=r"did nothing that can be taken back"):
            await runner.stand_down("bob", "r1")

    in_virtual_time(story())


def test_what_is_so_already_is_not_done() -> None:
    async def so(name: str) -> bool:
        return name == "room.there"

    async def story() -> None:
        journal = MemoryJournal()
        effects = Effects()
        await runner_of(journal, effects, so).start("ada", "book", "Book", (announce("tell", already="room.there"),))
        await settle()
        assert effects.acts == []
        assert row(journal, "tell").detail == "already so: room.there passes"

    in_virtual_time(story())


@pytest.mark.parametrize("where", ["_question", "_settle"])
def test_a_bug_of_our_own_ends_the_run_and_is_told(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a bug")

    async def story() -> None:
        heard: list[BaseException] = []
        hear_failures(heard.append)
        monkeypatch.setattr(RunDriver, where, broken)
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("a", "phone", needs="auto"), manual("b")))
        await settle()
        (ended,) = journal.events(RunEnded)
        assert ended.state == "failed"
        assert ended.why.startswith("a fault of outagetui itself; please report it (playbook/run_driver.py line ")
        assert not runner.busy
        assert [type(each) for each in heard] == [LookupError]
        assert_rules(journal.entries)
        if where == "_settle":
            assert row(journal, "a").detail.startswith("it may or may not have happened: a fault of outagetui")

    in_virtual_time(story())
