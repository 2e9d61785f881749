"""Dialling: where a target says to go, and a race over all of a name's addresses (Happy Eyeballs, RFC 8305)."""

import asyncio
import socket
from collections.abc import Collection
from functools import lru_cache
from typing import Literal

from outagetui.core.model import Outcome
from outagetui.core.urls import read_place, read_url
from outagetui.net.resolve import Address
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, from_os_error, unknown
from outagetui.net.vantage import Vantage
from outagetui.net.watched import WatchedSocket

STAGGER = 0.25  # seconds an attempt gets before the next address is tried beside it (RFC 8305 section 5)


def endpoint(text: str, default: int | None = None) -> tuple[str, int]:
    """Read `host:port` or `[v6]:port`; a wrong one is unknown `target.invalid`."""
    try:
        host, port = read_place(text)
    except ValueError as error:
        unknown("target.invalid", f"{text}: {error}")
    return host, port or default or unknown("target.invalid", f"{text}: this needs a host and a port")


@lru_cache(4096)  # a check goes to the same each time
def target(url: str, default: int | None = None) -> tuple[str, int]:
    """Return host and port of a target such as `tcp://host:port`; a wrong one is unknown `target.invalid`."""
    try:
        found = read_url(url)
    except ValueError as error:
        unknown("target.invalid", f"{url}: {error}")
    port = found.port or default
    if not found.host or not port:
        unknown("target.invalid", f"{url}: this needs a host and a port")
    return found.host, port


_instead = lru_cache(4096)(endpoint)  # as `target`; not for what others name, which has no bound


async def dial(
    vantage: Vantage,
    host: str,
    port: int,
    phases: Phases,
    *,
    deadline: float,
    ip: Literal[4, 6] | None = None,
    connect: str | None = None,
    without: Collection[str] = (),
) -> Stream:
    """Connect to `host`, or to `connect` ("host:port") in its stead; phases resolve and connect.

    `without` are addresses that sent us on already; when no other is left, it fails as `tcp.no-address`.
    """
    if connect:
        host, port = _instead(connect, port)
    phases.enter("resolve")
    addresses = await vantage.resolve(host, port, ip=ip, deadline=deadline)
    if without:
        left = [each for each in addresses if each.host.partition("%")[0] not in without]
        addresses = left or fail("tcp.no-address", "no other address is left")
    phases.enter("connect")
    return Stream(await (_open(addresses[0]) if len(addresses) == 1 else _race(_interleave(addresses))))


async def _open(address: Address) -> WatchedSocket:
    sock: WatchedSocket | None = None
    try:
        sock = WatchedSocket(socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        sock.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await sock.connect(address.sockaddr)
        return sock
    except BaseException as error:
        if sock is not None:
            sock.close()
        if isinstance(error, OSError):
            raise from_os_error(error, str(address)) from error
        raise


def _interleave(addresses: list[Address]) -> list[Address]:
    """Return `addresses` with the families alternating, the first one first (RFC 8305 section 4)."""
    first = [each for each in addresses if each.family == addresses[0].family]
    second = [each for each in addresses if each.family != addresses[0].family]
    mixed: list[Address] = []
    while first or second:
        mixed += first[:1] + second[:1]
        first, second = first[1:], second[1:]
    return mixed


async def _race(addresses: list[Address]) -> WatchedSocket:
    """Return the first connection that stands; the others are cancelled and closed."""
    waiting = list(addresses)
    running: set[asyncio.Task[WatchedSocket]] = set()
    troubles: list[Trouble] = []
    try:
        while True:
            if waiting:
                running.add(asyncio.create_task(_open(waiting.pop(0))))
            elif not running:
                raise _worst(troubles)
            done, running = await asyncio.wait(
                running, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            winner = None
            ours: BaseException | None = None
            for task in done:
                error = task.exception()
                if isinstance(error, Trouble):
                    troubles.append(error)
                elif error is not None:
                    ours = error
                elif winner is None:
                    winner = task.result()
                else:
                    task.result().close()
            if winner is not None:
                return winner
            if ours is not None:
                raise ours
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
        if running:
            await asyncio.wait(running)


def _close_late(task: asyncio.Task[WatchedSocket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _worst(troubles: list[Trouble]) -> Trouble:
    """Return what to report when no address answered: the far side's word before our own lack of a route."""
    return next((each for each in troubles if each.outcome is Outcome.FAIL), troubles[0])
