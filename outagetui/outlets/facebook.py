"""The `facebook` outlet: one post on a page for an announcement; later parts edit it, for old posts are shown for days.

https://developers.facebook.com/docs/pages-api/posts · The token goes into a header, so that no log of addresses has it.
"""

from operator import attrgetter
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import FacebookOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.answers import (
    SKEW,
    Account,
    inside,
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
from outagetui.protocols.http_answer import Reply
from outagetui.wording.counting import URL

VERSION = "v25.0"
SITE = "https://www.facebook.com"
FIELDS = "id,message,created_time,permalink_url"
LOGIN = frozenset({10, 102, 190, 200})  # error codes, developers.facebook.com/docs/graph-api/guides/error-handling
TOO_MANY = frozenset({4, 17, 32, 341, 368, 613, 80001})
SAME_TEXT = 506
GONE = 410


class _Graph(Account):
    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        super().__init__(outlet, tools)
        self.feed = f"{self.node(options_of(outlet, FacebookOptions).account or '')}/feed"

    def node(self, id: str) -> str:
        """Return the URL of a page or post."""
        return f"{self.base}/{VERSION}/{quote(id, safe='')}"

    def refuse(self, reply: Reply, *, secret: str | None = None, publishes: bool = True) -> Exception:
        """As for others, by the code in the answer: Facebook says 400 to nearly everything."""
        code = inside(_error(reply), "code")
        if code in LOGIN:
            return UnsentError(f"the login is refused ({code}: {self.words(reply)}); check the secret {self.name}")
        if code in TOO_MANY:
            return UnsentError(f"asks to wait ({code}: {self.words(reply)})", self.wait_of(reply))
        return super().refuse(reply, publishes=publishes)


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post on the page, with a preview of the last address that the text names."""
    text = words_of(delivery).text
    links = [match[0] for match in URL.finditer(text)]
    form = {"message": text, "published": "true", **({"link": links[-1]} if links else {})}
    graph = _Graph(outlet, tools)
    reply = await graph.ask("POST", graph.feed, publishes=True, form=form)
    if reply.status == 200:
        return _sent(required(reply, "id"))
    there = await find(outlet, delivery, tools) if inside(_error(reply), "code") == SAME_TEXT else None
    if there is None:
        raise graph.refuse(reply)
    return there


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Let the post say what holds now; doing so again changes nothing."""
    graph = _Graph(outlet, tools)
    post = delivery.placed[-1].remote_id
    reply = await graph.publish("POST", graph.node(post), (200,), form={"message": words_of(delivery).text})
    if value_of(reply, "success") is not True:
        raise graph.refuse(reply)
    return _sent(post)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the posts."""
    graph = _Graph(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        reply = await graph.ask("DELETE", graph.node(placed.remote_id), publishes=True)
        return replace(reply, status=GONE) if _is_gone(reply) else reply

    return await take_back(graph, delivery.placed, delete)


opened = attrgetter("remote_id")  # all parts are in one post


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look for a post with the same text: among the page's since the part was made, or the one that it edits."""
    graph = _Graph(outlet, tools)
    if delivery.placed:
        url, params = graph.node(delivery.placed[-1].remote_id), {"fields": FIELDS}
    else:
        url, params = graph.feed, {"fields": FIELDS, "since": str(int(delivery.at - SKEW)), "limit": "100"}
    reply = await graph.ask("GET", url, params=params)
    if delivery.placed and reply.status != 200 and _is_gone(reply):
        return None
    if reply.status != 200:
        raise graph.refuse(reply, publishes=False)
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


def _is_gone(reply: Reply) -> bool:
    error = _error(reply)
    return reply.status == 404 or (inside(error, "code"), inside(error, "error_subcode")) == (100, 33)


def _error(reply: Reply) -> Any:
    return value_of(reply, "error")


def _sent(id: str, url: str = "", detail: str = "") -> Delivered:
    return Delivered("sent", url or f"{SITE}/{id}", id, detail)
