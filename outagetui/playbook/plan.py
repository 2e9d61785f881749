"""What a run will do: a playbook made into the snapshot a run keeps, its words, and the way back. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from outagetui.core.model import Config, Playbook, Step
from outagetui.core.step_options import StepOptions
from outagetui.core.text import in_quotes
from outagetui.core.times import span
from outagetui.core.words import StepState, Why
from outagetui.facts.events import StepPlan
from outagetui.facts.run import Run
from outagetui.playbook.unwind import announces, can_undo, undo_of

_ANSWERS: dict[str, tuple[str, ...]] = {
    Why.CONFIRM: ("yes", "words", "skip", "abort"),
    Why.MANUAL: ("done", "failed", "skip", "abort"),
    Why.CHOOSE: ("abort",),
    Why.APPROVE: ("again", "words", "skip", "abort", "break-glass"),
    Why.FAILED: ("retry", "skip", "undo", "abort"),
    Why.UNSURE: ("retry", "done", "skip", "undo", "abort"),
}


def plan(playbook: Playbook, config: Config) -> tuple[StepPlan, ...]:
    """Return the steps of `playbook` as a run keeps them, each with one sentence of what it will do.

    A `playbook` step is followed by the steps it stands for, named `STEP.OTHER`, which are skipped with it.
    """
    return tuple(_steps(playbook, config, "", ()))


def primaries(playbook: Playbook, config: Config) -> dict[str, str]:
    """Return the primaries, by id with their names, that must be well before a run of `playbook` is stood down.

    They are those that its backups stand in for and its suggestions watch; where there is none of either, those of
    the audiences that it tells something.
    """
    known = {channel.id: channel for channel in config.channels}
    options = [step.options for step in _all_steps(playbook, config)]
    backups = {name for each in options for name in each.backups()}
    wanted = {name for id in backups if id in known for name in known[id].backs_up}
    wanted |= {name for condition in playbook.suggest for name in condition.channels}
    told = {audience for each in options for audience in each.audiences()}
    found = {id: each.name for id, each in known.items() if not each.is_backup and id in wanted}
    return found or {id: each.name for id, each in known.items() if not each.is_backup and each.audience in told}


def _all_steps(playbook: Playbook, config: Config) -> Iterator[Step]:
    for step in playbook.steps:
        yield step
        if (part := _part(step, config)) is not None:
            yield from _all_steps(part, config)


def _part(step: Step, config: Config) -> Playbook | None:
    """Return the playbook that a step stands for; None for every other kind."""
    return config.playbook(step.options.part())


def digest(steps: Iterable[StepPlan]) -> str:
    """Return the hex SHA-256 of the steps' canonical JSON: equal exactly when a run would do the same."""
    return hashlib.sha256(msgspec.json.encode(tuple(steps), order="sorted")).hexdigest()


def answers(why: str, step: StepPlan) -> tuple[str, ...]:
    """Return the answers allowed to a question asked for `why`: confirm, manual, choose, approve, failed or unsure.

    `undo` is among them only when the step can be taken back, and by one person; `words`, which people are to read
    besides, when it announces. Raises ValueError for another `why`.
    """
    if why not in _ANSWERS:
        raise ValueError(f"no question is asked for {in_quotes(why)}; expected one of {', '.join(_ANSWERS)}")
    alone = step.needs != "two-person" and can_undo(step)
    named = tuple(name for name, _ in step.answers) if why == Why.CHOOSE else ()
    told = StepOptions.of(step.do).announces
    barred = {answer for answer, possible in (("undo", alone), ("words", told)) if not possible}
    return (*named, *(answer for answer in _ANSWERS[why] if answer not in barred))


def failed_condition(step: StepPlan, run: Run) -> str:
    """Return in words the first of the step's conditions that does not hold in `run`; nothing when it is to be done.

    A condition `STEP=NAME` holds when that choice was answered so, `STEP=done` when that step was done.
    """
    for condition in step.only_if:
        name, _, wanted = condition.partition("=")
        other = run.steps[name]
        if other.state != StepState.DONE or wanted not in ("done", other.said):
            return f"only if {name} is {wanted}"
    return ""


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
    asks = {Why.MANUAL: "waits for an answer", Why.CHOOSE: f"asks which: {', '.join(name for name, _ in step.answers)}"}
    kind = StepOptions.of(step.do)
    parts = [asks[kind.asks] if kind.asks else needs.get(step.needs, step.needs)]
    if kind.looks:
        parts.append(f"at most {span(step.options['within'])}")
    elif not kind.talks:
        parts.append(f"at most {span(step.timeout)}")
    parts += [f"only if {condition.replace('=', ' is ')}" for condition in step.only_if]
    if step.already:
        parts.append(f"skipped if {step.already} passes")
    parts.append({"ask": "on failure ask", "stop": "on failure stop", "continue": "on failure go on"}[step.on_failure])
    undo = undo_of(step)
    if undo is not None:
        parts.append(f"undo: {undo.what}")
    elif announces(step) and step.options["kind"] != "resolved":
        parts.append("stand-down announces resolved")
    return "; ".join(parts)


def _steps(playbook: Playbook, config: Config, within: str, only_if: tuple[str, ...]) -> Iterator[StepPlan]:
    """Yield the steps of `playbook`, `within` a step of another under its name and conditions."""
    for step in playbook.steps:
        planned = _planned(step, config)
        inherited = tuple(f"{within}{condition}" for condition in planned.only_if)
        planned = replace(planned, id=f"{within}{step.id}", only_if=(*only_if, *inherited))
        yield planned
        if (part := _part(step, config)) is not None:
            yield from _steps(part, config, f"{planned.id}.", (*planned.only_if, f"{planned.id}=done"))


def _planned(step: Step, config: Config) -> StepPlan:
    undo: dict[str, Any] | None = None
    if step.undo is not None:
        options, facts = step.undo.options, step.undo.options.meaning(config)
        what = options.sentence(config.names, facts) or f"take back by hand: {step.id}"
        undo = {"do": step.undo.do, "options": msgspec.to_builtins(options), "facts": facts, "what": what}
    facts = step.options.meaning(config)
    return StepPlan(
        id=step.id,
        do=step.do,
        say=step.say,
        what=step.options.sentence(config.names, facts) or step.say or step.id,
        needs=step.needs,
        timeout=step.timeout,
        on_failure=step.on_failure,
        already=step.already,
        only_if=(step.only_if,) if step.only_if else (),
        answers=tuple(step.answers.items()),
        options=msgspec.to_builtins(step.options),
        facts=facts,
        undo=undo,
    )
