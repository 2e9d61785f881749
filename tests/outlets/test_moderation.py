"""A forum that holds posts until a moderator approves them: nothing is posted twice, and nothing is called gone."""

import msgspec
import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Outlet, State
from outagetui.outlets import Delivered, Delivery, Placed, Tools, find, publish, retract
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.outlets.kit import AT, CASES, delivery_of, outlet_of, tools_for
from tests.outlets.servers.discourse import Discourse
from tests.outlets.servers.service import Answer, running

CASE = next(case for case in CASES if case.kind == "discourse")
HELD = "held until a moderator approves it"


def of(service: Discourse) -> tuple[Outlet, Tools]:
    return outlet_of(CASE, service), tools_for(service)


def with_held(part: Delivery, done: Delivered) -> Delivery:
    placed = Placed(part=part.part, key=part.key, at=part.at, remote_id=done.remote_id)
    return replace(part, placed=(placed, *part.placed))


async def test_what_is_held_is_not_posted_again_and_found_when_it_is_approved() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        service.moderated = True
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        assert (done.state, done.remote_id, done.detail) == ("unknown", "pending.3", HELD)
        again = await publish(outlet, replace(part, again=True), tools)
        assert (again.state, again.remote_id) == ("unknown", "pending.3")
        assert again.detail == f"not sent again, since it may be there: {HELD}"
        assert await find(outlet, part, tools) == done
        service.now = AT + 3600
        service.approve(3)
        there = await publish(outlet, replace(part, again=True), tools)
        assert (there.state, there.remote_id, there.detail) == ("sent", "40.500", "already there")
        assert len(service.written()) == 1


@pytest.mark.parametrize("staff", [False, True])
async def test_what_is_in_a_deleted_topic_is_there_no_more_though_moderators_are_shown_it(staff: bool) -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        service.staff = staff
        first = await publish(outlet, delivery_of(outlet), tools)
        reply = delivery_of(outlet, 1, (first,))
        done = await publish(outlet, reply, tools)
        assert await find(outlet, reply, tools) == replace(done, detail="already there")
        assert (await retract(outlet, reply, tools)).state == "retracted"
        assert await find(outlet, reply, tools) is None


async def test_a_reply_that_is_held_is_not_posted_again_either() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        first = await publish(outlet, delivery_of(outlet), tools)
        service.moderated = True
        part = delivery_of(outlet, 1, (first,))
        done = await publish(outlet, part, tools)
        assert (done.state, done.remote_id) == ("unknown", "pending.3")
        assert await find(outlet, part, tools) == done
        service.now = part.at
        service.approve(3)
        there = await publish(outlet, replace(part, again=True), tools)
        assert (there.state, there.detail) == ("sent", "already there")
        assert len(service.posts) == 2


async def test_what_is_held_is_taken_back_where_the_forum_lets_us() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        service.moderated = service.may_reject = True
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        taken = await retract(outlet, with_held(part, done), tools)
        assert (taken.state, taken.detail) == ("retracted", "deleted 1 of 1")
        assert service.held == {}
        assert await find(outlet, part, tools) is None


async def test_a_topic_is_taken_back_with_the_reply_that_is_held() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        first = await publish(outlet, delivery_of(outlet), tools)
        service.moderated = service.may_reject = True
        part = delivery_of(outlet, 1, (first,))
        done = await publish(outlet, part, tools)
        taken = await retract(outlet, with_held(part, done), tools)
        assert (taken.state, service.held, service.topics) == ("retracted", {}, {})


@pytest.mark.parametrize("approved", [False, True])
async def test_what_is_held_and_cannot_be_taken_back_is_not_called_gone(*, approved: bool) -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        service.moderated = True
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        if approved:
            service.approve(3)
        taken = await retract(outlet, with_held(part, done), tools)
        assert taken.state == "unknown"
        assert taken.detail.startswith(f"{HELD}; the forum does not let this login take it back (40")
        assert taken.detail.endswith(f"reject it at {service.url}/review/3")


async def test_what_is_held_and_cannot_be_looked_at_is_not_called_absent() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        service.reading = Answer(403, {"errors": ["no"]})
        found = await find(outlet, delivery_of(outlet), tools)
        assert found is not None
        assert found.state == "unknown"


@pytest.mark.parametrize("may", [True, False])
async def test_an_announcement_that_is_held_is_taken_back_as_a_whole(*, may: bool) -> None:
    service = Discourse()
    async with running(service):
        outlet, tools = of(service)
        page = Outlet(id="page", name="Page", kind="page", audience="customers", url="https://status.example/")
        journal, service.now, service.moderated, service.may_reject = MemoryJournal(), AT, True, may
        settings = msgspec.structs.replace(config(), outlets=(outlet, page))
        outbox = Outbox(Current(settings), journal, lambda _: State.UP, lambda: AT, tools)
        made = await outbox.make("ada", "update", "customers", ["discourse"], note="We are on it.")
        await outbox.deliver("ada", made.announcement, made.part)
        await outbox.retract("ada", made.announcement)
        (done,) = await outbox.take_back("ada", made.announcement)
        assert (done.state, len(service.held)) == (("retracted", 0) if may else ("unknown", 1))
        assert may or done.detail.startswith(f"{HELD}; the forum does not let this login")
