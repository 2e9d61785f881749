"""The way to a host: over real routers in namespaces, on loopback, and by an `ask` of the test's own."""

import json
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import icmplib
import pytest
from outagetui.core.own_fault import WORDS
from outagetui.facts.network_path import Stopped
from outagetui.machine.background import hear_failures
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols import traceroute
from tests.kit.router_path import inside

needs_raw_sockets = pytest.mark.skipif(not traceroute.permitted(), reason="needs the right to raw sockets")
GATEWAY = {"4": "10.7.1.1", "6": "fd07:1::1"}
PROVIDER = {"4": "198.51.100.1", "6": "2001:db8:51::1"}
TARGET = {"4": "203.0.113.9", "6": "2600:db8:113::9"}


@pytest.fixture
async def vantage() -> AsyncIterator[Vantage]:
    place = Vantage("here", Secrets(None))
    yield place
    await place.aclose()


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What was found by case and version of IP, on three hops that break one after the other."""
    done = subprocess.run(inside(), check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"this needs network namespaces: {done.stderr}"
    return dict(json.loads(done.stdout))


def addresses(way: dict[str, Any]) -> list[str]:
    return [hop["address"] for hop in way["hops"]]


@pytest.mark.parametrize("version", ["4", "6"])
def test_three_hops_are_found_with_whose_they_are(seen: dict[str, Any], version: str) -> None:
    found = seen[f"whole {version}"]
    assert addresses(found["path"]) == [GATEWAY[version], PROVIDER[version], TARGET[version]]
    assert [hop["whose"] for hop in found["path"]["hops"]] == ["our network", "our provider", "their network"]
    assert found["ends"] == "reached"
    assert found["canary"]["stopped"] == "reached"


@pytest.mark.parametrize("version", ["4", "6"])
def test_a_target_that_keeps_silent_ends_behind_our_provider(seen: dict[str, Any], version: str) -> None:
    found = seen[f"silent {version}"]
    assert addresses(found["path"]) == [GATEWAY[version], PROVIDER[version]]
    assert (found["ends"], found["path"]["stopped"]) == ("provider", "silent")
    assert "through that same hop: our uplink works" in found["words"]


@pytest.mark.parametrize("version", ["4", "6"])
def test_behind_our_network_it_is_not_ours_while_the_canary_is_reached(seen: dict[str, Any], version: str) -> None:
    found = seen[f"dropped {version}"]
    assert addresses(found["path"]) == [GATEWAY[version]]
    assert found["ends"] == "unclear"


@pytest.mark.parametrize("version", ["4", "6"])
def test_a_router_that_knows_no_way_is_told_from_silence(seen: dict[str, Any], version: str) -> None:
    found = seen[f"refused {version}"]
    assert (found["ends"], found["path"]["stopped"]) == ("provider", "repeats")


@pytest.mark.parametrize("version", ["4", "6"])
def test_our_own_line_is_not_blamed_on_others(seen: dict[str, Any], version: str) -> None:
    found = seen[f"cut {version}"]
    assert found["ends"] in ("ours", "unclear")  # a gateway that just lost its way may keep silent about it
    assert "Look at our own uplink first." in found["words"]


@pytest.mark.parametrize("version", ["4", "6"])
def test_without_a_route_the_machine_itself_says_so(seen: dict[str, Any], version: str) -> None:
    found = seen[f"unplugged {version}"]
    assert found["path"]["trouble"] == "no route from here"
    assert found["ends"] == "unclear"


@needs_raw_sockets
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_loopback_is_one_hop(vantage: Vantage, host: str) -> None:
    path = await traceroute.trace(host, vantage)
    assert path.reached
    assert [hop.distance for hop in path.hops] == [1]


async def test_without_the_right_to_raw_sockets_one_line_says_how_to_get_it(vantage: Vantage) -> None:
    def refused(address: str, limit: int, seconds: float) -> None:
        raise PermissionError(1, traceroute.NOT_PERMITTED)

    path = await traceroute.trace("127.0.0.1", vantage, ask=refused)
    assert (path.stopped, path.trouble) == (Stopped.TROUBLE, traceroute.NOT_PERMITTED)


@needs_raw_sockets
async def test_a_fault_of_the_library_or_of_ours_ends_no_daemon(vantage: Vantage) -> None:
    def broken(address: str, limit: int, seconds: float) -> None:
        raise RuntimeError("odd")

    heard: list[BaseException] = []
    hear_failures(heard.append)
    path = await traceroute.trace("127.0.0.1", vantage, ask=broken)
    assert path.trouble.startswith(WORDS)
    assert "odd" not in path.trouble
    assert len(heard) == 1


def test_the_library_refusal_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **options: object) -> None:
        raise icmplib.SocketPermissionError(privileged=True)

    monkeypatch.setattr(icmplib, "traceroute", refused)
    with pytest.raises(PermissionError, match="CAP_NET_RAW"):
        traceroute.ask("127.0.0.1", 1, 0.1)


def test_whether_it_is_permitted_is_found_without_a_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "socket", refused)
    assert not traceroute.permitted()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nobody.invalid", "no such name|resolver|answer"),
        ("1.2.3.4.5.6", ""),
        ("\0", ""),
        ("a" * 250, ""),
        ("::1%no", ""),
    ],
)
async def test_what_cannot_be_looked_up_is_trouble_in_words(vantage: Vantage, host: str, words: str) -> None:
    path = await traceroute.trace(host, vantage)
    assert path.stopped == Stopped.TROUBLE
    assert path.trouble
    assert "'" not in path.trouble or "host name" in path.trouble


# The walk, with answers of our own.


def answering(*ways: str | None, after: str | None = None) -> tuple[Callable[..., tuple[str, float] | None], list[int]]:
    """Return an `ask` that answers as `ways` say, hop by hop, and for all further hops `after`; and what was asked."""
    asked: list[int] = []

    def ask(address: str, limit: int, seconds: float) -> tuple[str, float] | None:
        asked.append(limit)
        who = ways[limit - 1] if limit <= len(ways) else after
        return None if who is None else (who, 1.0)

    return ask, asked


def test_a_silent_hop_on_the_way_is_asked_twice_and_passed_over() -> None:
    ask, asked = answering("10.0.0.1", None, "198.51.100.1", "203.0.113.9")
    hops, stopped = traceroute.walk("203.0.113.9", ask)
    assert [hop.distance for hop in hops] == [1, 3, 4]
    assert stopped == Stopped.REACHED
    assert asked == [1, 2, 2, 3, 4]


def test_silence_ends_the_way_soon() -> None:
    ask, asked = answering("10.0.0.1")
    assert traceroute.walk("203.0.113.9", ask)[1] == Stopped.SILENT
    assert max(asked) == 1 + traceroute.SILENT
    assert len(asked) == 1 + traceroute.SILENT * traceroute.TRIES


def test_a_circle_ends_the_way() -> None:
    ask, _ = answering("10.0.0.1", "198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.2")
    hops, stopped = traceroute.walk("203.0.113.9", ask)
    assert (len(hops), stopped) == (3, Stopped.REPEATS)


def test_no_more_than_so_many_hops_are_asked() -> None:
    ask, asked = answering(*(f"198.51.{number}.1" for number in range(60)))
    assert traceroute.walk("203.0.113.9", ask)[1] == Stopped.FAR
    assert max(asked) == traceroute.HOPS


def test_the_time_has_an_end() -> None:
    now = 0.0
    waits: list[float] = []

    def ask(address: str, limit: int, seconds: float) -> tuple[str, float] | None:
        nonlocal now
        waits.append(seconds)
        now += 0.9
        return f"198.51.{limit}.1", 900.0

    hops, stopped = traceroute.walk("203.0.113.9", ask, lambda: now)
    assert stopped == Stopped.LATE
    assert len(hops) == len(waits) <= traceroute.SECONDS / 0.9 + 1
    assert waits[-1] <= traceroute.WAIT


def test_what_the_network_calls_itself_is_cleaned() -> None:
    ask, _ = answering("\x1b[31m10.0.0.1\u202e", after="203.0.113.9")
    hops, _ = traceroute.walk("203.0.113.9", ask)
    assert "\x1b" not in hops[0].address
    assert "\u202e" not in hops[0].address


def test_names_come_from_this_machine_only(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("# ours\n10.0.0.1 gateway gw # the box\n10.0.0.1 later\n\nbad\n::1 six\n")
    assert traceroute.hosts_file(file) == {"10.0.0.1": "gateway", "::1": "six"}
    assert traceroute.hosts_file(tmp_path / "none") == {}


@needs_raw_sockets
async def test_hops_carry_the_names_that_are_known(vantage: Vantage) -> None:
    path = await traceroute.trace("127.0.0.1", vantage, names={"127.0.0.1": "web\u202e"})
    assert path.hops[0].name.startswith("web")
    assert "\u202e" not in path.hops[0].name
