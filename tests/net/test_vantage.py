"""Names to addresses, and whose fault it is when there are none; what a vantage shares."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.connect import _interleave
from outagetui.net.resolve import THREADS, Address, Resolver, nameservers, resolver_lives
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, look_at


class NameServer(asyncio.DatagramProtocol):
    """Answers every question with a return code, or not at all."""

    def __init__(self, rcode: int | None) -> None:
        self.rcode = rcode
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked += 1
        if self.rcode is not None:
            self.transport.sendto(b"xx" + data[2:], address)  # a stranger's answer, which must not count
            self.transport.sendto(data[:2] + bytes([0x81, 0x80 | self.rcode]) + data[4:], address)


@contextlib.asynccontextmanager
async def name_server(rcode: int | None) -> AsyncIterator[tuple[str, int]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(rcode), ("127.0.0.1", 0))
    yield transport.get_extra_info("sockname")
    transport.close()
    await asyncio.sleep(0)


def resolving(vantage: Vantage, *servers: tuple[str, int]) -> None:
    """Make the vantage believe that these are the machine's name servers."""
    vantage.shared(Resolver, lambda: Resolver(lambda: list(servers)))


def failing(number: int) -> object:
    def getaddrinfo(*_: object) -> list[object]:
        raise socket.gaierror(number, "told so")

    return getaddrinfo


async def trouble_of(vantage: Vantage, name: str = "name.example.test", **options: Any) -> Trouble:
    with pytest.raises(Trouble) as caught:
        await vantage.resolve(name, 80, **options)
    return caught.value


async def test_an_address_needs_no_resolver(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", failing(socket.EAI_FAIL))
    assert await vantage.resolve("127.0.0.1", 80) == [Address(socket.AF_INET, "127.0.0.1", 80)]
    assert await vantage.resolve("[::1]", 80, ip=6) == [Address(socket.AF_INET6, "::1", 80)]
    assert (await trouble_of(vantage, "::1", ip=4)).code == "target.invalid"


async def test_a_name_gives_each_address_once(vantage: Vantage) -> None:
    found = await vantage.resolve("localhost", 80)
    assert Address(socket.AF_INET, "127.0.0.1", 80) in found
    assert len(found) == len(set(found))
    assert await vantage.resolve("localhost", 80, ip=4) == [Address(socket.AF_INET, "127.0.0.1", 80)]


async def test_a_name_that_does_not_exist_is_the_far_side_s(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, code in ((socket.EAI_NONAME, "dns.nxdomain"), (socket.EAI_NODATA, "dns.nodata")):
        monkeypatch.setattr(socket, "getaddrinfo", failing(number))
        trouble = await trouble_of(vantage)
        assert (trouble.outcome, trouble.code) == (Outcome.FAIL, code)
    sample = await look_at(vantage, "http", "http://name.example.test/")
    assert sample.code == "dns.nodata"
    assert "resolve" in sample.phases


@pytest.mark.parametrize("number", [socket.EAI_AGAIN, socket.EAI_FAIL])
@pytest.mark.parametrize(
    ("rcode", "outcome", "code"),
    [
        (0, Outcome.FAIL, "dns.servfail"),
        (5, Outcome.FAIL, "dns.servfail"),
        (2, Outcome.UNKNOWN, "dns.no-resolver"),
        (None, Outcome.UNKNOWN, "dns.no-resolver"),
    ],
)
async def test_a_failing_name_is_told_apart_from_a_dead_resolver(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch, number: int, rcode: int | None, outcome: Outcome, code: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", failing(number))
    async with name_server(rcode) as server:
        resolving(vantage, server)
        trouble = await trouble_of(vantage, deadline=asyncio.get_running_loop().time() + 0.5)
    assert (trouble.outcome, trouble.code) == (outcome, code)


async def test_a_look_up_without_end_is_judged_before_the_deadline(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: held.wait(10) and [])
    try:
        async with name_server(None) as silent:
            resolving(vantage, silent)
            began = time.perf_counter()
            sample = await look_at(vantage, "tcp", "tcp://name.example.test:80", within=0.4)
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "dns.no-resolver")
        assert time.perf_counter() - began < 0.9
    finally:
        held.set()


async def test_when_the_resolver_lives_a_slow_name_times_out(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: held.wait(10) and [])
    try:
        async with name_server(0) as server:
            resolving(vantage, server)
            sample = await look_at(vantage, "tcp", "tcp://name.example.test:80", within=0.3)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
        assert sample.phases["resolve"] > 200
    finally:
        held.set()


async def test_names_that_wait_for_a_thread_are_not_blamed(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: held.wait(10) and [])
    try:
        async with name_server(0) as server:
            resolving(vantage, server)
            looks = [
                look_at(vantage, "tcp", f"tcp://n{each}.example.test:80", within=0.3) for each in range(THREADS + 4)
            ]
            codes = [sample.code for sample in await asyncio.gather(*looks)]
        assert codes.count("dns.busy") == 4
        assert codes.count("timeout") == THREADS
    finally:
        held.set()


async def test_a_slow_look_up_stalls_neither_the_loop_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: held.wait(10) and [])
    vantage = Vantage("here", Secrets.none())
    task = asyncio.create_task(vantage.resolve("name.example.test", 80))
    began = time.perf_counter()
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await vantage.aclose()
    assert time.perf_counter() - began < 1
    assert all(each.daemon for each in threading.enumerate() if each.name.startswith("resolve-"))
    held.set()


async def test_many_wonder_but_one_asks(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", failing(socket.EAI_AGAIN))
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(0), ("127.0.0.1", 0))
    resolving(vantage, transport.get_extra_info("sockname"))
    await asyncio.gather(*(trouble_of(vantage) for _ in range(10)))
    transport.close()
    assert server.asked == 1


async def test_one_living_server_of_several_is_enough(no_leaks: None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        closed = sock.getsockname()
    async with name_server(0) as living, name_server(None) as silent:
        assert await resolver_lives([closed, silent, living], 1.0)
        assert not await resolver_lives([closed], 1.0)
        assert not await resolver_lives([("nonsense", 53)], 1.0)


def test_the_machine_s_name_servers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.9\nsearch example.test\nnameserver 192.0.2.53\nnameserver\nnameserver 2001:db8::53 \n"
    )
    assert nameservers(path) == [("192.0.2.53", 53), ("2001:db8::53", 53)]
    assert nameservers(tmp_path / "missing") == [("127.0.0.1", 53)]


def test_families_alternate() -> None:
    four = [Address(socket.AF_INET, f"192.0.2.{each}", 1) for each in range(3)]
    six = [Address(socket.AF_INET6, "2001:db8::1", 1)]
    assert _interleave(six + four) == [six[0], *four]
    assert _interleave(four + six) == [four[0], six[0], *four[1:]]


async def test_a_vantage_keeps_one_of_each_and_closes_them(vantage: Vantage) -> None:
    class Thing:
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    thing = vantage.shared(Thing, Thing)
    assert vantage.shared(Thing, Thing) is thing
    await vantage.aclose()
    assert thing.closed


async def test_trust_settings_are_kept_apart_and_read_anew(vantage: Vantage, pki: Pki, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Path(pki.ca).read_bytes())
    first, same = await asyncio.gather(vantage.tls_context(str(ca)), vantage.tls_context(str(ca)))
    assert first is same
    assert await vantage.tls_context(str(ca)) is first
    assert await vantage.tls_context(str(ca), verify=False) is not first
    assert await vantage.tls_context() is not first
    (tmp_path / "new").write_bytes(ca.read_bytes())
    (tmp_path / "new").replace(ca)
    assert await vantage.tls_context(str(ca)) is not first
    ca.write_text("nothing of the kind")
    with pytest.raises(Trouble, match="ca-unreadable"):
        await vantage.tls_context(str(ca))


@pytest.mark.parametrize("name", ["a b", "a\\032b.example", "a..b", "x" * 64, "1.2.3.4.5", ""])
async def test_a_record_that_names_no_host_is_not_our_trouble(vantage: Vantage, name: str) -> None:
    trouble = await trouble_of(vantage, name)
    assert (trouble.outcome, trouble.code) == (Outcome.FAIL, "dns.nxdomain")


@pytest.mark.parametrize("name", ["x.localhost", "☃.LOCALHOST.", "a.b.localhost", "localhost.", "LOCALHOST."])
async def test_names_below_localhost_are_this_machine_whatever_a_resolver_says(vantage: Vantage, name: str) -> None:
    assert {each.host for each in await vantage.resolve(name, 1)} == {"127.0.0.1", "::1"}
    assert [each.host for each in await vantage.resolve(name, 1, ip=4)] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "address", "scope"),
    [
        ("fe80::1%1", "fe80::1", 1),
        ("[fe80::1%25lo]", "fe80::1", socket.if_nametoindex("lo")),
        ("127.1", "127.0.0.1", 0),
    ],
)
async def test_an_address_is_dialled_in_its_zone(vantage: Vantage, host: str, address: str, scope: int) -> None:
    found = await vantage.resolve(host, 9)
    assert [(each.host, each.scope) for each in found] == [(address, scope)]


async def test_an_interface_we_have_not_is_our_own_lack(vantage: Vantage) -> None:
    trouble = await trouble_of(vantage, "fe80::1%nope")
    assert (trouble.outcome, trouble.code) == (Outcome.UNKNOWN, "net.no-interface")
