"""A drill sends nothing off this machine: a guard below every library, which cannot be taken off again."""

import ipaddress
import sys
from typing import Any


def loopback_only() -> None:
    """Refuse every connect, send and name look-up of this process that is not for loopback (PEP 578 audit hook)."""
    sys.addaudithook(_watch)


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        if isinstance(address, tuple) and not _local(str(address[0])):
            raise PermissionError(1, f"a drill sends nothing off this machine, and {address[0]} is not loopback")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0]
        if host not in (None, "localhost") and not _local(host.decode() if isinstance(host, bytes) else str(host)):
            raise PermissionError(1, f"a drill looks no name up outside this machine, not even {host}")


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost")
