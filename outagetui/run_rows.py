"""Runs and announcements of the ledger as the screens show them; pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from outagetui.ledger import Announcement, Run
from outagetui.rows import AnnouncementRow, DeliveryRow, RunRow


def run_row(run: Run, progress: Mapping[str, str]) -> RunRow:
    """Return a run as the screens show it; `progress` says how far waits have come, by "run/step"."""
    doing = {row.id: progress.get(f"{run.id}/{row.id}", "") for row in run.steps.values() if row.state == "doing"}
    steps = {row.id: replace(row, detail=doing.get(row.id) or row.detail) for row in run.steps.values()}
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
    )


def announcement_row(made: Announcement) -> AnnouncementRow:
    """Return an announcement with what came of its newest part."""
    part = made.newest
    deliveries = tuple(
        DeliveryRow(
            outlet=outlet,
            state=done.state if done is not None else "planned",
            url=done.url if done is not None else "",
            remote_id=done.remote_id if done is not None else "",
            detail=done.detail if done is not None else "",
            text=f"{part.title}\n\n{part.body}",
        )
        for outlet in part.outlets
        for done in [made.deliveries.get((part.part, outlet))]
    )
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
        deliveries=deliveries,
    )
