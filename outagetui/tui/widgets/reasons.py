"""The words beside a channel or outlet: its standing and the reason for its state."""

from outagetui.board.rows import ChannelRow, OutletRow
from outagetui.core.model import State
from outagetui.core.text import clean
from outagetui.tui.time_words import lasting, time_of

Row = ChannelRow | OutletRow


def standing(row: Row, short: bool) -> str:
    """Return `primary`, `backup standby` or `BACKUP ACTIVE`; an outlet's kind. `short` keeps it to nine cells."""
    if isinstance(row, OutletRow):
        return clean(row.kind, 20)
    if not row.is_backup:
        return "primary"
    if row.standing == "active":
        return "ACTIVE" if short else "BACKUP ACTIVE"
    return "standby" if short else "backup standby"


def active(row: Row) -> bool:
    """Return whether a row is a backup in use."""
    return isinstance(row, ChannelRow) and row.standing == "active"


def since(row: Row, now: float, zone: str) -> str:
    """Return ` since 14:02 (30m)`, or nothing where that is not known."""
    return "" if row.since is None else f" since {time_of(row.since, now, zone)} ({lasting(now - row.since)})"


def readiness_words(row: Row) -> str:
    """Return why a backup might not serve when needed, or nothing."""
    if isinstance(row, ChannelRow) and row.is_backup and row.readiness in ("stale", "untested", "broken"):
        return {"stale": "not proven lately", "untested": "never proven", "broken": "last proof failed"}[row.readiness]
    return ""


def reason(row: Row, now: float, zone: str) -> str:
    """Return why the row is as it is, in one line; nothing for one that is simply up."""
    parts = []
    if row.muted is not None:
        until = time_of(row.muted.until, now, zone)
        parts.append(f"muted until {until} by {clean(row.muted.actor, 40)}: {clean(row.muted.reason, 120)}")
    if isinstance(row, ChannelRow):
        if row.spending:
            parts.append(clean(row.spending, 120))
        if row.suppressed and row.state is State.UP:
            parts.append(f"needs {_names(row.depends_on)}" if row.depends_on else "")
        elif row.suppressed:
            names = f" ({_names(row.depends_on)})" if row.depends_on else ""
            parts.append(f"what it depends on is down{names}")
        if row.local:
            parts.append(f"only seen from {clean(row.local, 40)}")
        if row.state is State.BLIND:
            parts.append(f"was {row.known.value} when last certain")
    elif row.delivery:
        parts.append(f"announcement {clean(row.delivery, 40)}")
    if row.why and row.state is not State.UP:
        parts.append(clean(row.why))
    parts.append(readiness_words(row))
    return " · ".join(part for part in parts if part)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(clean(name, 40) for name in names[:3])
