"""Uptime Kuma `/api/status-page/heartbeat/SLUG`: the last beats of each monitor on a status page, by its number.

The names stand in another document, `/api/status-page/SLUG`, so `components` are the monitors' numbers.
"""

from msgspec import Struct

from outagetui.probes.feeds.components import Part, document, of_all, of_named
from outagetui.probes.feeds.statements import Reading, Severity, Unreadable

BEATS: dict[int, tuple[Severity | None, str]] = {
    0: (Severity.MAJOR_OUTAGE, "down"),
    1: (Severity.OPERATIONAL, "up"),
    2: (None, "pending"),  # it failed, and is tried again before it is called down
    3: (Severity.MAINTENANCE, "under maintenance"),
}


class Beat(Struct):
    """One look of a monitor's."""

    status: int
    msg: str | None = ""


class Heartbeats(Struct, rename="camel"):
    """The document; a beat that is 0 stands for a time without any."""

    heartbeat_list: dict[str, list[Beat | int | None]]


def read(text: str, components: tuple[str, ...] = ()) -> Reading:
    """Return what the newest beat of every monitor says, or of the `components` named by their numbers."""
    if '"publicGroupList"' in text and '"heartbeatList"' not in text:
        message = "this describes the page: name /api/status-page/heartbeat/… with the same ending as the target"
        raise Unreadable("feed.unreadable", message)
    beats = document(text, Heartbeats, "an Uptime Kuma list of heartbeats").heartbeat_list
    parts = [_part(number, line) for number, line in beats.items()]
    if components:
        return of_named(parts, tuple(name.strip().removeprefix("#") for name in components))
    return of_all(parts)


def _part(number: str, line: list[Beat | int | None]) -> Part:
    name = f"monitor {number}"
    told = [beat for beat in line if isinstance(beat, Beat)]
    strange = [beat for beat in line if isinstance(beat, int) and beat != 0]
    # A monitor that is being tried again is as it was before.
    while told and told[-1].status == 2:
        told.pop()
    if strange or (told and told[-1].status not in BEATS):
        raise Unreadable("feed.word", f"unknown word {strange[0] if strange else told[-1].status} for {name}")
    if not told:
        return Part(name, None, "no beat yet", number)
    severity, word = BEATS[told[-1].status]
    return Part(name, severity, f"{word} {told[-1].msg or ''}".strip(), number)
