"""`service`: a declared command that starts, stops and looks, changed only where it is not so already."""

from pathlib import Path

import pytest
from outagetui import actions
from outagetui.facts.events import StepPlan
from tests.kit.programs import ContextWithOutput, script, service_step


@pytest.fixture
def context(tmp_path: Path) -> ContextWithOutput:
    return ContextWithOutput(tmp_path)


async def act(context: ContextWithOutput, plan: StepPlan) -> actions.Result:
    return await actions.act(plan, context)  # type: ignore[arg-type]


async def recover(context: ContextWithOutput, plan: StepPlan) -> "actions.Result | str | None":
    return await actions.recover(plan, context)  # type: ignore[arg-type]


SYSTEMCTL = """
cd {directory}
case "$1" in
is-active) cat state; [ "$(cat state)" = active ] || exit 3;;
start) echo active > state; echo "$@" >> asked;;
stop) echo inactive > state; echo "$@" >> asked;;
*) echo "$@" >> asked;;
esac
"""


class Unit:
    """Something like a service manager with one unit."""

    def __init__(self, directory: Path, state: str) -> None:
        self.directory = directory
        (directory / "state").write_text(f"{state}\n")
        self.program = script(directory, SYSTEMCTL.format(directory=directory))

    @property
    def state(self) -> str:
        return (self.directory / "state").read_text().strip()

    @property
    def asked(self) -> list[str]:
        file = self.directory / "asked"
        return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize(
    ("verb", "before", "after", "asked", "changed"),
    [
        ("start", "inactive", "active", ["start prosody.service"], True),
        ("start", "active", "active", [], False),
        ("stop", "active", "inactive", ["stop prosody.service"], True),
        ("stop", "inactive", "inactive", [], False),
        ("stop", "failed", "failed", [], False),
        ("stop", "activating", "inactive", ["stop prosody.service"], True),
        ("restart", "active", "active", ["restart prosody.service"], True),
        ("reload", "active", "active", ["reload prosody.service"], True),
    ],
)
async def test_a_service_is_changed_only_when_it_is_not_so_already(
    context: ContextWithOutput, tmp_path: Path, verb: str, before: str, after: str, asked: list[str], changed: bool
) -> None:
    unit = Unit(tmp_path, before)
    result = await act(context, service_step(unit.program, verb))
    assert (result.done, result.changed) == (True, changed)
    assert (unit.state, unit.asked) == (after, asked)


@pytest.mark.parametrize(("state", "done"), [("active", True), ("inactive", False)])
async def test_is_active_only_looks_and_may_be_done_again(
    context: ContextWithOutput, tmp_path: Path, state: str, done: bool
) -> None:
    unit = Unit(tmp_path, state)
    plan = service_step(unit.program, "is-active")
    result = await act(context, plan)
    assert (result.done, result.changed, result.output) == (done, False, state)
    assert await recover(context, plan) is None


async def test_a_look_that_hangs_is_a_plain_failure(context: ContextWithOutput, tmp_path: Path) -> None:
    result = await act(context, service_step(script(tmp_path, "sleep 60"), "is-active", timeout=0.5))
    assert (result.done, result.unsure) == (False, False)


async def test_a_start_whose_look_hangs_is_done_within_its_time(context: ContextWithOutput, tmp_path: Path) -> None:
    program = script(tmp_path, '[ "$1" = is-active ] && sleep 60; echo started')
    result = await act(context, service_step(program, "start", timeout=2.0))
    assert (result.done, result.output) == (True, "started")


@pytest.mark.parametrize(
    ("verb", "state", "found"),
    [
        ("start", "active", True),
        (
            "start",
            "inactive",
            "it may or may not have run, and it runs no more; prosody.service: exit status 3: inactive",
        ),
        ("stop", "inactive", True),
        (
            "restart",
            "active",
            "it may or may not have run, and it runs no more; prosody.service: exit status 0: active",
        ),
    ],
)
async def test_after_a_crash_a_service_is_looked_up(
    context: ContextWithOutput, tmp_path: Path, verb: str, state: str, found: str | bool
) -> None:
    unit = Unit(tmp_path, state)
    told = await recover(context, service_step(unit.program, verb))
    assert told == found or (isinstance(told, actions.Result) and told.done)
    assert unit.asked == []
