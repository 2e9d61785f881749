"""What a run will do: a playbook made into the snapshot a run keeps, its words, and the way back. Pure."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from outagetui.events import StepPlan
from outagetui.ledger import Run
from outagetui.model import Config, Playbook, Step
from outagetui.playbook.meaning import meaning
from outagetui.playbook.sentences import listed, sentence, span
from outagetui.step_options import ACTS_OUTSIDE, PlaybookOptions

UNDONE_BY = {"activate": "deactivate", "deactivate": "activate"}
TALKS = frozenset({"manual", "choose", "note", "playbook"})  # kinds that do nothing but speak
WAITS = frozenset({"verify", "wait_for", "fail_back"})
PROOFS = 3  # passes in a row that prove a primary before its backups are let go
PROOF_SECONDS = 240.0  # how long such a proof may take beside the time it asks for

_ANSWERS = {
    "confirm": ("yes", "skip", "abort"),
    "manual": ("done", "failed", "skip", "abort"),
    "choose": ("abort",),
    "approve": ("again", "skip", "abort", "break-glass"),
    "failed": ("retry", "skip", "undo", "abort"),
    "unsure": ("retry", "done", "skip", "undo", "abort"),
}


def plan(playbook: Playbook, config: Config) -> tuple[StepPlan, ...]:
    """Return the steps of `playbook` as a run keeps them, each with one sentence of what it will do.

    A `playbook` step is followed by the steps it stands for, named `STEP.OTHER`, which are skipped with it.
    """
    names = {channel.id: channel.name for channel in config.channels}
    names |= {outlet.id: outlet.name for outlet in config.outlets}
    names |= {f"playbook {book.id}": book.name for book in config.playbooks}
    return tuple(_steps(playbook, names, config, "", ()))


def digest(steps: Iterable[StepPlan]) -> str:
    """Return the hex SHA-256 of the steps' canonical JSON: equal exactly when a run would do the same."""
    return hashlib.sha256(msgspec.json.encode(tuple(steps), order="sorted")).hexdigest()


def answers(why: str, step: StepPlan) -> tuple[str, ...]:
    """Return the answers allowed to a question asked for `why`: confirm, manual, choose, approve, failed or unsure.

    `undo` is among them only when the step can be taken back, and by one person. Raises ValueError for another `why`.
    """
    if why not in _ANSWERS:
        raise ValueError(f"no question is asked for {why!r}; expected one of {', '.join(_ANSWERS)}")
    alone = step.needs != "two-person" and can_undo(step)
    named = tuple(name for name, _ in step.answers) if why == "choose" else ()
    return (*named, *(answer for answer in _ANSWERS[why] if answer != "undo" or alone))


def failed_condition(step: StepPlan, run: Run) -> str:
    """Return in words the first of the step's conditions that does not hold in `run`; nothing when it is to be done.

    A condition `STEP=NAME` holds when that choice was answered so, `STEP=done` when that step was done.
    """
    for condition in step.only_if:
        name, _, wanted = condition.partition("=")
        said = run.answered.get(name)
        done = run.steps[name].state == "done"
        if not done or (wanted != "done" and (said is None or said.answer != wanted)):
            return f"only if {name} is {wanted}"
    return ""


def can_undo(step: StepPlan) -> bool:
    """Return whether a single step can be taken back by itself; an announcement is closed at the stand-down only."""
    return _way_back(step) is not None or step.do in UNDONE_BY


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


def stand_down(done: Iterable[StepPlan], activated: Container[str]) -> tuple[StepPlan, ...]:
    """Return the steps that take back what was really done, the last one first.

    `done` holds the steps of a run that were done and changed something, in their order; `activated` the backups it
    made active itself. Before backups are let go the primaries must be proven, and what came in meanwhile is asked
    about. What was announced to an audience is closed once, on every outlet that was told, unless a later step of the
    run said already that it is resolved.
    """
    steps: list[StepPlan] = []
    told: dict[str, list[StepPlan]] = {}
    closed: set[str] = set()
    backwards = [step for each in done if (step := _narrowed(each, activated)) is not None][::-1]
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
    return (*fail_back([step for step in backwards if step.do == "activate"]), *steps)


def fail_back(activated: Sequence[StepPlan]) -> tuple[StepPlan, ...]:
    """Return the steps that come before backups are let go: primaries proven, what waits there asked about."""
    backups = list(dict.fromkeys(name for step in activated for name in step.options["channels"]))
    if not backups:
        return ()
    known = {name: told for step in activated for name, told in step.facts.get("names", {}).items()}
    primaries = list(dict.fromkeys(name for step in activated for name in step.facts.get("primaries", ())))
    steps = []
    if primaries:
        up_for = max(float(step.facts.get("up_for", 0.0)) for step in activated)
        are = "is" if len(primaries) == 1 else "are"
        words = listed([known.get(name, name) for name in primaries])
        what = f"prove that {words} {are} up: {PROOFS} passes in a row, and no trouble for {span(up_for)}"
        options = {"channels": primaries, "times": PROOFS, "within": up_for + PROOF_SECONDS, "up_for": up_for}
        steps.append(StepPlan(id="proof", do="fail_back", what=what, timeout=up_for + PROOF_SECONDS, options=options))
    words = listed([known.get(name, name) for name in backups])
    say = f"Has mail that was queued gone out, and has everybody who wrote or called on {words} been answered?"
    return (*steps, StepPlan(id="waiting", do="manual", say=say, what=say))


def _narrowed(step: StepPlan, activated: Container[str]) -> StepPlan | None:
    """Return an `activate` step with only those channels that the run made active itself; None when there is none."""
    if step.do != "activate" or step.undo is not None:
        return step
    mine = [name for name in step.options["channels"] if name in activated]
    if len(mine) == len(step.options["channels"]):
        return step
    if not mine:
        return None
    names = step.facts.get("names", {})
    what = f"activate {listed([names.get(name, name) for name in mine])}"
    return replace(step, what=what, options={**step.options, "channels": mine})


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
    asks = {"manual": "waits for an answer", "choose": f"asks which: {', '.join(name for name, _ in step.answers)}"}
    parts = [asks[step.do] if step.do in asks else needs.get(step.needs, step.needs)]
    if step.do in WAITS:
        parts.append(f"at most {span(step.options['within'])}")
    elif step.do not in TALKS:
        parts.append(f"at most {span(step.timeout)}")
    parts += [f"only if {condition.replace('=', ' is ')}" for condition in step.only_if]
    if step.already:
        parts.append(f"skipped if {step.already} passes")
    parts.append({"ask": "on failure ask", "stop": "on failure stop", "continue": "on failure go on"}[step.on_failure])
    undo = undo_of(step)
    if undo is not None:
        parts.append(f"undo: {undo.what}")
    elif _announces(step) and step.options["kind"] != "resolved":
        parts.append("stand-down announces resolved")
    return "; ".join(parts)


def _steps(
    playbook: Playbook, names: dict[str, str], config: Config, within: str, only_if: tuple[str, ...]
) -> Iterator[StepPlan]:
    """Yield the steps of `playbook`, `within` a step of another under its name and conditions."""
    for step in playbook.steps:
        planned = _planned(step, names, config)
        inherited = tuple(f"{within}{condition}" for condition in planned.only_if)
        planned = replace(planned, id=f"{within}{step.id}", only_if=(*only_if, *inherited))
        yield planned
        if isinstance(step.options, PlaybookOptions):
            wanted = step.options.id
            other = next(book for book in config.playbooks if book.id == wanted)
            yield from _steps(other, names, config, f"{planned.id}.", (*planned.only_if, f"{planned.id}=done"))


def _planned(step: Step, names: dict[str, str], config: Config) -> StepPlan:
    undo: dict[str, Any] | None = None
    if step.undo is not None:
        facts = meaning(step.undo.do, step.undo.options, config)
        what = sentence(step.undo.do, step.undo.options, names, f"take back by hand: {step.id}", facts)
        undo = {"do": step.undo.do, "options": msgspec.to_builtins(step.undo.options), "facts": facts, "what": what}
    facts = meaning(step.do, step.options, config)
    return StepPlan(
        id=step.id,
        do=step.do,
        say=step.say,
        what=sentence(step.do, step.options, names, step.say or step.id, facts),
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
