"""`outagetui prove`: try backups from end to end now."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click

from outagetui import events
from outagetui.cli.common import client, fail, print_json, store
from outagetui.reader import Reader
from outagetui.source import StoreSource
from outagetui.text import clean

FAILED = 1
POLL = 0.1
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
    sys.exit(0 if all(row["outcome"] == "passed" for row in document["channels"]) else FAILED)


async def _prove(options: dict[str, str | None], ids: tuple[str, ...]) -> dict[str, Any]:
    orders = await client(options)
    path = Path(store(options))
    reader = Reader(path)
    seen = max((entry.seq for entry in reader.newest(1)), default=0)
    reply = await orders.send("prove", channels=ids)
    if not reply.get("ok"):
        fail(str(reply.get("error")), FAILED)
    proofs: dict[str, tuple[float, events.Proved]] = {}
    limit = time.monotonic() + PATIENCE
    while set(reply["channels"]) - set(proofs):
        if time.monotonic() > limit:
            waiting = ", ".join(sorted(set(reply["channels"]) - set(proofs)))
            fail(f"no proof of {waiting} within {PATIENCE:.0f} s; see: outagetui journal", FAILED)
        for entry in reader.entries(seen):
            seen = entry.seq
            event = events.decode(entry.kind, entry.document)
            if isinstance(event, events.Proved):
                proofs[event.channel] = entry.at, event
        await asyncio.sleep(POLL)
    await orders.aclose()
    readiness = {row.id: row.readiness for row in StoreSource(path).board(time.time()).channels}
    return {
        "version": 1,
        "channels": [
            {
                "id": name,
                "readiness": readiness.get(name) or "untested",
                "proved": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
                "outcome": proof.outcome,
                "detail": clean(proof.detail),
                "checks": proof.checks,
            }
            for name in reply["channels"]
            for at, proof in [proofs[name]]
        ],
    }
