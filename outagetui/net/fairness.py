"""A turn on the loop: what a probe computes on data that is always there, it computes in pieces."""

import asyncio
import time
from collections.abc import Generator
from typing import Final, TypeVar

T = TypeVar("T")

LONGEST: Final = 0.005  # seconds one probe keeps the loop while it could go on


class Turn:
    """The time that one probe has kept the loop since it last waited."""

    __slots__ = ("_began",)

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def renew(self) -> None:
        """Begin anew, after others had their turn."""
        self._began = time.perf_counter()

    @property
    def long(self) -> bool:
        """Whether others should have their turn now."""
        return time.perf_counter() - self._began > LONGEST

    async def share(self) -> None:
        """Let others have their turn if this one was long enough; without it no deadline would ever fire."""
        if self.long:
            await asyncio.sleep(0)
            self.renew()


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Return what `steps` return, with a turn of the loop for everybody else between two of them.

    A long computation ends with its task this way, as no thread can be ended.
    """
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
        await asyncio.sleep(0)
