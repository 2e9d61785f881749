"""A board with an incident that was just opened."""

from outagetui.board.rows import Board, IncidentRow
from tests.tui.fakes import MINUTE, NOW, outage


def opened(*woken: str, since: float = NOW - MINUTE, acked_by: str = "", closed: float | None = None) -> Board:
    incident = IncidentRow(
        id="i42", since=since, channels=("messenger",), woken=woken, acked_by=acked_by, closed=closed
    )
    return outage(incident=incident)
