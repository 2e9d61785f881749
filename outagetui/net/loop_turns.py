"""How long the turns of an event loop take: what ends while, or right after, the loop stood still says little.

Between two waits for the network a loop runs what is ready, which is one turn. A turn that takes long, and a wait that
lasts longer than it was to (this machine was stopped, or had no processor for us), is a stall: answers that came
meanwhile are seen late, and time-outs that passed meanwhile end what may have been answered in time.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

STALL = 0.1  # a turn longer than this is a stall of ours; less is a busy machine that still answers in time
AFTERMATH = 0.1  # seconds behind a stall in which what it kept waiting comes to its end


class LoopTurns:
    """The account of one loop's turns, in seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._waits = False
        self._lost = 0.0
        self._stalled = float("-inf")  # when the last stall ended

    def wait(self) -> None:
        """Note that a turn is over and the loop waits."""
        now = self._clock()
        self._count(now - self._began, now)
        self._began, self._waits = now, True

    def wake(self, timeout: float | None) -> None:
        """Note that a turn begins, after a wait that was to take at most `timeout`."""
        now = self._clock()
        if timeout is not None:
            self._count(now - self._began - max(0.0, timeout), now)
        self._began, self._waits = now, False

    def lost(self) -> float:
        """Return the seconds lost by stalls so far, the turn that is running included."""
        running = 0.0 if self._waits else self._clock() - self._began
        return self._lost + (running if running > STALL else 0.0)

    def just_stalled(self) -> bool:
        """Whether the loop stands in a long turn, or came out of a stall only now."""
        now = self._clock()
        return now - self._stalled <= AFTERMATH or (not self._waits and now - self._began > STALL)

    def _count(self, seconds: float, now: float) -> None:
        if seconds > STALL:
            self._lost += seconds
            self._stalled = now


class TurnSelector(selectors.DefaultSelector):
    """Waits as the loop's own selector does and keeps the account of its turns."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.turns = LoopTurns(clock)

    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait for whatever is registered; see `selectors.BaseSelector`."""
        self.turns.wait()
        ready = self.poll(timeout)
        self.turns.wake(timeout)
        return ready

    def poll(self, timeout: float | None) -> list[Any]:
        """Wait as `select` does, without a note in the account."""
        return super().select(timeout)


class TurnLoop(asyncio.SelectorEventLoop):
    """The loop that probes run on: it knows how long its turns took."""

    def __init__(self, selector: TurnSelector | None = None) -> None:
        counted = selector or TurnSelector()
        super().__init__(counted)
        self.turns = counted.turns


def turns() -> LoopTurns | None:
    """Return the account of the running loop; None for a loop that keeps none."""
    loop = asyncio.get_running_loop()
    return loop.turns if isinstance(loop, TurnLoop) else None
