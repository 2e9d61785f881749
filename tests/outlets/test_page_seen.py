"""The page outlet, read back over HTTP and taken back."""

import html
from pathlib import Path

from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.outlets import Delivery, Placed, Post, find, publish, retract, seen
from tests.outlets.kit import AT, TOOLS
from tests.outlets.servers.service import Answer, Request, Service, running

PART = Delivery(
    announcement="a7",
    part=0,
    key="key-0",
    kind="investigating",
    audience="customers",
    language="en",
    title="Messenger is “disrupted” & <slow>",
    body="It fails.",
    since=AT,
    at=AT,
)
OLD = Post(announcement="a6", part=0, kind="resolved", title="All was well", body="It is over.", at=AT - 9e5)


class Site(Service):
    """Serves a directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory

    def answer(self, request: Request) -> Answer:
        request.public()
        assert request.path == "/"
        return Answer(200, (self.directory / "index.html").read_text(encoding="utf-8"))


def page_at(directory: Path, url: str) -> Outlet:
    return Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=url)


async def test_a_page_that_is_served_shows_its_part(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with running(site):
        outlet = page_at(tmp_path, f"{site.url}/")
        done = await publish(outlet, PART, TOOLS)
        assert (await seen(outlet, done, PART, TOOLS)).state == "seen"
        later = replace(PART, part=1, key="key-1")
        read = await seen(outlet, done, later, TOOLS)
        assert read.state == "sent"
        assert read.detail == f"{site.url}/ does not show it: is {tmp_path} what it serves?"


async def test_a_page_that_nobody_serves_is_sent_and_no_more(tmp_path: Path) -> None:
    outlet = page_at(tmp_path, "http://127.0.0.1:1/")
    done = await publish(outlet, PART, TOOLS)
    read = await seen(outlet, done, PART, TOOLS)
    assert (read.state, read.detail) == ("sent", "could not be read back: 127.0.0.1: connection refused")


async def test_a_retracted_announcement_is_withdrawn_and_what_was_before_stays(tmp_path: Path) -> None:
    outlet = page_at(tmp_path, "http://127.0.0.1:1/")
    part = replace(PART, history=(OLD,))
    placed = await publish(outlet, part, TOOLS)
    assert (await retract(outlet, part, TOOLS)).state == "skipped"  # nothing is known to be there
    taken = replace(part, placed=(Placed(part=0, key="key-0", at=AT, remote_id=placed.remote_id),))
    assert (await retract(outlet, taken, TOOLS)).state == "retracted"
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "All was well" in text
    assert "Notice withdrawn" in text
    assert PART.title in html.unescape(text)
    assert PART.body not in text
    assert await find(outlet, part, TOOLS) is None
    await publish(outlet, PART, TOOLS)
    assert (await retract(outlet, replace(taken, history=()), TOOLS)).state == "retracted"
    for name in ("index.html", "feed.atom", "status.json"):
        assert PART.body not in (tmp_path / name).read_text(encoding="utf-8")
