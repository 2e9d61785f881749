"""A connected UDP socket: watched once, never beyond its end, and never the reason that a loop cannot sleep."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from outagetui.net.resolve import Address
from outagetui.net.udp import UdpSocket


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def at(peer: socket.socket) -> Address:
    return Address(socket.AF_INET, *peer.getsockname())


def counted(monkeypatch: pytest.MonkeyPatch, *names: str) -> dict[str, int]:
    """Count the calls of these methods of the running loop."""
    loop: Any = asyncio.get_running_loop()
    calls = dict.fromkeys(names, 0)

    def count(name: str) -> None:
        method = getattr(loop, name)

        def call(*given: Any) -> Any:
            calls[name] += 1
            return method(*given)

        monkeypatch.setattr(loop, name, call)

    for name in names:
        count(name)
    return calls


async def test_it_is_watched_once_however_often_somebody_waits(
    peer: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch, "add_reader", "remove_reader")
    with UdpSocket(at(peer)) as udp:
        for number in range(5):
            peer.sendto(bytes([number]), udp.local)
            assert await udp.receive() == bytes([number])
    assert calls == {"add_reader": 1, "remove_reader": 1}


async def test_what_comes_while_nobody_waits_leaves_the_loop_asleep_and_is_kept(
    peer: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with UdpSocket(at(peer)) as udp:
        peer.sendto(b"one", udp.local)
        assert await udp.receive() == b"one"
        peer.sendto(b"two", udp.local)
        for _ in range(3):
            await asyncio.sleep(0)
        selector: Any = asyncio.get_running_loop()
        assert udp._socket.fileno() not in selector._selector.get_map()
        assert await udp.receive() == b"two"


async def test_a_closed_port_is_told(peer: socket.socket) -> None:
    place = at(peer)
    peer.close()
    with UdpSocket(place) as udp:
        await udp.send(b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            await udp.receive()


async def test_a_wait_that_is_given_up_leaves_nothing(peer: socket.socket) -> None:
    with UdpSocket(at(peer)) as udp:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await udp.receive()
        peer.sendto(b"late", udp.local)
        assert await udp.receive() == b"late"


async def test_others_are_not_heard(peer: socket.socket) -> None:
    with UdpSocket(at(peer)) as udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"forged", udp.local)
        peer.sendto(b"true", udp.local)
        assert await udp.receive() == b"true"
