"""A drill sends nothing off this machine: a guard below every library, which cannot be taken off again.

It sees what this process does, not what a program does that it starts. So no program may be started but those that the
caller names, each of which keeps itself at home or has a guard of its own.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Collection
from functools import partial
from pathlib import PurePath
from typing import Any

# What stays on this machine by its nature, and IP, whose addresses are looked at.
AT_HOME = frozenset({socket.AF_UNIX, socket.AF_NETLINK})
FAMILIES = AT_HOME | {socket.AF_INET, socket.AF_INET6}
# What listens there on loopback is the machine's own, and passes on what it gets: a resolver, a mail relay.
SYSTEM_PORTS = frozenset({*range(1, 1024), 5353})
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKS_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "pty.spawn"})
_NOT_PERMITTED = 1  # EPERM


def loopback_only(programs: Collection[str] = ()) -> None:
    """Refuse everything of this process that could leave loopback, with PermissionError (PEP 578 audit hook).

    Refused are connections, datagrams and name look-ups that are not for loopback, the machine's own services also on
    loopback, sockets that know no addresses, and every program whose file is not called as one of `programs`.
    """
    sys.addaudithook(partial(_watch, frozenset(programs)))


def _watch(programs: frozenset[str], event: str, args: tuple[Any, ...]) -> None:
    if event in _SENDS:
        address = args[1]
        if args[0].family in AT_HOME or not isinstance(address, tuple):
            return
        if not _local(str(address[0])):
            raise _refused(f"a drill sends nothing off this machine, and {address[0]} is not loopback")
        if address[1] in SYSTEM_PORTS:
            raise _refused(f"a drill talks to its own servers only, and port {address[1]} is for the machine's")
    elif event in _LOOKS_UP:
        host = args[0]
        if host not in (None, "localhost") and not _local(host.decode() if isinstance(host, bytes) else str(host)):
            raise _refused(f"a drill looks no name up outside this machine, not even {host}")
    elif event == "socket.getnameinfo":
        if not _local(str(args[0][0])):
            raise _refused(f"a drill looks no address up outside this machine, not even {args[0][0]}")
    elif event == "socket.__new__":
        if args[1] not in FAMILIES and args[1] != -1:  # -1: a socket that is open already
            raise _refused(f"a drill opens no socket of family {args[1]}")
    elif event in _STARTS:
        program = os.fsdecode(args[0][0] if isinstance(args[0], tuple) else args[0] or "")
        if event == "os.system" or PurePath(program).name not in programs:
            raise _refused(f"a drill starts no program, not even {program}")


def _refused(why: str) -> PermissionError:
    return PermissionError(_NOT_PERMITTED, why)


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost")
