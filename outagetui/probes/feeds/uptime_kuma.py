"""Uptime Kuma `/api/status-page/heartbeat/SLUG`: the last beats of each monitor on a status page, by its number.

The names stand in another document, `/api/status-page/SLUG`, so `components` are the monitors' numbers.
"""

from msgspec import Struct

from outagetui.probes.feeds.components import News, Part, document, of_all, of_named
from outagetui.probes.feeds.freshness import outdated
from outagetui.probes.feeds.moments import moment_of
from outagetui.probes.feeds.statements import Reading, Severity, Unreadable, meaning

BEATS: dict[int, tuple[Severity | None, str]] = {
    0: (Severity.MAJOR_OUTAGE, "down"),
    1: (Severity.OPERATIONAL, "up"),
    2: (Severity.DEGRADED, "pending"),  # it failed, and is tried again before it is called down: the page is amber
    3: (Severity.MAINTENANCE, "under maintenance"),
}
_DOWN, _PENDING = 0, 2
_MAINTENANCES = {"under-maintenance": True, "scheduled": False, "inactive": False, "ended": False, "unknown": True}


class Beat(Struct):
    """One look of a monitor's."""

    status: int
    msg: str | None = ""
    time: str | None = None


class Notice(Struct):
    """What the page tells beside its monitors: an incident while it is shown, a maintenance with its status."""

    title: str = "an incident"
    status: str = ""


class Heartbeats(Struct, rename="camel"):
    """The document; a beat that is 0 stands for a time without any."""

    heartbeat_list: dict[str, list[Beat | int | None]]
    incident: Notice | None = None
    incidents: list[Notice] | None = None
    maintenance_list: list[Notice] | None = None


def read(
    text: str, components: tuple[str, ...] = (), now: float | None = None, longest: float | None = None
) -> Reading:
    """Return what the newest beat of every monitor says, or of the `components` named by their numbers.

    At epoch `now` it may be `longest` seconds old; None: five of the monitor's intervals.
    """
    if '"publicGroupList"' in text and '"heartbeatList"' not in text:
        message = "this describes the page: name /api/status-page/heartbeat/… with the same ending as the target"
        raise Unreadable("feed.unreadable", message)
    page = document(text, Heartbeats, "an Uptime Kuma list of heartbeats")
    parts = [_part(number, line, now, longest) for number, line in page.heartbeat_list.items()]
    news = [News(one.title) for one in [page.incident, *(page.incidents or ())] if one]
    for one in page.maintenance_list or ():
        if meaning(_MAINTENANCES, one.status, one.title):
            news.append(News(one.title, Severity.MAINTENANCE, "in progress"))
    if components:
        return of_named(parts, tuple(name.strip().removeprefix("#") for name in components), news)
    return of_all(parts, news)


def _part(number: str, line: list[Beat | int | None], now: float | None, longest: float | None) -> Part:
    name = f"monitor {number}"
    told = [beat for beat in line if isinstance(beat, Beat)]
    if all(beat.time for beat in told):
        told.sort(key=lambda beat: beat.time or "")  # they come oldest first, as a rule
    words = outdated([moment_of(beat.time or "") for beat in told], now, longest)
    strange = [beat for beat in line if isinstance(beat, int) and beat != 0]
    if strange or (told and told[-1].status not in BEATS):
        raise Unreadable("feed.word", f"unknown word {strange[0] if strange else told[-1].status} for {name}")
    if not told:
        return Part(name, None, "no beat yet", number)
    if words:
        return Part(name, None, words, number, outdated=True)
    settled = next((beat for beat in reversed(told) if beat.status != _PENDING), None)
    if settled is None:
        return Part(name, None, "pending", number)
    newest = settled if settled.status == _DOWN else told[-1]
    severity, word = BEATS[newest.status]
    return Part(name, severity, f"{word} {newest.msg or ''}".strip(), number)
