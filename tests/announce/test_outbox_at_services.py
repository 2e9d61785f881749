"""The outbox at services: parts belong together, a second try looks first, and a drill has no login to lose."""

from typing import Any

import msgspec
import pytest
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.core.current import Current
from outagetui.core.model import Config, Outlet, State
from outagetui.facts.announcement import DeliveryRecord
from outagetui.facts.events import Activated, AnnouncementMade, DeliveryEnded
from outagetui.outlets import Tools
from tests.kit.page_outlets import config, states
from tests.kit.runner_in_memory import MemoryJournal
from tests.outlets.kit import AT, CASES, outlet_of, tools_for
from tests.outlets.servers.mastodon import Mastodon
from tests.outlets.servers.service import Fault, Service, running

CASE = next(case for case in CASES if case.kind == "mastodon")


def settings(service: Service, **changes: Any) -> Config:
    page = Outlet(
        id="page", name="Page", kind="page", audience="customers", directory="", url="https://status.example/"
    )
    outlet = msgspec.structs.replace(outlet_of(CASE, service), **changes)
    return msgspec.structs.replace(config(), outlets=(outlet, page))


def outbox_of(journal: MemoryJournal, settings: Config, tools: Tools | None) -> Outbox:
    return Outbox(Current(settings), journal, lambda _: State.UP, lambda: AT, tools)


async def announced(outbox: Outbox, kind: str, *, note: str = "") -> AnnouncementMade:
    made = await outbox.make("ada", kind, "customers", ["mastodon"], note=note)
    await outbox.deliver("ada", made.announcement, made.part)
    return made


def ended(journal: MemoryJournal) -> list[DeliveryEnded]:
    return [event for event in journal.events(DeliveryEnded) if isinstance(event, DeliveryEnded)]


async def test_later_parts_answer_the_one_before_and_name_the_accounts() -> None:
    service = Mastodon()
    async with running(service):
        journal = MemoryJournal()
        journal.put("ada", Activated(channel="phone"))
        service.now = AT
        outbox = outbox_of(journal, settings(service), tools_for(service))
        for kind in ("backup-active", "update", "resolved"):
            await announced(outbox, kind)
        assert {request.method for request in service.requests} == {"POST"}  # a first try has nothing to look for
        first, second, third = service.statuses.values()
        assert [each["in_reply_to_id"] for each in (first, second, third)] == [None, first["id"], second["id"]]
        assert "- Phone: phone.example" in first["text"]
        assert [event.remote_id for event in ended(journal)] == list(service.statuses)


async def test_what_surely_is_not_there_stays_failed_and_can_be_edited() -> None:
    service = Mastodon()
    async with running(service):
        journal = MemoryJournal()
        outbox = outbox_of(journal, settings(service, url="http://127.0.0.1:9"), tools_for(service))
        await announced(outbox, "update")
        for _ in range(2):
            assert ended(journal)[-1].state == "failed"
            part, _ = await outbox.order("ada", "a1", "mastodon", "retry")
            await outbox.deliver("ada", "a1", part, again=True, only=["mastodon"])
        assert [event.state for event in ended(journal)] == ["failed"] * 3
        await outbox.order("ada", "a1", "mastodon", "edit", title="Ours", body="Words of our own.")


async def test_stores_do_not_share_keys() -> None:
    service = Mastodon()
    async with running(service):
        for note in ("The first store's.", "The second store's."):
            await announced(outbox_of(MemoryJournal(), settings(service), tools_for(service)), "update", note=note)
        assert [note in each["text"] for each, note in zip(service.statuses.values(), ("first", "second"), strict=True)]


async def test_a_try_again_looks_first_and_posts_nothing_twice() -> None:
    service = Mastodon()
    async with running(service):
        journal = MemoryJournal()
        outbox = outbox_of(journal, settings(service), tools_for(service))
        service.fault = Fault("stored")
        made = await announced(outbox, "update", note="Soon.")
        assert states(journal) == {"mastodon": "unknown"}
        service.keys.clear()  # what a server forgets after an hour
        await outbox.deliver("ada", made.announcement, made.part, again=True)
        assert states(journal) == {"mastodon": "sent"}
        assert len(service.statuses) == 1


async def test_what_a_killed_daemon_left_is_looked_up() -> None:
    service = Mastodon()
    async with running(service):
        journal = MemoryJournal()
        outbox = outbox_of(journal, settings(service), tools_for(service))
        made = await announced(outbox, "update")
        assert made.part == 0
        journal.ledger.announcements["a1"].deliveries[0, "mastodon"] = DeliveryRecord(
            part=0, outlet="mastodon", state="sending"
        )
        await outbox.look_up("ada", "a1", 0)
        assert states(journal) == {"mastodon": "sent"}
        service.statuses.clear()
        journal.ledger.announcements["a1"].deliveries[0, "mastodon"] = DeliveryRecord(
            part=0, outlet="mastodon", state="sending"
        )
        await outbox.look_up("ada", "a1", 0)
        assert states(journal) == {"mastodon": "unknown"}


async def test_without_tools_no_login_is_loaded_and_nothing_leaves() -> None:
    service = Mastodon()
    async with running(service):
        journal = MemoryJournal()
        await announced(outbox_of(journal, settings(service), None), "update")
        assert states(journal) == {"mastodon": "failed"}
        assert ended(journal)[0].detail == "secret 'login': no secret is loaded here"
        assert service.requests == []


async def test_an_outlet_that_is_only_watched_and_a_page_too_long_are_told_before_anything_is_journaled() -> None:
    service = Mastodon()
    journal = MemoryJournal()
    known = settings(service).outlets[0]
    silent = msgspec.structs.replace(known.options, secret=None)
    watched = msgspec.structs.replace(known, options=silent)
    whole = msgspec.structs.replace(settings(service), outlets=(watched,))
    with pytest.raises(AnnounceError, match="mastodon cannot tell customers: another audience, no secret"):
        await outbox_of(journal, whole, None).make("ada", "update", "customers", ["mastodon"])
    bluesky = Outlet(id="b", name="B", kind="bluesky", audience="customers", options=known.options)
    page = msgspec.structs.replace(settings(service).outlets[1], url="https://status.example/" + "x" * 300)
    whole = msgspec.structs.replace(settings(service), outlets=(bluesky, page))
    with pytest.raises(AnnounceError, match="b: the limit of 300 is too small even for the link"):
        await outbox_of(journal, whole, None).make("ada", "update", "customers", ["b"], note="x " * 200)
    assert journal.entries == []
