"""The `wordpress` outlet: one post for an announcement, whose slug tells it apart; later parts edit it.

https://developer.wordpress.org/rest-api/reference/posts/ · Basic authentication with an application password.
"""

import base64
import re
from collections.abc import Mapping
from datetime import tzinfo
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from outagetui.core import times
from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import WordpressOptions
from outagetui.core.text import clean
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError
from outagetui.outlets.answers import (
    HELD,
    Account,
    held_back,
    inside,
    options_of,
    read_back,
    required,
    rows_of,
    value_of,
    words_of,
)
from outagetui.protocols.http_answer import Reply
from outagetui.wording.neutral import hypertext, hypertext_of, neutral, unangled

STATUSES = "publish,future,draft,pending,private"
GONE = (404, 410)
# Of a post that is not published, whatever was asked for; a draft is also what we make of one that is taken back.
_WAITS = {
    "pending": HELD,
    "future": "scheduled by the blog for later",
    "private": "taken as private, which only editors can read",
}
_TAG = re.compile(r"(<[^>]*>)")
_FOREIGN = re.compile(r'<a href="(?:sips?|matrix):[^"]*">(.*?)</a>')  # cut into links to the blog itself
_PRETTIER = re.compile(r"--+|\.{3,}|(?<=\d)x(?=\d)|(?<!\S)(?::(?=\S)|;(?=[-)])|8(?=[-O]))")  # signs and smilies


class _Blog(Account):
    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        super().__init__(outlet, tools)
        self.options = options_of(outlet, WordpressOptions)
        self.posts = f"{self.base}/wp-json/wp/v2/posts"
        self.place = times.zone(tools.timezone)

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        pair = f"{self.options.user}:{self.secret}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def post(self, id: str) -> str:
        """Return the URL of a post."""
        return f"{self.posts}/{quote(id, safe='')}"


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Make the post, or bring the one that has its slug already up to date."""
    return await _put(_Blog(outlet, tools), delivery)


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Put the later part on top of the post; when somebody deleted that, into a new one."""
    blog = _Blog(outlet, tools)
    reply = await _save(blog, delivery, blog.post(delivery.placed[-1].remote_id), (200, *GONE))
    return await _put(blog, delivery) if reply.status in GONE else _sent(reply)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Make the posts drafts, which nobody but their editors can read."""
    blog = _Blog(outlet, tools)
    became = []
    for placed in delivery.placed:
        reply = await blog.publish("POST", blog.post(placed.remote_id), (200, *GONE), {"status": "draft"})
        became.append("the post is a draft now" if reply.status == 200 else "the post is gone")
    return Delivered("retracted", detail="; ".join(became))


opened = attrgetter("remote_id")  # all parts are in one post


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look the post up by its slug, and in it the part by its mark; by that alone what waits for an editor.

    Such a post has no slug before it is published.
    """
    blog = _Blog(outlet, tools)
    post = await _by_slug(blog, delivery) or await _by_mark(blog, delivery)
    content = inside(post, "content", "raw") or inside(post, "content", "rendered")
    if post is None or f'id="{_mark(delivery.key)}"' not in str(content):
        return None
    if (why := _WAITS.get(str(post.get("status")))) is not None:
        return held_back(str(post["id"]), str(post.get("link") or ""), why)
    if post.get("status") != "publish":
        return None
    return Delivered("sent", str(post.get("link") or ""), str(post["id"]), "already there")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the post's page."""
    texts = (neutral(delivery.title), text_of(words_of(delivery).html))
    return await read_back(outlet, delivered, tools, delivered.url, texts)


async def _by_slug(blog: _Blog, delivery: Delivery) -> dict[str, Any] | None:
    slug = _slug(delivery)
    reply = await blog.ask("GET", blog.posts, params={"slug": slug, "status": STATUSES, "context": "edit"})
    if reply.status == 400 and isinstance(forbidden := value_of(reply, "data", "params", "status"), str):
        said = f"the login is refused (400: {clean(forbidden, 160)})"  # so it tells whom it takes for a visitor
        raise UnsentError(f"{said}; check user and the secret {blog.name}")
    circle = reply.headers.get("location", "").partition("?")[0].rstrip("/") == blog.posts
    if circle or (reply.status in (200, *GONE) and not isinstance(value_of(reply), list)):
        where = f"no list of posts at {clean(blog.posts, 120)} ({reply.status})"
        raise UnsentError(f"{where}; check url, and that WordPress's permalinks are not plain")
    if reply.status != 200:
        raise blog.refuse(reply, publishes=False)
    return next((row for row in rows_of(reply.json()) if row.get("slug") == slug and "id" in row), None)


async def _by_mark(blog: _Blog, delivery: Delivery) -> dict[str, Any] | None:
    query = {"search": _mark(delivery.key), "status": ",".join(_WAITS), "context": "edit"}
    reply = await blog.ask("GET", blog.posts, params=query)
    rows = rows_of(reply.json()) if reply.status == 200 else []
    return next((row for row in rows if "id" in row and str(row.get("status")) in _WAITS), None)


async def _put(blog: _Blog, delivery: Delivery) -> Delivered:
    """Bring the post with the slug up to date, or make it."""
    post = await _by_slug(blog, delivery)
    if post is not None:
        return _sent(await _save(blog, delivery, blog.post(str(post["id"])), (200,)))
    reply = await _save(blog, delivery, blog.posts, (201, 202))
    made = _sent(reply)
    if value_of(reply, "slug") == _slug(delivery):
        return made
    try:
        return await _single(blog, delivery, made)
    except UnsentError as error:
        raise MaybeSentError(f"it may be there twice: {error}") from error


async def _single(blog: _Blog, delivery: Delivery, made: Delivered) -> Delivered:
    """Delete what was made when an earlier request of ours was carried out after we looked; return what stays."""
    first = await _by_slug(blog, delivery)
    if first is None or str(first["id"]) == made.remote_id:
        return made
    reply = await blog.ask("DELETE", blog.post(made.remote_id), params={"force": "true"})
    left = "" if reply.status in (200, *GONE) else f"; delete its double, {made.url}"
    return Delivered("sent", str(first.get("link") or ""), str(first["id"]), f"already there{left}")


async def _save(blog: _Blog, delivery: Delivery, url: str, good: tuple[int, ...]) -> Reply:
    # Feeds show a title as text, which many of their readers take for HTML.
    title = _untouched(hypertext(unangled(words_of(delivery).title)))
    document: dict[str, object] = {
        "title": title,
        "content": _content(delivery, blog.place),
        "excerpt": title,
        "slug": _slug(delivery),
        "status": "publish",
    }
    if blog.options.sticky:
        document["sticky"] = delivery.kind not in CLOSING_KINDS
    return await blog.publish("POST", url, good, document)


def _sent(reply: Reply) -> Delivered:
    """Return what became of it: a blog may take a post and let its editors decide who sees it, and when."""
    status = str(value_of(reply, "status") or "")
    if reply.status == 202 and status in ("", "publish"):
        status = "pending"
    if status == "draft" or status in _WAITS:
        id, link = value_of(reply, "id"), value_of(reply, "link")
        why = _WAITS.get(status, "taken as a draft, which only editors can read")
        return held_back(str(id or ""), link if isinstance(link, str) else "", why)
    return Delivered("sent", required(reply, "link"), required(reply, "id"))


def _content(delivery: Delivery, place: tzinfo) -> str:
    """Return the newest part with its mark, and below it the earlier ones, newest first."""
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
