"""What a run will do: a playbook made into the snapshot a run keeps, its words, and the way back. Pure."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from outagetui.events import StepPlan
from outagetui.model import Config, Playbook, Step
from outagetui.playbook.meaning import meaning
from outagetui.playbook.sentences import listed, sentence, span
from outagetui.step_options import ACTS_OUTSIDE

UNDONE_BY = {"activate": "deactivate", "deactivate": "activate"}
WAITS = frozenset({"verify", "wait_for"})

_ANSWERS = {
    "confirm": ("yes", "skip", "abort"),
    "manual": ("done", "failed", "skip", "abort"),
    "failed": ("retry", "skip", "undo", "abort"),
    "unsure": ("retry", "done", "skip", "undo", "abort"),
}


def plan(playbook: Playbook, config: Config) -> tuple[StepPlan, ...]:
    """Return the steps of `playbook` as a run keeps them, each with one sentence of what it will do."""
    names = {channel.id: channel.name for channel in config.channels}
    names |= {outlet.id: outlet.name for outlet in config.outlets}
    return tuple(_planned(step, names, config) for step in playbook.steps)


def digest(steps: Iterable[StepPlan]) -> str:
    """Return the hex SHA-256 of the steps' canonical JSON: equal exactly when a run would do the same."""
    return hashlib.sha256(msgspec.json.encode(tuple(steps), order="sorted")).hexdigest()


def answers(why: str, step: StepPlan) -> tuple[str, ...]:
    """Return the answers allowed to a question asked for `why`: confirm, manual, failed or unsure.

    `undo` is among them only when the step can be taken back. Raises ValueError for another `why`.
    """
    if why not in _ANSWERS:
        raise ValueError(f"no question is asked for {why!r}; expected one of {', '.join(_ANSWERS)}")
    return tuple(answer for answer in _ANSWERS[why] if answer != "undo" or can_undo(step))


def can_undo(step: StepPlan) -> bool:
    """Return whether a single step can be taken back by itself; an announcement is closed at the stand-down only."""
    return step.undo is not None or step.do in UNDONE_BY


def undo_of(step: StepPlan) -> StepPlan | None:
    """Return the step that takes `step` back, or None when nothing does. It is asked for as the step itself was."""
    if step.undo is not None:
        do = str(step.undo["do"])
        options, facts = dict(step.undo.get("options") or {}), dict(step.undo.get("facts") or {})
        what = str(step.undo.get("what") or f"{do} to take back: {step.what}")
    elif step.do in UNDONE_BY:
        do, options, facts = UNDONE_BY[step.do], step.options, step.facts
        what = step.what.replace(step.do, do, 1)
    else:
        return None
    outside = do in ACTS_OUTSIDE and step.needs == "auto"
    return StepPlan(
        id=f"undo-{step.id}",
        do=do,
        say=what if do == "manual" else "",
        what=what,
        needs="confirm" if outside else step.needs,
        timeout=step.timeout,
        on_failure=step.on_failure,
        options=options,
        facts=facts,
    )


def stand_down(done: Iterable[StepPlan]) -> tuple[StepPlan, ...]:
    """Return the steps that take back what was really done, the last one first.

    `done` holds the steps of a run that ended as done, in their order. What was announced to an audience is closed
    once, on every outlet that was told, unless a later step of the run said already that it is resolved.
    """
    steps: list[StepPlan] = []
    told: dict[str, list[StepPlan]] = {}
    closed: set[str] = set()
    backwards = list(done)[::-1]
    for step in backwards:
        if _announces(step):
            audience = step.options["audience"]
            if step.options["kind"] == "resolved":
                closed.add(audience)
            elif audience not in closed:
                told.setdefault(audience, []).append(step)
    for step in backwards:
        if not _announces(step):
            undo = undo_of(step)
            if undo is not None:
                steps.append(undo)
        elif told.get(step.options["audience"], [None])[0] is step:
            steps.append(_resolved(told[step.options["audience"]]))
    return tuple(steps)


def dry_run(steps: Iterable[StepPlan]) -> list[str]:
    """Return numbered lines for people: what each step would do, and below it how."""
    lines: list[str] = []
    for number, step in enumerate(steps, 1):
        lines.append(f"{number}. {step.id} [{step.do}]: {step.what}")
        lines.append(f"   {how(step)}")
    return lines


def how(step: StepPlan) -> str:
    """Return in words how a step goes: who is asked, how long it may take, what a failure leads to, what undoes it."""
    needs = {"auto": "by itself", "confirm": "asks before", "two-person": "needs two people"}
    parts = ["waits for an answer" if step.do == "manual" else needs.get(step.needs, step.needs)]
    if step.do in WAITS:
        parts.append(f"at most {span(step.options['within'])}")
    elif step.do != "manual":
        parts.append(f"at most {span(step.timeout)}")
    if step.already:
        parts.append(f"skipped if {step.already} passes")
    parts.append({"ask": "on failure ask", "stop": "on failure stop", "continue": "on failure go on"}[step.on_failure])
    undo = undo_of(step)
    if undo is not None:
        parts.append(f"undo: {undo.what}")
    elif _announces(step) and step.options["kind"] != "resolved":
        parts.append("stand-down announces resolved")
    return "; ".join(parts)


def _planned(step: Step, names: dict[str, str], config: Config) -> StepPlan:
    undo: dict[str, Any] | None = None
    if step.undo is not None:
        what = sentence(step.undo.do, step.undo.options, names, f"take back by hand: {step.id}")
        facts = meaning(step.undo.do, step.undo.options, config)
        undo = {"do": step.undo.do, "options": msgspec.to_builtins(step.undo.options), "facts": facts, "what": what}
    return StepPlan(
        id=step.id,
        do=step.do,
        say=step.say,
        what=sentence(step.do, step.options, names, step.say or step.id),
        needs=step.needs,
        timeout=step.timeout,
        on_failure=step.on_failure,
        already=step.already,
        options=msgspec.to_builtins(step.options),
        facts=meaning(step.do, step.options, config),
        undo=undo,
    )


def _announces(step: StepPlan) -> bool:
    return step.do == "announce" and step.undo is None


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
