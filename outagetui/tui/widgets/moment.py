"""Times to the second, for records and for what is going on right now. Pure."""

from datetime import datetime

from outagetui.tui.words import zone


def second_of(at: float | None, zone_name: str) -> str:
    """Return the time of day as `14:02:11`, or a dash where there is none."""
    return "–" if at is None else datetime.fromtimestamp(at, zone(zone_name)).strftime("%H:%M:%S")


def day_of(at: float, zone_name: str) -> str:
    """Return the date as `Sun 22 Nov 2026`."""
    return datetime.fromtimestamp(at, zone(zone_name)).strftime("%a %d %b %Y")


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
