"""How practised each playbook is: when it was last run for real or in a drill, how it went, what that is worth. Pure.

The confidence is what the best practice says, except that a playbook whose last practice did not end well is `low`:

* none: never run to its end.
* low: last failed or aborted; or older than 180 days; or the playbook is not what it was then.
* medium: done within 180 days, and the playbook is what it was then.
* high: done within 30 days, no step failed or left out, and exactly these steps were done.

A drill has playbooks of its own. One of the same id counts as practice of ours: `high` only if it did exactly the same,
`medium` as long as ours has not changed since.
"""

from collections.abc import Iterable, Mapping, Sequence

from outagetui.board.rows import PracticeRow
from outagetui.core.copies import copied
from outagetui.core.drilled_book import DrilledBook
from outagetui.core.words import RunState, StepState
from outagetui.facts.events import DrillEnded
from outagetui.facts.run import Run

DAY = 86400.0
FRESH = 30 * DAY
OLD = 180 * DAY
LEVELS = ("none", "low", "medium", "high")


class Practice(DrilledBook, frozen=True, kw_only=True):
    """One time that a playbook was run to its end, at `at`; in a run `digest` and `ours` are the same."""

    at: float
    where: str  # "real" or "drill"


def practices(
    runs: Iterable[Run], drills: Iterable[tuple[float, DrillEnded]], *, in_drill: bool = False
) -> dict[str, list[Practice]]:
    """Return the practices of each playbook, oldest first. Runs of a store that is a drill's own are drills."""
    found: dict[str, list[Practice]] = {}
    for run in runs:
        if run.ended is None or run.stands_down:
            continue
        failed, skipped = _mishaps(run)
        practice = copied(
            Practice,
            run,
            id=run.playbook,
            at=run.ended,
            where="drill" if in_drill else "real",
            seconds=max(0.0, run.ended - run.started),
            failed=failed,
            skipped=skipped,
            ours=run.digest,
        )
        found.setdefault(run.playbook, []).append(practice)
    for at, drill in drills:
        for book in drill.books:
            found.setdefault(book.id, []).append(copied(Practice, book, at=at, where="drill"))
    for each in found.values():
        each.sort(key=lambda practice: practice.at)
    return found


def _mishaps(run: Run) -> tuple[int, int]:
    """Return how many steps failed, and how many an operator left out; what a choice rules out is not left out."""
    steps = run.steps.values()
    failed = sum(step.state == StepState.FAILED for step in steps)
    skipped = [step for step in steps if step.state == StepState.SKIPPED]
    return failed, sum(not step.plan.only_if or step.said == "skip" for step in skipped)


def practised(practices: Sequence[Practice], digest: str, now: float) -> PracticeRow:
    """Return the last of `practices` and the confidence in a playbook that would do now what `digest` says."""
    if not practices:
        return PracticeRow(confidence="none")
    last = practices[-1]
    best = max((_worth(practice, digest, now) for practice in practices), key=LEVELS.index)
    confidence = best if last.state == RunState.DONE else "low"
    return copied(PracticeRow, last, confidence=confidence, changed=last.ours != digest)


def _worth(practice: Practice, digest: str, now: float) -> str:
    age = now - practice.at
    same = digest in (practice.digest, practice.ours)
    if practice.state != RunState.DONE or age > OLD or not same:
        return "low"
    exactly = practice.digest == digest and not practice.failed and not practice.skipped
    return "high" if exactly and age <= FRESH else "medium"


def drilled(runs: Mapping[str, Run]) -> tuple[DrilledBook, ...]:
    """Return what a drill tells of its runs: each playbook's last; a run that was left is aborted."""
    last: dict[str, DrilledBook] = {}
    for run in sorted(runs.values(), key=lambda run: run.started):
        if run.stands_down:
            continue
        failed, skipped = _mishaps(run)
        ended = (
            run.ended if run.ended is not None else max((step.at or 0.0 for step in run.steps.values()), default=0.0)
        )
        last[run.playbook] = DrilledBook(
            id=run.playbook,
            digest=run.digest,
            state=run.state if run.ended is not None else RunState.ABORTED,
            seconds=round(max(0.0, ended - run.started), 1),
            failed=failed,
            skipped=skipped,
        )
    return tuple(last.values())
