"""The `mastodon` outlet: a status for every part, later ones as replies to the one before.

https://docs.joinmastodon.org/methods/statuses/ · The server remembers an Idempotency-Key for an hour.
"""

from urllib.parse import quote

from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import MastodonOptions
from outagetui.core.times import base as tongue
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.answers import (
    SKEW,
    login_of,
    moment,
    options_of,
    read_back,
    required,
    rows_of,
    same,
    take_back,
    value_of,
    words_of,
)
from outagetui.outlets.http import Wire, base, origin
from outagetui.protocols.http_answer import Reply

PAGES = 5  # of the account's statuses that a look-up reads
PER_PAGE = 40


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post a status."""
    return await _post(outlet, delivery, tools, "")


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post a reply to the part before."""
    return await _post(outlet, delivery, tools, delivery.placed[0].remote_id)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete all statuses of the announcement."""
    name, token = login_of(outlet, tools)
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        url = f"{_api(outlet)}/statuses/{quote(placed.remote_id, safe='')}"
        return await wire.ask("DELETE", url, publishes=True, headers=_auth(token))

    return await take_back(wire, delivery.placed, delete, name)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look through the account's statuses since the part was made for one with the same text."""
    name, token = login_of(outlet, tools)
    text = words_of(delivery).text
    others = {each.remote_id for each in delivery.placed}
    wire = Wire(outlet, tools)
    me = await wire.ask("GET", f"{_api(outlet)}/accounts/verify_credentials", headers=_auth(token))
    if me.status != 200:
        raise wire.refuse(me, secret=name, publishes=False)
    url = f"{_api(outlet)}/accounts/{quote(required(me, 'id'), safe='')}/statuses"
    older: dict[str, str] = {}
    for _ in range(PAGES):
        params = {"limit": str(PER_PAGE), "exclude_reblogs": "true", **older}
        reply = await wire.ask("GET", url, headers=_auth(token), params=params)
        if reply.status != 200:
            raise wire.refuse(reply, secret=name, publishes=False)
        rows = rows_of(reply.json())
        for row in rows:
            fresh = moment(row.get("created_at")) >= delivery.at - SKEW
            if fresh and str(row.get("id")) not in others and same(text_of(str(row.get("content"))), text):
                return Delivered("sent", str(row.get("url") or ""), str(row.get("id")), "already there")
        if not rows or min(moment(row.get("created_at")) for row in rows) < delivery.at - SKEW:
            return None
        older = {"max_id": str(rows[-1].get("id"))}
    raise UnsentError(f"more than {PAGES * PER_PAGE} newer statuses to look through")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the status without a login."""
    url = f"{_api(outlet)}/statuses/{quote(delivered.remote_id, safe='')}"
    texts = (words_of(delivery).plain,)
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: text_of(str(value_of(reply, "content"))))


async def _post(outlet: Outlet, delivery: Delivery, tools: Tools, reply_to: str) -> Delivered:
    name, token = login_of(outlet, tools)
    document = {
        "status": words_of(delivery).text,
        "visibility": options_of(outlet, MastodonOptions).visibility,
        "language": tongue(delivery.language),
        **({"in_reply_to_id": reply_to} if reply_to else {}),
    }
    headers = {**_auth(token), "Idempotency-Key": delivery.key}
    wire = Wire(outlet, tools)
    reply = await wire.ask("POST", f"{_api(outlet)}/statuses", publishes=True, headers=headers, json=document)
    if reply.status != 200:
        raise wire.refuse(reply, secret=name)
    return Delivered("sent", required(reply, "url"), required(reply, "id"))


def _api(outlet: Outlet) -> str:
    return f"{origin(base(outlet))}/api/v1"


def _auth(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
