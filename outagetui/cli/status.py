"""`outagetui status`: what the daemon knows, as text or JSON. Loads neither Textual nor Rich nor a network library."""

import sys
import time
from datetime import datetime, tzinfo
from typing import Any

from outagetui.board.owed import command, heading, reach_words, rest, why
from outagetui.board.rows import Board, ChannelRow, OwedRow, PlaybookRow, RunRow
from outagetui.board.suggest import gain_words
from outagetui.cli.common import STATUS, UNUSABLE, check_document, fail, source
from outagetui.cli.output import print_json
from outagetui.core.model import WORST_FIRST, State, last_known, worst
from outagetui.core.text import clean
from outagetui.core.times import about, stamp, zone_or_utc
from outagetui.core.words import Readiness
from outagetui.store.damage import StoreError


def report(options: dict[str, str | None], as_json: bool) -> int:
    """Print the board and return the exit status."""
    try:
        board = source(options).board(time.time())
    except StoreError as error:
        fail(str(error), UNUSABLE)
    if as_json:
        print_json(document(board))
    else:
        sys.stdout.write("\n".join(lines(board)) + "\n")
    return exit_status(board)


def exit_status(board: Board) -> int:
    """Return the exit status: the worst channel's, at least 1 for a failed proof, and 3 without a daemon."""
    if board.stale:
        return UNUSABLE
    state = worst([channel.state for channel in board.channels])
    if any(channel.broken for channel in board.channels):
        state = worst((state, State.SLOW))
    return STATUS[state]


def document(board: Board) -> dict[str, Any]:
    """Return the document of `status --json`."""
    return {
        "version": 1,
        "at": stamp(board.at),
        "vantage": board.vantage,
        "channels": [_channel(row, old=board.stale) for row in board.channels],
        "reach": {
            row.audience: {
                "now": row.now,
                "known": row.known,
                "possible": row.possible,
                "uncertain": row.uncertain,
            }
            for row in board.reach
        },
        "owed": [_owed(row, board) for row in board.owed],
        "incident": _incident(board),
        "runs": [
            {"run": run.id, "playbook": run.playbook, "state": run.state, "started": stamp(run.started)}
            for run in board.runs
        ],
        "announcements": [
            {
                "announcement": made.id,
                "kind": made.kind,
                "audience": made.audience,
                "title": made.title,
                "open": made.open,
                "outlets": [{"id": to.outlet, "state": to.state, "url": to.url} for to in made.deliveries],
            }
            for made in board.announcements
        ],
        "suggestions": [
            {
                "playbook": hint.playbook,
                "why": clean(hint.why),
                "gains": [{"audience": gain.audience, "now": gain.now, "then": gain.then} for gain in hint.gains],
            }
            for hint in board.suggestions
        ],
        "playbooks": [_playbook(row) for row in board.playbooks],
        "break_glass": [
            {
                "run": row.run,
                "step": row.step,
                "at": stamp(row.at),
                "actor": row.actor,
                "reason": clean(row.reason),
            }
            for row in board.glass
        ],
        "daemon": _daemon(board),
    }


def _playbook(row: PlaybookRow) -> dict[str, Any]:
    practised = row.practised
    return {
        "id": row.id,
        "name": row.name,
        "suggested": row.suggested,
        "running": row.running or None,
        "practised": {
            "confidence": practised.confidence,
            "at": None if practised.at is None else stamp(practised.at),
            "where": practised.where or None,
            "state": practised.state or None,
            "seconds": None if practised.at is None else round(practised.seconds, 1),
            "failed": practised.failed,
            "skipped": practised.skipped,
            "changed": practised.changed,
        },
    }


def _owed(row: OwedRow, board: Board) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "audience": row.audience,
        "channel": row.channel or None,
        "announcement": row.announcement or None,
        "since": stamp(row.since),
        "run": row.run or row.ended or None,
        "do": command(row, board),
    }


def _channel(row: ChannelRow, *, old: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "audience": row.audience,
        "state": last_known(row.state, old=old),
        "since": None if row.since is None else stamp(row.since),
        "why": clean(_why(row)),
        "standing": row.standing,
        "readiness": row.readiness,
        "proved": None if row.proved is None else stamp(row.proved),
        "spending": row.spending or None,
        "muted": None if row.muted is None else {"until": stamp(row.muted.until), "reason": row.muted.reason},
        "suppressed": row.suppressed,
        "checks": [check_document(check, check.sample) for check in row.checks],
    }


def _incident(board: Board) -> dict[str, Any] | None:
    incident = board.open_incident
    if incident is None:
        return None
    return {
        "id": incident.id,
        "since": stamp(incident.since),
        "channels": list(incident.channels),
        "acked_by": incident.acked_by,
        "woken": list(incident.woken),
    }


def _daemon(board: Board) -> dict[str, Any]:
    daemon = board.daemon
    if daemon is None:
        return {"pid": None, "age_s": None, "stale": True}
    return {"pid": daemon.pid, "age_s": round(daemon.age, 1), "stale": daemon.stale}


def lines(board: Board) -> list[str]:
    """Return the board for people: what is wrong first."""
    zone = zone_or_utc(board.timezone)
    clock = datetime.fromtimestamp(board.at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    out = [f"{clean(board.business)}, seen from {clean(board.vantage)}, {clock}"]
    if board.drill:
        out.append(f"DRILL: {clean(board.drill)}")
    if board.daemon is None:
        out.append("STALE: no daemon has run on this store")
    elif board.daemon.stale:
        out.append(f"STALE: the daemon has been silent for {about(board.daemon.age)}; what follows is old")
    if board.daemon is not None and board.daemon.trouble:
        out.append(f"TROUBLE: {clean(board.daemon.trouble)}")
    if board.blind:
        out.append(f"BLIND: {clean(board.blind)}")
    incident = board.open_incident
    if incident is not None:
        taken = f"taken by {clean(incident.acked_by)}" if incident.acked_by else "not acknowledged"
        since = datetime.fromtimestamp(incident.since, zone).strftime("%H:%M")
        if incident.woken:
            taken += f", woken: {clean(', '.join(incident.woken))}"
        out.append(f"INCIDENT {incident.id} since {since} ({', '.join(incident.channels)}), {taken}")
    for glass in board.glass:
        who = f"{clean(glass.actor)} did {clean(glass.run)} {clean(glass.step)} alone"
        out.append(f"BREAK-GLASS: {who}: {clean(glass.reason)}")
    for due in board.owed:
        told = why(due, lambda at: datetime.fromtimestamp(at, zone).strftime("%H:%M"))
        out.append(f"{heading(due)}: {told}: {command(due, board)}")
    for reach in board.reach:
        if reach.known is not None:
            out.append(f"reach {reach.audience}: {reach_words(reach)}")
    for row in sorted(board.channels, key=lambda row: WORST_FIRST.index(State.PARTIAL if row.broken else row.state)):
        out.append(_line(board, row, zone))
    for outlet in board.outlets:
        told = f", {outlet.delivery}" if outlet.delivery else ""
        word = last_known(outlet.state, old=board.stale).upper()
        out.append(f"{word:8}{' ' * (len(word) > 7)}{clean(outlet.name)} (outlet{told}) {clean(outlet.why)}".rstrip())
    for run in board.runs:
        if run.ended is None:
            asking = run.asking
            question = f", asks: {clean(asking.question)}" if asking is not None else ""
            out.append(f"run {run.id} {clean(run.name)} {run.state}{question}")
    out += [line for run in board.runs if run.left is not None for line in _left(run)]
    for hint in board.suggestions:
        gain = f" ({gain_words(hint.gains)})" if hint.gains else ""
        sure = next((row.practised.confidence for row in board.playbooks if row.id == hint.playbook), "none")
        out.append(f"suggested: outagetui play {hint.playbook}{gain}: {clean(hint.why)}; confidence {sure}")
    return out


def _line(board: Board, row: ChannelRow, zone: tzinfo) -> str:
    since = "" if row.since is None else f" since {datetime.fromtimestamp(row.since, zone).strftime('%H:%M')}"
    standing = f" {row.standing}" if row.standing else ""
    flags = " MUTED" if row.muted else ""
    flags += " suppressed" if row.suppressed else ""
    spent = f" ({clean(row.spending)})" if row.spending else ""
    who = f"{clean(row.name)} ({row.role}{standing}, {row.audience})"
    word = "BROKEN" + "?" * board.stale if row.broken else last_known(row.state, old=board.stale).upper()
    return f"{word:8}{' ' * (len(word) > 7)}{who}{flags}{since}{spent}: {clean(_why(row))}".rstrip(": ")


def _why(row: ChannelRow) -> str:
    """Return why a channel is as it is, with what its last proof said where that failed."""
    failed = f"last proof failed: {row.proof}" if row.readiness == Readiness.BROKEN else ""
    return "; ".join(filter(None, (failed, row.why)))


def _left(run: RunRow) -> list[str]:
    words = run.left.words if run.left is not None else ""
    return [f"run {run.id} {run.state}: {words}: {' or '.join(rest(run.id, run.playbook, run.stands_down))}"]
