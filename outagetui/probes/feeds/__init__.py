"""Provider status feeds: bytes in, the provider's own word out. Pure, one file a format.

A feed that cannot be read, or that uses a word never seen before, raises `Unreadable`: it must count neither as up
nor as down.
"""

from importlib import import_module

from outagetui.core.charsets import decode
from outagetui.core.probe_options import FeedFormat
from outagetui.probes.feeds.shape import form_of
from outagetui.probes.feeds.statements import Reading, Severity, Unreadable

__all__ = ["LIMIT", "Reading", "Severity", "Unreadable", "read"]

LIMIT = 2 << 20  # bytes of a feed that are read


def read(body: bytes, form: FeedFormat = "auto", components: tuple[str, ...] = ()) -> Reading:
    """Return what the feed `body` says about `components` (none named: about the whole service).

    Raises `Unreadable` with code `feed.unreadable` (not a feed of that form), `feed.word` (a status word nobody
    knows), `feed.component` (a name the feed does not list) or `feed.silent` (it lists it and says nothing of it).
    """
    if len(body) > LIMIT:
        raise Unreadable("feed.unreadable", f"the feed is longer than {LIMIT >> 20} MiB")
    if form == "auto":
        form = form_of(decode(body, errors="replace")) or "auto"
    if form == "auto":
        raise Unreadable("feed.unreadable", "neither JSON nor RSS nor Atom")
    if form == "rss":
        from outagetui.probes.feeds import rss

        return rss.read(body, components)
    try:
        text = decode(body)
    except UnicodeDecodeError as error:
        raise Unreadable("feed.unreadable", f"not {error.encoding} text: {error.reason}") from None
    reader = import_module(f"{__name__}.{form.replace('-', '_')}")
    said: Reading = reader.read(text, components)
    return said
