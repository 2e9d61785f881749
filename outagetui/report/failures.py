"""What did not go as planned, as facts without names; pure."""

from collections.abc import Iterable, Iterator, Mapping

from outagetui.core.model import BAD, Entry
from outagetui.core.text import clean
from outagetui.core.times import span
from outagetui.core.words import TROUBLED, AlertState, Deed, DeliveryState, ProofOutcome, RunState, StepState, Why
from outagetui.facts import events
from outagetui.report.blind_spots import Unseen
from outagetui.report.values import Announced, Gap, Trouble, when

LIMIT = 500


def troubles(
    mine: Iterable[Entry],
    names: Mapping[str, str],
    backups: frozenset[str],
    active: Iterable[str],
    states: Mapping[str, str],
    unseen: Iterable[Unseen],
) -> Iterator[tuple[float, str, str]]:
    """Yield (at, kind, words) of what went wrong.

    `active` are the backups that were so when the incident began, `states` how everything stood then.
    """
    for each in unseen:
        yield each.begin, each.kind, f"{_UNSEEN[each.kind]} for {span(each.end - each.begin)}: {each.words}"
    now_active = set(active)
    states = dict(states)
    answered: dict[tuple[str, str], str] = {}
    stopped = False
    for entry in mine:
        event = events.decode(entry.kind, entry.document)
        at = entry.at
        match event:
            case events.StateChanged(id=name, now=state, why=why):
                if name in now_active & backups and state in BAD:
                    yield at, "backup-bad", f"{names.get(name, name)} was {state} while it stood in: {why}"
                states[name] = state
            case events.Activated(channel=name):
                now_active.add(name)
                if states.get(name) in BAD:
                    yield at, "backup-bad", f"{names.get(name, name)} was activated while it was {states[name]}"
            case events.Deactivated(channel=name):
                now_active.discard(name)
            case events.DaemonStopped():
                stopped = True
            case events.DaemonStarted():
                how = "was started anew" if stopped else "was started anew without having been stopped"
                yield at, "daemon", f"The daemon {how}"
                stopped = False
            case events.Proved(channel=name, outcome=ProofOutcome.FAILED, detail=detail):
                yield at, "proof-failed", f"The proof of {names.get(name, name)} failed: {detail}"
            case events.StepAnswered(run=run, step=step, answer=answer):
                answered[run, step] = answer
                if answer == "break-glass":
                    yield at, "break-glass", f"Step {step} of {run} was done without its second person"
            case events.StepAsked(run=run, step=step, why=Why.UNSURE, question=question):
                yield at, "step-unsure", f"Nobody could tell whether step {step} of {run} had happened: {question}"
            case events.StepEnded(run=run, step=step, outcome=StepState.FAILED, detail=detail):
                yield at, "step-failed", f"Step {step} of {run} failed: {detail}"
            case events.StepEnded(run=run, step=step, outcome=StepState.SKIPPED) if answered.get((run, step)) == "skip":
                yield at, "step-skipped", f"Step {step} of {run} was skipped"
            case events.RunEnded(run=run, state=state) if state != RunState.DONE:
                was = "was " if state == RunState.ABORTED else ""
                yield at, f"run-{state}", f"Run {run} {was}{state}"
            case events.DeliveryEnded(announcement=name, outlet=outlet, state=state, detail=detail, do=do) if (
                state in TROUBLED and do != Deed.LOOK  # a look that finds nothing new is no second trouble
            ):
                why = f": {detail}" if detail else ""
                said = "failed" if state == DeliveryState.FAILED else "is not known to have arrived"
                if do == Deed.RETRACT:
                    said = "was not taken back" if state == DeliveryState.FAILED else "is not known to be taken back"
                yield at, f"delivery-{state}", f"Announcement {name} at {names.get(outlet, outlet)} {said}{why}"
            case events.AlertEnded(link=link, outcome=outcome, detail=detail) if outcome == AlertState.FAILED:
                yield at, f"alert-{outcome}", f"The alert to {link} did not arrive: {detail}"
            case events.HeartbeatChanged(heard=False, why=why):
                yield at, "heartbeat", f"The watcher outside did not hear from us: {why}"
            case None:
                yield at, "damaged", "An entry of the journal could not be read"
            case _:
                pass


_UNSEEN = {"blind": "We were blind", "stopped": "Nobody watched", "silent": "Nothing was seen"}


def rows(
    found: Iterable[tuple[float, str, str]], told: Iterable[Announced], gaps: Iterable[Gap], end: float, over: bool
) -> tuple[Trouble, ...]:
    """Return the troubles in their order, with the silences of announcements and those that were never closed."""
    every = [Trouble(at=when(at), kind=clean(kind, 40), words=clean(words, LIMIT)) for at, kind, words in found]
    every += [
        Trouble(
            at=gap.begin,
            kind="silence",
            words=clean(f"Announcement {gap.announcement} to {gap.audience} was silent for {span(gap.seconds)}", LIMIT),
        )
        for gap in gaps
    ]
    every += [
        Trouble(
            at=when(end),
            kind="left-open",
            words=clean(f"Announcement {each.announcement} to {each.audience} was never closed", LIMIT),
        )
        for each in told
        if over and each.open
    ]
    return tuple(sorted(every, key=lambda each: each.at))
