"""Outlets, what they would be told, and an order client that composes as a daemon does, to test the composer with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from outagetui.board.rows import AnnouncementRow, Board, DeliveryRow, OutletRow
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import State
from outagetui.core.orders import Order
from outagetui.tui.app import OutageApp
from outagetui.tui.screens.composer import ComposerScreen
from outagetui.tui.widgets.scrolling import Page
from tests.tui import fakes
from tests.tui.fakes import MINUTE, NOW, FakeOrders, FakeSource, document, outlet

PLACES = (
    outlet("page", "Status page", "page", language="en", url="https://status.example.net/"),
    outlet("blog", "Company blog", "wordpress", State.DOWN, language="en", why="http.503 Service Unavailable"),
    outlet("mastodon", "Mastodon", "mastodon", language="de"),
    outlet("x", "X", "x", language="en"),
    outlet("forum", "Forum", "discourse", language="en", publishes=False),
    outlet("intranet", "Intranet page", "page", language="en", audience="staff"),
)
BODY = """Dear customers,

since 14:02 our messenger does not work for some of you. We are at it, and reachable here meanwhile:
- Chat on the web site: https://webchat.example.net/
- Phone +49 30 901820: +49 30 901820
{note}
The next news follow by {next}. All accounts that are really ours: https://status.example.net/accounts.html"""
LIMITS = {"mastodon": 500, "x": 280}


def board(**fields: Any) -> Board:
    """The outage with words for every kind, and outlets that can tell."""
    return fakes.outage(**({"kinds": ANNOUNCEMENT_KINDS, "outlets": PLACES, "suggestions": ()} | fields))


def announced(*deliveries: DeliveryRow, **fields: Any) -> AnnouncementRow:
    made: dict[str, Any] = {
        "id": "a3",
        "kind": "backup-active",
        "audience": "customers",
        "title": "Reach us by web chat and phone",
        "body": BODY.format(note="", next="15:01"),
        "made": NOW - MINUTE,
        "since": NOW - 30 * MINUTE,
        "next_update": NOW + 29 * MINUTE,
        "open": True,
        "parts": 1,
        "deliveries": deliveries,
    }
    return AnnouncementRow(**made | fields)


def delivery(outlet: str, state: str, **fields: Any) -> DeliveryRow:
    title, body = "Reach us by web chat and phone", BODY.format(note="", next="15:01")
    words = {"title": title, "body": body, "text": f"{title}\n\n{body}"}
    return DeliveryRow(**{"outlet": outlet, "state": state} | words | fields)


def sheet(row: OutletRow, fields: dict[str, Any], next: str) -> dict[str, Any]:
    """What a daemon says of one outlet."""
    title = f"{fields['kind']}: reach us by web chat and phone"
    body = BODY.format(note=f"\n{fields['note']}\n" if fields.get("note", "") else "", next=next)
    own = fields.get("words", {}).get(row.id)
    title, body = own or (title, body)
    limit = LIMITS.get(row.kind, 0)
    text = f"{title}\n\n{body}"
    short = bool(limit) and len(text) > limit
    text = text[: limit - 1] + "…" if short else text
    return {
        "id": row.id, "name": row.name, "kind": row.kind, "language": row.language, "title": title, "body": body,
        "text": text, "count": len(text), "limit": limit, "shortened": short,
        "names": [] if short else ["Chat on the web site", "Phone +49 30 901820"],
        "cost": 0.015 if row.kind == "x" else None, "update": bool(fields.get("update")),
    }  # fmt: skip


@dataclass
class Daemon(FakeOrders):
    """Composes for `places`; `hold` makes every order wait, `cannot` refuses previews in these words."""

    places: tuple[OutletRow, ...] = PLACES
    cannot: str = ""
    shown: str = ""
    hold: asyncio.Event | None = None
    next: str = "15:02"
    warnings: tuple[tuple[str, str], ...] = (
        ("", "Phone +49 30 901820 is named and is slow"),
        ("blog", "its checks say it is down since 14:05: left out, unless it is tried on purpose"),
    )
    previews: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, order: Order) -> dict[str, object]:
        name, fields = document(order)
        if name != "preview":
            reply = await super().send(order)
            if self.hold is not None:
                await self.hold.wait()
            return {"announcement": "a3", "part": 0, **reply} if name == "announce" else reply
        self.previews.append(fields)
        if self.hold is not None:
            await self.hold.wait()
        if self.cannot:
            return {"ok": False, "error": self.cannot}
        rows = [row for row in self.places if row.id in fields["outlets"]]
        return {
            "ok": True, "announcement": fields.get("update", "a3"), "part": 1 if fields.get("update") else 0,
            "kind": fields["kind"], "audience": fields["audience"], "since": NOW - 30 * MINUTE,
            "next_update": None if fields["kind"] == "resolved" else NOW + 30 * MINUTE,
            "outlets": [sheet(row, fields, self.next) for row in rows],
            "effect": "names Chat on the web site and Phone +49 30 901820: 143 of 160 can reach us; 17 have only the "
                      "failed Public messenger",
            "warnings": [{"outlet": name, "words": words} for name, words in self.warnings
                         if name in ("", *fields["outlets"])],
            "shown": self.shown,
        }  # fmt: skip


@asynccontextmanager
async def composer(
    orders: FakeOrders | None = None,
    made: Board | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    ascii: bool = False,
) -> AsyncIterator[tuple[OutageApp, Any]]:
    """The operator's app with the composer in front, its first texts there."""
    app = OutageApp(FakeSource(made or board()), orders or Daemon(), clock=fakes.Clock(), ascii=ascii)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        await pilot.press("w")
        await pilot.pause()
        yield app, pilot


async def settled(app: OutageApp, pilot: object) -> ComposerScreen:
    """Wait until what was changed last is composed."""
    screen = app.screen
    assert isinstance(screen, ComposerScreen)
    async with asyncio.timeout(10):
        while not screen.composing.ready and not screen.composing.composed.trouble:
            await asyncio.sleep(0.02)
    await pilot.pause()  # type: ignore[attr-defined]
    return screen


async def read(app: OutageApp, pilot: Any) -> None:
    """Have every text in sight to its end, and end at the first outlet."""
    screen = await settled(app, pilot)
    texts = screen.query_one("#texts", Page)
    await pilot.press("home")
    for _ in screen.composing.places:
        await pilot.pause()
        while texts.unread:
            await pilot.press("pagedown")
            await pilot.pause()
        await pilot.press("down")
    await pilot.press("home")
    await pilot.pause()
