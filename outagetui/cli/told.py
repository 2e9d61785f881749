"""Waiting for what comes of an announcement, and saying it: what `announce` and `delivery` share."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import click

from outagetui.cli.common import UNUSABLE, fail, store
from outagetui.config.durations import parse_duration
from outagetui.rows import AnnouncementRow, DeliveryRow
from outagetui.source import StoreSource
from outagetui.text import clean

DONE, FAILED, USAGE, WAITING = 0, 1, 2, 4
POLL = 0.1
GOOD = ("sent", "seen", "skipped", "retracted")
ENDED = (*GOOD, "failed", "unknown")
PATIENCE = "20s"


def patience(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read the value of `--wait`."""
    seconds = parse_duration(value)
    if seconds is None:
        raise click.BadParameter(f'expected a duration such as "20s", not "{clean(value, 40)}"')
    return seconds


async def follow(
    options: Mapping[str, str | None],
    reply: Mapping[str, Any],
    wait: float,
    say: Callable[[str], None],
    only: Collection[str] = (),
) -> AnnouncementRow:
    """Follow an announcement in the journal until every outlet (or `only` some) ended, and was seen.

    The latter is waited for at most `wait` seconds. What is new is said at once. Ends the command when the daemon
    falls silent.
    """
    source = StoreSource(Path(store(dict(options))))
    told: dict[str, str] = {}
    ended: float | None = None
    try:
        while True:
            board = source.board(time.time())
            if board.stale:
                fail(f"the daemon fell silent; what became of {reply['announcement']}: outagetui journal", UNUSABLE)
            made = next((row for row in board.announcements if row.id == reply["announcement"]), None)
            if made is not None and made.parts > int(reply.get("part", 0)):
                rows = [row for row in made.deliveries if not only or row.outlet in only]
                for row in rows:
                    if row.state in ENDED and told.get(row.outlet) != line(row):
                        told[row.outlet] = line(row)
                        say(told[row.outlet])
                if all(row.state in ENDED for row in rows):
                    ended = time.monotonic() if ended is None else ended
                    if all(row.settled for row in rows) or time.monotonic() - ended >= wait:
                        return made
            await asyncio.sleep(POLL)
    finally:
        source.close()


def line(row: DeliveryRow) -> str:
    """Return what came of one outlet, for people."""
    return " ".join(filter(None, (f"{row.outlet}: {row.state}", clean(row.url), clean(row.detail))))


def document(made: AnnouncementRow, only: Collection[str] = ()) -> dict[str, Any]:
    """Return what came of an announcement, for programs."""
    return {
        "announcement": made.id,
        "kind": made.kind,
        "outlets": [
            {
                "id": row.outlet,
                "state": row.state,
                "remote_id": row.remote_id,
                "url": row.url,
                "text": row.text,
                "detail": row.detail,
                "count": row.count,
                "limit": row.limit,
                "shortened": row.shortened,
            }
            for row in made.deliveries
            if not only or row.outlet in only
        ],
    }


def status(made: AnnouncementRow, only: Collection[str] = ()) -> int:
    """Return the exit status: whether every outlet did what it was to do."""
    rows = [row for row in made.deliveries if not only or row.outlet in only]
    return DONE if all(row.state in GOOD for row in rows) else FAILED
