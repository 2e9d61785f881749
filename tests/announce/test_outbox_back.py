"""Taking an announcement back: from wherever it may be, tried again where it failed, and never begun twice."""

import asyncio
from collections.abc import Coroutine

import pytest
from outagetui.announce.outbox import AnnounceError
from outagetui.facts.events import DeliveryEnded
from tests.kit.outlets_in_memory import OutboxInMemory, OutletsInMemory
from tests.kit.virtual_loop import run


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_an_announcement_is_taken_back_from_wherever_it_may_be(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum", "wiki", "news")
        outlets.goes = {"forum": "stored", "wiki": "lost", "news": "refused"}
        await box.announce()
        outlets.goes = {}
        await box.announce("update", "blog")
        await box.outbox.retract("ada", "a1", "a mistake")
        made = box.journal.ledger.announcements["a1"]
        assert not made.open
        ended = await box.outbox.take_back("ada", "a1")
        assert {done.outlet: done.state for done in ended} == {"blog": "retracted", "forum": "retracted"}
        assert outlets.public == {}
        assert outlets.requests.count("retract wiki") == 0
        with pytest.raises(AnnounceError, match="a1 was taken back already"):
            await box.outbox.retract("ada", "a1")
        assert (await box.announce()).announcement == "a2"

    play(story())


def test_nothing_is_begun_any_more_once_it_is_being_taken_back(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes, outlets.reads = {"blog": "stored"}, {"blog": "slow"}
        await box.announce()
        outlets.goes = {}
        await box.outbox.make("ada", "update", "customers")
        telling = asyncio.create_task(box.outbox.deliver("ada", "a1", 1))
        await asyncio.sleep(1.0)  # it looks up what became of the part before
        await box.outbox.retract("ada", "a1")
        await telling
        assert box.became(1) == {"blog": "skipped"}
        await box.outbox.take_back("ada", "a1")
        assert outlets.public == {}

    play(story())


def test_what_could_not_be_taken_back_can_be_tried_again(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        await box.announce()
        outlets.goes = {"blog": "refused", "forum": "stored"}
        await box.outbox.retract("ada", "a1")
        await box.outbox.take_back("ada", "a1")
        back = box.journal.ledger.announcements["a1"].retractions
        assert {name: done.state for name, done in back.items()} == {"blog": "failed", "forum": "unknown"}
        with pytest.raises(AnnounceError, match="a1 was taken back: blog can only be tried once more to do so"):
            await box.order("blog", "skip")
        outlets.goes = {}
        for name in ("blog", "forum"):
            await box.order(name, "retry")
        assert {done.state for done in back.values()} == {"retracted"}
        assert outlets.public == {}

    play(story())


def test_what_is_still_being_sent_is_taken_back_too_and_what_is_not_begun_never_goes(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        outlets.goes = {"blog": "hangs after"}
        made = await box.outbox.make("ada", "update", "customers")
        box.background.send("ada", made, ["blog"])
        await asyncio.sleep(1.0)
        await box.outbox.retract("ada", "a1")
        box.background.take_back("ada", "a1")
        box.background.send("ada", made, ["forum"])
        outlets.goes = {}
        await asyncio.sleep(30.0)
        assert outlets.public == {}
        assert box.became()["forum"] == "skipped"
        assert box.journal.ledger.announcements["a1"].retractions["blog"].state == "retracted"

    play(story())


@pytest.mark.parametrize("how", ["", "hangs", "hangs after"])
def test_the_next_daemon_goes_on_taking_back_and_repeats_nothing_by_itself(outlets: OutletsInMemory, how: str) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        await box.announce()
        await box.outbox.retract("ada", "a1")
        if how:
            outlets.goes = {"blog": how}
            task = asyncio.create_task(box.outbox.take_back("ada", "a1"))
            await asyncio.sleep(1.0)
        again = box.after_crash()
        if how:
            task.cancel()
        outlets.goes = {}
        again.background.settle()
        await asyncio.sleep(5.0)
        back = {name: done.state for name, done in again.journal.ledger.announcements["a1"].retractions.items()}
        assert back == {"blog": "unknown" if how else "retracted", "forum": "retracted"}
        if how:
            await again.order("blog", "retry")
        assert outlets.public == {}

    play(story())


def test_a_withdrawn_notice_stays_in_the_history_as_withdrawn(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        await box.announce("investigating")
        await box.announce("update")
        await box.outbox.retract("ada", "a1")
        await box.outbox.take_back("ada", "a1")
        await asyncio.sleep(1.0)
        later = await box.announce("update")
        made = box.journal.ledger.announcements["a2"]
        history = box.outbox.delivery(made, later, "blog").history
        assert [(post.announcement, post.kind, post.title, post.body) for post in history] == [
            ("a1", "withdrawn", "investigating", "")
        ]
        assert box.journal.events(DeliveryEnded)[-1].state == "sent"

    play(story())
