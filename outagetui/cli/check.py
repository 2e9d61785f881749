"""`outagetui check`: one pass of probes now. Touches no store and starts no daemon."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from outagetui.cli.common import STATUS, UNUSABLE, check_document, configuration, fail, heard, leave
from outagetui.cli.output import print_json
from outagetui.core.model import PASSED, WORST_FIRST, Channel, Check, Config, Outcome, Outlet, Sample, State, worst
from outagetui.core.text import clean
from outagetui.core.times import stamp
from outagetui.facts import verdict
from outagetui.net.loop_turns import TurnLoop

STATES = {Outcome.PASS: State.UP, Outcome.WARN: State.SLOW, Outcome.FAIL: State.DOWN, Outcome.UNKNOWN: State.UNKNOWN}
AT_ONCE = 50
Owners = list[tuple[Channel | Outlet, tuple[Check, ...]]]


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(options: dict[str, str | None], ids: tuple[str, ...], as_json: bool) -> None:
    """Probe everything, or the channels, outlets and checks with these IDS, once now.

    Exit status, by the channels: 0 all up, 1 something slow, 2 something down, 3 unknown or unusable configuration.
    """
    config = configuration(options)
    owners = chosen(config, ids)
    at = time.time()
    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        samples = runner.run(heard(probe_all(config, [check for _, checks in owners for check in checks])))
    document = report(config, owners, samples, at)
    if as_json:
        print_json(document)
    else:
        for line in lines(document):
            click.echo(line)
    rows = document["channels"] or document["outlets"]
    leave(STATUS[worst([State(row["state"]) for row in rows])])


def chosen(config: Config, ids: Sequence[str]) -> Owners:
    """Return the channels and outlets to probe, with their checks. Ends with status 3 for a name that nothing has."""
    everything: list[Channel | Outlet] = [*config.channels, *(outlet for outlet in config.outlets if outlet.checks)]
    if not ids:
        return [(owner, owner.checks) for owner in everything]
    known = {owner.id for owner in everything} | {check.id for owner in everything for check in owner.checks}
    strangers = [name for name in ids if name not in known]
    if strangers:
        fail(f"nothing is called {', '.join(map(clean, strangers))}; known: {', '.join(sorted(known))}", UNUSABLE)
    picked: Owners = []
    for owner in everything:
        checks = tuple(check for check in owner.checks if owner.id in ids or check.id in ids)
        if checks:
            picked.append((owner, checks))
    return picked


async def probe_all(config: Config, checks: Sequence[Check]) -> dict[str, Sample]:
    """Probe `checks` and the canaries together; return the judged samples by check."""
    from outagetui.machine.secrets import Secrets
    from outagetui.net.vantage import Vantage
    from outagetui.probes import look

    # What costs money is counted beside the store, so that a check by hand spends of the daemon's allowance.
    place = Path(config.store).parent
    secrets = Secrets(Path(config.secrets) if config.secrets else None)
    vantage = Vantage(config.vantage, secrets, place if place.is_dir() else None)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(check: Check) -> Sample:
        async with slots:
            return await look(check, asyncio.get_running_loop().time() + check.timeout, vantage)

    together = [*checks, *config.canaries]
    samples = dict(zip((c.id for c in together), await asyncio.gather(*map(one, together)), strict=True))
    await vantage.aclose()
    answered = any(samples[c.id].outcome in PASSED for c in together if c.expect == "up")
    return {c.id: verdict.expected(c, samples[c.id], trusted=answered) for c in checks}


def report(config: Config, owners: Owners, samples: dict[str, Sample], at: float) -> dict[str, Any]:
    """Return the document of `check --json`."""
    channels, outlets = [], []
    for owner, checks in owners:
        state = worst([STATES[samples[check.id].outcome] for check in checks]).value
        told = [check_document(check, samples[check.id]) for check in checks]
        if isinstance(owner, Channel):
            row = {"id": owner.id, "name": owner.name, "role": owner.role, "audience": owner.audience}
            channels.append({**row, "state": state, "checks": told})
        else:
            row = {"id": owner.id, "name": owner.name, "kind": owner.kind, "audience": owner.audience}
            outlets.append({**row, "state": state, "checks": told})
    return {"version": 1, "at": stamp(at), "vantage": config.vantage, "channels": channels, "outlets": outlets}


def lines(document: dict[str, Any]) -> list[str]:
    """Return the report for people, worst channel first."""
    out = []
    for row in sorted([*document["channels"], *document["outlets"]], key=lambda row: WORST_FIRST.index(row["state"])):
        out.append(f"{row['state'].upper():8}{row['name']} ({row.get('role', 'outlet')}, {row['audience']})")
        for check in row["checks"]:
            took = "" if check["latency_ms"] is None else f" {check['latency_ms']} ms"
            why = " ".join(filter(None, (check["code"], check["detail"])))
            out.append(f"        {check['outcome']:8}{check['id']}{took}{'  ' + why if why else ''}")
    return out
