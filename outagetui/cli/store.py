"""`outagetui store`: what a damaged store still holds, and a new one out of that."""

import getpass
import sys
import time
from pathlib import Path
from typing import Any

import click

from outagetui.cli.common import UNUSABLE, fail
from outagetui.cli.common import store as store_of
from outagetui.cli.output import print_json
from outagetui.core.text import clean
from outagetui.core.times import stamp
from outagetui.store.damage import SAID, StoreError, of_sqlite
from outagetui.store.holdings import Holdings, holdings
from outagetui.store.repair import Repaired
from outagetui.store.repair import repair as repaired
from outagetui.store.salvage import salvaging

DAMAGED = 1
SHOWN = 10


@click.group(no_args_is_help=True)
def store() -> None:
    """Look at a damaged store, or write what it still holds into a new one."""


@store.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(options: dict[str, str | None], as_json: bool) -> None:
    """Say whether the store is whole, what can be read of it, and whether its journal verifies. Changes nothing.

    Exit status: 0 all is as it was written, 1 something is not, 3 nothing can be read.
    """
    path = store_of(options)
    try:
        with salvaging(path, live=_held(path)) as salvage:
            found = holdings(salvage, path)
    except (StoreError, OSError, *SAID) as error:
        fail(_words(path, error), UNUSABLE)
    status = UNUSABLE if not any(found.rows.values()) else 0 if found.sound else DAMAGED
    if as_json:
        print_json(_document(path, found))
    else:
        click.echo("\n".join(clean(line, 600) for line in _lines(path, found, status)))
    sys.exit(status)


@store.command()
@click.option("--to", "target", metavar="FILE", required=True, help="Where the new store is written; must not exist.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def repair(options: dict[str, str | None], target: str, as_json: bool) -> None:
    """Write what can be read of the store into a new FILE. Never changes the damaged one, nor anything that is there.

    Exit status: 0 all was saved, 1 something is lost, 3 nothing was written.
    """
    path, new = store_of(options), Path(target).absolute()
    if _held(path):
        fail(f"{path}: a daemon is writing it; stop it first: outagetui daemon --stop", UNUSABLE)
    try:
        with salvaging(path) as salvage:
            done = repaired(salvage, path, new, getpass.getuser(), time.time())
    except (StoreError, OSError, *SAID) as error:
        fail(_words(path, error), UNUSABLE)
    if as_json:
        print_json({"version": 1, "store": done.path, "saved": done.saved, "lost": list(done.lost)})
    else:
        click.echo("\n".join(clean(line, 600) for line in _told(path, done)))
    sys.exit(DAMAGED if done.lost else 0)


def _held(path: Path) -> bool:
    """Whether a daemon has the store open; nobody has what may not be asked about."""
    from outagetui.daemon.lock import held

    try:
        return held(path) != ""
    except OSError:
        return False


def _words(path: Path, error: Exception) -> str:
    if isinstance(error, SAID):
        return str(of_sqlite(path, error))
    return str(error) if isinstance(error, StoreError) else f"{path}: {getattr(error, 'strerror', None) or error}"


def _lines(path: Path, found: Holdings, status: int) -> list[str]:
    verdict = found.verdict
    heading = {0: "as it was written", DAMAGED: "damaged", UNUSABLE: "nothing in it can be read"}[status]
    between = "" if found.first is None or found.last is None else f", {stamp(found.first)} to {stamp(found.last)}"
    out = [f"{path}: {heading}", f"journal: {found.rows['journal']} entries{between}, head {verdict.head}"]
    out += [f"journal: {fault.words}" for fault in verdict.faults[:SHOWN]]
    if (rest := len(verdict.faults) - SHOWN + verdict.more) > 0:
        out.append(f"journal: and {rest} faults more")
    out += [f"journal: accepted: {fault.words}" for fault in verdict.accepted]
    out += [f"{table}: {count} rows" for table, count in found.rows.items() if table != "journal"]
    if found.damaged_verdicts:
        out.append(f"live: {found.damaged_verdicts} rows are damaged; a daemon makes them anew")
    if not found.configured:
        out.append("meta: the screens' copy of the configuration cannot be read; a daemon writes it anew")
    out += [f"{table}: cannot be read whole: {words}" for table, words in found.troubles.items()]
    out += [f"file: {words}" for words in found.integrity[:SHOWN]]
    if len(found.integrity) > SHOWN:
        out.append(f"file: and {len(found.integrity) - SHOWN} faults more")
    if found.integrity or found.troubles:
        out.append("what can be read is saved with: outagetui store repair --to FILE")
    elif verdict.faults:
        out.append('what an operator knows about is accepted with: outagetui journal --accept "reason"')
    return out


def _told(path: Path, done: Repaired) -> list[str]:
    out = [f"{done.path}: written; {path} is as it was"]
    out += [f"saved: {count} rows of {table}" for table, count in done.saved.items()]
    out += [f"lost: {words}" for words in done.lost]
    out.append("to use it, stop the daemon, move the damaged files away, and this one with its .anchor in their place")
    return out


def _document(path: Path, found: Holdings) -> dict[str, Any]:
    def moment(at: float | None) -> str | None:
        return None if at is None else stamp(at)

    verdict = found.verdict
    return {
        "version": 1,
        "store": str(path),
        "sound": found.sound,
        "rows": found.rows,
        "first": moment(found.first),
        "last": moment(found.last),
        "head": {"seq": verdict.head.seq, "hash": verdict.head.hash},
        "faults": [fault.words for fault in verdict.faults],
        "accepted": [fault.words for fault in verdict.accepted],
        "integrity": list(found.integrity),
        "troubles": found.troubles,
        "configuration": found.configured,
    }
