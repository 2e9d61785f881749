"""`outagetui announce`: compose, preview, send, and wait for what came of it; and take it back."""

import asyncio
import sys
from typing import Any

import click
from msgspec.structs import replace

from outagetui.board.rows import AnnouncementRow
from outagetui.cli.common import configuration, fail, ordering
from outagetui.cli.following import PATIENCE, USAGE, WAITING, document, fitted, follow, patience, status
from outagetui.cli.output import print_json
from outagetui.cli.previews import document as planned
from outagetui.cli.previews import preview, show, warn
from outagetui.core.model import AUDIENCES, Audience
from outagetui.core.orders import Announce, Order, Retract
from outagetui.core.text import clean

UPDATE = "update"


@click.command()
@click.argument("kind", default="")
@click.option("--audience", type=click.Choice(AUDIENCES), help="Whom to tell.")
@click.option("--outlet", "chosen", multiple=True, help="Only this outlet (repeatable; default: all of the audience).")
@click.option("--note", default="", help="Words for the template's {note}; with --retract, why (for the journal).")
@click.option("--update", metavar="ID", default="", help="Go on with this open announcement (KIND: update).")
@click.option("--retract", metavar="ID", default="", help="Take this announcement back from wherever it is.")
@click.option("--reason", default="", help="Why a drill is announced where none is played.")
@click.option("--dry-run", "dry", is_flag=True, help="Print what each outlet would get; send nothing.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@click.option(
    "--wait", default=PATIENCE, show_default=True, callback=patience, help="How long to wait until readers see it."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def announce(
    options: dict[str, str | None],
    kind: str,
    audience: Audience | None,
    chosen: tuple[str, ...],
    note: str,
    update: str,
    retract: str,
    reason: str,
    dry: bool,
    yes: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Tell an audience.

    KIND is investigating, identified, backup-active, update, recovering, resolved, false-alarm or drill.

    Exit status: 0 done, 1 an outlet failed, 2 usage, 3 configuration, 4 waiting for a yes.
    """
    if retract:
        if kind or update or chosen or audience or dry:
            fail("--retract takes an announcement back from wherever it is: leave the rest out", USAGE)
        _ask(yes, as_json, f"Take {clean(retract, 40)} back?", "nothing was taken back; --yes takes it back")
        order = Retract(announcement=retract, note=note)
        _end(options, asyncio.run(_order(options, order, wait, quiet=as_json)), as_json)
    kind = _kind(configuration(options), kind, update)
    if audience is None and not update:
        fail("say whom to tell: --audience customers, or staff", USAGE)
    said = Announce(kind=kind, audience=audience, outlets=chosen, note=note, update=update, reason=reason)
    proof = asyncio.run(preview(options, said.preview(suppose=dry)))
    warn(proof)
    if dry or not yes:
        if as_json:
            print_json(planned(proof))
        else:
            show(proof)
    if dry:
        return
    _ask(yes, as_json, "Send this?", "nothing was sent; --yes sends")
    if not yes and proof.get("shown"):  # a daemon of an older version says none, and takes none
        said = replace(said, shown=proof["shown"])
    _end(options, asyncio.run(_order(options, said, wait, quiet=as_json)), as_json)


def _kind(config: Any, kind: str, update: str) -> str:
    kind = kind or (UPDATE if update else "")
    kinds = sorted({template.kind for template in config.templates})
    if kind not in kinds:
        what = f"there is no announcement kind {clean(kind, 40)}" if kind else "name the kind of announcement"
        fail(f"{what}; there are: {', '.join(kinds)}", USAGE)
    return kind


def _ask(yes: bool, as_json: bool, question: str, otherwise: str) -> None:
    """Go on with a yes; ends the command without one."""
    if not yes and (as_json or not sys.stdin.isatty() or not click.confirm(question)):
        if not as_json:
            click.echo(otherwise)
        sys.exit(WAITING)


async def _order(options: dict[str, str | None], order: Order, wait: float, *, quiet: bool) -> AnnouncementRow:
    async with ordering(options) as give:
        return await follow(options, await give(order), wait, (lambda words: None) if quiet else click.echo)


def _end(options: dict[str, str | None], made: AnnouncementRow, as_json: bool) -> None:
    if as_json:
        print_json(document(fitted(options, made)))
    sys.exit(status(made))
