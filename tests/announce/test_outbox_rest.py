"""An outlet that asks to be left alone is left so, whatever is to be told: a next part, a retraction, other news."""

import asyncio
from collections.abc import Coroutine

import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.core.model import State
from tests.kit.presses import Net, Press, settings
from tests.kit.runs import Pen
from tests.kit.virtual_loop import run
from tests.outlets.kit import AT, CASES, outlet_of, tools_for
from tests.outlets.servers.service import Answer, Fault, running


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_a_new_part_waits_for_what_the_part_before_was_asked(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        net.goes = {"blog": "busy"}
        await press.tell()
        asked = list(net.requests)
        net.goes = {}
        await asyncio.sleep(5.0)
        await press.tell("update", note="More.")
        assert press.became(1) == {"blog": "failed", "forum": "sent"}
        assert net.requests == [*asked, "forum a1.1"]
        why = "it asks to be left alone until 00:18 UTC: not sent; then outagetui delivery a1 blog retry"
        assert press.detail("blog", 1) == why
        row = press.pen.ledger.announcements["a1"].deliveries[1, "blog"]
        assert row is not None
        assert row.until == 1030.0
        with pytest.raises(AnnounceError, match="blog asks to be left alone for another 25 s"):
            await press.order("blog", "retry")
        await asyncio.sleep(25.0)
        await press.order("blog", "retry")
        assert press.became(1) == {"blog": "sent", "forum": "sent"}

    play(story())


def test_neither_a_word_to_leave_it_out_nor_another_daemon_forgets_it(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes = {"blog": "busy"}
        await press.tell("investigating")
        await press.order("blog", "skip")
        net.goes = {}
        later = press.reborn()
        await later.tell("update")
        assert later.became(1) == {"blog": "failed"}
        assert net.requests == ["blog a1.0"]

    play(story())


def test_a_retraction_waits_too_and_can_be_given_again_after(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        await press.tell()
        net.goes = {"blog": "busy"}
        await press.tell("update")
        net.goes = {}
        await press.outbox.retract("ada", "a1")
        (held,) = await press.outbox.take_back("ada", "a1")
        assert (held.state, held.until) == ("failed", 1030.0)
        assert held.detail.startswith("it asks to be left alone until 00:18 UTC: not taken back; then outagetui ")
        with pytest.raises(AnnounceError, match="blog asks to be left alone for another 30 s"):
            await press.order("blog", "retry")
        assert net.requests == ["blog a1.0", "blog a1.1"]
        await asyncio.sleep(30.0)
        await press.order("blog", "retry")
        assert net.public == {}

    play(story())


def test_what_a_service_asks_when_it_is_to_take_back_holds_for_the_next_try() -> None:
    async def story() -> None:
        case = next(each for each in CASES if each.kind == "mastodon")
        service = case.service()
        async with running(service):
            service.now = AT
            now = [AT]
            pen = Pen(lambda: now[0])
            config = replace(settings(), outlets=(outlet_of(case, service),))
            outbox = Outbox(config, pen, lambda name: State.UP, lambda: now[0], tools_for(service))
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
