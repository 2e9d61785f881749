"""The page shows what stands open, whatever is done about older announcements meanwhile."""

import json
import re
from itertools import count
from pathlib import Path

from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Config, Outlet, State
from outagetui.facts.events import Activated, DeliveryEnded
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal

URL = "https://status.example.net/"


class Announcer:
    """An outbox that tells a page, a minute later each time it looks at the clock."""

    def __init__(self, directory: Path) -> None:
        page = Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=URL)
        settings: Config = replace(config(), outlets=(page,))
        directory.mkdir()
        self.directory, self._minutes = directory, count()
        self.journal = MemoryJournal(self._now)
        self.journal.put("ada", Activated(channel="phone"))
        self.outbox = Outbox(Current(settings), self.journal, lambda _: State.UP, self._now)

    async def announce(self, kind: str) -> str:
        made = await self.outbox.make("ada", kind, "customers")
        await self.outbox.deliver("ada", made.announcement, made.part)
        return self.state

    @property
    def state(self) -> str:
        (*_, last) = (event for event in self.journal.events(DeliveryEnded) if isinstance(event, DeliveryEnded))
        return f"{last.state} {last.detail}" if last.state == "failed" else last.state

    def shown(self) -> str:
        """Return what programs, readers and websites are told; all must agree."""
        incidents = json.loads((self.directory / "status.json").read_text())["incidents"]
        assert incidents, "nothing stands open"
        assert json.loads((self.directory / "xmpp-status.json").read_text())
        for name in ("notice.html", "index.html", "feed.atom"):
            assert incidents[0]["name"] in (self.directory / name).read_text(), name
        return str(incidents[0]["id"])

    def _now(self) -> float:
        return 1_795_000_000.0 + 60 * next(self._minutes)


async def test_taking_an_old_announcement_back_leaves_the_open_one_on_the_page(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path / "page")
    for kind in ("update", "resolved", "backup-active"):
        assert await announcer.announce(kind) == "sent"
    before = announcer.shown()
    await announcer.outbox.retract("ada", "a1", "")
    await announcer.outbox.take_back("ada", "a1")
    assert announcer.state == "retracted"
    assert announcer.shown() == before
    assert "withdrawn" in (announcer.directory / "index.html").read_text().lower()


async def test_trying_an_old_part_again_leaves_the_open_announcement_on_the_page(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path / "page")
    assert await announcer.announce("update") == "sent"
    away = announcer.directory.rename(tmp_path / "away")
    announcer.directory.touch()
    assert (await announcer.announce("resolved")).startswith("failed")
    announcer.directory.unlink()
    away.rename(announcer.directory)
    assert await announcer.announce("backup-active") == "sent"
    before = announcer.shown()
    part, _ = await announcer.outbox.order("ada", "a1", "page", "retry", part=1)
    await announcer.outbox.deliver("ada", "a1", part, again=True, only=["page"])
    assert announcer.state == "sent"
    assert announcer.shown() == before


async def test_what_is_taken_back_after_its_end_is_called_as_it_began(tmp_path: Path) -> None:
    announcer = Announcer(tmp_path / "page")
    for kind in ("update", "resolved"):
        assert await announcer.announce(kind) == "sent"
    await announcer.outbox.retract("ada", "a1", "")
    await announcer.outbox.take_back("ada", "a1")
    titles = re.findall(r"<title[^>]*>([^<]*)</title>", (announcer.directory / "feed.atom").read_text())[1:]
    assert [title.rpartition(" ")[2] for title in titles] == ["update"], titles
