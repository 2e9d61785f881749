"""Provider status feeds: bytes in, the provider's own word out. Pure, one file a format.

A feed that cannot be read, or that uses a word never seen before, raises `Unreadable`: it must count neither as up
nor as down.
"""

from outagetui.feeds.plain import decode
from outagetui.feeds.reading import Reading, Severity, Unreadable
from outagetui.options import FeedFormat

__all__ = ["LIMIT", "Reading", "Severity", "Unreadable", "read"]

LIMIT = 2 << 20  # bytes of a feed that are read


def read(body: bytes, form: FeedFormat = "auto", components: tuple[str, ...] = ()) -> Reading:
    """Return what the feed `body` says about `components` (none named: about the whole service).

    Raises `Unreadable` with code `feed.unreadable` (not a feed of that form), `feed.word` (a status word nobody
    knows) or `feed.component` (a name the feed does not list).
    """
    if len(body) > LIMIT:
        raise Unreadable("feed.unreadable", f"the feed is longer than {LIMIT >> 20} MiB")
    if form == "auto":
        form = _form_of(body)
    if form == "rss":
        from outagetui.feeds import rss

        return rss.read(body, components)
    try:
        text = decode(body)
    except UnicodeDecodeError as error:
        raise Unreadable("feed.unreadable", f"not {error.encoding} text: {error.reason}") from None
    if form == "slack":
        from outagetui.feeds import slack

        return slack.read(text, components)
    if form == "google":
        from outagetui.feeds import google

        return google.read(text, components)
    from outagetui.feeds import statuspage

    return statuspage.read(text, components)


def _form_of(body: bytes) -> FeedFormat:
    """Tell the form of `body` by its content; a page's content type is often wrong."""
    text = decode(body, errors="replace").lstrip()
    start = text[:1]
    if start == "<":
        return "rss"
    if start == "[":
        return "google"
    if start == "{":
        return "slack" if '"active_incidents"' in text else "statuspage"
    raise Unreadable("feed.unreadable", "neither JSON nor RSS nor Atom")
