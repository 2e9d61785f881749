"""Run a command where every packet that leaves loopback is counted; prints one JSON object. See `inside`.

The network namespace has loopback and one TUN device that is the way to everywhere else, IPv4 and IPv6. Nobody is
behind it: `sent` are the packets that went into it, but for those by which the kernel itself looks for neighbours,
`missed` is how many more the interfaces' counters tell of.
"""

import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

DEVICE = b"away"
UP, RUNNING = 0x1, 0x40
KERNELS = frozenset({133, 135, 143})  # ICMPv6: router solicitation, neighbour solicitation, listener report


class Route(ctypes.Structure):
    """struct rtentry of <net/route.h>."""

    _fields_ = [
        ("pad1", ctypes.c_ulong),
        ("destination", ctypes.c_char * 16),
        ("gateway", ctypes.c_char * 16),
        ("mask", ctypes.c_char * 16),
        ("flags", ctypes.c_ushort),
        ("pad2", ctypes.c_short),
        ("pad3", ctypes.c_ulong),
        ("pad4", ctypes.c_ulong),
        ("metric", ctypes.c_short),
        ("device", ctypes.c_char_p),
        ("mtu", ctypes.c_ulong),
        ("window", ctypes.c_ulong),
        ("irtt", ctypes.c_ushort),
    ]


def address(text: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))


def raise_interface(name: bytes, flags: int = UP) -> int:
    """Set an interface up and return its number."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", name, flags))
        return int(struct.unpack_from("16xi", fcntl.ioctl(sock, 0x8933, struct.pack("16s16x", name)))[0])


def open_world() -> int:
    """Make the TUN device (TUNSETIFF) and its routes; returns its descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH14x", DEVICE, 0x1001))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, text in ((0x8916, "198.18.0.1"), (0x891C, "255.255.255.0")):
            fcntl.ioctl(sock, request, struct.pack("16s16s", DEVICE, address(text)))
        number = raise_interface(DEVICE, UP | RUNNING)
        route = Route(device=DEVICE, flags=1)
        for field in (Route.destination, Route.gateway, Route.mask):
            ctypes.memmove(ctypes.addressof(route) + field.offset, address("0.0.0.0"), 16)
        fcntl.ioctl(sock, 0x890B, route)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        own = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
        fcntl.ioctl(sock, 0x8916, struct.pack("16sIi", own, 64, number))
        # struct in6_rtmsg of <linux/ipv6_route.h>: to ::/0, flags RTF_UP.
        fcntl.ioctl(sock, 0x890B, struct.pack("48xIHHIQIi", 0, 0, 0, 1, 0, 1, number))
    return device


def destination(packet: bytes) -> str:
    """Return protocol number and destination of a packet; empty for the kernel's own."""
    if packet[0] >> 4 == 4:
        return f"{packet[9]} to {socket.inet_ntoa(packet[16:20])}"
    # A listener report comes behind a hop-by-hop header.
    kind = packet[48] if packet[6] == 0 and packet[40] == 58 else packet[40] if packet[6] == 58 else 0
    return "" if kind in KERNELS else f"{packet[6]} to {socket.inet_ntop(socket.AF_INET6, packet[24:40])}"


def transmitted() -> dict[str, int]:
    """Return how many packets each interface sent or could not send, loopback left out."""
    counts = {}
    for line in Path("/proc/net/dev").read_text().splitlines()[2:]:
        name, _, numbers = line.partition(":")
        columns = [int(number) for number in numbers.split()]
        counts[name.strip()] = columns[9] + columns[10] + columns[11]
    del counts["lo"]
    return counts


def main(command: list[str]) -> None:
    raise_interface(b"lo")
    device = open_world()
    sent: list[str] = []
    kernels = 0

    def drain() -> None:
        nonlocal kernels
        while packet := os.read(device, 4096):
            if where := destination(packet):
                sent.append(where)
            else:
                kernels += 1

    threading.Thread(target=drain, daemon=True).start()
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    # The last packets may still be on their way to the reader.
    until = time.monotonic() + 2
    while (missed := sum(transmitted().values()) - len(sent) - kernels) and time.monotonic() < until:
        time.sleep(0.01)
    found = {"interfaces": sorted(transmitted()), "sent": sent, "missed": missed}
    print(json.dumps({"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr} | found))


def inside(*command: str) -> list[str]:
    """Return the command that runs `command` in such a namespace, as root or not."""
    assert shutil.which("unshare"), "unshare is missing: apt-get install util-linux"
    return ["unshare", "--map-root-user", "--net", sys.executable, str(Path(__file__)), *command]


def report(out: str, err: str) -> dict[str, Any]:
    """Return what it printed."""
    assert out, f"this needs network namespaces and /dev/net/tun: {err}"
    return dict(json.loads(out))


if __name__ == "__main__":
    main(sys.argv[1:])
