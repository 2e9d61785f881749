"""The journal's entries of an incident as lines, with the key moments marked, and what no entry says itself; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from outagetui.board.narrative import tell
from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.facts import events
from outagetui.facts.network_path import told
from outagetui.report.blind_spots import Unseen
from outagetui.report.values import Line, when

ACTOR = 40
LIMIT = 500


def lines(
    mine: Sequence[Entry],
    names: Mapping[str, str],
    marks: Mapping[int, str],
    derived: Iterable[tuple[float, str, str]],
    unseen: Iterable[Unseen],
    zone: tzinfo,
) -> tuple[Line, ...]:
    """Return the timeline, in the journal's order.

    `names` maps ids of channels and outlets to names, `marks` entries to the key moment they are; `derived` are (at,
    words, mark) of what was concluded.
    """

    def line(at: float, kind: str, words: str, mark: str, actor: str = "") -> Line:
        return Line(at=when(at), local=when(at).astimezone(zone), actor=actor, kind=kind, words=words, mark=mark)

    passed = _begun_and_ended(mine)
    silent = [(each.begin, f"From here nothing was seen: {each.words}", each.kind) for each in unseen]
    keyed: list[tuple[float, int, Line]] = []
    # A clock that was set back must not reorder what the journal has in order: derived lines go where their time is.
    last = float("-inf")
    for entry in (each for each in mine if each.seq not in passed):
        last = max(last, entry.at)
        words, mark = " ".join(_words(entry, names).split()), marks.get(entry.seq, "")
        keyed.append((last, 1, line(entry.at, clean(entry.kind, 40), words, mark, clean(entry.actor, ACTOR))))
    for at, words, mark in (*derived, *(each for each in silent if each[2] == "silent")):
        keyed.append((at, 2 if mark == "closed" else 0, line(at, "derived", clean(words, LIMIT), mark)))
    return tuple(each for _, _, each in sorted(keyed, key=lambda row: row[:2]))


def _begun_and_ended(mine: Iterable[Entry]) -> set[int]:
    """Return the intents that have an outcome: the outcome says it all."""
    begun: dict[tuple[str, str, int], int] = {}
    passed: set[int] = set()
    for entry in mine:
        match events.decode(entry.kind, entry.document):
            case events.StepIntended() | events.StepEnded() as event:
                key = event.run, event.step, event.attempt
            case events.AlertIntended() | events.AlertEnded() as event:
                key = event.incident, event.link, -1
            case events.DeliveryIntended() | events.DeliveryEnded() as event:
                key = event.announcement, event.outlet, event.part
            case _:
                continue
        if isinstance(event, events.StepIntended | events.AlertIntended | events.DeliveryIntended):
            begun[key] = entry.seq
        elif key in begun:
            passed.add(begun.pop(key))
    return passed


def _words(entry: Entry, names: Mapping[str, str]) -> str:
    match events.decode(entry.kind, entry.document):
        case events.StateChanged(id=name, was=was, now=now, why=why, local=local):
            seen = f", local to {local}" if local else ""
            return clean(f"{names.get(name, name)}: {was} → {now}{seen}" + (f": {why}" if why else ""), LIMIT)
        case events.Activated(channel=name, run=run):
            return clean(f"Activated {names.get(name, name)}" + (f" (run {run})" if run else " by hand"), LIMIT)
        case events.Deactivated(channel=name, run=run):
            return clean(f"Deactivated {names.get(name, name)}" + (f" (run {run})" if run else " by hand"), LIMIT)
        case events.PathTraced(channel=name, path=path, canary=canary):
            about = f"Traced {names.get(name, name)}" if name else "Traced"
            return clean(f"{about}: {told(path, canary)}", LIMIT)
        case events.Acked(note=note):
            return clean("Took the incident" + (f": {note}" if note else ""), LIMIT)
        case events.StepAnswered(run=run, step=step, answer=answer, note=note):
            return clean(f"{run} {step} answered {answer}" + (f": {note}" if note else ""), LIMIT)
        case _:
            return tell(entry).text
