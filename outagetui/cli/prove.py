"""`outagetui prove`: try backups from end to end now."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click

from outagetui.cli.common import store
from outagetui.cli.outcomes import FAILED, outcomes
from outagetui.cli.output import print_json
from outagetui.core.model import Entry
from outagetui.core.orders import Prove
from outagetui.core.text import clean
from outagetui.core.times import stamp
from outagetui.core.words import ProofOutcome, Readiness
from outagetui.facts.events import Event, Proved
from outagetui.store.source import StoreSource

PATIENCE = 180.0  # the slowest probe, a mail that travels, has a minute by itself


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def prove(options: dict[str, str | None], ids: tuple[str, ...], as_json: bool) -> None:
    """Try the backups IDS (all without) from end to end now; what they cost is kept within their guards.

    Exit status: 0 all proven, 1 one failed or could not be tried.
    """
    document = asyncio.run(_prove(options, ids))
    if as_json:
        print_json(document)
    else:
        for row in document["channels"]:
            click.echo(f"{row['readiness'].upper():9} {row['id']}: {row['outcome']}, {row['detail']}")
    sys.exit(0 if all(row["outcome"] == ProofOutcome.PASSED for row in document["channels"]) else FAILED)


async def _prove(options: dict[str, str | None], ids: tuple[str, ...]) -> dict[str, Any]:
    def tell(entry: Entry, event: Event | None) -> tuple[str, tuple[float, Proved]] | None:
        return (event.channel, (entry.at, event)) if isinstance(event, Proved) else None

    proofs = await outcomes(options, Prove(channels=ids), "channels", tell, patience=PATIENCE, silence="no proof of")
    path = Path(store(options))
    readiness = {row.id: row.readiness for row in StoreSource(path).board(time.time()).channels}
    return {
        "version": 1,
        "channels": [
            {
                "id": name,
                "readiness": readiness.get(name) or Readiness.UNTESTED,
                "proved": stamp(at),
                "outcome": proof.outcome,
                "detail": clean(proof.detail),
                "checks": proof.checks,
            }
            for name, (at, proof) in proofs.items()
        ],
    }
