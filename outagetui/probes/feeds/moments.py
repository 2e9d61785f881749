"""Dates as feeds write them, whole ones and those that stand before an update."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MONTH = (
    "jan(?:uary?)?|feb(?:ruary?)?|mar(?:ch)?|märz?|apr(?:il)?|ma[iy]|jun[ei]?|jul[iy]?|aug(?:ust)?|sept?(?:ember)?"
    "|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GERMAN = {"mär": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_CLOCK = r"[T ,–-]*(?:at |um )?(?P<hour>\d\d?):(?P<minute>\d\d)(?::\d\d)?\s*(?P<half>[ap])?"
_STAMPS = [
    re.compile(pattern + _CLOCK, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<month>{MONTH})\b\.?\s+(?P<day>\d\d?)(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?",
        rf"\b(?P<day>\d\d?)(?:st|nd|rd|th)?\.?\s+(?P<month>{MONTH})\b\.?,?(?:\s+(?P<year>\d{{4}}))?",
        r"\b(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)",
        r"\b(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})",
    )
]


_BARE_CLOCK = re.compile(
    r"[^\w(]*\(?\s*(?:at |um |on )?(?P<hour>\d\d?):(?P<minute>\d\d)(?![\d:]*\d)\s*(?P<half>[ap])?", re.IGNORECASE
)


def moment_of(text: str) -> float | None:
    """Return the epoch second of a date (RFC 822, RFC 3339), None for what is none; without a zone it is UTC."""
    short = text.strip()[:64]
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(short)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def stamp_in(text: str) -> tuple[int, ...] | None:
    """Return year (0 where none is said), month, day, hour and minute that stand in `text`; None without them.

    Stamps of one page can be compared with each other: its time zone is not told.
    """
    found = next((match for stamp in _STAMPS if (match := stamp.search(text))), None)
    if found is None:
        return None
    month = found["month"].lower()[:3]
    number = int(month) if month.isdecimal() else _MONTHS.index(_GERMAN.get(month, month)) + 1
    return int(found["year"] or 0), number, int(found["day"]), _hour(found), int(found["minute"])


def clock_in(text: str) -> tuple[int, ...] | None:
    """Return as `stamp_in` the time of day at which `text` begins, year, month and day 0; None without one."""
    found = _BARE_CLOCK.match(text)
    return None if found is None else (0, 0, 0, _hour(found), int(found["minute"]))


def _hour(found: re.Match[str]) -> int:
    hour = int(found["hour"])
    return hour % 12 + (12 if found["half"].lower() == "p" else 0) if found["half"] else hour
