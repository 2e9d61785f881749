"""The `facebook` outlet: one post on a page for an announcement; later parts edit it, for old posts are shown for days.

https://developers.facebook.com/docs/pages-api/posts · The token goes into a header, so that no log of addresses has it.
"""

from typing import Any
from urllib.parse import quote

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import FacebookOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.answers import (
    SKEW,
    inside,
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
from outagetui.outlets.http import Wire, base
from outagetui.protocols.http_answer import Reply
from outagetui.wording.counting import URL

VERSION = "v25.0"
SITE = "https://www.facebook.com"
FIELDS = "id,message,created_time,permalink_url"
LOGIN = frozenset({10, 102, 190, 200})  # error codes, developers.facebook.com/docs/graph-api/guides/error-handling
TOO_MANY = frozenset({4, 17, 32, 341, 368, 613, 80001})
SAME_TEXT = 506


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post on the page, with a preview of the last address that the text names."""
    text = words_of(delivery).text
    links = [match[0] for match in URL.finditer(text)]
    form = {"message": text, "published": "true", **({"link": links[-1]} if links else {})}
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    reply = await wire.ask("POST", f"{_page(outlet)}/feed", publishes=True, headers=auth, form=form)
    refused = _refusal(wire, reply, name) if reply.status != 200 else None
    if refused is None:
        return _sent(required(reply, "id"))
    there = await find(outlet, delivery, tools) if inside(_error(reply), "code") == SAME_TEXT else None
    if there is None:
        raise refused
    return there


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Let the post say what holds now; doing so again changes nothing."""
    name, auth = _login(outlet, tools)
    post = delivery.placed[-1].remote_id
    wire = Wire(outlet, tools)
    form = {"message": words_of(delivery).text}
    reply = await wire.ask("POST", _post(outlet, post), publishes=True, headers=auth, form=form)
    if reply.status != 200 or value_of(reply, "success") is not True:
        raise _refusal(wire, reply, name)
    return _sent(post)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the post."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        reply = await wire.ask("DELETE", _post(outlet, placed.remote_id), publishes=True, headers=auth)
        if reply.status != 200 and not _is_gone(reply):
            raise _refusal(wire, reply, name)
        return Reply(200, {}, b"", "")

    return await take_back(wire, delivery.placed[-1:], delete, name)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look for a post with the same text: among the page's since the part was made, or the one that it edits."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    if delivery.placed:
        url, params = _post(outlet, delivery.placed[-1].remote_id), {"fields": FIELDS}
    else:
        since = str(int(delivery.at - SKEW))
        url, params = f"{_page(outlet)}/feed", {"fields": FIELDS, "since": since, "limit": "100"}
    reply = await wire.ask("GET", url, headers=auth, params=params)
    if delivery.placed and reply.status != 200 and _is_gone(reply):
        return None
    if reply.status != 200:
        raise _refusal(wire, reply, name, publishes=False)
    document = reply.json()
    rows = [document] if delivery.placed else rows_of(inside(document, "data"))
    for row in rows:
        fresh = bool(delivery.placed) or moment(row.get("created_time")) >= delivery.at - SKEW
        if fresh and same(row.get("message"), words_of(delivery).text):
            return _sent(str(row["id"]), str(row.get("permalink_url") or ""), "already there")
    if inside(document, "paging", "next"):
        raise UnsentError("more than 100 newer posts to look through")
    return None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the post's page, which Facebook shows to readers without a login only sometimes."""
    return await read_back(outlet, delivered, tools, delivered.url, (words_of(delivery).plain,))


def _refusal(wire: Wire, reply: Reply, name: str, *, publishes: bool = True) -> Exception:
    """As `Wire.refuse`, by the code in the answer: Facebook says 400 to nearly everything."""
    code = inside(_error(reply), "code")
    if code in LOGIN:
        return UnsentError(f"the login is refused ({code}: {wire.words(reply)}); check the secret {name}")
    if code in TOO_MANY:
        return UnsentError(f"asks to wait ({code}: {wire.words(reply)})", wire.wait_of(reply))
    return wire.refuse(reply, secret=name, publishes=publishes)


def _is_gone(reply: Reply) -> bool:
    error = _error(reply)
    return reply.status == 404 or (inside(error, "code"), inside(error, "error_subcode")) == (100, 33)


def _error(reply: Reply) -> Any:
    return value_of(reply, "error")


def _page(outlet: Outlet) -> str:
    return f"{base(outlet)}/{VERSION}/{quote(options_of(outlet, FacebookOptions).account or '', safe='')}"


def _post(outlet: Outlet, id: str) -> str:
    return f"{base(outlet)}/{VERSION}/{quote(id, safe='')}"


def _sent(id: str, url: str = "", detail: str = "") -> Delivered:
    return Delivered("sent", url or f"{SITE}/{id}", id, detail)


def _login(outlet: Outlet, tools: Tools) -> tuple[str, dict[str, str]]:
    name, token = login_of(outlet, tools)
    return name, {"Authorization": f"Bearer {token}"}
