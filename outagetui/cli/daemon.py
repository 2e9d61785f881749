"""`outagetui daemon`."""

import asyncio
import time
from pathlib import Path

import click

from outagetui.cli.common import UNUSABLE, directory, fail, leave, store

STOP_SECONDS = 15.0


@click.command()
@click.option("--stop", is_flag=True, help="End the daemon of this store, and wait until it is gone.")
@click.pass_obj
def daemon(options: dict[str, str | None], stop: bool) -> None:
    """Watch, run playbooks and take orders until told to end (for systemd: Type=notify)."""
    if stop:
        asyncio.run(_stop(options))
        return
    from outagetui.daemon.main import main

    leave(main(directory(options)))


async def _stop(options: dict[str, str | None]) -> None:
    from outagetui.core.orders import Stop
    from outagetui.daemon.lock import held
    from outagetui.orders.client import OrderClient, waiting

    path = store(options)
    client = OrderClient(path)
    with waiting(lambda words: click.echo(words, err=True)):
        reply = await client.send(Stop())
    if client.silent and (process := await asyncio.to_thread(held, path)):
        fail(
            f"the daemon, process {process}, hangs: kill -KILL {process} ends it; what the journal has is safe",
            UNUSABLE,
        )
    if not reply.get("ok"):
        fail(str(reply.get("error")), UNUSABLE)
    await client.aclose()
    if not await asyncio.to_thread(_gone, path):
        fail(f"the daemon is still ending after {STOP_SECONDS:g} s: what is under way is finished first", UNUSABLE)
    click.echo("the daemon has ended")


def _gone(path: Path) -> bool:
    """Wait until nobody holds the store; only then can another daemon have it."""
    from outagetui.daemon.lock import held

    limit = time.monotonic() + STOP_SECONDS
    while held(path):
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True
