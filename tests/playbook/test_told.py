"""Steps that tell people: what they say of themselves is journaled with their end, for backups that are active."""

import pytest
from outagetui.core.step_options import STEPS, ManualOptions
from outagetui.facts.events import StepPlan, Told
from tests.kit.runner_in_memory import Effects, MemoryJournal, activate, manual, runner_of, settle
from tests.kit.virtual_loop import run


def telling(do: str = "manual", backups: tuple[str, ...] = ("jabber", "extensions", "spare")) -> StepPlan:
    return StepPlan(
        id="tell", do=do, say="tell?", what="tell?", options={"told": "staff"}, facts={"told": list(backups)}
    )


@pytest.mark.parametrize(
    ("answer", "told"), [("done", {"jabber", "extensions"}), ("skip", set()), ("abort", set()), ("failed", set())]
)
def test_a_manual_step_that_is_done_told_those_it_says(answer: str, told: set[str]) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("switch", "jabber", "extensions"), telling()))
        await settle()
        await runner.answer("ada", "r1", "tell", 1, answer, note="in the corridor" if answer == "done" else "")
        await settle()
        found = journal.events(Told)
        assert {event.channel for event in found} == told
        assert {(event.audience, event.run) for event in found} <= {("staff", "r1")}
        assert set(journal.ledger.told) == {("staff", name) for name in told}
        if told:
            assert {event.reason for event in found} == {"in the corridor"}
            kinds = [entry.kind for entry in journal.entries]
            assert kinds[kinds.index("told") :] == ["told", "told", "step.outcome", "run.end"]  # one commit

    run(story())


def test_a_step_that_says_nothing_tells_nobody() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        runner = runner_of(journal, Effects())
        await runner.start("ada", "book", "Book", (activate("switch", "jabber"), manual("sure")))
        await settle()
        await runner.answer("ada", "r1", "sure", 1, "done")
        await settle()
        assert journal.events(Told) == []

    run(story())


def test_which_steps_can_tell_by_hand() -> None:
    can = {do for do, kind in STEPS.items() if "told" in kind.__struct_fields__}
    assert can == {"manual", "xmpp.room", "xmpp.invite"}
    assert ManualOptions(told="staff").audiences() == ("staff",)
    assert ManualOptions().audiences() == ()
