"""`wireguard`: how long ago a tunnel's peer last shook hands, by `wg show INTERFACE dump` or a file with its output.

A tunnel with traffic, or with PersistentKeepalive, shakes hands every two to three minutes. Without `peer` the newest
handshake of all peers counts. Codes: fail `wireguard.stale`, `wireguard.peer-missing`, `wireguard.interface-missing`;
unknown `wireguard.not-permitted`, `wireguard.tool`, `wireguard.file`, `wireguard.unreadable`. The dump holds private
keys: nothing of it but public keys and times is ever shown. The value is the handshake's age in seconds.
"""

import asyncio
import os
import shutil
import stat
import time
from typing import NamedTuple

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import WireguardOptions
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.probes.plugin import ENVIRONMENT, run

AHEAD = 60.0  # seconds by which a handshake may lie ahead: a clock was corrected, or that of who wrote the file differs
LIMIT = 64 * 1024  # bytes of a dump: some 300 peers
_INTERFACE_FIELDS, _PEER_FIELDS = 4, 8
_KEY, _HANDSHAKE = 0, 4


class Peer(NamedTuple):
    """A peer's public key, and the epoch second of its last handshake (0: never)."""

    key: str
    handshake: int


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the tunnel of `check`."""
    options = check.own(WireguardOptions)
    interface = check.target.partition(":")[2]
    phases = Phases()
    async with phases.within(deadline):
        phases.enter("read")
        if options.file is not None:
            dump = _from_file(options.file, options.stale_after)
        else:
            dump = await _from_tool(interface, deadline)
        peer = newest(parse(dump), interface, options.peer)
        who = f"peer {peer.key[:8]}…"
        age = time.time() - peer.handshake
        if age < -AHEAD:  # by it the tunnel would be well until then, whatever becomes of it
            unknown("wireguard.unreadable", f"{who} shook hands {-age:.0f} s from now: a clock is or was wrong")
    age = max(0.0, age)
    if not peer.handshake:
        return phases.sample(f"{who} never shook hands", Outcome.FAIL, "wireguard.stale")
    outcome, code = (Outcome.FAIL, "wireguard.stale") if age > options.stale_after else (Outcome.PASS, "")
    return phases.sample(f"{who} shook hands {age:.0f} s ago", outcome, code, age)


async def _from_tool(interface: str, deadline: float) -> bytes:
    program = shutil.which("wg", path=ENVIRONMENT["PATH"])
    if program is None:
        unknown("wireguard.tool", "there is no wg here: apt-get install wireguard-tools, or set `file`")
    now = asyncio.get_running_loop().time()
    try:
        # A tool that hangs is our own fault, so it is given up before the look is.
        ended = await run([program, "show", interface, "dump"], now + (deadline - now) * 0.8, "wireguard.tool")
    except Trouble as trouble:
        unknown("wireguard.tool", trouble.detail)
    if ended.status == 0:
        return ended.out
    words = ended.err.decode("utf-8", "replace").strip()
    # Where the kernel has no WireGuard, the interface of a program that has ended is told in the second way.
    if "No such device" in words or "Protocol not supported" in words:
        fail("wireguard.interface-missing", f"there is no interface {interface}")
    if "not permitted" in words or "denied" in words:
        advice = "give the daemon CAP_NET_ADMIN, or let root write `wg show INTERFACE dump` to a file and set `file`"
        unknown("wireguard.not-permitted", f"not permitted to look at {interface}: {advice}")
    return unknown("wireguard.unreadable", f"wg ended with status {ended.status}: {words}")


def _from_file(path: str, stale_after: float) -> bytes:
    """Return the dump in `path`, which has to be fresh: in an old one every handshake would look stale."""
    try:
        # Without O_NONBLOCK, opening a named pipe would hang the whole loop.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        unknown("wireguard.file", f"{path}: {error.strerror}")
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            unknown("wireguard.file", f"{path}: not a regular file")
        written = time.time() - info.st_mtime
        if written < -AHEAD:
            unknown("wireguard.file", f"{path}: written {-written:.0f} s from now: a clock is or was wrong")
        if written > stale_after:
            unknown("wireguard.file", f"{path}: written {written:.0f} s ago; whatever writes it has stopped")
        return os.read(handle, LIMIT)
    except OSError as error:
        unknown("wireguard.file", f"{path}: {error.strerror}")
    finally:
        os.close(handle)


def parse(dump: bytes) -> list[Peer]:
    """Return the peers in the output of `wg show INTERFACE dump`; raises `Trouble` `wireguard.unreadable`."""
    lines = [line.split("\t") for line in dump.decode("ascii", "replace").splitlines()]
    if not lines or len(lines[0]) != _INTERFACE_FIELDS:
        unknown("wireguard.unreadable", "this is not what `wg show INTERFACE dump` prints")
    peers = []
    for number, fields in enumerate(lines[1:], 2):
        if len(fields) != _PEER_FIELDS or not fields[_HANDSHAKE].isdecimal():
            unknown("wireguard.unreadable", f"line {number} is not what `wg show INTERFACE dump` prints of a peer")
        peers.append(Peer(fields[_KEY], int(fields[_HANDSHAKE][:18])))
    return peers


def newest(peers: list[Peer], interface: str, key: str | None) -> Peer:
    """Return the peer `key`, or the one that shook hands last; raises `Trouble` `wireguard.peer-missing`."""
    found = [peer for peer in peers if key in (None, peer.key)]
    if not found:
        who = f"peer {key[:8]}…" if key else "peer"
        fail("wireguard.peer-missing", f"{interface} has no {who}")
    return max(found, key=lambda peer: peer.handshake)
