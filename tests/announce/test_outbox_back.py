"""Taking an announcement back: from wherever it may be, tried again where it failed, and never begun twice."""

import asyncio
from collections.abc import Coroutine

import pytest
from outagetui.announce.outbox import AnnounceError
from outagetui.facts.events import DeliveryEnded
from tests.kit.presses import Net, Press
from tests.kit.virtual_loop import run


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_an_announcement_is_taken_back_from_wherever_it_may_be(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum", "wiki", "news")
        net.goes = {"forum": "stored", "wiki": "lost", "news": "refused"}
        await press.tell()
        net.goes = {}
        await press.tell("update", "blog")
        await press.outbox.retract("ada", "a1", "a mistake")
        made = press.pen.ledger.announcements["a1"]
        assert not made.open
        ended = await press.outbox.take_back("ada", "a1")
        assert {done.outlet: done.state for done in ended} == {"blog": "retracted", "forum": "retracted"}
        assert net.public == {}
        assert net.requests.count("retract wiki") == 0
        with pytest.raises(AnnounceError, match="a1 was taken back already"):
            await press.outbox.retract("ada", "a1")
        assert (await press.tell()).announcement == "a2"

    play(story())


def test_nothing_is_begun_any_more_once_it_is_being_taken_back(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes, net.reads = {"blog": "stored"}, {"blog": "slow"}
        await press.tell()
        net.goes = {}
        await press.outbox.make("ada", "update", "customers")
        telling = asyncio.create_task(press.outbox.deliver("ada", "a1", 1))
        await asyncio.sleep(1.0)  # it looks up what became of the part before
        await press.outbox.retract("ada", "a1")
        await telling
        assert press.became(1) == {"blog": "skipped"}
        await press.outbox.take_back("ada", "a1")
        assert net.public == {}

    play(story())


def test_what_could_not_be_taken_back_can_be_tried_again(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        await press.tell()
        net.goes = {"blog": "refused", "forum": "stored"}
        await press.outbox.retract("ada", "a1")
        await press.outbox.take_back("ada", "a1")
        back = press.pen.ledger.announcements["a1"].retractions
        assert {name: done.state for name, done in back.items()} == {"blog": "failed", "forum": "unknown"}
        with pytest.raises(AnnounceError, match="a1 was taken back: blog can only be tried once more to do so"):
            await press.order("blog", "skip")
        net.goes = {}
        for name in ("blog", "forum"):
            await press.order(name, "retry")
        assert {done.state for done in back.values()} == {"retracted"}
        assert net.public == {}

    play(story())


def test_what_is_still_being_sent_is_taken_back_too_and_what_is_not_begun_never_goes(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        net.goes = {"blog": "hangs after"}
        made = await press.outbox.make("ada", "update", "customers")
        press.courier.send("ada", made, ["blog"])
        await asyncio.sleep(1.0)
        await press.outbox.retract("ada", "a1")
        press.courier.take_back("ada", "a1")
        press.courier.send("ada", made, ["forum"])
        net.goes = {}
        await asyncio.sleep(30.0)
        assert net.public == {}
        assert press.became()["forum"] == "skipped"
        assert press.pen.ledger.announcements["a1"].retractions["blog"].state == "retracted"

    play(story())


@pytest.mark.parametrize("how", ["", "hangs", "hangs after"])
def test_the_next_daemon_goes_on_taking_back_and_repeats_nothing_by_itself(net: Net, how: str) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        await press.tell()
        await press.outbox.retract("ada", "a1")
        if how:
            net.goes = {"blog": how}
            task = asyncio.create_task(press.outbox.take_back("ada", "a1"))
            await asyncio.sleep(1.0)
        again = press.reborn()
        if how:
            task.cancel()
        net.goes = {}
        again.courier.settle()
        await asyncio.sleep(5.0)
        back = {name: done.state for name, done in again.pen.ledger.announcements["a1"].retractions.items()}
        assert back == {"blog": "unknown" if how else "retracted", "forum": "retracted"}
        if how:
            await again.order("blog", "retry")
        assert net.public == {}

    play(story())


def test_a_withdrawn_notice_stays_in_the_history_as_withdrawn(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        await press.tell("investigating")
        await press.tell("update")
        await press.outbox.retract("ada", "a1")
        await press.outbox.take_back("ada", "a1")
        await asyncio.sleep(1.0)
        later = await press.tell("update")
        made = press.pen.ledger.announcements["a2"]
        history = press.outbox.delivery(made, later, "blog").history
        assert [(post.announcement, post.kind, post.title, post.body) for post in history] == [
            ("a1", "withdrawn", "investigating", "")
        ]
        assert press.pen.told(DeliveryEnded)[-1].state == "sent"

    play(story())
