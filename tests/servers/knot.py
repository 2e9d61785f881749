"""Knot on loopback: an authoritative name server for `example.test`."""

import os
import shutil
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
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


class Knot:
    """A running server; its zone is the file `example.test.zone`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        directory.mkdir(parents=True, exist_ok=True)
        self.group = Group(directory / "knot.log")

    def start(self) -> "Knot":
        """Start the server and wait until it answers."""
        program = shutil.which("knotd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        state = self.directory
        (state / "example.test.zone").write_text(ZONE)
        (state / "knot.conf").write_text(
            f'server:\n  rundir: "{state}"\n  listen: 127.0.0.1@{self.port}\n  udp-workers: 1\n  tcp-workers: 1\n'
            f'  background-workers: 1\ndatabase:\n  storage: "{state}"\nlog:\n  - target: stderr\n    any: warning\n'
            f'zone:\n  - domain: example.test\n    file: "{state}/example.test.zone"\n'
        )
        self.group.start([program, "-c", str(state / "knot.conf")], self._ready)
        return self

    def _ready(self) -> bool:
        query = dns.message.make_query("example.test", "SOA")
        try:
            return bool(dns.query.udp(query, "127.0.0.1", port=self.port, timeout=0.1).flags & dns.flags.AA)
        except dns.exception.DNSException:
            return False

    def stop(self) -> None:
        """End the server."""
        self.group.stop()
