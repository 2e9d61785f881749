"""A `dns.update` step on the test zone: www.example.test from 127.0.0.1 to 192.0.2.9."""

from pathlib import Path
from typing import Any

from outagetui import actions
from outagetui.actions import Result
from outagetui.facts.events import StepPlan
from tests.kit.places import Place, plan_of, without
from tests.servers.knot import KEY, Knot

OLD, NEW, OTHER = "127.0.0.1", "192.0.2.9", "192.0.2.77"


def keyed(directory: Path, knot: Knot) -> Place:
    """Return a place whose secrets, below `directory`, hold the keys of `knot`."""
    (directory / "secrets").mkdir(0o700)
    made = Place(directory / "secrets")
    made.keep("tsig", knot.secret)
    made.keep("scant", knot.scant)
    return made


def step(port: int, timeout: float = 5.0, **options: Any) -> StepPlan:
    usual = {"server": f"127.0.0.1:{port}", "zone": "example.test", "name": "www", "key": KEY, "secret": "tsig"}
    return plan_of("dns.update", timeout, **{**usual, "from": OLD, "to": NEW, **options})


async def act(place: Place, plan: StepPlan) -> Result:
    result = await actions.act(plan, place)  # type: ignore[arg-type]
    assert result.detail.isprintable()
    assert not (result.done and result.unsure)
    without(result, place.secret("tsig"))
    return result


async def recover(place: Place, plan: StepPlan) -> Result | str | None:
    found = await actions.recover(plan, place)  # type: ignore[arg-type]
    without(found, place.secret("tsig"))
    return found
