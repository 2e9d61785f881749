"""A bad network for UDP on loopback: a proxy that delays, loses and swallows datagrams as told."""

import asyncio
import random
from collections.abc import Callable

Verdict = Callable[[bytes], bool]  # whether a datagram is lost


class UdpProxy:
    """Forwards datagrams between whoever sends to it and one server, each client by a socket of its own.

    `loss` is the share lost each way, `delay` seconds each way; `lose` and `lose_back` decide for single datagrams.
    """

    def __init__(self, server: tuple[str, int], *, loss: float = 0.0, delay: float = 0.0, seed: int = 1) -> None:
        self.server, self.loss, self.delay = server, loss, delay
        self.lose: Verdict = lambda _: False
        self.lose_back: Verdict = lambda _: False
        self.there: list[bytes] = []
        self.back: list[bytes] = []
        self.port = 0
        self._random = random.Random(seed)
        self._front: asyncio.DatagramTransport | None = None
        self._clients: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._opening: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls, server: tuple[str, int], *, loss: float = 0.0, delay: float = 0.0, seed: int = 1, host: str = "127.0.0.1"
    ) -> "UdpProxy":
        """Start one in front of `server` on a free port."""
        proxy = cls(server, loss=loss, delay=delay, seed=seed)
        loop = asyncio.get_running_loop()
        proxy._front, _ = await loop.create_datagram_endpoint(lambda: _End(proxy._from_client), local_addr=(host, 0))
        proxy.port = proxy._front.get_extra_info("sockname")[1]
        return proxy

    def stop(self) -> None:
        """Close everything."""
        for timer in self._timers:
            timer.cancel()
        for task in self._opening:
            task.cancel()
        for transport in (self._front, *self._clients.values()):
            if transport is not None:
                transport.close()

    def _from_client(self, data: bytes, source: tuple[str, int]) -> None:
        self.there.append(data)
        if self.lose(data) or self._random.random() < self.loss:
            return
        if source in self._clients:
            self._later(lambda: self._clients[source].sendto(data))
            return
        task = asyncio.ensure_future(self._open(source, data))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, source: tuple[str, int], data: bytes) -> None:
        def answered(reply: bytes, _: tuple[str, int]) -> None:
            self.back.append(reply)
            if not self.lose_back(reply) and self._random.random() >= self.loss and self._front is not None:
                front = self._front
                self._later(lambda: front.sendto(reply, source))

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _End(answered), remote_addr=self.server)
        self._clients[source] = transport
        self._later(lambda: transport.sendto(data))

    def _later(self, act: Callable[[], None]) -> None:
        if not self.delay:
            act()
            return

        def due() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(self.delay, due)
        self._timers.add(timer)


class _End(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self._take(data, source)
