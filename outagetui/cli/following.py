"""Waiting for what comes of an announcement, and saying it: what `announce` and `delivery` share."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from outagetui.board.rows import AnnouncementRow, DeliveryRow
from outagetui.cli.common import directory, fail, store
from outagetui.config import ConfigError, load
from outagetui.core.text import clean
from outagetui.core.times import parse_duration
from outagetui.core.words import DELIVERY_WELL, TROUBLED
from outagetui.store.source import StoreSource
from outagetui.wording.fit import FitError, fit_for, sent_text

DONE, FAILED, USAGE, WAITING = 0, 1, 2, 4
POLL = 0.1
STILL = 60.0  # seconds without any change after which what has not ended is left to the journal; at least `--wait`
ENDED = (*DELIVERY_WELL, *TROUBLED)
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

    The latter is waited for at most `wait` seconds. What is new is said at once, and so is what does not move any more.
    When the daemon falls silent that is said, and what is known by then is returned.
    """
    source = StoreSource(Path(store(dict(options))))
    told: dict[str, str] = {}
    states: list[str] = []
    moved, ended = time.monotonic(), None
    try:
        while True:
            now = time.monotonic()
            stale = source.board(time.time()).stale
            made = source.announcement(str(reply["announcement"]))
            if stale:
                words = f"the daemon fell silent; what became of {reply['announcement']}: outagetui journal"
                if made is None:
                    fail(words, FAILED)
                sys.stderr.write(f"{words}\n")
                return made
            if made is not None and made.parts > int(reply.get("part", 0)):
                rows = [row for row in made.deliveries if not only or row.outlet in only]
                for row in rows:
                    if row.state in ENDED and told.get(row.outlet) != line(row):
                        told[row.outlet] = line(row)
                        say(told[row.outlet])
                if states != (states := [row.state for row in rows]):
                    moved = now
                if all(row.state in ENDED for row in rows):
                    ended = now if ended is None else ended
                    if all(row.settled for row in rows) or now - ended >= wait:
                        return made
                elif now - moved >= max(wait, STILL):
                    for row in rows:
                        if row.state not in ENDED:
                            say(f"{row.outlet}: {row.state}; what comes of it: outagetui journal")
                    return made
            await asyncio.sleep(POLL)
    finally:
        source.close()


def fitted(options: Mapping[str, str | None], made: AnnouncementRow) -> AnnouncementRow:
    """Return an announcement with what was not begun as it would be sent, where the configuration can be read."""
    if all(row.text != f"{row.title}\n\n{row.body}" for row in made.deliveries):
        return made
    try:
        config = load(directory(dict(options)))
    except ConfigError:
        return made
    places = {outlet.id: outlet for outlet in config.outlets}
    rows = []
    for row in made.deliveries:
        if row.outlet in places and row.text == f"{row.title}\n\n{row.body}":
            place = places[row.outlet]
            with contextlib.suppress(FitError):
                text = fit_for(config, place, row.title, row.body, made.accounts)
                words = sent_text(place.kind, text)
                row = replace(row, text=words, count=text.count, limit=text.limit, shortened=text.shortened)
        rows.append(row)
    return replace(made, deliveries=tuple(rows))


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
    """Return the exit status: whether every outlet did what it was to do; one left out that nobody left out did not."""
    rows = [row for row in made.deliveries if not only or row.outlet in only]
    return DONE if all(row.state in DELIVERY_WELL and not row.left_out for row in rows) else FAILED
