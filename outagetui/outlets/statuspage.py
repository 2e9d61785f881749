"""The `statuspage` outlet: an incident on a page of Atlassian Statuspage; later parts are its updates.

https://developer.statuspage.io/#tag/incidents · Our keys lie in the incident's metadata, which readers do not see.
"""

from typing import Any
from urllib.parse import quote

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import StatuspageOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools
from outagetui.outlets.answers import (
    inside,
    login_of,
    options_of,
    read_back,
    required,
    rows_of,
    status_of,
    take_back,
    value_of,
    words_of,
)
from outagetui.outlets.http import Wire, base
from outagetui.protocols.http_answer import Reply

OURS = "outagetui"


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open an incident."""
    return await _save(outlet, delivery, tools, "POST", _incidents(outlet), 201, {"name": words_of(delivery).title})


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Add an update to the incident."""
    return await _save(outlet, delivery, tools, "PATCH", _incident(outlet, delivery.placed[-1]), 200, {})


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the incident."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        return await wire.ask("DELETE", _incident(outlet, placed), publishes=True, headers=auth)

    return await take_back(wire, delivery.placed[-1:], delete, name)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look for the key in the metadata of the incident, or of the newest hundred."""
    name, auth = _login(outlet, tools)
    url = _incident(outlet, delivery.placed[-1]) if delivery.placed else f"{_incidents(outlet)}?limit=100"
    wire = Wire(outlet, tools)
    reply = await wire.ask("GET", url, headers=auth)
    if delivery.placed and reply.status == 404:
        return None
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    document = reply.json()
    for row in rows_of([document] if delivery.placed else document):
        keys = inside(row, "metadata", OURS, "keys")
        if isinstance(keys, list) and delivery.key in keys:
            return Delivered("sent", str(row.get("shortlink") or ""), str(row.get("id")), "already there")
    return None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the incident's public page."""
    return await read_back(outlet, delivered, tools, delivered.url, (words_of(delivery).plain,))


async def _save(
    outlet: Outlet, delivery: Delivery, tools: Tools, method: str, url: str, good: int, more: dict[str, Any]
) -> Delivered:
    name, auth = _login(outlet, tools)
    keys = [*(each.key for each in reversed(delivery.placed)), delivery.key]
    incident = {
        **more,
        "status": status_of(delivery),
        "body": words_of(delivery).text,
        "deliver_notifications": options_of(outlet, StatuspageOptions).notify,
        "metadata": {OURS: {"keys": keys}},
    }
    wire = Wire(outlet, tools)
    reply = await wire.ask(method, url, publishes=True, headers=auth, json={"incident": incident})
    if reply.status != good:
        raise wire.refuse(reply, secret=name)
    return Delivered("sent", str(value_of(reply, "shortlink") or ""), required(reply, "id"))


def _incidents(outlet: Outlet) -> str:
    page = quote(options_of(outlet, StatuspageOptions).account or "", safe="")
    return f"{base(outlet)}/v1/pages/{page}/incidents"


def _incident(outlet: Outlet, placed: Placed) -> str:
    return f"{_incidents(outlet)}/{quote(placed.remote_id, safe='')}"


def _login(outlet: Outlet, tools: Tools) -> tuple[str, dict[str, str]]:
    name, key = login_of(outlet, tools)
    return name, {"Authorization": f"OAuth {key}"}
