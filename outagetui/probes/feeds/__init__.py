"""Provider status feeds: bytes in, the provider's own word out. Pure, one file a format.

A feed that cannot be read, or that uses a word never seen before, raises `Unreadable`: it must count neither as up
nor as down. Nothing is well because a list or a word is missing.
"""

from collections.abc import Generator

from outagetui.core.probe_options import FeedFormat
from outagetui.probes.feeds import betterstack, cachet, gatus, google, instatus, rss, slack, statuspage, uptime_kuma
from outagetui.probes.feeds.encoding import text_of
from outagetui.probes.feeds.shape import form_of
from outagetui.probes.feeds.statements import Reading, Severity, Unreadable

__all__ = ["LIMIT", "Reading", "Severity", "Unreadable", "is_xml", "read", "read_json", "read_xml"]

LIMIT = 2 << 20  # bytes of a feed that are read
_DATED = {"google": google.read}  # they tell by a time whether something is over
_AGED = {  # they tell how old their newest result is
    "betterstack": betterstack.read,
    "gatus": gatus.read,
    "uptime-kuma": uptime_kuma.read,
}
_READERS = {
    "cachet": cachet.read,
    "instatus": instatus.read,
    "slack": slack.read,
    "statuspage": statuspage.read,
}
_VALUES, _OBJECTS = 200_000, 40_000  # of a JSON feed: what costs memory is not told by its length
_MARKS = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"  # what may stand before the first character


def read(body: bytes, form: FeedFormat = "auto", components: tuple[str, ...] = (), now: float | None = None) -> Reading:
    """Return what the feed `body` says about `components` (none named: about the whole service) at epoch `now`.

    Raises `Unreadable` with code `feed.unreadable` (not a feed of that form), `feed.word` (a status word nobody
    knows), `feed.component` (a name the feed does not list), `feed.silent` (it lists it and says nothing of it)
    or `feed.stale` (what it says is too old).
    """
    if not is_xml(body, form):
        return read_json(body, form, components, now)
    steps = read_xml(body, components, now)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            said: Reading = end.value
            return said


def is_xml(body: bytes, form: FeedFormat = "auto") -> bool:
    """Tell whether `body` is to be read as RSS or Atom: by its form, or by its first character."""
    return form == "rss" or (form == "auto" and body.lstrip(_MARKS)[:1] == b"<")


def read_xml(
    body: bytes, components: tuple[str, ...] = (), now: float | None = None, content_type: str = ""
) -> Generator[None, None, Reading]:
    """As `read` for RSS and Atom, in steps of some milliseconds each; `content_type` is that of the reply."""
    if len(body) > LIMIT:
        raise _too_long()
    return (yield from rss.read(body, components, now, content_type))


def read_json(
    body: bytes,
    form: FeedFormat = "auto",
    components: tuple[str, ...] = (),
    now: float | None = None,
    longest: float | None = None,
) -> Reading:
    """As `read` for all other forms; a result may be `longest` seconds old, None: as long as is usual."""
    if len(body) > LIMIT:
        raise _too_long()
    try:
        text = text_of(body)
    except UnicodeDecodeError as error:
        raise Unreadable("feed.unreadable", f"not {error.encoding} text: {error.reason}") from None
    if text.count(",") > _VALUES or text.count("{") + text.count("[") > _OBJECTS:
        raise Unreadable("feed.unreadable", f"the feed holds more than {_OBJECTS} objects or {_VALUES} values")
    if form == "auto":
        form = form_of(text) or "auto"
    if form == "auto":
        raise Unreadable("feed.unreadable", "neither JSON nor RSS nor Atom")
    if form in _AGED:
        return _AGED[form](text, components, now, longest)
    if form in _DATED:
        return _DATED[form](text, components, now)
    return _READERS[form](text, components)


def _too_long() -> Unreadable:
    return Unreadable("feed.unreadable", f"the feed is longer than {LIMIT >> 20} MiB")
