"""Ending politely: at the end of a look, or beside the probes where a look had to leave something."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from outagetui.machine.background import Background
from outagetui.net.trouble import Trouble

MOMENT = 0.5  # seconds the answer to a goodbye may take; the verdict no longer depends on it
AT_THE_END = 5.0  # seconds all endings still get when the vantage closes


@contextlib.asynccontextmanager
async def goodbye(deadline: float) -> AsyncIterator[None]:
    """Guard a goodbye, whose answer is waited for only a moment; what goes wrong with it is nobody's trouble."""
    # Half of what is left, so that a server silent here cannot use up the deadline of a look that is over.
    left = deadline - asyncio.get_running_loop().time()
    with contextlib.suppress(TimeoutError, OSError, Trouble):
        async with asyncio.timeout(min(MOMENT, left / 2)):
            yield


class Farewells:
    """The endings of one vantage that are still under way, each with a limit of its own."""

    def __init__(self) -> None:
        self._tasks = Background()

    def begin(self, ending: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Carry out `ending` in a task of its own: the caller may be cancelled meanwhile."""
        return self._tasks.begin(ending)

    async def aclose(self) -> None:
        """Wait a little for what is under way, then end it."""
        tasks = list(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=AT_THE_END)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
