"""Spans, moments and shares in words; pure."""

from datetime import UTC, datetime, tzinfo

from outagetui.core import times
from outagetui.core.text import clean


def local(at: datetime, zone: tzinfo) -> str:
    """Return `2026-11-22 20:02:11 CET`, with `UTC-03` for zones without letters of their own."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone_name(at, zone)}"


def clock(at: datetime, zone: tzinfo) -> str:
    """Return `20:02:11 CET`."""
    return f"{at.astimezone(zone):%H:%M:%S} {zone_name(at, zone)}"


def utc(at: datetime, beside: datetime | None = None) -> str:
    """Return `2026-11-22 19:02:11`, without the date when it is that of `beside`, the local time next to it."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M:%S}" if beside is not None and beside.date() == at.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def zone_name(at: datetime, zone: tzinfo) -> str:
    """Return the letters of `zone` then, such as CEST."""
    return times.zone_name(at.astimezone(zone), "en")


def money(amount: float, currency: str) -> str:
    """Return `4.50 EUR`."""
    return f"{amount:.2f} {currency}"


def people(number: float) -> str:
    """Return person-minutes in whole numbers with thin groups: `12 345`."""
    return clean(f"{number:,.0f}".replace(",", "\N{NO-BREAK SPACE}"))
