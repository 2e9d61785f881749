"""`command` and `service`: run a declared program.

Exit status 0 is done; any other, or a signal, is failed. What is not done in its time is ended, and unsure: that it
ended is known, but not how far it came. Of a step's time the last fifth, at most 5 s, is for that ending. Each try
finds the step's key in the variable `OUTAGETUI_KEY`: the same for every try of this step of this run, and of no other.

A daemon that is killed leaves its program running in a session of its own, so a step is asked about after that, and
told when the program still runs. `service` first looks whether all is so already, where its command can.
"""

import asyncio
from pathlib import Path
from typing import Any

from outagetui.actions import Result, StepContext
from outagetui.core.commands import quoted
from outagetui.core.text import clean
from outagetui.facts.events import StepPlan
from outagetui.machine.program import ENVIRONMENT, GRACE, Ended, run

KEY = "OUTAGETUI_KEY"
_MARGIN = 0.2  # seconds of a step's time for telling how it ended
_INACTIVE = 3  # what `systemctl is-active` ends with, also for a service that is just being started
_LOOKS = "is-active"


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Run it once."""
    verb = _verb(plan)
    until = asyncio.get_running_loop().time() + plan.timeout - min(_MARGIN, plan.timeout / 5)
    if verb in ("start", "stop") and "look" in plan.facts:
        found = await _look(plan, context)
        if _so(verb, found):
            return Result(True, f"already so: {found.words}", output=found.output, changed=False)
    left = max(0.0, until - asyncio.get_running_loop().time())
    grace = min(GRACE, left / 5)
    try:
        ended = await _run(plan, context, plan.facts["argv"], left - grace, grace)
    except (OSError, ValueError) as error:
        return Result(False, f"{plan.facts['argv'][0]} cannot be run: {_reason(error)}")
    return _result(plan, ended, looks=verb == _LOOKS)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Say whether the program of the killed daemon still runs; a service is looked up."""
    verb = _verb(plan)
    if verb == _LOOKS:
        return None
    running = await asyncio.to_thread(_running, context.key)
    if running:
        numbers = ", ".join(map(str, running))
        return f"it still runs, as process {numbers}; it may end when it next writes something"
    if "look" not in plan.facts:
        return "it may or may not have run, and it runs no more"
    found = await _look(plan, context)
    if _so(verb, found):
        return Result(True, f"was under way when the daemon ended; it is so now: {found.words}", output=found.output)
    return f"it may or may not have run, and it runs no more; {plan.options['unit']}: {found.words}"


def preview(plan: StepPlan, context: StepContext, as_of: float | None = None) -> str:
    """Return the whole call, argument by argument, and what it finds around it."""
    facts = plan.facts
    lines = [quoted([each]) for each in facts["argv"]]
    lines += [f"with {name}={quoted([value])}" for name, value in {**ENVIRONMENT, **facts["env"]}.items()]
    lines += [f"with {name}=the secret {reference}" for name, reference in facts["secret_env"].items()]
    return "\n".join([*lines, f"in {facts['directory']}"])


def _verb(plan: StepPlan) -> str:
    return str(plan.options.get("verb", ""))


async def _run(plan: StepPlan, context: StepContext, argv: list[str], seconds: float, grace: float) -> Ended:
    facts: dict[str, Any] = plan.facts
    secrets = {name: context.secret(reference) for name, reference in facts["secret_env"].items()}
    return await run(
        argv,
        env={**facts["env"], **secrets, KEY: context.key},
        directory=facts["directory"],
        seconds=seconds,
        hide=context.hide,
        show=context.output,
        grace=grace,
    )


async def _look(plan: StepPlan, context: StepContext) -> Ended:
    """Ask whether the service is active; a look that cannot be made tells nothing."""
    seconds = max(0.0, plan.timeout / 4)
    try:
        return await _run(plan, context, plan.facts["look"], seconds, min(1.0, seconds / 5))
    except (OSError, ValueError) as error:
        return Ended(None, clean(_reason(error)))


def _so(verb: str, found: Ended) -> bool:
    """Whether the look found that nothing is left to do; one that is just being started still has to be stopped."""
    if verb == "stop":
        return found.status == _INACTIVE and found.output in ("inactive", "failed")
    return verb == "start" and found.status == 0


def _result(plan: StepPlan, ended: Ended, *, looks: bool) -> Result:
    if ended.late:
        words = f"not done within {plan.timeout:g} s; ended with {ended.late}"
        if ended.status is None:
            words = f"not done within {plan.timeout:g} s, and it could not be ended"
        return Result(False, words, output=ended.output, unsure=not looks)
    return Result(ended.status == 0, ended.words, output=ended.output, changed=not looks)


def _reason(error: OSError | ValueError) -> str:
    return clean(getattr(error, "strerror", None) or error)


def _running(key: str) -> list[int]:
    """Return the programs that an earlier daemon started for this step: leaders of their sessions that hold its key."""
    wanted = f"{KEY}={key}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                # The name before it may hold blanks and brackets: state, parent, group, session.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                found += [int(entry.name)] if fields[3] == entry.name and fields[0] not in "ZX" else []
        except (OSError, IndexError):
            continue
    return found
