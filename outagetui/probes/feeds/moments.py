"""Dates as feeds write them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


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
