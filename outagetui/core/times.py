"""Times and lengths of time in words: moments at a place, stamps, spans, and durations as people write them. Pure."""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

LATEST = 253402214400.0  # 9999-12-31 00:00 UTC in epoch seconds: a day before calendars end, wherever that is shown

# fmt: off
_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
# fmt: on
_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ", "WET": "WEZ", "WEST": "WESZ", "EET": "OEZ", "EEST": "OESZ"}


def base(language: str) -> str:
    """Return the primary subtag of a language tag (RFC 5646): `de` of `de-AT`."""
    return language.replace("_", "-").split("-")[0].lower()


def zone(name: str) -> tzinfo:
    """Return the time zone called `name` (IANA); ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone '{name}'") from error


@lru_cache(8)  # screens ask for the same one again and again
def zone_or_utc(name: str) -> tzinfo:
    """Return the time zone called `name`; UTC when this machine does not know it."""
    try:
        return zone(name)
    except ValueError:
        return UTC


def moment(at: float, place: tzinfo, language: str) -> str:
    """Return date and time at `place`: `22 November 2026, 14:02 CET`; ISO order in a language without month names."""
    when = _at(at, place)
    tongue = base(language)
    name = zone_name(when, tongue)
    if tongue == "de":
        return f"{when.day}. {_MONTHS['de'][when.month - 1]} {when.year}, {when:%H:%M} Uhr {name}"
    if tongue == "en":
        return f"{when.day} {_MONTHS['en'][when.month - 1]} {when.year}, {when:%H:%M} {name}"
    return f"{when:%Y-%m-%d %H:%M} {name}"


def clock(at: float, seen: float, place: tzinfo, language: str) -> str:
    """As `moment`, without the date when `at` falls on the same day as `seen`."""
    when = _at(at, place)
    if when.date() != _at(seen, place).date():
        return moment(at, place, language)
    tongue = base(language)
    hour = f"{when:%H:%M} Uhr" if tongue == "de" else f"{when:%H:%M}"
    return f"{hour} {zone_name(when, tongue)}"


def utc(at: float) -> str:
    """Return `2026-11-22 13:02 UTC`: the same in every language."""
    return f"{_at(at, UTC):%Y-%m-%d %H:%M} UTC"


def shows_utc(at: float, place: tzinfo) -> bool:
    """Return whether the clocks at `place` show UTC then, and call it that."""
    return zone_name(_at(at, place), "en") == "UTC"


def stamp(at: float) -> str:
    """Return the time as RFC 3339 to the second: `2026-11-22T13:02:00Z`."""
    return f"{_at(at, UTC):%Y-%m-%dT%H:%M:%S}Z"


def stamp_ms(at: float) -> str:
    """Return the time as RFC 3339 to the millisecond: `2026-11-22T13:02:00.250Z`."""
    return _at(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _at(at: float, place: tzinfo) -> datetime:
    try:
        return datetime.fromtimestamp(at, place)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError(f"{at} is not a time") from error


def zone_name(when: datetime, tongue: str) -> str:
    """Return the letters of a moment's zone, such as CEST or MESZ; `UTC-03` for one without letters of its own."""
    name = when.tzname() or "UTC"
    if name[:1] in "+-":  # zones without letters of their own, such as America/Sao_Paulo
        return f"UTC{name}"
    return _GERMAN_ZONES.get(name, name) if tongue == "de" else name


def parse_duration(text: str) -> float | None:
    """Return the seconds of a duration such as `500ms`, `10s`, `2m`, `1h` or `7d`; None when it is none."""
    found = _FORM.fullmatch(text.strip())
    return float(found[1]) * _SECONDS[found[2]] if found else None


def show_duration(seconds: float) -> str:
    """Write `seconds` in the largest unit that needs no fraction: the inverse of `parse_duration`."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms"


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: `500 ms`, `45 s`, `2 min 5 s`, `1 h 20 min`, `2 d 3 h`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def about(seconds: float) -> str:
    """Return a length of time in its largest unit: `15 s`, `3 min`, `2 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def about_in_full(seconds: float) -> str:
    """Return a length of time in the unit people use for it: `30 days`, `36 hours`, `10 minutes`."""
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} days"
    return f"{seconds / 3600:.0f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"
