"""`outagetui daemon`."""

import asyncio

import click

from outagetui.cli.common import UNUSABLE, directory, fail, leave, store


@click.command()
@click.option("--stop", is_flag=True, help="End the daemon of this store.")
@click.pass_obj
def daemon(options: dict[str, str | None], stop: bool) -> None:
    """Watch, run playbooks and take orders until told to end (for systemd: Type=notify)."""
    if stop:
        asyncio.run(_stop(options))
        return
    from outagetui.daemon.main import main

    leave(main(directory(options)))


async def _stop(options: dict[str, str | None]) -> None:
    from outagetui.orders.client import OrderClient

    client = OrderClient(store(options))
    reply = await client.send("stop")
    if not reply.get("ok"):
        fail(str(reply.get("error")), UNUSABLE)
    await client.aclose()
    click.echo("the daemon is ending")
