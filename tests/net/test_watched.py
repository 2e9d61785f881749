"""Sockets that are registered once: what is sent comes, on any loop, and nothing stays watched."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from outagetui.core.model import Check, Outcome
from outagetui.core.probe_options import HttpOptions
from outagetui.machine.secrets import Secrets
from outagetui.net.loop_turns import TurnLoop, TurnSelector
from outagetui.net.vantage import Vantage
from outagetui.net.watched import WatchedSocket
from outagetui.probes import look
from tests.kit.scripted_servers import answering, refused_port, reply, serve

LOOPS = pytest.mark.parametrize("loop", [TurnLoop, asyncio.SelectorEventLoop])
MUCH = 3_000_000  # bytes, more than any socket buffers


class _Counting(TurnSelector):
    """Counts what is asked of the kernel beside waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.watched: set[int] = set()
        self.watches = 0

    def watch(self, sock: socket.socket, changed: Callable[[], None]) -> None:
        self.watches += 1
        self.watched.add(sock.fileno())
        super().watch(sock, changed)

    def unwatch(self, sock: socket.socket) -> None:
        self.watched.remove(sock.fileno())
        super().unwatch(sock)


def _pair() -> tuple[WatchedSocket, WatchedSocket]:
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    return WatchedSocket(one), WatchedSocket(other)


async def _received(sock: WatchedSocket, size: int) -> bytes:
    while True:
        try:
            return sock.plain.recv(size)
        except BlockingIOError:
            await sock.readable()


@LOOPS
def test_much_is_sent_while_as_much_comes(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def take(sock: WatchedSocket) -> int:
        count = 0
        while count < MUCH:
            count += len(await _received(sock, 65536))
        return count

    async def story() -> None:
        one, other = _pair()
        async with asyncio.TaskGroup() as group:
            taken = [group.create_task(take(sock)) for sock in (one, other)]
            for sock in (one, other):
                group.create_task(sock.send(b"x" * MUCH))
        assert [task.result() for task in taken] == [MUCH, MUCH]
        other.close()
        assert await _received(one, 1) == b""
        with pytest.raises(BrokenPipeError):
            await one.send(b"x")
        one.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(story(), 20))


@LOOPS
def test_a_wait_that_is_cancelled_leaves_the_other_way_as_it_was(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def story() -> None:
        one, other = _pair()
        reading = asyncio.ensure_future(_received(one, 10))
        writing = asyncio.ensure_future(one.send(b"x" * MUCH))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        count = 0
        while count < MUCH:
            count += len(await _received(other, 65536))
        await writing
        one.close()
        other.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(story(), 20))


@LOOPS
def test_who_refuses_and_who_is_not_reached_is_told(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def story() -> None:
        sock = WatchedSocket(socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        with pytest.raises(ConnectionRefusedError):
            await sock.connect(("127.0.0.1", refused_port()))
        sock.close()
        sock.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(story(), 20))


def test_a_probe_registers_its_socket_once() -> None:
    selector = _Counting()

    async def story() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(answering(reply())) as server:
            check = Check(
                id="a.b", probe="http", target=f"http://127.0.0.1:{server.port}/", options=HttpOptions(), timeout=5.0
            )
            for count in (1, 2):
                sample = await look(check, asyncio.get_running_loop().time() + 5, vantage)
                assert sample.outcome is Outcome.PASS
                assert (selector.watches, selector.watched) == (count, set())
        await vantage.aclose()

    with asyncio.Runner(loop_factory=lambda: TurnLoop(selector)) as runner:
        runner.run(story())


def test_what_is_registered_is_as_with_any_selector() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        one, other = socket.socketpair()
        heard: list[str] = []
        with one, other:
            loop.add_writer(one, heard.append, "writable")
            loop.add_reader(one, heard.append, "readable")
            other.send(b"x")
            await asyncio.sleep(0.01)
            assert {"readable", "writable"} <= set(heard)
            assert loop.remove_writer(one)
            heard.clear()
            await asyncio.sleep(0.01)
            assert set(heard) == {"readable"}
            assert loop.remove_reader(one)
            assert not loop.remove_reader(one)

    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        runner.run(story())
