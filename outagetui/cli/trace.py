"""`outagetui trace`: the way to a channel or host, by the daemon where one runs, else by this process."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from outagetui.cli.common import UNUSABLE, fail, leave
from outagetui.cli.outcomes import outcomes
from outagetui.cli.output import print_json
from outagetui.config import ConfigError, find, load
from outagetui.core.model import Config, Entry
from outagetui.core.orders import Trace
from outagetui.core.text import clean
from outagetui.facts.events import Event, PathTraced
from outagetui.facts.network_path import NetworkPath, Stopped, end_of, hop_lines, told, zones
from outagetui.orders.client import OrderClient
from outagetui.protocols import traceroute

if TYPE_CHECKING:
    from outagetui.protocols.traceroute import IpVersion

ARRIVES, ENDS = 0, 2
SOON = 2.0  # seconds after which it is said that this takes longer
PATIENCE = 60.0  # longer than a way may take
Ways = tuple[NetworkPath, NetworkPath | None]


@click.command()
@click.argument("target", metavar="CHANNEL|HOST")
@click.option("--ip", type=click.Choice(["4", "6"]), help="Only IPv4 or only IPv6 (default: the first address).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def trace(options: dict[str, str | None], target: str, ip: str | None, as_json: bool) -> None:
    """Look at the way to a channel or host, hop by hop, and beside it at that to a canary.

    Exit status: 0 it arrives, 1 the daemon refused, 2 it ends before, 3 it could not be looked at.
    """
    version: IpVersion | None = {"4": 4, "6": 6, None: None}[ip]
    path, canary = asyncio.run(_told_of(_trace(options, target.strip("[]"), version)))
    if as_json:
        print_json(document(path, canary))
    else:
        for line in lines(path, canary):
            click.echo(line)
    leave(ARRIVES if path.reached else UNUSABLE if path.stopped == Stopped.TROUBLE else ENDS)


async def _told_of(looking: Coroutine[Any, Any, Ways]) -> Ways:
    """Return what `looking` finds, after saying that it takes its time where it does."""
    words = "looking at the way, at most half a minute; Ctrl+C leaves\n"
    late = asyncio.get_running_loop().call_later(SOON, sys.stderr.write, words)
    try:
        return await looking
    finally:
        late.cancel()


async def _trace(options: dict[str, str | None], target: str, ip: "IpVersion | None") -> Ways:
    config = _configuration(options)
    if config is not None and await _answers(Path(config.store)):

        def tell(entry: Entry, event: Event | None) -> tuple[str, Ways] | None:
            if isinstance(event, PathTraced) and target in (event.channel, event.path.host):
                return target, (event.path, event.canary)
            return None

        order = Trace(target=target, ip=ip)
        found = await outcomes(options, order, "traces", tell, patience=PATIENCE, silence="no trace of")
        return found[target]
    return await _here(config, target, ip)


async def _here(config: Config | None, target: str, ip: "IpVersion | None") -> Ways:
    """Look from this process."""
    from outagetui.machine.secrets import Secrets
    from outagetui.net.vantage import Vantage

    channel = config.channel(target) if config is not None else None
    check = traceroute.with_host(channel.checks) if channel is not None else None
    if channel is not None and check is None:
        fail(f"no check of {clean(target)} names a host", UNUSABLE)
    host = target if check is None else traceroute.host_of(check)
    ip = ip if check is None else ip or traceroute.ip_of(check)
    if not traceroute.permitted():
        fail(traceroute.NOT_PERMITTED, UNUSABLE)
    canary = "" if config is None else traceroute.canary_host(config.canaries)
    vantage = Vantage("here", Secrets(None))
    try:
        return await traceroute.both(host, canary, vantage, ip=ip)
    finally:
        await vantage.aclose()


def _configuration(options: dict[str, str | None]) -> Config | None:
    """Return the configuration; none where there is none that can be used: a host has a way without.

    Ends with 3 where one was named and cannot be used.
    """
    try:
        place = find(options["config"], os.environ, Path.cwd(), Path.home())
    except ConfigError as error:
        if options["config"]:
            fail(str(error), UNUSABLE)
        return None
    try:
        return load(place)
    except ConfigError as error:
        if options["config"]:
            fail(str(error), UNUSABLE)
        first = str(error).partition("\n")[0]
        sys.stderr.write(f"looking without the configuration here, which has errors: {first}\n")
        return None


async def _answers(store: Path) -> bool:
    client = OrderClient(store)
    try:
        return bool((await client.hello()).get("ok"))
    finally:
        await client.aclose()


def document(path: NetworkPath, canary: NetworkPath | None) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "version": 1,
        "ends": end_of(path, canary).value,
        "words": told(path, canary),
        "path": _way(path),
        "canary": None if canary is None else _way(canary),
    }


def _way(path: NetworkPath) -> dict[str, Any]:
    return {
        "host": clean(path.host),
        "address": clean(path.address),
        "source": clean(path.source),
        "stopped": clean(path.stopped),
        "trouble": clean(path.trouble),
        "hops": [
            {
                "distance": hop.distance,
                "address": clean(hop.address),
                "name": clean(hop.name),
                "ms": hop.ms,
                "whose": zone.value,
            }
            for hop, zone in zip(path.hops, zones(path), strict=True)
        ],
    }


def lines(path: NetworkPath, canary: NetworkPath | None) -> list[str]:
    """Return what was found, for people."""
    out = [told(path, canary), *hop_lines(path)]
    return out if canary is None else [*out, f"canary {canary.label}:", *hop_lines(canary)]
