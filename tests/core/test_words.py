"""Words of the journal: they are written as before they were types, and a foreign one takes nothing away."""

from enum import StrEnum

import pytest
from outagetui.core import words
from outagetui.core.model import Entry
from outagetui.core.words import Deed, DeliveryState, RunState, StepState
from outagetui.facts import events
from outagetui.facts.ledger import Ledger

KINDS = [each for each in vars(words).values() if isinstance(each, type) and issubclass(each, StrEnum) and list(each)]
ENDED = events.DeliveryEnded(announcement="a1", part=0, outlet="blog", state=DeliveryState.SENT, do=Deed.LOOK)
PLAN = events.StepPlan(id="tell", do="announce")
STARTED = events.RunStarted(run="r1", playbook="p", name="P", digest="d", steps=(PLAN,))
MADE = events.AnnouncementMade(
    announcement="a1", part=0, kind="update", audience="customers", texts={"en": ("T", "B")}, since=1.0,
    next_update=None, accounts=(), outlets=("blog",),
)  # fmt: skip


def test_a_word_is_written_as_itself_and_read_back_as_text() -> None:
    document = events.encode(ENDED)
    assert '"state":"sent"' in document
    assert '"do":"look"' in document
    back = events.decode("announce.outcome", document)
    assert back == ENDED
    assert isinstance(back, events.DeliveryEnded)
    assert type(back.state) is str


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_says_itself(kind: type[StrEnum]) -> None:
    assert all(f"{word}" == word.value == word for word in kind)


def test_words_of_a_newer_version_are_kept_and_break_nothing() -> None:
    ledger = Ledger()
    later = [
        STARTED,
        events.StepAsked(run="r1", step="tell", attempt=1, why="wonder", question="?", answers=("yes",)),
        events.StepEnded(run="r1", step="tell", attempt=1, outcome="paused", detail="later"),
        events.RunEnded(run="r1", state="parked"),
        MADE,
        events.DeliveryIntended(announcement="a1", part=0, outlet="blog", key="k", do="pin"),
        events.DeliveryEnded(announcement="a1", part=0, outlet="blog", state="pinned", do="pin"),
        events.AlertEnded(incident="i1", link="phone", what="nudged", outcome="heard"),
    ]
    for seq, event in enumerate(later, 1):
        kind, document = events.kind_of(event), events.encode(event)
        entry = Entry(seq=seq, at=float(seq), actor="ada", kind=kind, document=document, prev="", hash="")
        ledger.apply(entry)
    run = ledger.runs["r1"]
    assert (run.state, run.steps["tell"].state) == ("parked", "paused")
    assert run.state not in words.RUN_ENDED
    assert run.steps["tell"].state not in words.STEP_ENDED
    assert ledger.announcements["a1"].delivery(0, "blog").state == "pinned"
    assert {RunState.DONE, StepState.DONE} == {"done"}
