"""The way to a host by ICMP echo requests whose hop limits grow (traceroute), each by `icmplib.traceroute`.

The library waits for each answer in turn, so a thread does it. Bounded are hops, tries, silent hops, and time.
"""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from outagetui.core.model import Check
from outagetui.core.own_fault import own_fault
from outagetui.core.text import clean
from outagetui.facts.network_path import Hop, NetworkPath, Stopped, parsed
from outagetui.machine.background import tell_fault
from outagetui.net.aside import aside
from outagetui.net.connect import endpoint
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble, from_os_error
from outagetui.net.vantage import Vantage

HOPS = 30
TRIES = 2  # at each hop: many routers answer a few times a second only
WAIT = 1.0  # seconds for each answer
SILENT = 4  # hops in a row without an answer that end the way
SECONDS = 25.0  # for one way
RESOLVE_SECONDS = 5.0
PORT = 33434  # where a way is looked for before anything is sent; nothing ever goes to it
NOT_PERMITTED = (
    "tracing needs the right to raw sockets (CAP_NET_RAW): the daemon of outagetui init --system has it; "
    "without one: sudo outagetui trace …"
)

IpVersion = Literal[4, 6]
Ask = Callable[[str, int, float], tuple[str, float] | None]  # address, hop limit, seconds: who answered, after how long


def permitted() -> bool:
    """Whether this process may open raw sockets."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    except OSError:
        with contextlib.suppress(OSError):
            socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6).close()
            return True
        return False
    return True


def ask(address: str, limit: int, seconds: float) -> tuple[str, float] | None:
    """Send one request that `limit` hops let pass; return whose answer came, and the milliseconds. Blocks.

    Raises PermissionError without the right to raw sockets.
    """
    import icmplib  # 20 ms that only a trace pays for

    try:
        # A number that nobody can guess keeps the answers to other programs, or to earlier requests, from counting.
        answered = icmplib.traceroute(
            address,
            count=1,
            interval=0,
            timeout=seconds,
            first_hop=limit,
            max_hops=limit,
            id=1 + secrets.randbelow(65535),
        )
    except icmplib.SocketPermissionError as error:
        raise PermissionError(1, NOT_PERMITTED) from error
    except icmplib.ICMPLibError:
        return None
    return (answered[0].address, answered[0].avg_rtt) if answered else None


def walk(address: str, ask: Ask, clock: Callable[[], float] = time.monotonic) -> tuple[tuple[Hop, ...], Stopped]:
    """Ask hop after hop on the way to `address`; return those that answered, and why no further one was asked."""
    until = clock() + SECONDS
    target = parsed(address)
    found: list[Hop] = []
    silent = 0
    for limit in range(1, HOPS + 1):
        for _ in range(TRIES):
            left = until - clock()
            if left <= 0:
                return tuple(found), Stopped.LATE
            if (answer := ask(address, limit, min(WAIT, left))) is not None:
                break
        else:
            silent += 1
            if silent == SILENT:
                return tuple(found), Stopped.SILENT
            continue
        silent = 0
        who, ms = answer
        if any(hop.address == who for hop in found):
            return tuple(found), Stopped.REPEATS
        found.append(Hop(limit, clean(who, 60), round(ms, 2)))
        if parsed(who) == target:
            return tuple(found), Stopped.REACHED
    return tuple(found), Stopped.FAR


async def trace(
    host: str, vantage: Vantage, *, ip: IpVersion | None = None, names: Mapping[str, str] | None = None, ask: Ask = ask
) -> NetworkPath:
    """Return the way to `host`, with a name for each hop that `names` (by address) or /etc/hosts knows. Never raises.

    `ip` is the version of IP; without it the first address counts that the system's resolver gives.
    """
    shown = clean(host, 255)
    path = NetworkPath(host=shown)
    try:
        found = await vantage.resolve(host, PORT, ip=ip, type=socket.SOCK_DGRAM, deadline=_now() + RESOLVE_SECONDS)
        address = _text(found[0])
        path = NetworkPath(host=shown, address=address)
        source = _source(found[0])
        hops, stopped = await aside(partial(walk, address, ask))
    except Trouble as trouble:
        return NetworkPath(host=shown, trouble=clean(trouble.detail or trouble.code))
    except OSError as error:
        # Ours, or the guard's of a drill: it has words of its own.
        words = error.strerror if isinstance(error, PermissionError) else from_os_error(error).detail
        return NetworkPath(host=shown, address=path.address, trouble=clean(words))
    except Exception as error:  # evidence is not worth the daemon that looks for it
        tell_fault(error)
        return NetworkPath(host=shown, address=path.address, trouble=own_fault(error))
    known = {**hosts_file(), **(names or {})}
    named = tuple(Hop(hop.distance, hop.address, hop.ms, clean(known.get(hop.address, ""), 60)) for hop in hops)
    return NetworkPath(host=shown, address=address, source=source, hops=named, stopped=stopped)


async def both(
    host: str,
    canary: str,
    vantage: Vantage,
    *,
    ip: IpVersion | None = None,
    names: Mapping[str, str] | None = None,
    ask: Ask = ask,
) -> tuple[NetworkPath, NetworkPath | None]:
    """Return the way to `host` and, at the same time, that to `canary` unless it is empty or the same host."""
    ways = [trace(host, vantage, ip=ip, names=names, ask=ask)]
    if canary and canary != host:
        ways.append(trace(canary, vantage, names=names, ask=ask))
    path, *beside = await asyncio.gather(*ways)
    return path, beside[0] if beside else None


def host_of(check: Check) -> str:
    """Return the host that a check's packets go to first; empty where it names none."""
    if check.connect:
        with contextlib.suppress(Trouble):
            return endpoint(check.connect, PORT)[0]
    return check.options.place(check.target)[0]


def ip_of(check: Check) -> IpVersion | None:
    """Return the version of IP that a check keeps to."""
    ip: IpVersion | None = getattr(check.options, "ip", None)
    return ip


def with_host(checks: Iterable[Check]) -> Check | None:
    """Return the first check that names a host."""
    return next(filter(host_of, checks), None)


def canary_host(canaries: Iterable[Check]) -> str:
    """Return the host of the first canary that names one."""
    check = with_host(canaries)
    return "" if check is None else host_of(check)


def hosts_file(file: Path = Path("/etc/hosts")) -> dict[str, str]:
    """Return the first name of each address in hosts(5), which asks nobody."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return {}
    words = [line.partition("#")[0].split() for line in lines]
    return {each[0]: each[1] for each in reversed(words) if len(each) > 1}


def _text(address: Address) -> str:
    return f"{address.host}%{address.scope}" if address.scope else address.host


def _source(address: Address) -> str:
    """Return the address from which packets go there; a datagram socket that is connected sends nothing (udp(7))."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as sock:
        sock.connect(address.sockaddr)
        return str(sock.getsockname()[0]).partition("%")[0]


def _now() -> float:
    return asyncio.get_running_loop().time()
