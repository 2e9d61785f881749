"""The orders that a key can give, for scripts and for the day the screens do not work."""

import asyncio
import sys
from typing import Any

import click

from outagetui.cli.common import ordering
from outagetui.core.model import AUDIENCES, Audience
from outagetui.core.orders import Ack, Activate, Deactivate, Mute, Order, Recheck, Reload, Told
from outagetui.core.text import clean
from outagetui.core.times import parse_duration


def give(options: dict[str, str | None], order: Order) -> dict[str, Any]:
    """Give one order, say a warning, and return the reply; a refusal ends the command with status 1 and its words."""

    async def given() -> dict[str, Any]:
        async with ordering(options) as give:
            return await give(order)

    reply = asyncio.run(given())
    if reply.get("warning"):
        sys.stderr.write(f"warning: {clean(reply['warning'])}\n")
    return reply


@click.command()
@click.option("--note", default="", help="A remark for the journal.")
@click.pass_obj
def ack(options: dict[str, str | None], note: str) -> None:
    """Take the incident."""
    click.echo(f"incident {give(options, Ack(note=note))['incident']} is yours")


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--for", "span", default="1h", show_default=True, help="How long, such as 30m or 2h; 0s ends a mute.")
@click.option("--reason", default="", help="Why; needed to mute.")
@click.pass_obj
def mute(options: dict[str, str | None], id_: str, span: str, reason: str) -> None:
    """Mute a channel or outlet for a while: checks go on, alarms do not."""
    seconds = parse_duration(span)
    if seconds is None:
        raise click.UsageError(f'--for: expected a duration such as "30m" or "2h", not "{clean(span, 40)}"')
    if seconds and not reason:
        raise click.UsageError('say why: --reason "…"')
    give(options, Mute(id=id_, seconds=seconds, reason=reason))
    click.echo(f"{id_} is muted for {span}: checks go on" if seconds else f"{id_} is no longer muted")


@click.command()
@click.argument("id_", metavar="[ID]", default="")
@click.pass_obj
def recheck(options: dict[str, str | None], id_: str) -> None:
    """Probe a check, channel or outlet now; everything without ID."""
    count = give(options, Recheck(id=id_))["checks"]
    click.echo(f"{count} check{'s are' if count != 1 else ' is'} probed now")


def _stand(options: dict[str, str | None], order: Activate | Deactivate, word: str) -> None:
    changed = give(options, order)["changed"]
    click.echo(f"{', '.join(order.channels)}: {word}" + ("" if changed else " already"))


@click.command()
@click.argument("channels", nargs=-1, required=True)
@click.pass_obj
def activate(options: dict[str, str | None], channels: tuple[str, ...]) -> None:
    """Make backup CHANNELS active. Never asks; one that is not up is a warning."""
    _stand(options, Activate(channels=channels), "active")


@click.command()
@click.argument("channels", nargs=-1, required=True)
@click.pass_obj
def deactivate(options: dict[str, str | None], channels: tuple[str, ...]) -> None:
    """Put backup CHANNELS back to standby. Never asks."""
    _stand(options, Deactivate(channels=channels), "on standby")


@click.command()
@click.argument("channel")
@click.option("--audience", type=click.Choice(AUDIENCES), required=True, help="Who was told.")
@click.option("--reason", default="", help="How they were told, for the journal.")
@click.pass_obj
def told(options: dict[str, str | None], channel: str, audience: Audience, reason: str) -> None:
    """Note that an audience was told by hand that the active backup CHANNEL is open."""
    give(options, Told(channel=channel, audience=audience, reason=reason))
    click.echo(f"noted: {audience} know of {channel} until it is back on standby")


@click.command()
@click.pass_obj
def reload(options: dict[str, str | None]) -> None:
    """Let the daemon read its configuration again; with an error it keeps the old one."""
    give(options, Reload())
    click.echo("the new configuration is in force")
