"""Long computations in small steps on the event loop, which ends them with their task, as no thread can be ended."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Return what `steps` return, with a turn of the loop for everybody else between two of them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
        await asyncio.sleep(0)
