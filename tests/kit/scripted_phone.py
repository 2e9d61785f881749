"""Placing calls in tests, and a far side of our own making to place them to."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable
from typing import Any

from outagetui.core.model import Sample
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming
from tests.kit.scripted_servers import look_at
from tests.kit.scripted_sip import Handler, Peer, by_udp, reply

ECHO = "sip:echo@example.test"


async def call(
    vantage: Vantage, proxy: str, target: str = ECHO, *, secret: str = "right", within: float = 6.0, **more: Any
) -> Sample:
    options: dict[str, Any] = {"seconds": 1.0, "user": "alice", "calls_per_day": 10000} | more
    return await look_at(vantage, "sip.call", target, proxy=proxy, secret=secret, within=within, **options)


class ScriptedPhone:
    """A far side of our own making: it sends back each packet as `change` says, or what `again` makes of it."""

    def __init__(
        self,
        change: Callable[[bytes], bytes | None] = lambda data: data,
        *,
        again: Callable[[bytes], Iterable[bytes]] | None = None,
        **replies: Handler,
    ) -> None:
        self.change, self.replies = change, replies
        self.again = again or (lambda data: [each for each in [self.change(data)] if each is not None])
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.sock.bind(("127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(self.sock, self._echo)

    def _echo(self) -> None:
        data, source = self.sock.recvfrom(4096)
        for each in self.again(data):
            self.sock.sendto(each, source)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()

    def sdp(self, codec: int = 0) -> bytes:
        port = self.sock.getsockname()[1]
        return f"v=0\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {codec}\r\n".encode()

    def handle(self, request: Incoming) -> list[bytes]:
        if request.method in self.replies:
            return self.replies[request.method](request)
        if request.method == "ACK":
            return []
        if request.method == "INVITE":
            return [reply(request, "180 Ringing"), self.answer(request)]
        return [reply(request, "200 OK")]

    def answer(self, request: Incoming, codec: int = 0, tag: str = "there") -> bytes:
        return reply(request, "200 OK", ("Content-Type", "application/sdp"), body=self.sdp(codec), tag=tag)


async def call_phone(
    vantage: Vantage,
    phone: ScriptedPhone,
    during: Callable[[Peer], object] | None = None,
    within: float = 4.0,
    **more: Any,
) -> tuple[Sample, Peer]:
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            task = asyncio.ensure_future(call(vantage, f"127.0.0.1:{peer.port}", within=within, **more))
            if during is not None:
                await peer.until("ACK")
                await asyncio.sleep(0.05)
                during(peer)
            sample = await task
            await vantage.aclose()
    return sample, peer
