"""How the screens say times, shares and lengths of time: short, of a fixed shape, and changing seldom."""

import math
import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from outagetui.board.rows import ReachRow
from outagetui.facts.reach import percent as percent

GLUE = "\ue000"  # as wide as a blank, but no place to break a line at
_PERCENT = re.compile(r"(?<=\d) (?=%)|(?<=%) (?=→|to \d)|(?<=→) (?=\d+ %)|(?<=% to) (?=\d+ %)")


@lru_cache(8)
def zone(name: str) -> tzinfo:
    """Return the time zone called `name`; UTC when this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC


def clock(at: float, zone_name: str) -> str:
    """Return `Sun 22 Nov 14:32:07 CET` for an epoch second."""
    return datetime.fromtimestamp(at, zone(zone_name)).strftime("%a %d %b %H:%M:%S %Z")


def time_of(at: float, now: float, zone_name: str) -> str:
    """Return the minute of an event as people say it at `now`: `14:02`, or `21 Nov 14:02` on another day."""
    there = zone(zone_name)
    when, today = datetime.fromtimestamp(at, there), datetime.fromtimestamp(now, there)
    return when.strftime("%H:%M" if when.date() == today.date() else "%d %b %H:%M")


def lasting(seconds: float) -> str:
    """Return a length of time in at most six characters: `now`, `20s`, `14m`, `2h 5m`, `3d 4h`.

    Below a minute it moves in steps of ten seconds, so that a fresh outage does not repaint every row each second.
    """
    whole = max(0, int(seconds))
    if whole < 10:
        return "now"
    if whole < 60:
        return f"{whole // 10 * 10}s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 10:
        return f"{hours}h{minutes:02}m"
    if hours < 24:
        return f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02}h" if days < 10 else f"{days}d"


def minutes(seconds: float) -> str:
    """Return a length of time in whole minutes as people say it: `5 min`, `1 h 20 min`, `2 d 3 h`; at least one."""
    whole = max(1, int(seconds // 60))
    if whole < 60:
        return f"{whole} min"
    hours, rest = divmod(whole, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def countdown(due: float, now: float) -> str:
    """Return how far off a promised update is: `in 12 min`, `now`, or `late by 5 min`; it moves once a minute."""
    left = due - now
    if left >= 60:
        return f"in {minutes(left)}"
    return f"late by {minutes(-left)}" if left <= -60 else "now"


def milliseconds(value: float | None) -> str:
    """Return a latency in at most six characters, or a dash where nothing was measured."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 9.95:
        return f"{value:.1f}ms"
    return f"{value:.0f}ms" if value < 9999.5 else f"{value / 1000:.0f}s"


def bound(text: str) -> str:
    """Return `text` with the blanks of its percentages as `GLUE`, so that no line is broken within one."""
    return _PERCENT.sub(GLUE, text)


def loose(text: str) -> str:
    """Return `text` with blanks again where `bound` put `GLUE`."""
    return text.replace(GLUE, " ")


def reach(row: ReachRow) -> str:
    """Return who can reach us in words: `31 % → 94 % with backups`; a `?` where last known states had to do."""
    mark = "?" if row.uncertain else ""
    if row.now is None:
        return "no segments defined"
    words = f"{percent(row.now)}{mark}"
    if row.possible is not None and percent(row.possible) != percent(row.now):
        words += f" → {percent(row.possible)}{mark} with backups"
    return words
