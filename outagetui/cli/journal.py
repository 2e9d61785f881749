"""`outagetui journal`: the record, printed, followed or verified. Reads the store without a daemon."""

import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from outagetui.board.narrative import tell
from outagetui.cli.common import UNUSABLE, fail, store
from outagetui.cli.output import json_safe
from outagetui.store.journal import StoreError
from outagetui.store.reader import Reader

if TYPE_CHECKING:
    from outagetui.core.model import Entry

FOLLOW_EVERY = 0.25


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on printing as entries come.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (with --follow: one a line).")
@click.option("--verify", is_flag=True, help="Walk the hash chain and say where it breaks.")
@click.pass_obj
def journal(options: dict[str, str | None], follow: bool, as_json: bool, verify: bool) -> None:
    """Print the record of what happened and who did it, oldest first."""
    try:
        reader = Reader(store(options))
        if verify:
            _verify(reader, as_json)
        entries = reader.entries()
        if as_json and not follow:
            sys.stdout.write(f"[{','.join(map(_json, entries))}]\n")
            return
        seq = _print(entries, as_json)
        while follow:
            sys.stdout.flush()
            time.sleep(FOLLOW_EVERY)
            if reader.outlived() and (newer := _reopened(reader)) is not None:
                if not newer.same_file(reader):
                    sys.stderr.write(f"{reader.path}: the store was replaced; its journal begins anew\n")
                    seq = 0
                reader.close()
                reader = newer
            if reader.changed():
                seq = _print(reader.entries(seq), as_json) or seq
    except StoreError as error:
        fail(str(error), UNUSABLE)
    except KeyboardInterrupt:
        return


def _reopened(reader: Reader) -> Reader | None:
    """Return the store opened anew; None while there is none to read, or it is just being made."""
    try:
        return Reader(reader.path)
    except (StoreError, OSError):
        return None


def _verify(reader: Reader, as_json: bool) -> None:
    sound, broken = reader.verify()
    if as_json:
        import json

        sys.stdout.write(json_safe(json.dumps({"entries": sound, "sound": not broken, "broken": broken})) + "\n")
    elif broken:
        sys.stderr.write(f"{sound} entries are sound, then: {broken}\n")
    else:
        sys.stdout.write(f"{sound} entries, every one sound\n")
    sys.exit(1 if broken else 0)


def _json(entry: "Entry") -> str:
    import msgspec

    try:
        document = msgspec.json.decode(entry.document)
    except (msgspec.MsgspecError, UnicodeError):
        document = entry.document  # damaged: as it is, for --verify to name
    fields = {"seq": entry.seq, "at": entry.at, "actor": entry.actor, "kind": entry.kind, "document": document}
    return json_safe(msgspec.json.encode(fields | {"hash": entry.hash}).decode())


def _print(entries: "list[Entry]", as_json: bool) -> int:
    for entry in entries:
        if as_json:
            sys.stdout.write(_json(entry) + "\n")
            continue
        row = tell(entry)
        when = datetime.fromtimestamp(row.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        sys.stdout.write(f"{row.seq:6} {when} {row.actor:12} {row.text}\n")
    return entries[-1].seq if entries else 0
