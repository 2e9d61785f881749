"""Pings inside a network namespace of its own; prints one JSON object of samples. Run it under `unshare`.

There the kernel's sysctls, routes and capabilities are ours to set, and nobody else's are touched. A TUN device is
the network: what answers, forges or refuses behind it is written below, one host each.
"""

import asyncio
import ctypes
import fcntl
import itertools
import json
import os
import socket
import struct
import sys
from pathlib import Path

from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import IcmpOptions
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols.icmp_echo import checksum
from outagetui.protocols.icmp_pinger import Pinger4

NETWORK = "198.51.100"
EVERY_SECOND = itertools.cycle((True, False))
RANGE = Path("/proc/sys/net/ipv4/ping_group_range")


def raise_loopback() -> None:
    """Set the interface up: SIOCGIFFLAGS, SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(sock, 0x8913, struct.pack("16sH14x", b"lo", 0)))
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def open_network() -> int:
    """Make a TUN device (TUNSETIFF) that holds the network of `answers`; returns its descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH14x", b"far", 0x1001))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, address in ((0x8916, f"{NETWORK}.1"), (0x891C, "255.255.255.0")):
            where = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(sock, request, struct.pack("16s16s", b"far", where))
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"far", 0x41))
    return device


def packet(source: str, to: str, icmp: bytes) -> bytes:
    """Return an IPv4 packet with both checksums made."""
    icmp = icmp[:2] + b"\0\0" + icmp[4:]
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0)
    head += socket.inet_aton(source) + socket.inet_aton(to)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + icmp


def answers(asked: bytes) -> list[bytes]:
    """Return what the network says to an echo request."""
    us, host = (socket.inet_ntoa(asked[place : place + 4]) for place in (12, 16))
    request = asked[20:]
    if asked[9] != 1 or request[0] != 8:
        return []
    reply = packet(host, us, b"\0" + request[1:])
    wrong_token = packet(host, us, b"\0" + request[1:8] + bytes(16))
    wrong_id = packet(host, us, b"\0" + request[1:4] + bytes([request[4] ^ 1]) + request[5:])
    elsewhere = packet(f"{NETWORK}.66", us, b"\0" + request[1:])
    refusal = packet(f"{NETWORK}.66", us, b"\3\1" + bytes(6) + asked)
    short_refusal = packet(f"{NETWORK}.66", us, b"\3\1" + bytes(6) + asked[:28])
    false_refusal = packet(f"{NETWORK}.66", us, b"\3\1" + bytes(6) + asked[:28] + bytes(16))
    return {
        "2": [reply],
        "3": [refusal],
        "4": [wrong_token],
        "5": [wrong_id],
        "6": [elsewhere],
        "7": [reply] if host.endswith(".7") and next(EVERY_SECOND) else [],
        "8": [short_refusal],
        "10": [false_refusal, wrong_token, wrong_id, elsewhere, reply],
        "11": [reply, reply],
    }.get(host.rpartition(".")[2], [])


def serve(device: int) -> None:
    while True:
        try:
            asked = os.read(device, 4096)
        except BlockingIOError:
            return
        if asked[0] >> 4 == 4:
            for answer in answers(asked):
                os.write(device, answer)


def drop_capabilities() -> None:
    """Give up every capability of this thread (capset(2), version 3)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        sys.exit("capset failed")


async def ping(vantage: Vantage, host: str, count: int = 2) -> Sample:
    check = Check(id="test.icmp", probe="icmp", target=f"icmp://{host}", options=IcmpOptions(count=count))
    return await look(check, asyncio.get_running_loop().time() + 1.0, vantage)


async def samples() -> dict[str, Sample | bool]:
    """Go from everything permitted to less; a new namespace's range of groups is empty."""
    vantage = Vantage("here", Secrets.none())
    found: dict[str, Sample | bool] = {}
    raise_loopback()
    device = open_network()
    asyncio.get_running_loop().add_reader(device, serve, device)
    if sys.argv[1:] != ["raw"]:
        if sys.argv[1:] == ["unprivileged"]:
            RANGE.write_text("0\t0")
        drop_capabilities()
    found |= {"four": await ping(vantage, "127.5.0.1"), "six": await ping(vantage, "[::1]")}
    if sys.argv[1:] != ["forbidden"]:
        found["no route"] = await ping(vantage, "192.0.2.1")
        found["is raw"] = vantage.shared(Pinger4, Pinger4).raw
        hosts = range(2, 12)
        pings = await asyncio.gather(*(ping(vantage, f"{NETWORK}.{host}", count=4) for host in hosts))
        found |= {f".{host}": sample for host, sample in zip(hosts, pings, strict=True)}
    await vantage.aclose()
    asyncio.get_running_loop().remove_reader(device)
    os.close(device)
    return found


def plain(found: Sample | bool) -> object:
    return found if isinstance(found, bool) else [found.outcome, found.code, found.detail, found.latency_ms]


print(json.dumps({name: plain(found) for name, found in asyncio.run(samples()).items()}))
