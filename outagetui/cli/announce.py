"""`outagetui announce`: compose, preview, send, and wait for what came of it."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, cast

import click

from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.cli.common import UNUSABLE, client, configuration, fail, print_json, store
from outagetui.journal import StoreError
from outagetui.ledger import Ledger
from outagetui.model import AUDIENCES, Audience, Config, State
from outagetui.reader import Reader
from outagetui.rows import Board
from outagetui.source import StoreSource
from outagetui.text import clean

DONE, FAILED, USAGE, WAITING = 0, 1, 2, 4
POLL = 0.1
ENDED = ("sent", "seen", "failed", "skipped", "unknown", "retracted")


@click.command()
@click.argument("kind")
@click.option("--audience", type=click.Choice(AUDIENCES), required=True, help="Whom to tell.")
@click.option("--outlet", "chosen", multiple=True, help="Only this outlet (repeatable; default: all of the audience).")
@click.option("--note", default="", help="Words for the template's {note}.")
@click.option("--dry-run", "dry", is_flag=True, help="Print what each outlet would get; send nothing.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def announce(
    options: dict[str, str | None],
    kind: str,
    audience: str,
    chosen: tuple[str, ...],
    note: str,
    dry: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Tell an audience: KIND is investigating, identified, backup-active, update, recovering, resolved or false-alarm.

    Exit status: 0 done, 1 an outlet failed, 2 usage, 3 configuration, 4 waiting for a yes.
    """
    config = configuration(options)
    kinds = sorted({template.kind for template in config.templates})
    if kind not in kinds:
        fail(f"there is no announcement kind {clean(kind, 40)}; there are: {', '.join(kinds)}", USAGE)
    planned, warnings = preview(config, Path(store(options)), kind, cast("Audience", audience), chosen, note)
    for words in warnings:
        sys.stderr.write(f"warning: {words}\n")
    if dry or not yes:
        if as_json:
            print_json({"announcement": None, "kind": kind, "outlets": planned})
        else:
            for row in planned:
                click.echo(f"--- {row['id']} ---\n{row['text']}\n")
    if dry:
        return
    if not yes and (as_json or not sys.stdin.isatty() or not click.confirm("Send this?")):
        if not as_json:
            click.echo("nothing was sent; --yes sends")
        sys.exit(WAITING)
    document = asyncio.run(_send(options, {"kind": kind, "audience": audience, "outlets": chosen, "note": note}))
    if as_json:
        print_json(document)
    else:
        for row in document["outlets"]:
            click.echo(f"{row['id']}: {row['state']} {row['url']} {row['detail']}".rstrip())
    sys.exit(DONE if all(row["state"] in ("sent", "seen", "skipped") for row in document["outlets"]) else FAILED)


class _Sketch:
    """A journal that keeps nothing: a preview composes as the daemon would, and writes nowhere."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def write(self, actor: str, *events: Any) -> list[Any]:
        return []

    keep = write


def preview(
    config: Config, path: Path, kind: str, audience: Audience, chosen: tuple[str, ...], note: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what each outlet would get and what to be warned of; ends the command when it cannot be composed."""
    ledger = Ledger(frozenset(channel.id for channel in config.channels if channel.role == "primary"))
    states: dict[str, State] = {}
    if path.exists():
        try:
            for entry in Reader(path).entries():
                ledger.apply(entry)
            board: Board = StoreSource(path).board(time.time())
            states = {row.id: row.state for row in board.channels}
        except StoreError as error:
            sys.stderr.write(f"{error}\n")
    outbox = Outbox(config, _Sketch(ledger), lambda name: states.get(name, State.UNKNOWN), time.time)
    try:
        made = asyncio.run(outbox.make("preview", kind, audience, chosen, note=note))
    except AnnounceError as error:
        fail(str(error), FAILED)
    language = {outlet.id: outlet.language for outlet in config.outlets}
    rows = []
    for name in made.outlets:
        title, body = made.texts[language[name]]
        text = f"{title}\n\n{body}"
        rows.append({"id": name, "state": "planned", "remote_id": "", "url": "", "text": text, "detail": ""})
    named = {channel.id: channel.name for channel in config.channels if channel.id in ledger.active}
    warnings = [f"{words} is named and is {states[name].value}" for name, words in named.items()
                if states.get(name, State.UP) is not State.UP and (words in dict(made.accounts))]  # fmt: skip
    return rows, warnings


async def _send(options: dict[str, str | None], fields: dict[str, object]) -> dict[str, Any]:
    orders = await client(options)
    reply = await orders.send("announce", **fields)
    if not reply.get("ok"):
        fail(str(reply.get("error")), FAILED)
    source = StoreSource(Path(store(options)))
    try:
        while True:
            board = source.board(time.time())
            if board.stale:
                fail(f"the daemon fell silent; what became of {reply['announcement']}: outagetui journal", UNUSABLE)
            made = next((row for row in board.announcements if row.id == reply["announcement"]), None)
            ready = made is not None and made.parts > int(reply["part"])
            if made is not None and ready and all(to.state in ENDED for to in made.deliveries):
                break
            await asyncio.sleep(POLL)
    finally:
        await orders.aclose()
    return {
        "announcement": made.id,
        "kind": made.kind,
        "outlets": [
            {
                "id": to.outlet,
                "state": to.state,
                "remote_id": to.remote_id,
                "url": to.url,
                "text": to.text,
                "detail": to.detail,
            }
            for to in made.deliveries
        ],
    }
