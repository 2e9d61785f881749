"""Runs and announcements of the ledger as the screens show them; pure."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from outagetui.board.rows import AnnouncementRow, DeliveryRow, GlassRow, LeftRow, RunRow, StepRow
from outagetui.core.copies import copied
from outagetui.core.words import UNDER_WAY, DeliveryState, StepState
from outagetui.facts.announcement import Announcement, DeliveryRecord
from outagetui.facts.events import StepPlan
from outagetui.facts.ledger import Incident
from outagetui.facts.run import Run, StepRecord


def run_row(run: Run, progress: Mapping[str, str], digests: Mapping[str, str], left: LeftRow | None = None) -> RunRow:
    """Return a run as the screens show it.

    `progress` says how far a step has come, or the last lines it printed, by "run/step"; `digests` what a run of each
    playbook would be now, `left` what it left half done.
    """
    now = digests.get(run.playbook, "")
    return copied(
        RunRow,
        run,
        steps=tuple(step_row(step, progress.get(f"{run.id}/{id}", "")) for id, step in run.steps.items()),
        started_by=run.started_by or run.actor,
        changed=run.ended is None and not run.stands_down and bool(now) and now != run.digest,
        left=left,
    )


def step_row(step: StepRecord, progress: str = "") -> StepRow:
    """Return a step as the screens show it; `progress` is as in `run_row`."""
    plan, asked = step.plan, step.question
    row = copied(StepRow, step, id=plan.id, do=plan.do, title=_title(plan), question="")
    if asked is not None:
        asks = {name: getattr(asked, name) for name in ("question", "answers", "preview", "why", "hash", "until")}
        return replace(row, **asks)
    if step.state != StepState.DOING or not progress:
        return row
    return replace(row, output=progress) if "\n" in progress else replace(row, detail=progress)


def _title(plan: StepPlan) -> str:
    return plan.say or plan.what


def glass_rows(runs: Iterable[Run], incident: Incident | None) -> tuple[GlassRow, ...]:
    """Return every step that went on without its second person, newest first.

    Those of runs that are over count while the `incident` in which it happened is open; None when none is.
    """
    found = [
        GlassRow(
            run=run.id,
            step=said.step,
            title=_title(run.steps[said.step].plan),
            at=at,
            actor=actor,
            reason=said.note,
        )
        for run in runs
        for at, actor, said in run.alone
        if run.ended is None or (incident is not None and at >= incident.since)
    ]
    return tuple(sorted(found, key=lambda row: row.at, reverse=True))


def announcement_row(made: Announcement, languages: Mapping[str, str] | None = None) -> AnnouncementRow:
    """Return an announcement with what came of its newest part; of one that was taken back, what came of that.

    `languages` tells in which each outlet tells.
    """
    part = made.newest
    outlets = dict.fromkeys(part.outlets)
    if made.retracted is not None:
        outlets |= dict.fromkeys([*made.reached(), *made.retractions])
    return copied(
        AnnouncementRow,
        part,
        id=made.id,
        made=made.parts[-1][0],
        open=made.open,
        parts=len(made.parts),
        deliveries=tuple(_delivery_row(made, outlet, (languages or {}).get(outlet, "")) for outlet in outlets),
        retracted=made.retracted[0] if made.retracted is not None else None,
    )


def _delivery_row(made: Announcement, outlet: str, language: str) -> DeliveryRow:
    part = made.newest
    record = became = made.delivery(part.part, outlet)
    if made.retracted is not None and outlet in made.retractions:
        became = made.retractions[outlet]
    elif made.retracted is not None and outlet in made.reached():
        became = DeliveryRecord(part=part.part, outlet=outlet)  # it is about to be taken back
    title, body = made.words(part, outlet, language)
    row = copied(
        DeliveryRow,
        became,
        title=title,
        body=body,
        text=f"{title}\n\n{body}",
        settled=not (became.followed or became.state in UNDER_WAY),
        left_out=became.left_out and made.retracted is None,
    )
    sent = record.intent
    if sent is None or not sent.text or (record.edit is not None and record.state == DeliveryState.PLANNED):
        return row
    return replace(row, text=sent.text, count=sent.count, limit=sent.limit, shortened=sent.shortened)
