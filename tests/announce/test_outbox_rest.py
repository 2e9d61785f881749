"""An outlet that asks to be left alone is left so, whatever is to be told: a next part, a retraction, other news."""

import asyncio
from collections.abc import Coroutine

import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.core.current import Current
from outagetui.core.model import State
from tests.kit.outlets_in_memory import OutboxInMemory, OutletsInMemory, settings
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.virtual_loop import run
from tests.outlets.kit import AT, CASES, outlet_of, tools_for
from tests.outlets.servers.service import Answer, Fault, running


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_a_new_part_waits_for_what_the_part_before_was_asked(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        outlets.goes = {"blog": "busy"}
        await box.announce()
        asked = list(outlets.requests)
        outlets.goes = {}
        await asyncio.sleep(5.0)
        await box.announce("update", note="More.")
        assert box.became(1) == {"blog": "failed", "forum": "sent"}
        assert outlets.requests == [*asked, "forum a1.1"]
        why = "it asks to be left alone until 00:18 UTC: not sent; then outagetui delivery a1 blog retry"
        assert box.detail("blog", 1) == why
        row = box.journal.ledger.announcements["a1"].deliveries[1, "blog"]
        assert row is not None
        assert row.until == 1030.0
        with pytest.raises(AnnounceError, match="blog asks to be left alone for another 25 s"):
            await box.order("blog", "retry")
        await asyncio.sleep(25.0)
        await box.order("blog", "retry")
        assert box.became(1) == {"blog": "sent", "forum": "sent"}

    play(story())


def test_neither_a_word_to_leave_it_out_nor_another_daemon_forgets_it(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes = {"blog": "busy"}
        await box.announce("investigating")
        await box.order("blog", "skip")
        outlets.goes = {}
        later = box.after_crash()
        await later.announce("update")
        assert later.became(1) == {"blog": "failed"}
        assert outlets.requests == ["blog a1.0"]

    play(story())


def test_a_retraction_waits_too_and_can_be_given_again_after(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        await box.announce()
        outlets.goes = {"blog": "busy"}
        await box.announce("update")
        outlets.goes = {}
        await box.outbox.retract("ada", "a1")
        (held,) = await box.outbox.take_back("ada", "a1")
        assert (held.state, held.until) == ("failed", 1030.0)
        assert held.detail.startswith("it asks to be left alone until 00:18 UTC: not taken back; then outagetui ")
        with pytest.raises(AnnounceError, match="blog asks to be left alone for another 30 s"):
            await box.order("blog", "retry")
        assert outlets.requests == ["blog a1.0", "blog a1.1"]
        await asyncio.sleep(30.0)
        await box.order("blog", "retry")
        assert outlets.public == {}

    play(story())


def test_what_a_service_asks_when_it_is_to_take_back_holds_for_the_next_try() -> None:
    async def story() -> None:
        case = next(each for each in CASES if each.kind == "mastodon")
        service = case.service()
        async with running(service):
            service.now = AT
            now = [AT]
            journal = MemoryJournal(lambda: now[0])
            config = replace(settings(), outlets=(outlet_of(case, service),))
            outbox = Outbox(Current(config), journal, lambda name: State.UP, lambda: now[0], tools_for(service))
            await outbox.make("ada", "update", "customers")
            await outbox.deliver("ada", "a1", 0)
            service.fault = Fault("instead", Answer(429, {"error": "Too many requests"}, {"Retry-After": "3600"}))
            await outbox.retract("ada", "a1")
            (held,) = await outbox.take_back("ada", "a1")
            assert (held.state, held.until) == ("failed", AT + 3600.0)
            count = len(service.requests)
            with pytest.raises(AnnounceError, match="mastodon asks to be left alone for another 3600 s"):
                await outbox.order("ada", "a1", "mastodon", "retry")
            assert len(service.requests) == count
            now[0] += 3600.0
            await outbox.order("ada", "a1", "mastodon", "retry")
            (back,) = await outbox.take_back("ada", "a1")
            assert back.state == "retracted"
            assert service.texts() == []

    asyncio.run(story())
