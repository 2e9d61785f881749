"""The page for programs: an Atom feed (RFC 4287), a Statuspage summary and an outage of XEP-0455. Pure."""

import re
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import msgspec

from outagetui.core.model import Outlet
from outagetui.core.times import stamp, stamp_ms
from outagetui.outlets.notices import Notice, tidy
from outagetui.outlets.page_words import MEANINGS, OTHER, tag_of, words
from outagetui.wording.delivery import WITHDRAWN, Post

_COMPONENT = {"none": "operational", "minor": "degraded_performance", "major": "partial_outage"}


def anchor(post: Post) -> str:
    """Return the fragment under which the page shows `post`."""
    return f"notice-{re.sub('[^A-Za-z0-9]', '-', post.announcement)}-{post.part}"


def atom(shown: tuple[Notice, ...], outlet: Outlet, business: str, language: str, at: float) -> bytes:
    """Return `feed.atom`: one entry a part, newest first. `at` is when the newest was made."""
    feed = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": language})
    _add(feed, "id", _tag(outlet, "2026", ""))  # RFC 4151 wants a date we had the name at; it must never change
    say = words(language)
    _add(feed, "title", f"{business}: {say.site}")
    _add(feed, "updated", stamp(at))
    _add(_add(feed, "author"), "name", business or outlet.id)
    page = address(outlet)
    if page:
        _add(feed, "link", rel="alternate", type="text/html", href=page)
        _add(feed, "link", rel="self", type="application/atom+xml", href=f"{page.rpartition('/')[0]}/feed.atom")
    posts = [post for notice in shown for post in notice.posts]
    for post in sorted(posts, key=lambda post: (post.at, post.part), reverse=True):
        entry = _add(feed, "entry")
        withdrawn = post.kind == WITHDRAWN
        which = WITHDRAWN if withdrawn else post.part
        _add(entry, "id", _tag(outlet, stamp(post.at)[:10], f"/{quote(post.announcement, safe='')}/{which}"))
        _add(entry, "title", f"{say.withdrawn}: {post.title}" if withdrawn else post.title)
        _add(entry, "updated", stamp(post.at))
        _add(entry, "published", stamp(post.at))
        if post.kind:
            _add(entry, "category", term=post.kind)
        if page:
            _add(entry, "link", rel="alternate", type="text/html", href=f"{page}#{anchor(post)}")
        _add(entry, "content", say.withdrawn_more if withdrawn else post.body, type="text")
    ElementTree.indent(feed)
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def status(shown: tuple[Notice, ...], outlet: Outlet, business: str, timezone: str, language: str, at: float) -> bytes:
    """Return `status.json`: what Statuspage v2 serves as `summary.json`, so `incidents` holds only those not resolved.

    Beside that form stands `backups`: the name and address of every backup the page names.
    """
    say = words(language)
    opened = [notice for notice in shown if not notice.closed]
    ladder = ("none", "minor", "major")
    indicator = max((notice.meaning.indicator for notice in opened), key=ladder.index, default="none")
    current = shown[0] if shown else None
    page = {
        "id": outlet.id,
        "name": business,
        "url": address(outlet),
        "time_zone": timezone,
        "updated_at": stamp_ms(at),
    }
    component = {
        "id": f"{outlet.id}-channels",
        "name": say.component,
        "status": _COMPONENT[indicator],
        "created_at": None,
        "updated_at": stamp_ms(at),
        "position": 1,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": outlet.id,
        "group": False,
        "only_show_if_degraded": False,
    }
    headline = say.headlines.get(current.kind, say.headlines["other"]) if current else say.quiet
    document = {
        "page": page,
        "components": [component],
        "incidents": [_incident(notice, outlet) for notice in opened],
        "scheduled_maintenances": [],
        "status": {"indicator": indicator, "description": headline},
        "backups": [{"name": name, "address": address} for notice in shown for name, address in notice.accounts],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def outage(shown: tuple[Notice, ...], language: str) -> bytes:
    """Return `xmpp-status.json` (XEP-0455): the notice that holds now, `{}` when none does, or only a drill.

    `expected_end` is never given, since no announcement promises one.
    """
    current = shown[0] if shown else None
    if current is None or current.closed or current.meaning.tone == "drill":
        return b"{}\n"
    newest = current.newest
    message = {"default": _message(newest.title, newest.body), language: _message(newest.title, newest.body)}
    for each in newest.others:
        message.setdefault(tag_of(each.language), _message(each.title, each.body))
    since = current.first.at if current.since is None else current.since
    document = {"planned": False, "beginning": stamp(since), "message": message}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _message(title: str, body: str) -> str:
    return f"{title}\n\n{body}".strip()


def _incident(notice: Notice, outlet: Outlet) -> dict[str, object]:
    watching = [post.at for post in notice.posts if post.kind == "recovering"]
    since = notice.first.at if notice.since is None else notice.since
    page = address(outlet)
    return {
        "id": notice.announcement,
        "name": notice.first.title,
        "status": notice.meaning.status,
        "created_at": stamp_ms(notice.first.at),
        "updated_at": stamp_ms(notice.newest.at),
        "monitoring_at": stamp_ms(min(watching)) if watching else None,
        "resolved_at": None,
        "impact": notice.meaning.indicator,
        "shortlink": f"{page}#{anchor(notice.newest)}" if page else "",
        "started_at": stamp_ms(since),
        "page_id": outlet.id,
        "incident_updates": [_update(notice, at) for at in range(len(notice.posts))],
        "components": [],
    }


def _update(notice: Notice, at: int) -> dict[str, object]:
    post = notice.posts[at]
    as_then = Notice(notice.announcement, notice.posts[at:])
    meaning = MEANINGS.get(as_then.kind, OTHER)
    when = stamp_ms(post.at)
    return {
        "id": f"{post.announcement}.{post.part}",
        "status": meaning.status,
        "body": f"{post.title}\n\n{post.body}",
        "incident_id": notice.announcement,
        "created_at": when,
        "updated_at": when,
        "display_at": when,
        "affected_components": None,
        "deliver_notifications": False,
    }


def address(outlet: Outlet) -> str:
    """Return the page's public address if it is one that a link may carry."""
    url = tidy(outlet.url, 300)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _tag(outlet: Outlet, date: str, rest: str) -> str:
    host = (urlsplit(address(outlet)).hostname or "localhost").strip("[]").replace(":", ".")
    return f"tag:{host},{date}:{quote(outlet.id, safe='')}{rest}"


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    element.text = text
    return element
