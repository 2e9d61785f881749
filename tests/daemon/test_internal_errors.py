"""A fault of our own beside the work ends nothing, is counted, and stands on the board as TROUBLE."""

import asyncio
import gc

import pytest
from outagetui.core.own_fault import WORDS
from tests.daemon.daemon_in_loop import DaemonInLoop


async def fails() -> None:
    raise ValueError("a bug")


async def until_told(in_loop: DaemonInLoop, words: str) -> str:
    async with asyncio.timeout(20):
        while words not in (told := in_loop.daemon.errors.trouble):
            await asyncio.sleep(0.02)
    return told


async def test_what_fails_in_the_background_is_trouble(in_loop: DaemonInLoop, caplog: pytest.LogCaptureFixture) -> None:
    daemon = await in_loop.start(beat=0.05)
    daemon.delivery._go(fails())
    asyncio.ensure_future(fails())  # noqa: RUF006 forgotten on purpose
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    assert await until_told(in_loop, "(2 times)") == f"internal: {WORDS} (2 times)"
    done = await asyncio.to_thread(in_loop.installation.cli, "status")
    assert f"TROUBLE: internal: {WORDS} (2 times)" in done.stdout
    assert not in_loop.over
    assert not caplog.records
