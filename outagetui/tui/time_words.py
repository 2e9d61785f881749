"""How the screens say times and lengths of time: short and of a fixed shape."""

import math
from datetime import datetime

from outagetui.core.times import zone_or_utc


def clock(at: float, zone_name: str) -> str:
    """Return `Sun 22 Nov 14:32:07 CET` for an epoch second."""
    return datetime.fromtimestamp(at, zone_or_utc(zone_name)).strftime("%a %d %b %H:%M:%S %Z")


def time_of(at: float, now: float, zone_name: str) -> str:
    """Return the minute of an event as people say it at `now`: `14:02`, or `21 Nov 14:02` on another day."""
    there = zone_or_utc(zone_name)
    when, today = datetime.fromtimestamp(at, there), datetime.fromtimestamp(now, there)
    return when.strftime("%H:%M" if when.date() == today.date() else "%d %b %H:%M")


def second_of(at: float | None, zone_name: str) -> str:
    """Return the time of day as `14:02:11`, or a dash where there is none."""
    return "–" if at is None else datetime.fromtimestamp(at, zone_or_utc(zone_name)).strftime("%H:%M:%S")


def day_of(at: float, zone_name: str) -> str:
    """Return the date as `Sun 22 Nov 2026`."""
    return datetime.fromtimestamp(at, zone_or_utc(zone_name)).strftime("%a %d %b %Y")


def lasting(seconds: float) -> str:
    """Return a length of time in at most six characters: `now`, `20s`, `14m`, `2h 5m`, `3d 4h`.

    Below a minute it moves in steps of ten seconds, so that a fresh outage does not repaint every row each second.
    """
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if whole < 60:
        return f"{whole // 10 * 10}s" if whole >= 10 else "now"
    if whole < 3600:
        return f"{minutes}m"
    if not days:
        return f"{hours}h{minutes:02}m" if hours < 10 else f"{hours}h"
    return f"{days}d{hours:02}h" if days < 10 else f"{days}d"


def age(seconds: float) -> str:
    """Return how long something lasts so far, every second of the first hour: `42s`, `12m 05s`, `3h 20m`, `2d 4h`."""
    rest = max(0, int(seconds))
    if rest < 60:
        return f"{rest}s"
    if rest < 3600:
        return f"{rest // 60}m {rest % 60:02}s"
    if rest < 86400:
        return f"{rest // 3600}h {rest % 3600 // 60:02}m"
    return f"{rest // 86400}d {rest % 86400 // 3600}h"


def minutes(seconds: float) -> str:
    """Return a length of time in whole minutes as people say it: `5 min`, `1 h 20 min`, `2 d 3 h`; at least one."""
    whole = max(1, int(seconds // 60))
    days, hours, rest = whole // 1440, whole // 60 % 24, whole % 60
    parts = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (rest, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


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
