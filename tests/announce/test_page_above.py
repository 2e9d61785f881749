"""The page shows what stands open, whatever is done about older announcements meanwhile."""

import json
import re
from itertools import count
from pathlib import Path

from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.core.model import Config, Outlet, State
from outagetui.facts.events import Activated, DeliveryEnded
from tests.announce.test_outbox import config
from tests.kit.runs import Pen

URL = "https://status.example.net/"


class Desk:
    """An outbox that tells a page, a minute later each time it looks at the clock."""

    def __init__(self, directory: Path) -> None:
        page = Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=URL)
        settings: Config = replace(config(), outlets=(page,))
        directory.mkdir()
        self.directory, self._minutes = directory, count()
        self.pen = Pen(self._now)
        self.pen.put("ada", Activated(channel="phone"))
        self.outbox = Outbox(settings, self.pen, lambda _: State.UP, self._now)

    async def tell(self, kind: str) -> str:
        made = await self.outbox.make("ada", kind, "customers")
        await self.outbox.deliver("ada", made.announcement, made.part)
        return self.state

    @property
    def state(self) -> str:
        (*_, last) = (event for event in self.pen.told(DeliveryEnded) if isinstance(event, DeliveryEnded))
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
    desk = Desk(tmp_path / "page")
    for kind in ("update", "resolved", "backup-active"):
        assert await desk.tell(kind) == "sent"
    before = desk.shown()
    await desk.outbox.retract("ada", "a1", "")
    await desk.outbox.take_back("ada", "a1")
    assert desk.state == "retracted"
    assert desk.shown() == before
    assert "withdrawn" in (desk.directory / "index.html").read_text().lower()


async def test_trying_an_old_part_again_leaves_the_open_announcement_on_the_page(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "page")
    assert await desk.tell("update") == "sent"
    away = desk.directory.rename(tmp_path / "away")
    desk.directory.touch()
    assert (await desk.tell("resolved")).startswith("failed")
    desk.directory.unlink()
    away.rename(desk.directory)
    assert await desk.tell("backup-active") == "sent"
    before = desk.shown()
    part, _ = await desk.outbox.order("ada", "a1", "page", "retry", part=1)
    await desk.outbox.deliver("ada", "a1", part, again=True, only=["page"])
    assert desk.state == "sent"
    assert desk.shown() == before


async def test_what_is_taken_back_after_its_end_is_called_as_it_began(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "page")
    for kind in ("update", "resolved"):
        assert await desk.tell(kind) == "sent"
    await desk.outbox.retract("ada", "a1", "")
    await desk.outbox.take_back("ada", "a1")
    titles = re.findall(r"<title[^>]*>([^<]*)</title>", (desk.directory / "feed.atom").read_text())[1:]
    assert [title.rpartition(" ")[2] for title in titles] == ["update"], titles
