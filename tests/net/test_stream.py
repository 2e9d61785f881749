"""A stream's lines and bytes, whatever their pieces, and the turns that a flood of them leaves to others."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.net.stream import Stream
from outagetui.net.trouble import Trouble
from outagetui.net.watched import WatchedSocket


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with theirs, Stream(WatchedSocket(ours)) as stream:
        yield stream, theirs


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\n")), st.integers(1, 9), st.integers(0, 5))
def test_lines_and_bytes_come_whole_in_whatever_order_they_are_asked_for(data: bytes, size: int, lines: int) -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with Stream(WatchedSocket(ours)) as stream:
            with theirs:
                theirs.sendall(data)
            read = b""
            for _ in range(lines):
                before = len(read)
                line = await stream.read_line()
                if line is not None:
                    rest = data[before:]
                    read += rest[: rest.find(b"\n") + 1 or len(rest)]
                    assert read[before:].removesuffix(b"\n").removesuffix(b"\r") == line.removesuffix(b"\r")
            while part := await stream.read(size):
                assert len(part) <= size
                read += part
            assert read == data

    asyncio.run(story())


async def test_a_line_that_is_too_long_is_refused(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    theirs.sendall(b"short\r\n" + b"x" * 101 + b"\n")
    assert await stream.read_line(100) == b"short"
    with pytest.raises(Trouble, match="too-long"):
        await stream.read_line(100)


async def test_a_flood_of_lines_leaves_turns_to_others(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def flood() -> None:
        while True:
            await asyncio.get_running_loop().sock_sendall(theirs, b"\n" * 65536)

    tasks = [asyncio.ensure_future(others()), asyncio.ensure_future(flood())]
    began = time.process_time()
    for _ in range(200_000):
        assert await stream.read_line() == b""
    assert time.process_time() - began < 5  # each line once, not all that follow with it
    assert turns > 20
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
