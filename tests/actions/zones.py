"""A `dns.update` step on the test zone: www.example.test from 127.0.0.1 to 192.0.2.9."""

from pathlib import Path
from typing import Any

from outagetui import actions
from outagetui.actions import Result
from outagetui.facts.events import StepPlan
from tests.kit.step_context import ContextWithSecrets, plan_of, without
from tests.servers.knot import KEY, Knot

OLD, NEW, OTHER = "127.0.0.1", "192.0.2.9", "192.0.2.77"


def keyed(directory: Path, knot: Knot) -> ContextWithSecrets:
    """Return a context whose secrets, below `directory`, hold the keys of `knot`."""
    (directory / "secrets").mkdir(0o700)
    made = ContextWithSecrets(directory / "secrets")
    made.keep("tsig", knot.secret)
    made.keep("scant", knot.scant)
    return made


def step(port: int, timeout: float = 5.0, **options: Any) -> StepPlan:
    usual = {"server": f"127.0.0.1:{port}", "zone": "example.test", "name": "www", "key": KEY, "secret": "tsig"}
    return plan_of("dns.update", timeout, **{**usual, "from": OLD, "to": NEW, **options})


async def act(context: ContextWithSecrets, plan: StepPlan) -> Result:
    result = await actions.act(plan, context)  # type: ignore[arg-type]
    assert result.detail.isprintable()
    assert not (result.done and result.unsure)
    without(result, context.secret("tsig"))
    return result


async def recover(context: ContextWithSecrets, plan: StepPlan) -> Result | str | None:
    found = await actions.recover(plan, context)  # type: ignore[arg-type]
    without(found, context.secret("tsig"))
    return found
