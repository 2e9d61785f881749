"""Run traces over real routers: three hops of network namespaces, joined by veth pairs; prints one JSON object.

    us 10.7.1.2 — 10.7.1.1 gateway 198.51.100.2 — 198.51.100.1 provider 203.0.113.1 — 203.0.113.9 target

and likewise for IPv6. Each namespace is that of a process, which ends with this one. See `inside`.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from outagetui.cli.trace import document
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols import traceroute

LINKS = (  # left end, its addresses, right end, its addresses
    ("us", ("10.7.1.2/24", "fd07:1::2/64"), "gateway", ("10.7.1.1/24", "fd07:1::1/64")),
    ("gateway", ("198.51.100.2/24", "2001:db8:51::2/64"), "provider", ("198.51.100.1/24", "2001:db8:51::1/64")),
    ("provider", ("203.0.113.1/24", "2600:db8:113::1/64"), "target", ("203.0.113.9/24", "2600:db8:113::9/64")),
)
ROUTES = (
    ("us", "default", "10.7.1.1", "fd07:1::1"),
    ("gateway", "default", "198.51.100.1", "2001:db8:51::1"),
    ("target", "default", "203.0.113.1", "2600:db8:113::1"),
)
BACK = (("10.7.1.0/24", "198.51.100.2"), ("fd07:1::/64", "2001:db8:51::2"))  # from the provider to us
TARGETS = {"4": "203.0.113.9", "6": "2600:db8:113::9"}
CANARIES = {"4": "198.51.100.1", "6": "2001:db8:51::1"}
ROUTER = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1, "ipv4/icmp_ratelimit": 0, "ipv6/icmp/ratelimit": 0}
AT_ONCE = {f"ipv6/conf/{each}/accept_dad": 0 for each in ("all", "default")}  # addresses count as soon as they are set
PATIENCE = 0.4  # seconds
MUTE = {"ipv4/icmp_echo_ignore_all": 1, "ipv6/icmp/echo_ignore_all": 1}


class Routers:
    """The namespaces by name, each held by a process."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    @contextmanager
    def namespace(self, name: str) -> Iterator[None]:
        """Hold a namespace while the block runs."""
        held = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert held.stdout is not None
        assert held.stdout.readline() == b"ready\n"
        self._held[name] = held.pid
        try:
            yield
        finally:
            held.communicate()

    def run(self, where: str, *command: str) -> None:
        """Run a command in one of them; `us` is this process's own."""
        there = [] if where == "us" else ["nsenter", "--net", "--target", str(self._held[where])]
        subprocess.run([*there, *command], check=True)

    def set(self, where: str, settings: Mapping[str, int]) -> None:
        """Set what the kernel does there, below /proc/sys/net."""
        words = [f"echo {value} >/proc/sys/net/{name}" for name, value in settings.items()]
        self.run(where, "sh", "-ec", "\n".join(words))

    def join(self, left: str, lefts: tuple[str, ...], right: str, rights: tuple[str, ...]) -> None:
        """Join two by a pair of interfaces with these addresses."""
        here, there = f"to-{right}", f"to-{left}"
        ends = ["ip", "link", "add", here, "type", "veth", "peer", "name", there]
        self.run(left, *ends, "netns", str(self._held[right]))
        for name, device, addresses in ((left, here, lefts), (right, there, rights)):
            for address in addresses:
                self.run(name, "ip", "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
            self.run(name, "ip", "link", "set", device, "up")


def build(routers: Routers) -> None:
    """Join the namespaces and lay the routes."""
    for name in ("us", "gateway", "provider", "target"):
        routers.run(name, "ip", "link", "set", "lo", "up")
        routers.set(name, AT_ONCE)
        if name in ("gateway", "provider"):
            routers.set(name, ROUTER)
    for link in LINKS:
        routers.join(*link)
    for name, to, *ways in ROUTES:
        for way in ways:
            routers.run(name, "ip", "-6" if ":" in way else "-4", "route", "add", to, "via", way)
    for to, way in BACK:
        routers.run("provider", "ip", "route", "add", to, "via", way)


def settle() -> None:
    """Wait until the way is there: a new interface takes its time before it speaks IPv6."""
    until = time.monotonic() + 20
    while any(ask(target, limit, 0.1) is None for target in TARGETS.values() for limit in (1, 2, 3)):
        assert time.monotonic() < until, "the routers do not answer"


def ask(address: str, limit: int, seconds: float) -> tuple[str, float] | None:
    """Ask with less patience: the routers are near."""
    return traceroute.ask(address, limit, min(seconds, PATIENCE))


async def looked(found: dict[str, object], case: str) -> None:
    """Trace the target by both versions of IP, with a canary at the provider."""
    vantage = Vantage("us", Secrets(None))
    each = [traceroute.both(target, CANARIES[version], vantage, ask=ask) for version, target in TARGETS.items()]
    for version, ways in zip(TARGETS, await asyncio.gather(*each), strict=True):
        found[f"{case} {version}"] = document(*ways)
    await vantage.aclose()


def main() -> None:
    routers, found = Routers(), dict[str, object]()
    with ExitStack() as held:
        for name in ("gateway", "provider", "target"):
            held.enter_context(routers.namespace(name))
        build(routers)
        settle()
        asyncio.run(looked(found, "whole"))
        routers.set("target", MUTE)
        asyncio.run(looked(found, "silent"))
        for case, kind in (("dropped", "blackhole"), ("refused", "unreachable")):
            for target in TARGETS.values():
                routers.run("provider", "ip", "route", "replace", kind, target)
            asyncio.run(looked(found, case))
        routers.run("gateway", "ip", "link", "set", "to-provider", "down")
        asyncio.run(looked(found, "cut"))
        routers.run("us", "ip", "link", "set", "to-gateway", "down")
        asyncio.run(looked(found, "unplugged"))
    print(json.dumps(found))


def inside() -> list[str]:
    """Return the command that runs this file in a namespace of its own, as root or not."""
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")):
        assert shutil.which(program), f"{program} is missing: apt-get install {package}"
    return ["unshare", "--map-root-user", "--net", sys.executable, str(Path(__file__))]


if __name__ == "__main__":
    main()
