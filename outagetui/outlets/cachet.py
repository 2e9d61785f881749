"""The `cachet` outlet: an incident of Cachet 3; later parts are its updates.

https://docs.cachethq.io/api-reference · Cachet keeps no key of ours, so what is there is known by its exact text.
"""

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import CachetOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools
from outagetui.outlets.answers import (
    SKEW,
    Account,
    inside,
    options_of,
    read_back,
    required,
    rows_of,
    same,
    status_of,
    words_of,
)
from outagetui.outlets.http import base

STATUSES = {"investigating": 1, "identified": 2, "monitoring": 3, "resolved": 4}
MADE = (200, 201)
PER_PAGE = 100
WESTMOST = timezone(timedelta(hours=-12))


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open an incident."""
    fitted = words_of(delivery)
    document = {
        "name": fitted.title,
        "message": fitted.text,
        "status": STATUSES[status_of(delivery)],
        "visible": True,
        "stickied": False,
        "notifications": options_of(outlet, CachetOptions).notify,
    }
    reply = await Account(outlet, tools).publish("POST", _incidents(outlet), MADE, document)
    page = _page(outlet, required(reply, "data", "attributes", "guid"))
    return Delivered("sent", page, required(reply, "data", "id"))


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Add an update to the incident."""
    document = {"status": STATUSES[status_of(delivery)], "message": words_of(delivery).text}
    first = delivery.placed[-1]
    url = f"{_incident(outlet, first)}/updates"
    reply = await Account(outlet, tools).publish("POST", url, MADE, document)
    return Delivered("sent", first.url, f"{opened(first)}.{required(reply, 'data', 'id')}")


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the incidents."""
    return await Account(outlet, tools).take_back(delivery.placed, lambda each: _incident(outlet, each))


def opened(placed: Placed) -> str:
    """Return the id of a part's incident; ids of updates have their own behind a dot."""
    return placed.remote_id.partition(".")[0]


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look among the newest incidents since the part was made, or the incident's updates, for exactly this text."""
    fitted = words_of(delivery)
    if not delivery.placed:
        for row in await _rows(outlet, tools, _incidents(outlet), {"sort": "-id"}):
            attributes = row.get("attributes")
            named = same(inside(attributes, "name"), fitted.title) and _since(attributes, delivery.at)
            if named and same(inside(attributes, "message"), fitted.text) and inside(attributes, "visible"):
                return Delivered("sent", _page(outlet, inside(attributes, "guid")), str(row.get("id")), "already there")
        return None
    first, others = delivery.placed[-1], {each.remote_id for each in delivery.placed}
    for row in await _rows(outlet, tools, f"{_incident(outlet, first)}/updates", {"sort": "-created_at"}):
        id = f"{opened(first)}.{row.get('id')}"
        if id not in others and same(inside(row, "attributes", "message"), fitted.text):
            return Delivered("sent", first.url, id, "already there")
    return None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the incident's public page."""
    return await read_back(outlet, delivered, tools, delivered.url, (words_of(delivery).plain,))


async def _rows(outlet: Outlet, tools: Tools, url: str, more: dict[str, str]) -> list[dict[str, Any]]:
    reply = await Account(outlet, tools).read(url, {"per_page": str(PER_PAGE), **more}, also=(404,))
    return rows_of(inside(reply.json(), "data")) if reply.status == 200 else []


def _since(attributes: object, at: float) -> bool:
    """Return whether an incident was made at `at` or later, as far as can be told: its time names no zone."""
    text = inside(attributes, "created", "string")
    if not isinstance(text, str):
        raise ValueError("an answer that is not understood: expected when an incident was made")
    made = datetime.fromisoformat(text)
    latest = made if made.tzinfo else made.replace(tzinfo=WESTMOST)
    return latest.timestamp() >= at - SKEW


def _incident(outlet: Outlet, placed: Placed) -> str:
    return f"{_incidents(outlet)}/{quote(opened(placed), safe='')}"


def _page(outlet: Outlet, guid: object) -> str:
    return f"{base(outlet)}/incidents/{guid}"


def _incidents(outlet: Outlet) -> str:
    return f"{base(outlet)}/api/incidents"
