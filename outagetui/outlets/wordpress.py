"""The `wordpress` outlet: one post for an announcement, whose slug tells it apart; later parts edit it.

https://developer.wordpress.org/rest-api/reference/posts/ · Basic authentication with an application password.
"""

import base64
import re
from typing import Any
from urllib.parse import quote

from outagetui.core import times
from outagetui.core.markup import text_of
from outagetui.core.model import CLOSING_KINDS, Outlet
from outagetui.core.outlet_options import WordpressOptions
from outagetui.core.text import clean
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError
from outagetui.outlets.answers import (
    inside,
    login_of,
    options_of,
    read_back,
    required,
    rows_of,
    value_of,
    words_of,
)
from outagetui.outlets.http import Wire, base
from outagetui.protocols.http_answer import Reply
from outagetui.wording.hypertext import hypertext_of
from outagetui.wording.neutral import hypertext, neutral, unangled

STATUSES = "publish,future,draft,pending,private"
GONE = (404, 410)
_TAG = re.compile(r"(<[^>]*>)")
_FOREIGN = re.compile(r'<a href="(?:sips?|matrix):[^"]*">(.*?)</a>')  # cut into links to the blog itself
_PRETTIER = re.compile(r"--+|\.{3,}|(?<=\d)x(?=\d)|(?<!\S)(?::(?=\S)|;(?=[-)])|8(?=[-O]))")  # signs and smilies


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Make the post, or bring the one that has its slug already up to date."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    return await _put(wire, outlet, delivery, tools, name, auth)


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Put the later part on top of the post; when somebody deleted that, into a new one."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    reply = await _save(wire, outlet, delivery, tools, delivery.placed[-1].remote_id, auth)
    if reply.status in GONE:
        return await _put(wire, outlet, delivery, tools, name, auth)
    return _sent(wire, reply, 200, name)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Make the post a draft, which nobody but its editors can read."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    url = f"{_posts(outlet)}/{quote(delivery.placed[-1].remote_id, safe='')}"
    reply = await wire.ask("POST", url, publishes=True, headers=auth, json={"status": "draft"})
    if reply.status not in (200, *GONE):
        raise wire.refuse(reply, secret=name)
    return Delivered("retracted", detail="the post is a draft now" if reply.status == 200 else "the post is gone")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look the post up by its slug, and in it the part by its mark."""
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    post = await _by_slug(wire, outlet, delivery, name, auth)
    content = inside(post, "content", "raw") or inside(post, "content", "rendered")
    if post is None or post.get("status") != "publish" or f'id="{_mark(delivery.key)}"' not in str(content):
        return None
    return Delivered("sent", str(post.get("link") or ""), str(post["id"]), "already there")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the post's page."""
    texts = (neutral(delivery.title), text_of(words_of(delivery).html))
    return await read_back(outlet, delivered, tools, delivered.url, texts)


async def _by_slug(
    wire: Wire, outlet: Outlet, delivery: Delivery, name: str, auth: dict[str, str]
) -> dict[str, Any] | None:
    slug = _slug(delivery)
    params = {"slug": slug, "status": STATUSES, "context": "edit"}
    reply = await wire.ask("GET", _posts(outlet), headers=auth, params=params)
    if reply.status == 400 and isinstance(forbidden := value_of(reply, "data", "params", "status"), str):
        said = f"the login is refused (400: {clean(forbidden, 160)})"  # so it tells whom it takes for a visitor
        raise UnsentError(f"{said}; check user and the secret {name}")
    circle = reply.headers.get("location", "").partition("?")[0].rstrip("/") == _posts(outlet)
    if circle or (reply.status in (200, *GONE) and not isinstance(value_of(reply), list)):
        where = f"no list of posts at {clean(_posts(outlet), 120)} ({reply.status})"
        raise UnsentError(f"{where}; check url, and that WordPress's permalinks are not plain")
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    return next((row for row in rows_of(reply.json()) if row.get("slug") == slug and "id" in row), None)


async def _put(
    wire: Wire, outlet: Outlet, delivery: Delivery, tools: Tools, name: str, auth: dict[str, str]
) -> Delivered:
    """Bring the post with the slug up to date, or make it."""
    post = await _by_slug(wire, outlet, delivery, name, auth)
    if post is not None:
        reply = await _save(wire, outlet, delivery, tools, str(post["id"]), auth)
        return _sent(wire, reply, 200, name)
    reply = await _save(wire, outlet, delivery, tools, "", auth)
    made = _sent(wire, reply, 201, name)
    if value_of(reply, "slug") == _slug(delivery):
        return made
    try:
        return await _single(wire, outlet, delivery, made, name, auth)
    except UnsentError as error:
        raise MaybeSentError(f"it may be there twice: {error}") from error


async def _single(
    wire: Wire, outlet: Outlet, delivery: Delivery, made: Delivered, name: str, auth: dict[str, str]
) -> Delivered:
    """Delete what was made when an earlier request of ours was carried out after we looked; return what stays."""
    first = await _by_slug(wire, outlet, delivery, name, auth)
    if first is None or str(first["id"]) == made.remote_id:
        return made
    url = f"{_posts(outlet)}/{quote(made.remote_id, safe='')}"
    reply = await wire.ask("DELETE", url, headers=auth, params={"force": "true"})
    left = "" if reply.status in (200, *GONE) else f"; delete its double, {made.url}"
    return Delivered("sent", str(first.get("link") or ""), str(first["id"]), f"already there{left}")


async def _save(wire: Wire, outlet: Outlet, delivery: Delivery, tools: Tools, post: str, auth: dict[str, str]) -> Reply:
    # Feeds show a title as text, which many of their readers take for HTML.
    title = _untouched(hypertext(unangled(words_of(delivery).title)))
    document: dict[str, object] = {
        "title": title,
        "content": _content(delivery, tools),
        "excerpt": title,
        "slug": _slug(delivery),
        "status": "publish",
    }
    if options_of(outlet, WordpressOptions).sticky:
        document["sticky"] = delivery.kind not in CLOSING_KINDS
    url = f"{_posts(outlet)}/{quote(post, safe='')}" if post else _posts(outlet)
    return await wire.ask("POST", url, publishes=True, headers=auth, json=document)


def _sent(wire: Wire, reply: Reply, expected: int, name: str) -> Delivered:
    if reply.status != expected:
        raise wire.refuse(reply, secret=name)
    return Delivered("sent", required(reply, "link"), required(reply, "id"))


def _content(delivery: Delivery, tools: Tools) -> str:
    """Return the newest part with its mark, and below it the earlier ones, newest first."""
    place = times.zone(tools.timezone)
    keys = {placed.part: placed.key for placed in delivery.placed}
    made = [f'<div id="{_mark(delivery.key)}">\n{words_of(delivery).html}\n</div>']
    for post in delivery.history:
        if post.announcement == delivery.announcement and post.part in keys:
            when = times.moment(post.at, place, delivery.language)
            made.append(f"<h3>{hypertext(f'{when}: {neutral(post.title)}')}</h3>")
            made.append(f'<div id="{_mark(keys[post.part])}">\n{hypertext_of(neutral(post.body))}\n</div>')
    return _untouched("\n".join(made))


def _untouched(markup: str) -> str:
    """Return HTML that WordPress shows as it is: it makes text prettier, and with that addresses wrong.

    Links of schemes that it does not know become plain text.
    """
    pieces = _TAG.split(_FOREIGN.sub(r"\1", markup))
    return "".join(piece if piece.startswith("<") else _PRETTIER.sub(_entities, piece) for piece in pieces)


def _entities(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(char)};" for char in found[0])


def _slug(delivery: Delivery) -> str:
    return _mark(delivery.placed[-1].key if delivery.placed else delivery.key)


def _mark(key: str) -> str:
    return f"notice-{key}"


def _posts(outlet: Outlet) -> str:
    return f"{base(outlet)}/wp-json/wp/v2/posts"


def _login(outlet: Outlet, tools: Tools) -> tuple[str, dict[str, str]]:
    name, password = login_of(outlet, tools)
    pair = f"{options_of(outlet, WordpressOptions).user}:{password}"
    return name, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
