"""Runs and announcements of the ledger as the screens show them; pure."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from outagetui.board.rows import AnnouncementRow, DeliveryRow, GlassRow, RunRow
from outagetui.facts.ledger import Announcement, Incident, Run
from outagetui.facts.step_row import StepRow


def run_row(run: Run, progress: Mapping[str, str], digests: Mapping[str, str]) -> RunRow:
    """Return a run as the screens show it.

    `progress` says how far a step has come, or the last lines it printed, by "run/step"; `digests` what a run of each
    playbook would be now.
    """
    steps = {row.id: _step_row(row, progress.get(f"{run.id}/{row.id}", "")) for row in run.steps.values()}
    now = digests.get(run.playbook, "")
    return RunRow(
        id=run.id,
        playbook=run.playbook,
        name=run.name,
        state=run.state,
        started=run.started,
        actor=run.actor,
        steps=tuple(steps[plan.id] for plan in run.plans),
        ended=run.ended,
        stands_down=run.stands_down,
        started_by=run.started_by or run.actor,
        changed=run.ended is None and not run.stands_down and bool(now) and now != run.digest,
    )


def _step_row(row: StepRow, progress: str) -> StepRow:
    if row.state != "doing" or not progress:
        return row
    return replace(row, output=progress) if "\n" in progress else replace(row, detail=progress)


def glass_rows(runs: Iterable[Run], incident: Incident | None) -> tuple[GlassRow, ...]:
    """Return every step that went on without its second person, newest first.

    Those of runs that are over count while the `incident` in which it happened is open; None when none is.
    """
    found = [
        GlassRow(
            run=run.id,
            step=each.step,
            title=run.steps[each.step].title,
            at=each.at,
            actor=each.actor,
            reason=each.reason,
        )
        for run in runs
        for each in run.glass
        if run.ended is None or (incident is not None and each.at >= incident.since)
    ]
    return tuple(sorted(found, key=lambda row: row.at, reverse=True))


def announcement_row(made: Announcement, languages: Mapping[str, str] | None = None) -> AnnouncementRow:
    """Return an announcement with what came of its newest part; of one that was taken back, what came of that.

    `languages` tells in which each outlet tells.
    """
    part = made.newest
    outlets = dict.fromkeys(part.outlets)
    if made.retracted is not None:
        outlets |= dict.fromkeys([*made.told(), *made.retractions])
    return AnnouncementRow(
        id=made.id,
        kind=part.kind,
        audience=part.audience,
        title=part.title,
        body=part.body,
        made=made.parts[-1][0],
        since=part.since,
        next_update=part.next_update,
        open=made.open,
        parts=len(made.parts),
        deliveries=tuple(_delivery_row(made, outlet, (languages or {}).get(outlet, "")) for outlet in outlets),
        retracted=made.retracted[0] if made.retracted is not None else None,
        accounts=part.accounts,
    )


def _delivery_row(made: Announcement, outlet: str, language: str) -> DeliveryRow:
    part = made.newest
    key = part.part, outlet
    done, intent, edit = made.deliveries.get(key), made.intents.get(key), made.edits.get(key)
    title, body = made.words(part, outlet, language)
    text = f"{title}\n\n{body}"
    row = DeliveryRow(outlet=outlet, state="planned", title=title, body=body, text=text, settled=False)
    if intent is not None and intent.text and (edit is None or done is None or done.state != "planned"):
        row = replace(row, text=intent.text, count=intent.count, limit=intent.limit, shortened=intent.shortened)
    if made.retracted is not None:
        back = made.retractions.get(outlet)
        if back is not None:
            done = back
        elif outlet in made.told():
            done = None  # planned: it is about to be taken back
    if done is None:
        return row
    waiting = done.state in ("planned", "sending") or (done.state in ("sent", "unknown") and done.do == "publish")
    return replace(
        row,
        state=done.state,
        url=done.url,
        remote_id=done.remote_id,
        detail=done.detail,
        settled=not waiting,
        until=done.until,
        left_out=done.state == "skipped" and done.do == "publish" and made.retracted is None,
    )
