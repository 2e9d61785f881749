"""The page shows all that its audience was told, whichever announcement makes it be written."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Outlet, State
from outagetui.facts.events import Activated
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.strict_html import assert_valid_atom, assert_valid_page

ATOM = "{http://www.w3.org/2005/Atom}"
CLEAR: tuple[Any, ...] = (
    {"indicator": "none", "description": "All clear"},
    [],
    [],
    {},
    "<!-- outagetui: no notice -->\n",
)


class Announcer:
    """One who announces on a page only, a minute apart."""

    def __init__(self, directory: Path) -> None:
        page = Outlet(
            id="page",
            name="Page",
            kind="page",
            audience="customers",
            directory=str(directory / "page"),
            url="https://status.example/",
        )
        self.directory = directory / "page"
        self.directory.mkdir()
        self.now = 1795352520.0
        self.journal = MemoryJournal()
        self.journal.clock = lambda: self.now
        self.outbox = Outbox(
            Current(replace(config(), outlets=(page,))), self.journal, lambda _: State.UP, lambda: self.now
        )
        self.journal.put("ada", Activated(channel="phone"))

    async def announce(self, kind: str, *, seconds: float = 60.0) -> str:
        """Announce, and return what became of it."""
        self.now += seconds
        made = await self.outbox.make("ada", kind, "customers", note=f"{kind} at {self.now:.0f}")
        (ended,) = await self.outbox.deliver("ada", made.announcement, made.part)
        return ended.state

    async def retract(self, announcement: str) -> None:
        self.now += 60
        await self.outbox.retract("ada", announcement)
        (ended,) = await self.outbox.take_back("ada", announcement)
        assert ended.state == "retracted"

    async def retry(self, announcement: str) -> None:
        self.now += 60
        part, due = await self.outbox.order("ada", announcement, "page", "retry")
        assert due == "send"
        (ended,) = await self.outbox.deliver("ada", announcement, part, only=["page"])
        assert ended.state == "sent"

    @property
    def shown(self) -> list[tuple[str, int]]:
        """The announcements and parts of the page from the top."""
        text = self.read("index.html")
        assert_valid_page(text)
        return [(id, int(part)) for id, part in re.findall(r'data-announcement="(\w+)" data-part="(\d+)"', text)]

    def read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="utf-8")

    @property
    def says(self) -> tuple[object, ...]:
        """What all the files for programs and other sites say holds now."""
        status = json.loads(self.read("status.json"))
        incidents = [each["id"] for each in status["incidents"]]
        outage = json.loads(self.read("xmpp-status.json"))
        return status["status"], incidents, status["backups"], outage, self.read("notice.html")

    def entries(self) -> list[str]:
        """The feed's entries from the top, each by the end of its id."""
        feed = assert_valid_atom(self.read("feed.atom").encode())
        found = [each.findtext(f"{ATOM}id") or "" for each in feed.findall(f"{ATOM}entry")]
        assert feed.findtext(f"{ATOM}updated") == max(each.text or "" for each in feed.iter(f"{ATOM}updated"))
        return [each.partition("/")[2] for each in found]


async def test_taking_back_an_older_one_leaves_the_open_one_as_it_stands(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path)
    for kind in ("backup-active", "resolved", "backup-active"):
        assert await announcer.announce(kind) == "sent"
    before, notice = announcer.says, announcer.read("notice.html")
    assert before[1] == ["a2"]
    assert "phone.example" in notice
    await announcer.retract("a1")
    assert announcer.says == before
    assert announcer.shown == [("a2", 0)]
    assert "Next update" in announcer.read("index.html")
    assert announcer.entries() == ["a1/withdrawn", "a2/0"]
    assert await announcer.announce("resolved") == "sent"
    assert announcer.says == CLEAR
    assert announcer.shown == [("a2", 1), ("a2", 0)]
    await announcer.retract("a2")
    assert announcer.says[1:] == CLEAR[1:]
    assert announcer.shown == []


async def test_an_older_part_that_is_tried_again_stands_below_the_open_one(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path)
    assert await announcer.announce("backup-active") == "sent"
    away = announcer.directory.rename(tmp_path / "away")
    announcer.directory.write_text("in the way")
    assert await announcer.announce("resolved") == "failed"
    announcer.directory.unlink()
    away.rename(announcer.directory)
    assert await announcer.announce("backup-active") == "sent"
    before, shown = announcer.says, announcer.shown
    assert shown == [("a2", 0), ("a1", 1), ("a1", 0)]
    await announcer.retry("a1")
    assert announcer.shown == shown
    assert announcer.says == before
    assert before[1] == ["a2"]
    delivery = announcer.outbox.delivery(
        announcer.journal.ledger.announcements["a1"], announcer.journal.ledger.announcements["a1"].part(1), "page"
    )
    assert delivery.above is not None


async def test_one_that_was_taken_back_stays_so_when_an_older_one_is_tried_again(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path)
    assert await announcer.announce("backup-active") == "sent"
    away = announcer.directory.rename(tmp_path / "away")
    announcer.directory.write_text("in the way")
    assert await announcer.announce("resolved") == "failed"
    announcer.directory.unlink()
    away.rename(announcer.directory)
    assert await announcer.announce("update") == "sent"
    await announcer.retract("a2")
    entries = announcer.entries()
    assert entries == ["a2/withdrawn", "a1/1", "a1/0"]
    await announcer.retry("a1")
    assert announcer.entries() == entries
    assert announcer.says[1:] == CLEAR[1:]


@pytest.mark.parametrize("back", [7200.0, 90.0])
async def test_a_clock_that_is_set_back_displaces_nothing(tmp_path: Path, back: float) -> None:
    announcer = Announcer(tmp_path)
    assert await announcer.announce("backup-active") == "sent"
    assert await announcer.announce("resolved") == "sent"
    assert await announcer.announce("backup-active", seconds=-back) == "sent"
    before = announcer.says
    assert before[1] == ["a2"]
    assert before[2] == [{"name": "Phone", "address": "phone.example"}]
    await announcer.retract("a1")
    assert announcer.says == before


async def test_what_surely_never_was_on_the_page_does_not_come_there_with_another(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path)
    assert await announcer.announce("backup-active") == "sent"
    assert await announcer.announce("resolved") == "sent"
    away = announcer.directory.rename(tmp_path / "away")
    announcer.directory.write_text("in the way")
    assert await announcer.announce("update") == "failed"
    announcer.directory.unlink()
    away.rename(announcer.directory)
    await announcer.retract("a1")
    assert announcer.shown == []
    await announcer.retry("a2")
    assert announcer.shown == [("a2", 0)]


async def test_a_draft_has_nothing_above_it(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path)
    for kind in ("update", "resolved"):
        assert await announcer.announce(kind) == "sent"
    made = announcer.journal.ledger.announcements.pop("a1")
    drafted = announcer.outbox.delivery(made, made.newest, "page")
    announcer.journal.ledger.announcements["a2"] = replace(made, id="a2")
    assert announcer.outbox.delivery(made, made.newest, "page").above is drafted.above is None
