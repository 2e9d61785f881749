"""A delivery's key: the same for every try in a store, also after a crash, and another one in every other store."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import State
from outagetui.facts.events import AnnouncementMade
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.outlets.kit import AT, CASES, Case, outlet_of, tools_for
from tests.outlets.mailkit import outlet_for, tools_at
from tests.outlets.servers.post import Post
from tests.outlets.servers.service import running


def outbox_of(journal: MemoryJournal) -> Outbox:
    return Outbox(Current(config("page", "blog")), journal, lambda _: State.UP, lambda: AT)


def keys(outbox: Outbox, journal: MemoryJournal) -> list[str]:
    made = journal.ledger.announcements["a1"]
    return [outbox.delivery(made, event, name).key for _, _, event in made.parts for name in ("page", "blog")]


async def test_a_key_outlives_a_crash_and_is_nobody_else_s() -> None:
    stores = []
    for _ in range(2):
        journal = MemoryJournal()
        outbox = outbox_of(journal)
        for kind in ("update", "update", "resolved"):
            await outbox.make("ada", kind, "customers")
        found = keys(outbox, journal)
        fresh = journal.after_crash()
        assert keys(outbox_of(fresh), fresh) == found
        made = fresh.ledger.announcements["a1"]
        placed = [each.key for each in outbox.delivery(made, made.newest, "page").placed]
        assert set(placed) <= set(found)
        stores.append(found)
    assert len({*stores[0], *stores[1]}) == 12


async def test_a_journal_from_before_there_was_a_nonce_keeps_its_keys() -> None:
    journal = MemoryJournal()
    outbox = outbox_of(journal)
    made = await outbox.make("ada", "update", "customers")
    document = {name: value for name, value in msgspec.to_builtins(made).items() if name != "nonce"}
    old = MemoryJournal()
    old.put("ada", msgspec.convert(document, AnnouncementMade))
    outbox = outbox_of(old)
    await outbox.make("ada", "update", "customers")
    assert keys(outbox, old) == [
        "5cb6d4c198eddac5812d57ac",
        "a871fc30d77c0a363201b335",
        "e87a18b144cc442f30e9b5e7",
        "9ddde3223eb4f79438a3bf3c",
    ]


async def test_a_new_store_beside_an_old_record_of_letters_sends_its_own(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port)
        for _ in range(2):
            journal = MemoryJournal()
            tools = tools_at(tmp_path)
            outbox = Outbox(
                Current(replace(config(), outlets=(outlet,))), journal, lambda _: State.UP, lambda: AT, tools
            )
            made = await outbox.make("ada", "update", "customers", ["letters"])
            before = len(post.letters)
            (done,) = await outbox.deliver("ada", made.announcement, made.part)
            assert done.state == "sent"
            assert len(post.letters) > before


@pytest.mark.parametrize(
    "case", [each for each in CASES if each.kind in ("wordpress", "discourse")], ids=lambda c: c.kind
)
async def test_a_new_store_neither_takes_an_old_post_for_its_own_nor_writes_over_it(case: Case) -> None:
    service = case.service()
    service.now = AT
    async with running(service):
        settings = replace(config(), outlets=(outlet_of(case, service),))
        for note in ("The outage of March.", "The outage of November."):
            journal = MemoryJournal()
            outbox = Outbox(Current(settings), journal, lambda _: State.UP, lambda: AT, tools_for(service))
            made = await outbox.make("ada", "update", "customers", note=note)
            (done,) = await outbox.deliver("ada", made.announcement, made.part)
            assert done.state == "sent", done
        public = service.texts()
        assert [sum(note in text for text in public) for note in ("of March.", "of November.")] == [1, 1]
