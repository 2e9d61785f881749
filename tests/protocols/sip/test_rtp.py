"""Measuring an echo: loss, jitter, round trip, and packets that are not what they claim."""

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.sip.echo import Echo, Sound, read_packet
from outagetui.protocols.sip.g711 import Law, decode
from outagetui.protocols.sip.rtp import RtpPort, _drain
from outagetui.protocols.sip.sdp import Media


def round_trips(*trips: float | None, spread: float = 0.02) -> Sound:
    """Send a packet every 20 ms and give each back after its trip, None: never."""
    echo = Echo()
    packets = [(number * spread, echo.next_packet(number * spread)) for number in range(len(trips))]
    back = [(at + trip, packet) for (at, packet), trip in zip(packets, trips, strict=True) if trip is not None]
    for at, packet in sorted(back, key=lambda each: each[0]):
        echo.came(packet, at)
    return echo.result(0.0)


def test_a_steady_echo_has_no_loss_and_no_jitter() -> None:
    found = round_trips(*[0.05] * 100)
    assert (found.sent, found.echoed, found.lost, found.late) == (100, 100, 0, 0)
    assert found.round_trip == pytest.approx(50)
    assert found.jitter == pytest.approx(0, abs=1e-6)


def test_jitter_is_rfc_3550s() -> None:
    expected, last = 0.0, 0.05
    trips = [0.05, 0.06, 0.05, 0.065, 0.05]
    for trip in trips[1:]:
        expected += (abs(trip - last) - expected) / 16
        last = trip
    assert round_trips(*trips).jitter == pytest.approx(expected * 1000)


def test_uneven_sending_is_no_jitter() -> None:
    echo = Echo()
    for at in (0.0, 0.02, 0.09, 0.0901, 0.1):
        echo.came(echo.next_packet(at), at + 0.03)
    assert echo.result(0.0).jitter == pytest.approx(0, abs=1e-6)


def test_lost_and_late_packets_are_counted_in_whatever_order_they_come() -> None:
    found = round_trips(0.01, None, 0.05, 0.01, None, 0.01, 0.2, 0.01, 0.01, 0.01)
    assert found.echoed == 8
    assert found.lost == pytest.approx(0.2)
    assert found.late == pytest.approx(0.1)


def test_an_echo_in_packets_of_the_far_sides_own_is_known_by_its_sound() -> None:
    echo = Echo()
    for number in range(10):
        packet = echo.next_packet(number * 0.02)
        echo.came(struct.pack("!BBHII", 0x80, 0, 7000 + number, 99, 0xABCD) + packet[12:], number * 0.02 + 0.04)
    found = echo.result(0.0)
    assert (found.echoed, found.foreign) == (10, 0)
    assert found.round_trip == pytest.approx(40)


def test_sound_that_is_not_ours_is_foreign_and_no_echo() -> None:
    echo = Echo()
    echo.next_packet(0.0)
    echo.came(struct.pack("!BBHII", 0x80, 0, 1, 160, 5) + b"\x55" * 160, 0.1)
    found = echo.result(0.0)
    assert (found.echoed, found.foreign, found.lost) == (0, 1, 1.0)


def test_headers_that_cannot_be_true_are_no_echo() -> None:
    echo = Echo()
    first, second, third = (echo.next_packet(number * 0.02) for number in range(3))
    echo.came(first[:2] + struct.pack("!H", 1 + struct.unpack("!H", first[2:4])[0] & 0xFFFF) + first[4:], 0.1)
    echo.came(second[:8] + b"\1\2\3\4" + second[12:], 0.1)
    echo.came(third[:8] + b"\5\6\7\x08" + third[12:], 0.1)  # a second stranger beside the first
    found = echo.result(0.0)
    assert (found.echoed, found.foreign) == (1, 0)


def test_a_doubled_packet_counts_once() -> None:
    echo = Echo()
    packet = echo.next_packet(0.0)
    echo.came(packet, 0.01)
    echo.came(packet, 0.02)
    assert echo.result(0.0).echoed == 1
    assert echo.result(0.0).round_trip == pytest.approx(10)


def test_sequence_and_timestamp_advance_as_rfc_3550_says_and_wrap() -> None:
    echo = Echo()
    packets = [read_packet(echo.next_packet(0.0)) for _ in range(66000)]
    read = [each for each in packets if each is not None]
    assert all((b.seq - a.seq) & 0xFFFF == 1 for a, b in itertools.pairwise(read))
    assert all((b.stamp - a.stamp) & 0xFFFFFFFF == 160 for a, b in itertools.pairwise(read))
    assert {each.source for each in read} == {echo.source}


@pytest.mark.parametrize("law", list(Law))
def test_the_sound_is_quiet_and_no_packet_is_like_another(law: Law) -> None:
    packets = [Echo(law).next_packet(0.0)[12:] for _ in range(200)]
    assert max(abs(sample) for each in packets for sample in decode(law, each)) < 3300  # a tenth of full scale
    assert len(set(packets)) == 200


@given(st.binary(max_size=400), st.floats(-1e9, 1e9))
def test_any_datagram_is_read_or_refused(data: bytes, at: float) -> None:
    echo = Echo()
    packet = echo.next_packet(0.0)
    echo.came(data, at)
    echo.came(packet[:4] + data, at)
    assert echo.result(0.0).echoed == 0


def test_extensions_sources_and_padding_are_skipped() -> None:
    body = struct.pack("!BBHII", 0xB1, 0x80, 1, 2, 3) + b"\0\0\0\7" + b"\xbe\xde\0\1abcd" + b"sound" + b"\0\0\3"
    found = read_packet(body)
    assert found is not None
    assert (found.payload, found.kind) == (b"sound", 0)
    assert read_packet(body[:20]) is None
    assert read_packet(body[:-1] + b"\xff") is None


@contextlib.contextmanager
def reflector(change: Callable[[int, bytes], bytes | None] = lambda _, data: data) -> Iterator[int]:
    """Send datagrams back, changed or not at all."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.bind(("127.0.0.1", 0))
        count = 0

        def ready() -> None:
            nonlocal count
            data, source = sock.recvfrom(4096)
            changed = change(count, data)
            count += 1
            if changed is not None:
                sock.sendto(changed, source)

        loop.add_reader(sock, ready)
        try:
            yield sock.getsockname()[1]
        finally:
            loop.remove_reader(sock)


async def test_over_a_real_socket_sound_is_paced_and_measured(no_leaks: None) -> None:
    with (
        contextlib.closing(RtpPort()) as port,
        reflector(lambda number, data: None if number % 5 == 0 else data) as peer,
    ):
        assert port.open("127.0.0.1") % 2 == 0
        begun = asyncio.get_running_loop().time()
        found = await port.measure(lambda: Media("127.0.0.1", peer), 0.5, asyncio.Event())
        took = asyncio.get_running_loop().time() - begun
    assert (found.sent, found.echoed) == (25, 20)
    assert found.round_trip < 50
    assert 0.48 <= took < 2


async def test_sound_to_a_closed_port_is_lost_and_nothing_worse(no_leaks: None) -> None:
    with contextlib.closing(RtpPort()) as port, contextlib.closing(RtpPort()) as other:
        port.open("127.0.0.1")
        closed = other.open("127.0.0.1")
        other.close()
        found = await port.measure(lambda: Media("127.0.0.1", closed), 0.2, asyncio.Event())
    assert (found.sent, found.echoed) == (10, 0)


async def test_measuring_stops_when_told(no_leaks: None) -> None:
    stop = asyncio.Event()
    with contextlib.closing(RtpPort()) as port, reflector() as peer:
        port.open("127.0.0.1")
        asyncio.get_running_loop().call_later(0.1, stop.set)
        found = await port.measure(lambda: Media("127.0.0.1", peer), 10, stop)
    assert found.sent < 50


def test_a_flood_is_read_a_little_at_a_time() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
    ):
        ours.bind(("127.0.0.1", 0))
        echo = Echo()
        echo.next_packet(time.time())
        for number in range(200):
            head = struct.pack("!BBHII", 0x80, 0, number, number * 1792, 5)
            theirs.sendto(head + bytes(range(256)) * 7, ours.getsockname())
        begun = time.process_time()
        _drain(ours, echo)
        assert time.process_time() - begun < 0.03
        assert ours.recv(2048)  # the rest waits for its turn
