"""What an announcement would say where: asked of the daemon, or made as it would while none runs."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from outagetui.announce.draft import Wanted
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.board.rows import ChannelRow
from outagetui.cli.common import UNUSABLE, configuration, fail, store
from outagetui.core.copies import copied
from outagetui.core.current import Current
from outagetui.core.model import Config, State, primaries_of
from outagetui.core.orders import Preview
from outagetui.core.text import clean_lines
from outagetui.core.words import DeliveryState
from outagetui.facts.ledger import Ledger
from outagetui.facts.reach import Share, share_of
from outagetui.machine.secrets import Secrets
from outagetui.orders.client import OrderClient
from outagetui.outlets import Tools
from outagetui.store.damage import NoStoreError, StoreError
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource

FAILED = 1


async def preview(options: dict[str, str | None], order: Preview) -> dict[str, Any]:
    """Return the proof that `order` asks for; ends the command when it cannot be made."""
    orders = OrderClient(Path(store(options)))
    try:
        if (await orders.hello()).get("ok"):
            reply = await orders.send(order)
            if not reply.get("ok"):
                fail(str(reply.get("error")), FAILED)
            return reply
    finally:
        await orders.aclose()
    try:
        return _made_here(configuration(options), Path(store(options)), order)
    except AnnounceError as error:
        fail(str(error), FAILED)


def warn(proof: dict[str, Any]) -> None:
    """Say the warnings on standard error."""
    for each in proof["warnings"]:
        about = f"{each['outlet']}: " if each["outlet"] else ""
        sys.stderr.write(f"warning: {about}{each['words']}\n")


def show(proof: dict[str, Any]) -> None:
    """Print what each outlet would be sent, and what that does."""
    for row in proof["outlets"]:
        length = f"{row['count']} of {row['limit']}" if row["limit"] else f"{row['count']}"
        said = [f"{length} characters" + (", shortened" if row["shortened"] else "")]
        said += [f"names {', '.join(row['names'])}"] if row["names"] else []
        said += [f"costs about ${row['cost']:.3f}"] if row["cost"] is not None else []
        click.echo(f"--- {row['id']} ---\n{clean_lines(row['text'], 70_000)}\n({'; '.join(said)})\n")
    click.echo(proof["effect"])


def document(proof: dict[str, Any]) -> dict[str, Any]:
    """Return the proof as `announce --dry-run --json` prints it."""
    keys = ("text", "count", "limit", "shortened", "names", "cost")
    return {
        "announcement": None,
        "kind": proof["kind"],
        "outlets": [
            {"id": row["id"], "state": DeliveryState.PLANNED, "remote_id": "", "url": "", "detail": ""}
            | {key: row[key] for key in keys}
            for row in proof["outlets"]
        ],
        "effect": proof["effect"],
        "warnings": proof["warnings"],
    }


class _Sketch:
    """A journal that keeps nothing: a preview composes as the daemon would, and writes nowhere."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def write(self, actor: str, *events: Any) -> list[Any]:
        return []

    keep = write


def _made_here(config: Config, path: Path, order: Preview) -> dict[str, Any]:
    """Make the proof from the store as it is, without a daemon."""
    ledger = Ledger(primaries_of(config.channels))
    states: dict[str, State] = {}
    shares: dict[str, Share] = {}
    if path.exists():
        try:
            ledger = Reader(path).ledger(ledger.primaries)
            board = StoreSource(path).board(time.time())
            states = {row.id: row.state for row in board.channels} | {row.id: row.state for row in board.outlets}
            shares = {row.id: _share(row) for row in board.channels}
        except NoStoreError:  # a daemon begins it
            pass
        except StoreError as error:
            fail(str(error), UNUSABLE)
    tools = Tools(config.business, config.timezone, _reader(config), str, time.time)
    outbox = Outbox(Current(config), _Sketch(ledger), lambda name: states.get(name, State.UNKNOWN), time.time, tools)
    wanted = copied(Wanted, order, audience=order.audience or outbox.audience_of(order.update))
    made: dict[str, Any] = msgspec.to_builtins(outbox.proposals.proof(wanted, shares, {}))
    return made


def _share(row: ChannelRow) -> Share:
    return share_of(row.state, row.known, max((check.failing_share for check in row.checks), default=0.0))


def _reader(config: Config) -> Any:
    """Return what reads secrets, as far as this user may look at them: who may not cannot tell what is missing."""
    directory = Path(config.secrets) if config.secrets else None
    try:
        mine = directory is None or any(True for _ in directory.iterdir())
    except OSError:
        mine = False
    return Secrets(directory).read if mine else lambda name: ""
