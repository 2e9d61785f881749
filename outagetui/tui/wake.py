"""Waking whoever sits at a screen: the terminal's bell, and a notice (OSC 9) for terminals that show one."""

import os
from collections.abc import Mapping

from outagetui.board.rows import AnnouncementRow, Board, OwedRow
from outagetui.core.model import BAD
from outagetui.core.text import clean
from outagetui.core.words import Owed, Standing

SWITCH = "OUTAGETUI_BELL"  # off: silence
LASTING = 30.0  # seconds: a blip wakes nobody
NAMED = 3
Cause = tuple[str, str, int]  # a word, what of (the incident, announcement, or way), and the how-manieth time
BELL = "\a"
WITHOUT_NOTICES = ("linux", "vt100", "vt220", "ansi", "cygwin")  # values of TERM


class Waker:
    """Rings once for an incident that nobody took, and once more when it was passed on to a second link.

    It also rings once for every way that people were sent to and that is dead, taken or not, and for every promised
    update that is late.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, *, ascii: bool = False) -> None:
        self._silent = environment.get(SWITCH, "").strip().lower() in ("off", "0", "no", "false")
        self._notices = environment.get("TERM", "") not in WITHOUT_NOTICES
        self._ascii = ascii
        self._began = False
        self._rung: set[Cause] = set()

    def wake(self, board: Board) -> str:
        """Return what to send to the terminal now, mostly nothing; what was so when the screen was opened is silent."""
        began, self._began = self._began, True
        names, unsaid = alarming(board), late(board)
        wanted: set[Cause] = {("late", made.id, made.parts) for made in unsaid}
        dead = [] if board.stale or board.blind else [row for row in board.owed if row.kind == Owed.DEAD_WAY]
        wanted |= {_dead(row) for row in dead}
        if board.incident is not None and names:
            wanted |= {("outage", board.incident.id, 1)}
            wanted |= {("outage", board.incident.id, 2)} if len(board.incident.woken) > 1 else set()
        new, self._rung = wanted - self._rung, self._rung | wanted
        if not new or not began or self._silent:
            return ""
        died = [row for row in dead if _dead(row) in new]
        outage = any(what == "outage" for what, _, _ in new)
        unsaid = [made for made in unsaid if ("late", made.id, made.parts) in new]
        words = _dead_ways(died) if died else _outage(names) if outage else _late(unsaid)
        return BELL + (_notice(words, self._ascii) if self._notices else "")


def late(board: Board) -> list[AnnouncementRow]:
    """Return the open announcements whose next part was promised for a time that has passed."""
    return [
        row for row in board.announcements if row.open and row.next_update is not None and row.next_update <= board.at
    ]


def alarming(board: Board) -> list[str]:
    """Return the names of the channels that somebody has to look after now, and nobody does."""
    incident = board.open_incident
    if incident is None or incident.acked_by or board.blind or board.stale:
        return []
    if board.at - incident.since < LASTING:
        return []
    bad = [row for row in board.channels if row.id in incident.channels and row.state in BAD]
    bad = [row for row in bad if row.standing != Standing.STANDBY]  # nobody is sent there any more
    return [row.name for row in bad if not (row.muted or row.suppressed or row.local)]


def _dead(row: OwedRow) -> Cause:
    return "dead-way", f"{row.audience} {row.channel}", int(row.since)


def _dead_ways(rows: list[OwedRow]) -> str:
    first = rows[0]
    return f"Dead way: {clean(first.audience, 20)} were sent to {clean(first.name, 60)}, which is down. Press w."


def _outage(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"Outage: {', '.join(clean(name, 60) for name in names[:NAMED])}{more}. Nobody has taken it yet."


def _late(rows: list[AnnouncementRow]) -> str:
    whom = " and ".join(dict.fromkeys(clean(row.audience, 20) for row in rows))
    return f"Update late: {whom} were promised news by now. Press w to write it."


def _notice(words: str, ascii: bool) -> str:
    words = clean(words)
    return f"\x1b]9;{words.encode('ascii', 'replace').decode() if ascii else words}\a"
