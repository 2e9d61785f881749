"""Knot on loopback: an authoritative name server for `example.test`, with a key for updates, and with a secondary."""

import base64
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
from tests.servers.group import Group
from tests.servers.kamailio import free_port

INSTALL = "knotd is missing: apt-get install knot"
ZONE = """\
$ORIGIN example.test.
$TTL 30
@ SOA ns1 ops 1 3600 600 86400 30
@ NS ns1
@ MX 10 mail
ns1 A 127.0.0.1
mail A 127.0.0.1
www A 127.0.0.1
"""
KEY = "failover"  # may update what `updates` names, or everything
SCANT = "scant"  # a key the server knows, and that may update nothing


class Knot:
    """A running server; its zone is the file `example.test.zone`, with the lines `more` behind the usual ones.

    `secret` is that of the key `failover`. A server `of` another is its secondary, which hears of every change.
    """

    def __init__(
        self, directory: Path, *, more: str = "", updates: Sequence[str] = (), of: "Knot | None" = None
    ) -> None:
        self.directory = directory
        self.port = free_port()
        self.secret = base64.b64encode(os.urandom(32)).decode()
        self.scant = base64.b64encode(os.urandom(32)).decode()
        self.seconds: list[Knot] = []
        self.more, self.updates, self.first = more, updates, of
        if of is not None:
            of.seconds.append(self)
        directory.mkdir(parents=True, exist_ok=True)
        self.group = Group(directory / "knot.log")

    def start(self) -> "Knot":
        """Start the server and wait until it answers."""
        program = shutil.which("knotd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        state = self.directory
        if self.first is None:
            (state / "example.test.zone").write_text(ZONE + self.more)
        (state / "knot.conf").touch(0o600)
        (state / "knot.conf").write_text(
            f'server:\n  rundir: "{state}"\n  listen: 127.0.0.1@{self.port}\n  udp-workers: 1\n  tcp-workers: 1\n'
            f'  background-workers: 1\ndatabase:\n  storage: "{state}"\nlog:\n  - target: stderr\n    any: warning\n'
            f"{self._keys()}{self._zone()}"
        )
        self.group.start([program, "-c", str(state / "knot.conf")], self._ready)
        return self

    def _keys(self) -> str:
        types = f"    update-type: [{', '.join(self.updates)}]\n" if self.updates else ""
        remotes = [f"  - id: second{number}\n    address: 127.0.0.1@{each.port}\n" for number, each in self._seconds()]
        if self.first is not None:
            remotes.append(f"  - id: first\n    address: 127.0.0.1@{self.first.port}\n")
        return (
            f"key:\n  - id: {KEY}\n    algorithm: hmac-sha256\n    secret: {self.secret}\n"
            f"  - id: {SCANT}\n    algorithm: hmac-sha256\n    secret: {self.scant}\n"
            f"acl:\n  - id: update\n    key: {KEY}\n    action: update\n{types}"
            "  - id: near\n    address: 127.0.0.1\n    action: [transfer, notify]\n"
            + (f"remote:\n{''.join(remotes)}" if remotes else "")
        )

    def _zone(self) -> str:
        lines = ["zone:", "  - domain: example.test", f'    file: "{self.directory}/example.test.zone"']
        lines += ["    zonefile-sync: -1", "    acl: [update, near]"]
        if self.first is not None:
            lines = [*lines[:3], "    master: first", "    acl: [near]"]
        if self.seconds:
            lines.append(f"    notify: [{', '.join(f'second{number}' for number, _ in self._seconds())}]")
        return "\n".join(lines) + "\n"

    def _seconds(self) -> "list[tuple[int, Knot]]":
        return list(enumerate(self.seconds))

    def values(self, name: str = "www", kind: str = "A", timeout: float = 1.0) -> list[str]:
        """Return what the server answers for a name of its zone, sorted."""
        query = dns.message.make_query(f"{name}.example.test", kind)
        reply = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=timeout)
        wanted = dns.rdatatype.from_text(kind)
        return sorted(each.to_text() for one in reply.answer if one.rdtype == wanted for each in one)

    def change(self, name: str, value: str, kind: str = "A") -> None:
        """Change the zone as somebody else with the key would."""
        update = dns.update.UpdateMessage("example.test", keyring=dns.tsig.Key(KEY, self.secret, "hmac-sha256"))
        update.replace(name, 30, kind, value)
        assert dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=2).rcode() == dns.rcode.NOERROR

    def _ready(self) -> bool:
        query = dns.message.make_query("example.test", "SOA")
        try:
            return bool(dns.query.udp(query, "127.0.0.1", port=self.port, timeout=0.1).flags & dns.flags.AA)
        except dns.exception.DNSException:
            return False

    def stop(self) -> None:
        """End the server."""
        self.group.stop()
