"""`outagetui journal`: the record, printed, followed or verified. Reads the store without a daemon."""

import re
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from outagetui.board.narrative import tell
from outagetui.cli.common import UNUSABLE, fail, store
from outagetui.cli.output import json_safe, print_json
from outagetui.core.text import clean
from outagetui.core.times import stamp
from outagetui.store.damage import StoreError
from outagetui.store.reader import Reader
from outagetui.store.verification import Fault

if TYPE_CHECKING:
    from outagetui.core.model import Entry

FOLLOW_EVERY = 0.25
MARK = re.compile(r"(?:journal[ :]*)?(\d{1,18})[ :,]+([0-9a-f]{4,64})(?:…|\.\.\.)?", re.ASCII | re.IGNORECASE)


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on printing as entries come.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (with --follow: one a line).")
@click.option(
    "--verify", is_flag=True, help="Walk the hash chain to its anchor, and say where and since when it breaks."
)
@click.option(
    "--against", metavar="MARK", help='With --verify: it must hold what a message said, such as "4711 3f9c2b1a".'
)
@click.option("--accept", metavar="REASON", help="Accept the journal as it is, such as after a backup was put back.")
@click.pass_obj
def journal(
    options: dict[str, str | None], follow: bool, as_json: bool, verify: bool, against: str | None, accept: str | None
) -> None:
    """Print the record of what happened and who did it, oldest first.

    Exit status with --verify: 0 all is as it was written, 1 something is not.
    """
    if accept is not None:
        from outagetui.cli.order_commands import give
        from outagetui.core.orders import Accept

        click.echo(f"accepted, as entry {give(options, Accept(reason=accept))['entry']} says")
        return
    mark = _mark(against) if against is not None else None
    try:
        reader = Reader(store(options))
        if verify or mark:
            _verify(reader, as_json, mark)
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


def _mark(words: str) -> tuple[int, str]:
    """Return the number and the digits of `journal 4711 3f9c…`, as messages say it."""
    found = MARK.fullmatch(words.strip())
    if found is None:
        raise click.UsageError(
            f'--against: expected a number and hex digits such as "4711 3f9c2b1a", not "{clean(words, 60)}"'
        )
    return int(found[1]), found[2].lower()


def _verify(reader: Reader, as_json: bool, mark: tuple[int, str] | None) -> None:
    verdict = reader.verdict()
    faults = list(verdict.faults)
    if mark is not None and (words := _unlike(reader, *mark)):
        faults.append(Fault(verdict.head.seq, words))
    if as_json:
        print_json(
            {
                "entries": faults[0].sound if faults else verdict.entries,
                "sound": not faults,
                "broken": faults[0].words if faults else "",
                "head": {"seq": verdict.head.seq, "hash": verdict.head.hash},
                "faults": [_fault(each) for each in faults],
                "accepted": [_fault(each) for each in verdict.accepted],
            }
        )
    elif faults:
        for number, fault in enumerate(faults):
            since = "" if fault.since is None else f", the last of {stamp(fault.since)}"
            head = f"{fault.sound} entries are sound{since}, then: " if not number else "also: "
            sys.stderr.write(f"{head}{clean(fault.words, 600)}\n")
        if verdict.more:
            sys.stderr.write(f"and {verdict.more} more\n")
    else:
        sys.stdout.write(f"{verdict.entries} entries, every one sound\njournal {verdict.head}\n")
    if not as_json:
        for fault in verdict.accepted:
            sys.stdout.write(f"accepted: {clean(fault.words, 600)}\n")
    sys.exit(1 if faults else 0)


def _fault(fault: Fault) -> dict[str, Any]:
    return {"sound": fault.sound, "since": None if fault.since is None else stamp(fault.since), "words": fault.words}


def _unlike(reader: Reader, seq: int, digits: str) -> str:
    """Return in words how the journal differs from what a message said of it, or nothing."""
    there = reader.holds(seq, digits)
    if there:
        return ""
    return f"entry {seq} is not the one {digits}… of the message" if there is False else f"there is no entry {seq}"


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
