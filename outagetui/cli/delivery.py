"""`outagetui delivery`: an operator's word on one outlet of an announcement."""

import asyncio
import sys
from typing import TextIO, get_args

import click

from outagetui.board.rows import AnnouncementRow
from outagetui.cli.common import fail, ordering, source
from outagetui.cli.following import PATIENCE, USAGE, document, fitted, follow, patience, status
from outagetui.cli.output import print_json
from outagetui.core.orders import Delivery, Do
from outagetui.core.text import clean


@click.command()
@click.argument("announcement")
@click.argument("outlet")
@click.argument("do", type=click.Choice(get_args(Do)))
@click.option("--title", default="", help="With edit: the title; without it the file's first line, else as it was.")
@click.option("--body", default="", help="With edit: the text.")
@click.option("--file", "file", type=click.File(), help="With edit: a file with the title, then the text; - reads it.")
@click.option("--part", type=int, help="Which part, from 0; without it the newest that goes there.")
@click.option(
    "--wait", default=PATIENCE, show_default=True, callback=patience, help="How long to wait until readers see it."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def delivery(
    options: dict[str, str | None],
    announcement: str,
    outlet: str,
    do: Do,
    title: str,
    body: str,
    file: TextIO | None,
    part: int | None,
    wait: float,
    as_json: bool,
) -> None:
    """Try OUTLET of ANNOUNCEMENT again, skip it, or send it there in your own words.

    What may be there already is looked up before it is sent again. Of an announcement that was taken back, retry tries
    to take it back once more. Exit status: 0 done, 1 it failed, 2 usage, 3 configuration.
    """
    if do != "edit" and (title or body or file is not None):
        fail(f"own words are for edit, not for {do}", USAGE)
    if do == "edit":
        title, body = _words(options, announcement, outlet, title, body, file)
    order = Delivery(announcement=announcement, outlet=outlet, do=do, part=part, title=title, body=body)
    made = asyncio.run(_order(options, order, wait, quiet=as_json))
    if made is None:
        return
    if as_json:
        print_json(document(fitted(options, made), [outlet]))
    sys.exit(status(made, [outlet]))


def _words(
    options: dict[str, str | None], announcement: str, outlet: str, title: str, body: str, file: TextIO | None
) -> tuple[str, str]:
    if file is not None:
        lines = file.read().strip().split("\n")
        title, body = (title, body or "\n".join(lines)) if title else (lines[0], body or "\n".join(lines[1:]))
    if not body.strip():
        fail("say what to send: --body, or --file", USAGE)
    if not title:
        made = source(options).announcement(announcement)
        rows = made.deliveries if made is not None else ()
        title = next((row.title for row in rows if row.outlet == outlet), made.title if made is not None else "")
    return title, body


async def _order(
    options: dict[str, str | None], order: Delivery, wait: float, *, quiet: bool
) -> AnnouncementRow | None:
    """Give the order and follow it; None for an older part, which is followed in the journal."""
    async with ordering(options) as give:
        reply = await give(order)
        made = source(options).announcement(str(reply["announcement"]))
        if made is not None and made.parts > int(reply["part"]) + 1 and made.retracted is None:
            sys.stderr.write(f"{clean(made.id)} part {reply['part']}: what comes of it: outagetui journal\n")
            return None
        say = (lambda words: None) if quiet else click.echo
        return await follow(options, reply, wait, say, [str(reply["outlet"])])
