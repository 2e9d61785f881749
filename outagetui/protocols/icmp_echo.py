"""Echo packets as bytes: ICMP (RFC 792) and ICMPv6 (RFC 4443). Pure; `icmp_pinger` sends and receives them."""

import socket
import struct
from collections.abc import Callable

from msgspec import Struct

_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_IPV6_HEADER = 40


class Echo(Struct, frozen=True):
    """A reply to an echo request."""

    ident: int
    sequence: int
    payload: bytes


class Unreachable(Struct, frozen=True):
    """The word of a router or host that the request to `destination` did not arrive; `payload` may be cut short."""

    destination: str
    ident: int
    sequence: int
    payload: bytes


class Wire(Struct, frozen=True):
    """What differs between the two families; `keep` is the kernel's filter that passes only replies and errors."""

    family: socket.AddressFamily
    protocol: int
    request: int
    reply: int
    errors: frozenset[int]
    inner: Callable[[bytes], tuple[str, bytes] | None]
    keep: tuple[int, int, bytes]  # level, option, value
    keep_errors: tuple[int, int]  # level and option of IP_RECVERR

    def packet(self, ident: int, sequence: int, payload: bytes) -> bytes:
        """Return an echo request; the kernel fills in ICMPv6's checksum."""
        packet = _HEADER.pack(self.request, 0, 0, ident, sequence) + payload
        if self.family == socket.AF_INET6:
            return packet
        return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]

    def read(self, packet: bytes) -> Echo | Unreachable | None:
        """Return what an ICMP `packet` (without its IP header) says to one who sent echo requests."""
        if len(packet) < _HEADER.size:
            return None
        kind, _, _, ident, sequence = _HEADER.unpack_from(packet)
        if kind == self.reply:
            return Echo(ident, sequence, packet[_HEADER.size :])
        if kind not in self.errors or (quoted := self.inner(packet[_HEADER.size :])) is None:
            return None
        return self.quoted(*quoted)

    def quoted(self, destination: str, request: bytes) -> Unreachable | None:
        """Return the error about our `request`, of which at least the ICMP header must be quoted."""
        if len(request) < _HEADER.size or request[0] != self.request:
            return None
        _, _, _, ident, sequence = _HEADER.unpack_from(request)
        return Unreachable(destination, ident, sequence, request[_HEADER.size :])


def checksum(packet: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of `packet`, whose own field must be zero."""
    padded = packet + b"\0" * (len(packet) % 2)
    # Adding 16-bit words with end-around carry is adding modulo 2^16 - 1, and so is reading them as one number.
    return -int.from_bytes(padded, "big") % 0xFFFF


def without_ip_header(packet: bytes) -> bytes:
    """Return the payload of an IPv4 `packet`, as a raw socket gets it; empty when it is cut short."""
    return packet[(packet[0] & 0x0F) * 4 :] if packet else b""


def _inner4(quote: bytes) -> tuple[str, bytes] | None:
    if len(quote) < 20 or quote[0] >> 4 != 4 or quote[9] != socket.IPPROTO_ICMP:
        return None
    return socket.inet_ntop(socket.AF_INET, quote[16:20]), without_ip_header(quote)


def _inner6(quote: bytes) -> tuple[str, bytes] | None:
    if len(quote) < _IPV6_HEADER or quote[0] >> 4 != 6 or quote[6] != socket.IPPROTO_ICMPV6:
        return None
    return socket.inet_ntop(socket.AF_INET6, quote[24:40]), quote[_IPV6_HEADER:]


def _all_but(types: frozenset[int], words: int) -> bytes:
    """Return a bit map of `words` 32-bit words in which every type but `types` is set, which means blocked."""
    blocked = [0xFFFFFFFF] * words
    for kind in types:
        blocked[kind // 32] &= ~(1 << kind % 32)
    return struct.pack(f"@{words}I", *blocked)


# Destination unreachable and time exceeded; ICMP_FILTER is option 1 of level SOL_RAW, ICMP6_FILTER of SOL_ICMPV6.
V4 = Wire(
    family=socket.AF_INET,
    protocol=socket.IPPROTO_ICMP,
    request=8,
    reply=0,
    errors=frozenset({3, 11}),
    inner=_inner4,
    keep=(255, 1, _all_but(frozenset({0, 3, 11}), 1)),
    keep_errors=(socket.IPPROTO_IP, 11),
)
V6 = Wire(
    family=socket.AF_INET6,
    protocol=socket.IPPROTO_ICMPV6,
    request=128,
    reply=129,
    errors=frozenset({1, 3}),
    inner=_inner6,
    keep=(socket.IPPROTO_ICMPV6, 1, _all_but(frozenset({1, 3, 129}), 8)),
    keep_errors=(socket.IPPROTO_IPV6, 25),
)
