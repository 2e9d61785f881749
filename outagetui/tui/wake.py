"""Waking whoever sits at a screen: the terminal's bell, and a notice (OSC 9) for terminals that show one."""

import os
from collections.abc import Mapping

from outagetui.model import BAD
from outagetui.rows import Board, ChannelRow
from outagetui.text import clean

SWITCH = "OUTAGETUI_BELL"  # off: silence
LASTING = 30.0  # seconds: a blip wakes nobody
NAMED = 3
BELL = "\a"
WITHOUT_NOTICES = ("linux", "vt100", "vt220", "ansi", "cygwin")  # values of TERM


class Waker:
    """Rings once for an incident that nobody took, and once more when it was passed on to a second link."""

    def __init__(self, environment: Mapping[str, str] = os.environ, *, ascii: bool = False) -> None:
        self._silent = environment.get(SWITCH, "").strip().lower() in ("off", "0", "no", "false")
        self._notices = environment.get("TERM", "") not in WITHOUT_NOTICES
        self._ascii = ascii
        self._began = False
        self._rung: set[tuple[str, int]] = set()

    def wake(self, board: Board) -> str:
        """Return what to send to the terminal now, mostly nothing; what was so when the screen was opened is silent."""
        began, self._began = self._began, True
        names = alarming(board)
        incident = board.incident
        if incident is None or not names:
            return ""
        wanted = {(incident.id, 1)} | ({(incident.id, 2)} if len(incident.woken) > 1 else set())
        new, self._rung = wanted - self._rung, self._rung | wanted
        if not new or not began or self._silent:
            return ""
        return BELL + (_notice(names, self._ascii) if self._notices else "")


def alarming(board: Board) -> list[str]:
    """Return the names of the channels that somebody has to look after now, and nobody does."""
    incident = board.incident
    if incident is None or incident.closed is not None or incident.acked_by or board.blind or board.stale:
        return []
    if board.at - incident.since < LASTING:
        return []
    return [row.name for row in board.channels if row.id in incident.channels and _alarms(row)]


def _alarms(row: ChannelRow) -> bool:
    return row.state in BAD and not (row.muted or row.suppressed or row.local)


def _notice(names: list[str], ascii: bool) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    words = clean(f"Outage: {', '.join(clean(name, 60) for name in names[:NAMED])}{more}. Nobody has taken it yet.")
    return f"\x1b]9;{words.encode('ascii', 'replace').decode() if ascii else words}\a"
