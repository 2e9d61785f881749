"""Times as announcements say them: local with the zone's name, and UTC. Pure; epoch seconds in, words out."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

# fmt: off
_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
# fmt: on
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ", "WET": "WEZ", "WEST": "WESZ", "EET": "OEZ", "EEST": "OESZ"}


def base(language: str) -> str:
    """Return the primary subtag of a language tag (RFC 5646): `de` of `de-AT`."""
    return language.replace("_", "-").split("-")[0].lower()


def zone(name: str) -> tzinfo:
    """Return the time zone called `name` (IANA); ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


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


def _at(at: float, place: tzinfo) -> datetime:
    try:
        return datetime.fromtimestamp(at, place)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError(f"{at!r} is not a time") from error


def zone_name(when: datetime, tongue: str) -> str:
    """Return the letters of a moment's zone, such as CEST or MESZ; `UTC-03` for one without letters of its own."""
    name = when.tzname() or "UTC"
    if name[:1] in "+-":  # zones without letters of their own, such as America/Sao_Paulo
        return f"UTC{name}"
    return _GERMAN_ZONES.get(name, name) if tongue == "de" else name
