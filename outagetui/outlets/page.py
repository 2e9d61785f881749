"""The `page` outlet: a directory with a page, its feed, and the same for programs and other sites.

All is made from the delivery alone: `index.html`, `feed.atom`, `status.json`, `xmpp-status.json`, and `notice.html`
with `notice.js` for a website to show. The list of official accounts lies beside them and is linked to when it does.
"""

import asyncio
import html
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from outagetui.core import times
from outagetui.core.model import Outlet
from outagetui.machine import files
from outagetui.outlets import Delivered, Delivery, Tools, page_feeds
from outagetui.outlets.fragment import fragment
from outagetui.outlets.notices import notices, tidy
from outagetui.outlets.page_marks import Marks, read
from outagetui.outlets.page_view import HERE, view
from outagetui.outlets.page_words import tag_of
from outagetui.wording.compose import TITLE_LIMIT
from outagetui.wording.delivery import WITHDRAWN

INDEX = "index.html"
ACCOUNTS = "accounts.html"  # see outlets/official.py


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Write the files, `index.html` last. OSError, naming the file, when one cannot be written."""
    return await asyncio.to_thread(_publish, outlet, delivery, tools)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Return where `delivery` is shown, at the top or as an earlier part; None when the page does not show it."""
    marks = await asyncio.to_thread(read, directory_of(outlet) / INDEX)
    return _sent(outlet, delivery, "already there") if marks is not None and marks.shows(delivery) else None


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Write the page with no more of the announcement than its first title, and that it was withdrawn."""
    own = [post for post in delivery.history if post.announcement == delivery.announcement]
    first = own[-1] if own else delivery  # the title of an all-clear would read as if that were taken back
    gone = replace(
        delivery,
        key="",
        kind=WITHDRAWN,
        title=first.title,
        others=first.others,
        body="",
        at=tools.now(),
        next_update=None,
        accounts=(),
        history=tuple(post for post in delivery.history if post.announcement != delivery.announcement),
    )
    return await asyncio.to_thread(_retract, outlet, delivery.above or gone, tools)


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Fetch the page as anybody would: it must show the part."""
    from outagetui.outlets.http import Wire

    wire = Wire(outlet, tools)
    reply = await wire.ask("GET", outlet.url, follow=True)
    shows = reply.status == 200 and Marks(reply.text).shows(delivery)
    if shows and tidy(delivery.title, TITLE_LIMIT) in html.unescape(reply.text):
        return replace(delivered, state="seen")
    return replace(delivered, detail=f"{outlet.url} does not show it: is {directory_of(outlet)} what it serves?")


async def first(outlet: Outlet, tools: Tools) -> Delivered:
    """As `quiet`, now."""
    return await quiet(outlet, tools.business, tools.timezone, tools.now(), tools.journal())


async def quiet(outlet: Outlet, business: str, timezone: str, at: float, journal: str = "") -> Delivered:
    """Write a first page that says there is no notice; `skipped` when a page with anything on it is there already."""
    return await asyncio.to_thread(_publish_first, outlet, business, timezone, at, journal)


def render(
    outlet: Outlet,
    delivery: Delivery | None,
    business: str,
    timezone: str,
    at: float = 0.0,
    *,
    listed: bool = False,
    journal: str = "",
) -> files.Files:
    """Return the files in the order to put in place. Without a delivery they say that there is no notice since `at`.

    `listed`: the list of official accounts is there to be linked to. `journal` is what the page says of its head.
    """
    language = tag_of(delivery.language if delivery else outlet.language)
    business = tidy(business, 120)
    shown = notices(delivery) if delivery else ()
    at = max((post.at for notice in shown for post in notice.posts), default=at)
    key = delivery.key if delivery else ""
    index = view(
        shown, key, business=business, timezone=timezone, language=language, seen=at, listed=listed, journal=journal
    )
    notice = fragment(
        shown,
        business=business,
        place=times.zone(timezone),
        language=language,
        seen=at,
        page=page_feeds.address(outlet),
        listed=listed,
    )
    return (
        ("feed.atom", page_feeds.atom(shown, outlet, business, language, at)),
        ("status.json", page_feeds.status(shown, outlet, business, timezone, language, at)),
        ("xmpp-status.json", page_feeds.outage(shown, language)),
        ("notice.html", notice.encode()),
        ("notice.js", (HERE / "notice.js").read_bytes()),
        (INDEX, index.encode()),
    )


def directory_of(outlet: Outlet) -> Path:
    """Return where `outlet` writes its files; ValueError without such a place."""
    if not outlet.directory:
        raise ValueError(f"outlet {outlet.id} has no directory to write its page to")
    return Path(outlet.directory)


def _publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    index = directory_of(outlet) / INDEX
    with _only_writer(outlet) as put:
        marks = read(index)
        if marks is not None and marks.is_past(delivery):
            return Delivered("skipped", outlet.url, detail="a newer part of this announcement is already there")
        put(_rendered(outlet, delivery.above or delivery, tools.business, tools.timezone, journal=tools.journal()))
    return _sent(outlet, delivery, f"wrote {index}")


def _retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    with _only_writer(outlet) as put:
        put(_rendered(outlet, delivery, tools.business, tools.timezone, journal=tools.journal()))
    detail = f"wrote {directory_of(outlet) / INDEX}, which says that it was withdrawn"
    return Delivered("retracted", outlet.url, detail=detail)


def _publish_first(outlet: Outlet, business: str, timezone: str, at: float, journal: str) -> Delivered:
    index = directory_of(outlet) / INDEX
    with _only_writer(outlet) as put:
        marks = read(index)
        if marks is not None and not (marks.quiet and index.with_name(ACCOUNTS).is_file()):
            return Delivered("skipped", outlet.url, detail=f"{index} is there already")
        put(_rendered(outlet, None, business, timezone, at, journal=journal))
    return Delivered("sent", outlet.url, detail=f"wrote {index}")


def _only_writer(outlet: Outlet) -> AbstractContextManager[files.Put]:
    """Return what holds off every other writer of the page, so that what is read of it holds until it is replaced."""
    return files.only_writer(directory_of(outlet), outlet.timeout / 2)


def _rendered(
    outlet: Outlet, delivery: Delivery | None, business: str, timezone: str, at: float = 0.0, *, journal: str = ""
) -> files.Files:
    """Return all files, which name the list of official accounts when it lies there."""
    listed = (directory_of(outlet) / ACCOUNTS).is_file()
    return render(outlet, delivery, business, timezone, at, listed=listed, journal=journal)


def _sent(outlet: Outlet, delivery: Delivery, detail: str) -> Delivered:
    url = outlet.url or (directory_of(outlet).absolute() / INDEX).as_uri()
    return Delivered("sent", url, f"{delivery.announcement}.{delivery.part}", detail)
