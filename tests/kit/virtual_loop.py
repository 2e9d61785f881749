"""An event loop whose clock jumps to the next timer: hours of a schedule in moments, the same every time."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from outagetui.net.loop_turns import TurnLoop, TurnSelector

T = TypeVar("T")


class _Instant(TurnSelector):
    """Waits for nothing: what would be slept is told to the loop's clock."""

    def __init__(self) -> None:
        self.slept = 0.0
        super().__init__(lambda: self.slept)

    def poll(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer is set")
        self.slept += max(0.0, timeout)
        return super().poll(0)


class VirtualLoop(TurnLoop):
    """`time()` starts at 0 and moves only when the loop would sleep, or by `hang`."""

    def __init__(self) -> None:
        self._instant = _Instant()
        super().__init__(self._instant)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._instant.slept

    def hang(self, seconds: float) -> None:
        """Let time pass as when this machine stalls: nothing that is due runs meanwhile."""
        self._instant.slept += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a loop of its own."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_end_others())
        loop.close()


async def _end_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
