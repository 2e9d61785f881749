"""The way back: what takes a step back, and what a stand-down of a run has to do now. Pure."""

from collections.abc import Collection, Container, Sequence
from typing import Any

from msgspec.structs import replace

from outagetui.core.step_options import StepOptions
from outagetui.core.text import listed
from outagetui.core.times import span
from outagetui.core.words import STEP_SETTLED
from outagetui.facts.events import StepPlan
from outagetui.facts.ledger import Ledger
from outagetui.facts.run import Run, StepRecord

PROOFS = 3  # passes in a row that prove a primary before anybody is told that it is over
PROOF_SECONDS = 240.0  # how long such a proof may take beside the time it asks for


def can_undo(step: StepPlan) -> bool:
    """Return whether a single step can be taken back by itself; an announcement is closed at the stand-down only."""
    return _way_back(step) is not None or bool(StepOptions.of(step.do).undone_by)


def _way_back(step: StepPlan) -> dict[str, Any] | None:
    """Return what the playbook says takes the step back, else what its kind found when the run was planned."""
    return step.undo if step.undo is not None else step.facts.get("undo")


def undo_of(step: StepPlan) -> StepPlan | None:
    """Return the step that takes `step` back, or None when nothing does. It is asked for as the step itself was."""
    way = _way_back(step)
    if way is not None:
        do = str(way["do"])
        options, facts = dict(way.get("options") or {}), dict(way.get("facts") or {})
        what = str(way.get("what") or f"{do} to take back: {step.what}")
    elif do := StepOptions.of(step.do).undone_by:
        options, facts = step.options, step.facts
        what = step.what.replace(step.do, do, 1)
    else:
        return None
    kind = StepOptions.of(do)
    return StepPlan(
        id=f"undo-{step.id}",
        do=do,
        say=what if kind.asks else "",
        what=what,
        needs="confirm" if kind.outside and step.needs == "auto" else step.needs,
        timeout=step.timeout,
        on_failure=step.on_failure,
        options=options,
        facts=facts,
    )


def way_back(ledger: Ledger, run: Run) -> tuple[StepPlan, ...]:
    """Return the steps of a stand-down of `run` that begins now; none when nothing is left to be taken back.

    What an earlier stand-down took back is not taken back again. First the primaries must be proven and what came in
    on the backups is asked about; what nothing takes back is named at the end.
    """
    earlier = [other for other in ledger.runs.values() if other.stands_down == run.id]
    over = {id for other in earlier for id, step in other.steps.items() if step.state in STEP_SETTLED}
    steps = tuple(run.steps.values())
    back = [step for step in take_back(steps, ledger.activated_by(run.id)) if step.id not in over]
    done = [step.plan for step in steps if step.effective]
    left = [plan for plan in done if not StepOptions.of(plan.do).leaves_nothing and not can_undo(plan)]
    if left and "left" not in over:
        say = f"Nothing takes these back by itself: {'; '.join(plan.what for plan in left)}. Is each as it should be?"
        back.append(StepPlan(id="left", do="manual", say=say, what=say))
    return (*_before(run), *back) if back else ()


def take_back(records: Sequence[StepRecord], activated: Container[str]) -> list[StepPlan]:
    """Return what takes back the steps that were done and changed something, the last one first.

    Each that may have happened is asked about. `activated` are the backups that the run made active itself. What was
    announced to an audience is closed once, on every outlet that was told, unless a later step of the run said already
    that it is resolved.
    """
    steps: list[StepPlan] = []
    told: dict[str, list[StepPlan]] = {}
    closed: set[str] = set()
    kept = [step for each in records if each.effective and (step := _narrowed(each.plan, activated)) is not None]
    for step in kept[::-1]:
        if announces(step):
            audience = step.options["audience"]
            if step.options["kind"] == "resolved":
                closed.add(audience)
            elif audience not in closed:
                told.setdefault(audience, []).append(step)
    by_id = {step.id: step for step in kept}
    for each in records[::-1]:
        step = by_id.get(each.plan.id, each.plan)
        if each.doubtful and not each.effective:
            steps.append(_doubted(step))
        elif step.id not in by_id:
            continue
        elif not announces(step):
            undo = undo_of(step)
            if undo is not None:
                steps.append(undo)
        elif told.get(step.options["audience"], [None])[0] is step:
            steps.append(_resolved(told[step.options["audience"]]))
    return steps


def _doubted(step: StepPlan) -> StepPlan:
    """Return what asks about a step of which nobody knows whether it happened."""
    undo = undo_of(step)
    if undo is None or StepOptions.of(undo.do).asks:
        say = f"It is not known whether this was done: {step.what}. Look, and take it back by hand if it was."
        return StepPlan(id=f"undo-{step.id}", do="manual", say=say, what=say)
    needs = "confirm" if undo.needs == "auto" else undo.needs
    return replace(undo, needs=needs, what=f"{undo.what} (it is not known whether there is anything to take back)")


def _before(run: Run) -> list[StepPlan]:
    """Return what comes before anything is taken back: primaries proven, and what waits on the backups asked about."""
    steps = []
    if run.primaries:
        limit = run.up_for + PROOF_SECONDS
        are = "is" if len(run.primaries) == 1 else "are"
        words = listed(list(run.primaries.values()))
        what = f"prove that {words} {are} up: {PROOFS} passes in a row, and no trouble for {span(run.up_for)}"
        options = {"channels": list(run.primaries), "times": PROOFS, "within": limit, "up_for": run.up_for}
        steps.append(StepPlan(id="proof", do="fail_back", what=what, timeout=limit, options=options))
    backups = _backups([step.plan for step in run.steps.values() if StepOptions.of(step.plan.do).activates])
    if backups:
        say = f"Has mail that was queued gone out, and has everybody who wrote or called on {backups} been answered?"
        steps.append(StepPlan(id="waiting", do="manual", say=say, what=say))
    return steps


def _backups(activated: Collection[StepPlan]) -> str:
    names = {name: told for step in activated for name, told in step.facts.get("names", {}).items()}
    return listed(list(dict.fromkeys(names.get(name, name) for step in activated for name in step.options["channels"])))


def _narrowed(step: StepPlan, activated: Container[str]) -> StepPlan | None:
    """Return an `activate` step with only those channels that the run made active itself; None when there is none."""
    if not StepOptions.of(step.do).activates or step.undo is not None:
        return step
    mine = [name for name in step.options["channels"] if name in activated]
    if len(mine) == len(step.options["channels"]):
        return step
    if not mine:
        return None
    names = step.facts.get("names", {})
    what = f"activate {listed([names.get(name, name) for name in mine])}"
    return replace(step, what=what, options={**step.options, "channels": mine})


def announces(step: StepPlan) -> bool:
    """Return whether a step tells an audience something that the stand-down closes."""
    return StepOptions.of(step.do).announces and step.undo is None


def _resolved(told: list[StepPlan]) -> StepPlan:
    """The one step that closes what `told` (newest first) announced to one audience."""
    newest = told[0]
    places = [tuple(step.options.get("outlets") or ()) for step in told]
    # An empty list means every outlet of the audience, so one such step widens the closing to all of them.
    outlets = tuple(dict.fromkeys(each for some in places for each in some)) if all(places) else ()
    like = next((step for step, some in zip(told, places, strict=True) if set(some) == set(outlets)), None)
    if like is not None:
        what = like.what.replace(f"announce {like.options['kind']} ", "announce resolved ", 1)
    else:
        what = f"announce resolved to {newest.options['audience']} on {listed(list(outlets))}"
    return StepPlan(
        id=f"undo-{newest.id}",
        do="announce",
        what=what,
        needs="confirm" if newest.needs == "auto" else newest.needs,
        timeout=max(step.timeout for step in told),
        on_failure=newest.on_failure,
        options={**newest.options, "kind": "resolved", "outlets": list(outlets)},
    )
