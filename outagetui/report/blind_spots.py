"""When nobody could see: our own uplink gone, no daemon, nothing probed; pure."""

from collections.abc import Iterable

from msgspec import Struct

from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.report.evidence import Evidence

BRIEF_SECONDS = 10.0  # a daemon that is back so soon has missed nothing that counts


class Unseen(Struct, frozen=True, order=True):
    """One such stretch, in epoch seconds; `kind` is blind, stopped or silent."""

    begin: float
    end: float
    kind: str
    words: str


def stretches(entries: Iterable[Entry], evidence: Evidence, begin: float, end: float) -> list[Unseen]:
    """Return the stretches that touch begin to end, cut to it, in their order. `entries` is the journal so far."""
    found: list[Unseen] = []
    blind: tuple[float, str] | None = None
    stopped: tuple[float, str] | None = None
    starts: list[float] = []
    for entry in entries:
        event = events.decode(entry.kind, entry.document)
        match event:
            case events.BlindChanged(blind=True, why=why):
                blind = blind or (entry.at, why)
            case events.BlindChanged() | events.DaemonStarted():  # a daemon that starts judges the uplink anew
                if blind is not None:
                    found.append(Unseen(blind[0], entry.at, "blind", blind[1]))
                blind = None
                if isinstance(event, events.DaemonStarted):
                    starts.append(entry.at)
                    if stopped is not None and entry.at - stopped[0] > BRIEF_SECONDS:
                        found.append(Unseen(stopped[0], entry.at, "stopped", f"the daemon was stopped: {stopped[1]}"))
                    stopped = None
            case events.DaemonStopped(reason=reason):
                stopped = entry.at, reason
            case _:
                pass
    if blind is not None:
        found.append(Unseen(blind[0], end, "blind", blind[1]))
    if stopped is not None:
        found.append(Unseen(stopped[0], end, "stopped", f"the daemon was stopped: {stopped[1]}"))
    known = [(each.begin, each.end) for each in found if each.kind == "stopped"]
    for since, until in evidence.silences:
        if any(since < to and until > from_ for from_, to in known):
            continue
        anew = any(since < at <= until + BRIEF_SECONDS for at in starts)
        found.append(Unseen(since, until, "silent", "the daemon was gone" if anew else "nothing was probed"))
    cut = [
        Unseen(max(each.begin, begin), min(each.end, end), each.kind, each.words)
        for each in found
        if each.begin < end and each.end > begin
    ]
    return sorted(cut)
