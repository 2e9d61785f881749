"""Waiting for what a test waits for, instead of for a time in which it should have come."""

import asyncio
from collections.abc import Callable


async def until(met: Callable[[], object], seconds: float = 15.0) -> None:
    """Return as soon as `met` holds; TimeoutError when it does not within `seconds`."""
    async with asyncio.timeout(seconds):
        while not met():
            await asyncio.sleep(0.01)
