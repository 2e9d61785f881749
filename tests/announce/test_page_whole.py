"""The page shows all that its audience was told, whichever announcement makes it be written."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.model import Outlet, State
from outagetui.facts.events import Activated
from tests.announce.test_outbox import config
from tests.kit.pagekit import assert_valid_atom, assert_valid_page
from tests.playbook.test_runner import Pen

ATOM = "{http://www.w3.org/2005/Atom}"
CLEAR = ({"indicator": "none", "description": "All clear"}, [], [], {}, "<!-- outagetui: no notice -->\n")


class Desk:
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
        self.pen = Pen()
        self.pen.clock = lambda: self.now
        self.outbox = Outbox(replace(config(), outlets=(page,)), self.pen, lambda _: State.UP, lambda: self.now)
        self.pen.put("ada", Activated(channel="phone"))

    async def tell(self, kind: str, *, seconds: float = 60.0) -> str:
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
    desk = Desk(tmp_path)
    for kind in ("backup-active", "resolved", "backup-active"):
        assert await desk.tell(kind) == "sent"
    before, notice = desk.says, desk.read("notice.html")
    assert before[1] == ["a2"]
    assert "phone.example" in notice
    await desk.retract("a1")
    assert desk.says == before
    assert desk.shown == [("a2", 0)]
    assert "Next update" in desk.read("index.html")
    assert desk.entries() == ["a1/withdrawn", "a2/0"]
    assert await desk.tell("resolved") == "sent"
    assert desk.says == CLEAR
    assert desk.shown == [("a2", 1), ("a2", 0)]
    await desk.retract("a2")
    assert desk.says[1:] == CLEAR[1:]
    assert desk.shown == []


async def test_an_older_part_that_is_tried_again_stands_below_the_open_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert await desk.tell("backup-active") == "sent"
    away = desk.directory.rename(tmp_path / "away")
    desk.directory.write_text("in the way")
    assert await desk.tell("resolved") == "failed"
    desk.directory.unlink()
    away.rename(desk.directory)
    assert await desk.tell("backup-active") == "sent"
    before, shown = desk.says, desk.shown
    assert shown == [("a2", 0), ("a1", 1), ("a1", 0)]
    await desk.retry("a1")
    assert desk.shown == shown
    assert desk.says == before
    assert before[1] == ["a2"]
    delivery = desk.outbox.delivery(
        desk.pen.ledger.announcements["a1"], desk.pen.ledger.announcements["a1"].part(1), "page"
    )
    assert delivery.above is not None


async def test_one_that_was_taken_back_stays_so_when_an_older_one_is_tried_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert await desk.tell("backup-active") == "sent"
    away = desk.directory.rename(tmp_path / "away")
    desk.directory.write_text("in the way")
    assert await desk.tell("resolved") == "failed"
    desk.directory.unlink()
    away.rename(desk.directory)
    assert await desk.tell("update") == "sent"
    await desk.retract("a2")
    entries = desk.entries()
    assert entries == ["a2/withdrawn", "a1/1", "a1/0"]
    await desk.retry("a1")
    assert desk.entries() == entries
    assert desk.says[1:] == CLEAR[1:]


@pytest.mark.parametrize("back", [7200.0, 90.0])
async def test_a_clock_that_is_set_back_displaces_nothing(tmp_path: Path, back: float) -> None:
    desk = Desk(tmp_path)
    assert await desk.tell("backup-active") == "sent"
    assert await desk.tell("resolved") == "sent"
    assert await desk.tell("backup-active", seconds=-back) == "sent"
    before = desk.says
    assert before[1] == ["a2"]
    assert before[2] == [{"name": "Phone", "address": "phone.example"}]
    await desk.retract("a1")
    assert desk.says == before


async def test_what_surely_never_was_on_the_page_does_not_come_there_with_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert await desk.tell("backup-active") == "sent"
    assert await desk.tell("resolved") == "sent"
    away = desk.directory.rename(tmp_path / "away")
    desk.directory.write_text("in the way")
    assert await desk.tell("update") == "failed"
    desk.directory.unlink()
    away.rename(desk.directory)
    await desk.retract("a1")
    assert desk.shown == []
    await desk.retry("a2")
    assert desk.shown == [("a2", 0)]


async def test_a_draft_has_nothing_above_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for kind in ("update", "resolved"):
        assert await desk.tell(kind) == "sent"
    made = desk.pen.ledger.announcements.pop("a1")
    drafted = desk.outbox.delivery(made, made.newest, "page")
    desk.pen.ledger.announcements["a2"] = replace(made, id="a2")
    assert desk.outbox.delivery(made, made.newest, "page").above is drafted.above is None
