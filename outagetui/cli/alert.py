"""`outagetui alert`: the links of the alert chain, whether they can be relied on, and a test of them."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click

from outagetui.cli.common import UNUSABLE, fail, store
from outagetui.cli.outcomes import FAILED, outcomes
from outagetui.cli.output import print_json
from outagetui.core import times
from outagetui.core.model import Entry, primaries_of
from outagetui.core.orders import AlertTest
from outagetui.core.text import clean
from outagetui.core.words import AlertNews, AlertState
from outagetui.facts.alert_ledger import Use
from outagetui.facts.events import AlertEnded, Event
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import PublicAlert
from outagetui.store.damage import StoreError
from outagetui.store.reader import Reader

SILENCE = "nothing is known of"
PATIENCE = 60.0  # a link has 20 s to send


@click.command()
@click.argument("name", default="")
@click.option("--test", "try_out", is_flag=True, help="Send a test through the link NAME (all without) now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def alert(options: dict[str, str | None], name: str, try_out: bool, as_json: bool) -> None:
    """List who is woken, in order, and when each way was last used and tested; or test it.

    Exit status with --test: 0 everything was taken, 1 something was not.
    """
    chosen = None
    if try_out:
        work = outcomes(options, AlertTest(name=name), "links", _tested, patience=PATIENCE, silence=SILENCE)
        chosen = asyncio.run(work)
    try:
        links, ledger = _read(store(options))
    except StoreError as error:
        fail(str(error), UNUSABLE)
    if name and name not in [link.name for link in links]:
        known = ", ".join(clean(link.name, 60) for link in links) or "none: see [[alert]] in outagetui.toml"
        fail(f"there is no alert link {clean(name, 60)}; known: {known}", 2)
    rows = [_row(link, ledger) for link in links if name in ("", link.name)]
    if as_json:
        print_json({"version": 1, "links": rows})
    elif not rows:
        click.echo("nobody is woken: there is no [[alert]] in outagetui.toml")
    else:
        for row in rows:
            for line in _lines(row, time.time()):
                click.echo(line)
    if chosen is not None:
        sys.exit(0 if all(outcome == AlertState.SENT for outcome in chosen.values()) else FAILED)


def _read(path: Path) -> tuple[tuple[PublicAlert, ...], Ledger]:
    reader = Reader(path)
    try:
        public = reader.public()
        if public is None:
            return (), Ledger()
        return public.alerts, reader.ledger(primaries_of(public.channels))
    finally:
        reader.close()


def _tested(_: Entry, event: Event | None) -> tuple[str, str] | None:
    """Return the link and the outcome of a test that has ended."""
    return (event.link, event.outcome) if isinstance(event, AlertEnded) and event.what == AlertNews.TEST else None


def _row(link: PublicAlert, ledger: Ledger) -> dict[str, Any]:
    alerts = ledger.alerts
    return {
        "name": link.name,
        "after_s": link.after,
        "test_every_s": link.test_every,
        "through": list(link.through),
        "test": _use(alerts.tests.get(link.name)),
        "use": _use(alerts.uses.get(link.name)),
    }


def _use(use: Use | None) -> dict[str, Any] | None:
    if use is None:
        return None
    return {
        "at": times.stamp(use.at),
        "at_s": round(use.at, 3),
        "outcome": use.outcome,
        "detail": clean(use.detail),
    }


def _lines(row: dict[str, Any], now: float) -> list[str]:
    through = f", through {', '.join(map(clean, row['through']))}" if row["through"] else ""
    after = "at once" if not row["after_s"] else f"after {times.show_duration(row['after_s'])}"
    every = f", tested every {times.show_duration(row['test_every_s'])}" if row["test_every_s"] else ""
    return [
        f"{clean(row['name'])}: {after}{through}{every}",
        f"  last test: {_last(row['test'], now)}",
        f"  last use:  {_last(row['use'], now)}",
    ]


def _last(use: dict[str, Any] | None, now: float) -> str:
    if use is None:
        return "never"
    return f"{use['outcome']} {times.about(now - use['at_s'])} ago" + (f": {use['detail']}" if use["detail"] else "")
