"""The `statuspage` outlet: an incident on a page of Atlassian Statuspage; later parts are its updates.

https://developer.statuspage.io/#tag/incidents · Our keys lie in the incident's metadata, which readers do not see.
"""

from collections.abc import Mapping
from operator import attrgetter
from urllib.parse import quote

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import StatuspageOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools
from outagetui.outlets.answers import (
    Account,
    inside,
    options_of,
    read_back,
    required,
    rows_of,
    status_of,
    value_of,
    words_of,
)
from outagetui.protocols.http_answer import Reply

OURS = "outagetui"


class _Page(Account):
    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        super().__init__(outlet, tools)
        self.options = options_of(outlet, StatuspageOptions)
        self.incidents = f"{self.base}/v1/pages/{quote(self.options.account or '', safe='')}/incidents"

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        return {"Authorization": f"OAuth {self.secret}"}

    def incident(self, placed: Placed) -> str:
        """Return the URL of the incident of a part."""
        return f"{self.incidents}/{quote(placed.remote_id, safe='')}"


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open an incident."""
    page = _Page(outlet, tools)
    document = _incident(page, delivery) | {"name": words_of(delivery).title}
    return _sent(await page.publish("POST", page.incidents, (201,), {"incident": document}))


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Add an update to the incident."""
    page = _Page(outlet, tools)
    document = _incident(page, delivery)
    return _sent(await page.publish("PATCH", page.incident(delivery.placed[-1]), (200,), {"incident": document}))


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the incidents."""
    page = _Page(outlet, tools)
    return await page.take_back(delivery.placed, page.incident)


opened = attrgetter("remote_id")  # all parts are in one incident


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look for the key in the metadata of the incident, or of the newest hundred."""
    page = _Page(outlet, tools)
    if delivery.placed:
        reply = await page.read(page.incident(delivery.placed[-1]), also=(404,))
        rows = [reply.json()] if reply.status == 200 else []
    else:
        rows = (await page.read(f"{page.incidents}?limit=100")).json()
    for row in rows_of(rows):
        keys = inside(row, "metadata", OURS, "keys")
        if isinstance(keys, list) and delivery.key in keys:
            return Delivered("sent", str(row.get("shortlink") or ""), str(row.get("id")), "already there")
    return None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the incident's public page."""
    return await read_back(outlet, delivered, tools, delivered.url, (words_of(delivery).plain,))


def _incident(page: _Page, delivery: Delivery) -> dict[str, object]:
    return {
        "status": status_of(delivery),
        "body": words_of(delivery).text,
        "deliver_notifications": page.options.notify,
        "metadata": {OURS: {"keys": [*(each.key for each in reversed(delivery.placed)), delivery.key]}},
    }


def _sent(reply: Reply) -> Delivered:
    return Delivered("sent", str(value_of(reply, "shortlink") or ""), required(reply, "id"))
