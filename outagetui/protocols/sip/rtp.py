"""Our end of a call's sound: RTP (RFC 3550, 3551) sent at exact 20 ms, and what came meanwhile handed to an `Echo`."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

from outagetui.protocols.sip.echo import PERIOD, Echo, Sound
from outagetui.protocols.sip.sdp import Media

TAIL = 0.3  # seconds to wait for the last echoes
_STAMP = struct.Struct("@ll")
_SO_TIMESTAMPNS = 35  # socket(7); the socket module has no name for it
_PORTS_TRIED = 32
_AT_ONCE, _BUDGET = 64, 0.005  # packets, and seconds of the loop, that one turn of reading takes


class RtpPort:
    """A UDP socket on an even port. Whoever opened it closes it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self.port = 0

    def open(self, host: str) -> int:
        """Bind to `host`, the address the call goes out from, and return the port. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for _ in range(_PORTS_TRIED):
            sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                sock.bind((host, 0))
                sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            except OSError:
                sock.close()
                raise
            if self._socket is not None:
                self._socket.close()
            self._socket, self.port = sock, sock.getsockname()[1]
            if self.port % 2 == 0:  # RFC 3550 section 11
                break
        return self.port

    async def measure(self, where: Callable[[], Media], seconds: float, stop: asyncio.Event) -> Sound:
        """Send for `seconds`, or until `stop`, and return what came back. Raises OSError.

        `where` is asked anew for each packet: the far side may move its end during the call.
        """
        assert self._socket is not None
        sock, loop = self._socket, asyncio.get_running_loop()
        media = where()
        echo = Echo(media.law, media.kind)
        worst = 0.0
        begun = loop.time()
        counted = round(seconds / PERIOD)
        # The last packets stay in the far side's jitter buffer until others push them out, which are not counted.
        for number in range(counted + round(TAIL / PERIOD)):
            due = begun + number * PERIOD
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if stop.is_set():
                break
            if number < counted:
                worst = max(worst, loop.time() - due)
            _send(sock, echo, where())
            _drain(sock, echo)
        await asyncio.sleep(PERIOD)
        _drain(sock, echo)
        return echo.result(worst, time.time(), counted)

    def close(self) -> None:
        """Free the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _send(sock: socket.socket, echo: Echo, media: Media) -> None:
    # A full buffer, or an ICMP error of the packet before, is a packet lost: just what is measured.
    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
        sock.sendto(echo.next_packet(time.time()), (media.host, media.port))


def _drain(sock: socket.socket, echo: Echo) -> None:
    """Take what came, each packet with the moment when the kernel had it; a flood waits, or is lost in the kernel."""
    end = time.perf_counter() + _BUDGET
    for _ in range(_AT_ONCE):
        try:
            data, control, _, _ = sock.recvmsg(2048, 64)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            continue  # an ICMP error, told once
        echo.came(data, _arrived(control))
        if time.perf_counter() > end:
            return


def _arrived(control: list[tuple[int, int, bytes]]) -> float:
    """Return when the kernel took a datagram: our own loop's lateness is no delay of the network's."""
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
