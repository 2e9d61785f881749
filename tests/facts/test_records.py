"""The records of one delivery and of one step: what the journal's entries make of them."""

from typing import Any

from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.announcement import Announcement
from outagetui.facts.events import StepPlan
from outagetui.facts.run import Run, StepRecord

WHERE: dict[str, Any] = {"announcement": "a1", "part": 0, "outlet": "blog"}
STEP: dict[str, Any] = {"run": "r1", "step": "two", "attempt": 1}


def test_a_delivery_is_followed_through_doubt_and_an_operators_word() -> None:
    made = Announcement("a1")
    assert made.delivery(0, "blog").fresh
    made.apply(events.DeliveryIntended(**WHERE, key="k", text="Hello"))
    made.apply(events.DeliveryEnded(**WHERE, state="unknown", detail="hung up"))
    record = made.delivery(0, "blog")
    assert (record.state, record.detail, record.doubtful, record.followed) == ("unknown", "hung up", True, True)
    assert made.reached() == {"blog": [0]}
    made.apply(events.DeliveryOrdered(**WHERE))
    record = made.delivery(0, "blog")
    assert (record.state, record.detail, record.fresh, record.doubtful) == ("planned", "", False, True)
    made.apply(events.DeliveryEnded(**WHERE, state="skipped", do="skip"))
    assert made.delivery(0, "blog").doubtful  # who gives up looking takes nothing away
    made.apply(events.DeliveryEnded(**WHERE, state="failed"))
    assert not made.delivery(0, "blog").there
    made.apply(events.DeliveryEnded(**WHERE, state="retracted", do="retract"))
    assert (made.retractions["blog"].state, made.delivery(0, "blog").state) == ("retracted", "failed")


def test_what_a_run_did_may_be_taken_back_unless_it_was_so_before() -> None:
    step = StepRecord(StepPlan(id="two", do="activate"))
    run = Run(id="r1", playbook="p", name="P", digest="d", started=1.0, actor="ada", steps={"two": step})

    def ended(outcome: str, **more: Any) -> bool:
        event = events.StepEnded(**STEP, outcome=outcome, detail="", **more)
        run.apply(event, Entry(1, 2.0, "outagetui", events.kind_of(event), events.encode(event), "", ""))
        return step.effective

    assert not ended("done", changed=False)
    assert ended("failed", partly=True)
    assert not ended("undone")
    assert ended("done")
