"""What all documents of the journal have in common."""

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Base of all journal documents."""
