"""Journal entries in words, for the journal screen, `outagetui journal` and the drill's timeline. Pure."""

from outagetui.board.rows import LogRow
from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.core.words import Deed, DeliveryState
from outagetui.facts import events, network_path


def tell(entry: Entry) -> LogRow:
    """Return `entry` as one cleaned line."""
    event = events.decode(entry.kind, entry.document)
    unread = "a damaged entry" if entry.kind in events.KINDS else "an entry of a newer version"
    words = _words(event) if event is not None else f"{unread}: {entry.document}"
    return LogRow(seq=entry.seq, at=entry.at, actor=clean(entry.actor, 40), kind=entry.kind, text=clean(words))


def _words(event: events.Event) -> str:
    match event:
        case events.DaemonStarted(version=version, vantage=vantage, pid=pid):
            return f"daemon {version} started at vantage {vantage}, process {pid}"
        case events.DaemonStopped(reason=reason):
            return f"daemon stopped: {reason}"
        case events.ConfigLoaded(digest=digest):
            return f"configuration loaded ({digest[:8]})"
        case events.StateChanged(id=name, was=was, now=now, why=why, local=local):
            seen = f", local to {local}" if local else ""
            return f"{name} {was} → {now}{seen}: {why}" if why else f"{name} {was} → {now}{seen}"
        case events.BlindChanged(blind=blind, why=why):
            return f"blind: {why}" if blind else f"no longer blind: {why}"
        case events.FaultInjected(fault=fault, target=target):
            return f"drill: {target} {fault}"
        case events.DrillEnded(scenario=scenario, books=books, score=score):
            told = ", ".join(f"{book.id} {book.state} in {book.seconds:.0f} s" for book in books)
            return f"drill {scenario}: {told or 'no playbook was run'}" + ("" if score is None else f", score {score}")
        case events.Acked(incident=incident, note=note):
            return f"took incident {incident}" + (f": {note}" if note else "")
        case events.Muted(id=name, until=until, reason=reason):
            return f"muted {name}: {reason}" if until > 0 else f"unmuted {name}"
        case events.Activated(channel=channel, run=run):
            return f"activated {channel}" + (f" ({run})" if run else " by hand")
        case events.Deactivated(channel=channel, run=run):
            return f"deactivated {channel}" + (f" ({run})" if run else " by hand")
        case events.Told(channel=channel, audience=audience, reason=reason, run=run):
            how = f"by {run}" if run else "by hand"
            return f"{audience} were told of {channel} {how}" + (f": {reason}" if reason else "")
        case events.Proved(channel=channel, outcome=outcome, detail=detail):
            return f"proof of {channel} {outcome}: {detail}"
        case events.JournalAccepted(reason=reason, faults=faults):
            return f"accepted the journal as it is: {reason} ({'; '.join(faults)})"
        case events.PathTraced(channel=channel, path=path, canary=canary):
            return f"traced{channel and ' '}{channel}: {network_path.told(path, canary)}"
        case events.StepEvent():
            return _of_step(event)
        case events.RunEvent():
            return _of_run(event)
        case events.AnnouncementEvent():
            return _of_announcement(event)
        case events.AlertEvent():
            return _of_alert(event)
        case events.HeartbeatChanged(heard=heard, why=why):
            return f"heartbeat heard outside: {why}" if heard else f"heartbeat not heard outside: {why}"
        case _:
            return type(event).__name__


def _of_announcement(event: events.AnnouncementEvent) -> str:
    name = f"announcement {event.announcement}"
    match event:
        case events.AnnouncementMade(kind=kind, outlets=outlets):
            why = f" (no drill was played: {event.reason})" if event.reason else ""
            return f"{name} {kind} for {', '.join(outlets)}: {event.title}{why}"
        case events.AnnouncementRetracted(note=note):
            return f"{name} is taken back" + (f": {note}" if note else "")
        case events.DeliveryEdited(outlet=outlet, title=title):
            return f"{name}: own words for {outlet}: {title}"
        case events.DeliveryOrdered(outlet=outlet, do=do):
            return f"{name}: {outlet} is to be tried once more" + (" to take it back" if do == Deed.RETRACT else "")
        case events.DeliveryIntended(outlet=outlet, do=do):
            return f"{name}: taking it back from {outlet}" if do == Deed.RETRACT else f"{name}: sending to {outlet}"
        case events.DeliveryEnded(outlet=outlet, state=state, url=url, detail=detail, do=do):
            became = "not taken back" if do == Deed.RETRACT and state == DeliveryState.FAILED else state
            said = f"{name}: {outlet} {became}" + (":" if became != state and detail else "")
            return " ".join(filter(None, (said, url, detail)))
        case _:
            return name


def _of_alert(event: events.AlertEvent) -> str:
    about = f"alert to {event.link}, {event.what}" + (f" of {event.incident}" if event.incident else "")
    match event:
        case events.AlertIntended(title=title):
            return f"{about}: {title}"
        case events.AlertEnded(outcome=outcome, detail=detail):
            return f"{about}, {outcome}" + (f": {detail}" if detail else "")
        case _:
            return about


def _of_run(event: events.RunEvent) -> str:
    name = f"run {event.run}"
    match event:
        case events.RunTaken():
            return f"took {name} over"
        case events.RunEnded(state=state, why=why):
            return f"{name} {state}" + (f": {why}" if why else "")
        case events.RunStarted(stands_down=stands_down) if stands_down:
            return f"{name} stands down run {stands_down} ({event.name})"
        case events.RunStarted():
            return f"{name} of {event.playbook} started: {event.name}"
        case _:
            return name


def _of_step(event: events.StepEvent) -> str:
    name = f"{event.run} {event.step}"
    match event:
        case events.StepAsked(question=question):
            return f"{name} asks: {question}"
        case events.StepAnswered(answer=answer, note=note):
            return f"{name} answered {answer}" + (f": {note}" if note else "")
        case events.StepIntended(what=what):
            return f"{name}: {what}"
        case events.StepEnded(outcome=outcome, detail=detail):
            return f"{name} {outcome}: {detail}" if detail else f"{name} {outcome}"
        case _:
            return name
