"""`outagetui drill`: rehearse an outage against local servers; nothing leaves the machine."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from outagetui.cli.common import UNUSABLE, fail, heard
from outagetui.cli.output import print_json
from outagetui.core.own_fault import words_of
from outagetui.core.text import clean
from outagetui.drill.processes import DrillError, running_drill
from outagetui.drill.scenario import MESSENGER_2011, SCENARIOS, Scenario
from outagetui.facts.reach import percent
from outagetui.machine.loopback_only import loopback_only

if TYPE_CHECKING:
    from textual.app import App

FAILED = 1


@click.command()
@click.argument("scenario", default=MESSENGER_2011.id)
@click.option("--headless", is_flag=True, help="Play it with a scripted operator, in under a minute.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (with --headless).")
@click.pass_obj
def drill(options: dict[str, str | None], scenario: str, headless: bool, as_json: bool) -> None:
    """Rehearse SCENARIO against local servers with injected faults, in the screens you will use that night."""
    chosen = SCENARIOS.get(scenario)
    if chosen is None:
        fail(f"there is no scenario {clean(scenario, 40)}; there are: {', '.join(SCENARIOS)}", 2)
    if as_json and not headless:
        fail("--json goes with --headless", 2)
    loopback_only((Path(sys.executable).name,))  # the drill's own processes, each of which has this guard
    for number in (signal.SIGTERM, signal.SIGHUP):
        # So that the drill's servers and daemon are taken down by the way out, not left behind.
        signal.signal(number, lambda signum, _: sys.exit(128 + signum))
    try:
        if headless:
            _headless(options, chosen, as_json)
        else:
            sys.exit(_screens(options, chosen))
    except (DrillError, OSError) as error:
        fail(words_of(error), FAILED)


def _headless(options: dict[str, str | None], scenario: Scenario, as_json: bool) -> None:
    from outagetui.drill.rehearsal import rehearse

    with running_drill(scenario, "short") as set_up:
        document = asyncio.run(heard(rehearse(scenario, set_up)))
        _tell(options, scenario, set_up.store, document["score"])
    if as_json:
        print_json(document)
        return
    click.echo("\n".join(lines(document)))


def lines(document: dict[str, Any]) -> list[str]:
    """Return what came of a drill, for people."""
    out = [f"{row['t']:7.1f} s  {row['text']}" for row in document["timeline"]]
    for name in ("detected_s", "activated_s", "announced_s", "recovered_s"):
        out.append(f"{name[:-2]} after {document[name]} s")
    for audience, reach in document["reach"].items():
        out.append(f"reach {audience}: " + ", ".join(f"{when} {percent(value)}" for when, value in reach.items()))
    for name, told in document["outlets"].items():
        became = [f"{part['kind']} {part['state']} at {part['t']} s" for part in told["parts"]]
        out.append(f"outlet {name}: {', '.join(became) or 'nothing was sent'}")
        out += [f"    warning: {words}" for words in told["warnings"]]
    return [*out, f"score {document['score']} of 100; the page is {document['page']}"]


def _tell(options: dict[str, str | None], scenario: Scenario, store: Path, score: int | None) -> None:
    """Let the journal of the user's own daemon know, if one runs."""
    from outagetui.drill.report_back import tell

    if trouble := tell(options, scenario.id, store, score):
        click.echo(clean(trouble), err=True)


def _screens(options: dict[str, str | None], scenario: Scenario) -> int:
    from outagetui.tui import terminal

    refused = terminal.refusal()
    if refused:
        fail(f"{refused}; or: outagetui drill --headless", UNUSABLE)
    click.echo(scenario.story)
    with running_drill(scenario, "live") as set_up:
        set_up.begin()

        def make() -> "App[Any]":
            from outagetui.orders.client import OrderClient
            from outagetui.store.source import StoreSource
            from outagetui.tui.app import OutageApp

            return OutageApp(StoreSource(set_up.store), OrderClient(set_up.store), drill=scenario.name)

        status = terminal.run(make)
        _tell(options, scenario, set_up.store, None)
    click.echo(f"The drill is over. Its page and journal are in {set_up.place}")
    return status
