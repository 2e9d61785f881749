"""The page is there from the daemon's first start, and never in the place of something else."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace
from outagetui.core.current import Current
from outagetui.daemon.first_pages import FirstPages
from outagetui.facts.events import AnnouncementMade, DeliveryEnded
from outagetui.outlets import Tools
from outagetui.outlets.page_marks import read
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.waiting import until


class Pages(FirstPages):
    def __init__(self, *places: Path) -> None:
        self.memory = MemoryJournal()
        self.current = Current(config(*map(str, places)))
        super().__init__(self.current, self.memory, Tools.bare("Example", "UTC", lambda: 1_780_000_000.0), retry=0.05)
        self.looks = 0

    async def _write(self) -> None:
        await super()._write()
        self.looks += 1


@asynccontextmanager
async def seen_to(pages: Pages) -> AsyncIterator[None]:
    """Run it, looking once first."""
    running = asyncio.ensure_future(pages.run())
    await until(lambda: pages.looks > 0, 10.0)
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_calm_page_is_there_from_the_start(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    async with seen_to(pages):
        pass
    marks = read(tmp_path / "index.html")
    assert marks is not None
    assert marks.quiet
    assert {"feed.atom", "status.json", "notice.html"} <= {file.name for file in tmp_path.iterdir()}
    assert pages.trouble == ""


async def test_what_lies_there_is_never_written_over(tmp_path: Path) -> None:
    foreign = "<h1>Our company</h1>"
    (tmp_path / "index.html").write_text(foreign)
    pages = Pages(tmp_path)
    async with seen_to(pages):
        pass
    assert (tmp_path / "index.html").read_text() == foreign
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]
    assert pages.trouble == ""


async def test_no_calm_page_takes_the_place_of_what_stands_open(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    name = str(tmp_path)
    made = AnnouncementMade(
        announcement="a1", part=0, kind="update", audience="customers", texts={"en": ("a", "b")}, since=1.0,
        next_update=None, accounts=(), outlets=(name,),
    )  # fmt: skip
    sent = DeliveryEnded(announcement="a1", part=0, outlet=name, state="sent")
    pages.memory.put("ada", made)
    pages.memory.put("daemon", sent)
    async with seen_to(pages):
        pass
    assert list(tmp_path.iterdir()) == []


async def test_a_directory_that_is_not_there_is_trouble_until_it_is(tmp_path: Path) -> None:
    place = tmp_path / "later"
    pages = Pages(place)
    async with seen_to(pages):
        pass
    assert pages.trouble.endswith(f" has no page: {place}: No such file or directory")
    place.mkdir()
    async with seen_to(pages):
        await until(lambda: not pages.trouble)
    assert (place / "index.html").is_file()


async def test_a_fifo_in_the_place_of_the_page_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "index.html")
    pages = Pages(tmp_path)
    async with seen_to(pages):
        pass
    assert "is no regular file" in pages.trouble


async def test_a_new_configuration_has_its_pages_too(tmp_path: Path) -> None:
    pages = Pages()
    async with seen_to(pages):
        pages.current.config = replace(pages.current.config, outlets=config(str(tmp_path)).outlets)
        pages.renew()
        await until((tmp_path / "index.html").is_file)
