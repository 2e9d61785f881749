"""`icmp`: one socket for all, what counts as a reply, and what is said when it is not permitted."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.core.probe_options import IcmpOptions
from outagetui.net.resolve import Address
from outagetui.net.vantage import Vantage
from outagetui.probes.icmp import _judge
from outagetui.protocols.icmp_echo import V4, V6, Echo, Unreachable, Wire, checksum, without_ip_header
from outagetui.protocols.icmp_pinger import Burst, Pinger4, _elapsed
from tests.kit.scripted_servers import look_at

SCRIPT = Path(__file__).with_name("icmp_namespace.py")


def in_a_namespace(mode: str) -> dict[str, Any]:
    if shutil.which("unshare") is None:
        pytest.fail("unshare is missing: apt-get install util-linux")
    command = ["unshare", "--map-root-user", "--net", sys.executable, str(SCRIPT), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"this needs network namespaces and /dev/net/tun: {done.stderr}"
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("mode", ["raw", "unprivileged"])
def test_only_true_replies_count_on_either_kind_of_socket(mode: str) -> None:
    found = in_a_namespace(mode)
    assert found["is raw"] is (mode == "raw")
    outcomes = {name: sample[:2] for name, sample in found.items() if isinstance(sample, list)}
    assert outcomes == {
        "four": ["pass", ""],
        "six": ["pass", ""],
        "no route": ["unknown", "net.no-route"],
        ".2": ["pass", ""],  # answers properly
        ".3": ["fail", "icmp.unreachable"],
        ".4": ["fail", "icmp.loss"],  # another payload
        ".5": ["fail", "icmp.loss"],  # another identifier
        ".6": ["fail", "icmp.loss"],  # from another address
        ".7": ["warn", "icmp.loss"],  # answers every second request
        ".8": ["fail", "icmp.unreachable"],  # quotes no more than it must
        ".9": ["fail", "icmp.loss"],  # silence
        ".10": ["pass", ""],  # forgeries first, then the reply
        ".11": ["pass", ""],  # every reply twice
    }
    assert str(found[".7"][2]).startswith("198.51.100.7: 2 of 4 answered")


def test_without_permission_it_is_unknown_and_says_what_to_do() -> None:
    found = in_a_namespace("forbidden")
    for sample in (found["four"], found["six"]):
        assert sample[:2] == ["unknown", "icmp.not-permitted"]
        assert "net.ipv4.ping_group_range" in sample[2]
        assert "CAP_NET_RAW" in sample[2]


async def test_five_hundred_hosts_at_once_lose_nothing(vantage: Vantage) -> None:
    hosts = [f"127.{n // 250 + 1}.{n % 250 + 1}.7" for n in range(500)]
    samples = await asyncio.gather(
        *(look_at(vantage, "icmp", f"icmp://{host}", count=3, loss_slow=0.01, within=20) for host in hosts)
    )
    assert {(sample.outcome, sample.code) for sample in samples} == {(Outcome.PASS, "")}, samples[0].detail
    assert all(sample.latency_ms is not None and sample.latency_ms < 1000 for sample in samples)


@pytest.mark.usefixtures("no_leaks")
async def test_many_probes_share_one_socket_that_closes_with_the_vantage(vantage: Vantage) -> None:
    for _ in range(2):
        await asyncio.gather(*(look_at(vantage, "icmp", f"icmp://127.0.0.{n}", count=1) for n in range(1, 20)))
        pinger = vantage.shared(Pinger4, Pinger4)
        assert not pinger._waiting
        await vantage.aclose()


@pytest.mark.usefixtures("no_leaks")
async def test_a_cancelled_probe_leaves_nothing_behind(vantage: Vantage) -> None:
    task = asyncio.create_task(look_at(vantage, "icmp", "icmp://127.0.0.1", count=20))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not vantage.shared(Pinger4, Pinger4)._waiting
    await vantage.aclose()


async def test_every_address_of_a_name_is_tried_and_one_that_answers_is_enough(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def two(host: str, port: int, **_: object) -> list[Address]:
        return [Address(socket.AF_INET6, "fe80::1", port, 9999), Address(socket.AF_INET, "127.0.0.9", port)]

    monkeypatch.setattr(vantage, "resolve", two)
    sample = await look_at(vantage, "icmp", "icmp://both.test", count=1)
    assert (sample.outcome, sample.detail[:9]) == (Outcome.PASS, "127.0.0.9")


@pytest.mark.parametrize(
    "target", ["icmp://127.0.0.1", "icmp:127.0.0.1", "icmp://[::1]", "icmp://::1", "icmp://localhost/"]
)
async def test_hosts_are_named_in_every_usual_way(vantage: Vantage, target: str) -> None:
    sample = await look_at(vantage, "icmp", target, count=1)
    assert sample.outcome is Outcome.PASS, sample.detail


@pytest.mark.parametrize("target", ["icmp://", "icmp:", "icmp://a/b"])
async def test_a_target_without_a_host_is_our_own_trouble(vantage: Vantage, target: str) -> None:
    sample = await look_at(vantage, "icmp", target)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "target.invalid")


async def test_a_whole_burst_fits_into_a_short_deadline(vantage: Vantage) -> None:
    start = time.monotonic()
    sample = await look_at(vantage, "icmp", "icmp://127.0.0.1", count=20, within=0.5)
    assert sample.detail.startswith("127.0.0.1: 20 of 20 answered")
    assert time.monotonic() - start < 0.5


def burst(sent: int, back: int) -> Burst:
    made = Burst(("192.0.2.1", 0))
    made.sent = dict.fromkeys(range(sent), (0, 0.0))
    made.round_trips = [1.0] * back
    return made


@pytest.mark.parametrize(
    ("sent", "back", "slow", "down", "outcome"),
    [
        (3, 3, 0.34, 1.0, Outcome.PASS),
        (3, 2, 0.34, 1.0, Outcome.PASS),
        (3, 1, 0.34, 1.0, Outcome.WARN),
        (3, 0, 0.34, 1.0, Outcome.FAIL),
        (10, 5, 0.1, 0.5, Outcome.FAIL),
        (10, 6, 0.1, 0.5, Outcome.WARN),
        (10, 10, 0.0, 0.0, Outcome.PASS),
        (10, 9, 0.0, 1.0, Outcome.WARN),
    ],
)
def test_loss_is_judged_by_its_share(sent: int, back: int, slow: float, down: float, outcome: Outcome) -> None:
    sample = _judge(burst(sent, back), IcmpOptions(count=sent, loss_slow=slow, loss_down=down), {})
    assert sample.outcome is outcome
    assert sample.code == ("" if outcome is Outcome.PASS else "icmp.loss")


def test_the_kernels_stamp_is_used_unless_the_clock_was_set_meanwhile() -> None:
    wall, now = time.time_ns(), time.perf_counter()
    assert _elapsed(wall, now - 1, wall + 5_000_000) == pytest.approx(5)
    assert _elapsed(wall, now - 1, wall - 5_000_000) == pytest.approx(1000, abs=500)
    assert _elapsed(wall, now - 1, wall + 3_600_000_000_000) == pytest.approx(1000, abs=500)
    assert _elapsed(wall, now - 1, None) == pytest.approx(1000, abs=500)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=64))
def test_a_request_with_its_checksum_sums_up_to_nothing(ident: int, sequence: int, payload: bytes) -> None:
    request = V4.packet(ident, sequence, payload)
    assert checksum(request) == 0
    assert V4.read(request) is None
    assert V4.read(b"\0" + request[1:]) == Echo(ident, sequence, payload)
    assert V6.read(b"\x81" + V6.packet(ident, sequence, payload)[1:]) == Echo(ident, sequence, payload)


def test_an_error_quotes_the_request_of_either_family() -> None:
    four = bytes([0x45, *[0] * 8, 1, *[0] * 6, 192, 0, 2, 9]) + V4.packet(7, 8, b"token")
    assert V4.read(b"\3\1" + bytes(6) + four) == Unreachable("192.0.2.9", 7, 8, b"token")
    six = (
        bytes([0x60, *[0] * 5, 58, *[0] * 17])
        + socket.inet_pton(socket.AF_INET6, "2001:db8::9")
        + V6.packet(7, 8, b"token")
    )
    assert V6.read(b"\1\0" + bytes(6) + six) == Unreachable("2001:db8::9", 7, 8, b"token")


@given(st.sampled_from([V4, V6]), st.sampled_from([b"", b"\0", b"\3", b"\1", b"\x81"]), st.binary(max_size=120))
def test_no_bytes_of_a_packet_raise(wire: Wire, kind: bytes, noise: bytes) -> None:
    wire.read(kind + noise)
    wire.read(without_ip_header(kind + noise))
    wire.quoted("192.0.2.1", noise)


async def test_bursts_that_begin_together_share_one_timer(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[int] = []
    tick = Pinger4._tick

    def counted(pinger: Pinger4) -> None:
        ticks.append(len(pinger._due))
        tick(pinger)

    monkeypatch.setattr(Pinger4, "_tick", counted)
    hosts = [f"127.0.3.{number}" for number in range(1, 101)]
    await asyncio.gather(*(look_at(vantage, "icmp", f"icmp://{host}", count=2, within=5) for host in hosts))
    # Two requests each; a machine that stands still between two may need one tick more.
    assert len(ticks) <= 4, ticks
    pinger = vantage.shared(Pinger4, Pinger4)
    assert pinger._alarm is None, "what is over must not wake us"
    assert not pinger._due


@given(st.binary(max_size=200))
def test_the_checksum_is_that_of_rfc_1071(packet: bytes) -> None:
    total = sum(int.from_bytes(packet[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(packet), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    assert checksum(packet) == (~total & 0xFFFF if any(packet) else 0)  # of nothing but zeros both zeros are one


@pytest.mark.parametrize(
    ("room", "answered"),
    [
        ([False, True, True, False, True], "3 of 3"),
        ([False, True, *[False] * 1000], "1 of 1"),  # what could not be sent is not lost
    ],
)
async def test_while_the_kernel_has_no_room_it_is_tried_again(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch, room: list[bool], answered: str
) -> None:
    pinger = vantage.shared(Pinger4, Pinger4)
    send, left = pinger._to_kernel, iter(room)

    def to_kernel(packet: bytes, to: tuple[str, int]) -> None:
        if not next(left):
            raise BlockingIOError
        send(packet, to)

    monkeypatch.setattr(pinger, "_to_kernel", to_kernel)
    sample = await look_at(vantage, "icmp", "icmp://127.0.0.1", count=3, within=0.3)
    assert sample.detail.startswith(f"127.0.0.1: {answered} answered"), sample
    assert not pinger._waiting
