"""outagetui: see who can still reach you, switch to backups, tell your customers."""

__version__ = "0.1.0"
