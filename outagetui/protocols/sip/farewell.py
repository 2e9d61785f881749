"""Ending politely what a probe had to leave: a call, a registration. It goes on beside the probes, within bounds."""

import asyncio
import contextlib
from collections.abc import Coroutine

from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.agent import Agent

PATIENCE = 32.0  # seconds one ending may take (RFC 3261: 64 T1)
AT_THE_END = 3.0  # seconds all of them still get when the vantage closes


class Farewells:
    """The endings of one vantage that are still under way; `aclose` waits for them a little."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def hand_over(self, agent: Agent, ending: Coroutine[None, None, object]) -> None:
        """Carry out `ending`, then close `agent`, in a task of its own: the caller may be cancelled meanwhile."""
        task = asyncio.create_task(self._end(agent, ending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, agent: Agent, ending: Coroutine[None, None, object]) -> None:
        try:
            with contextlib.suppress(OSError, Trouble):
                async with asyncio.timeout(PATIENCE):
                    await ending
        finally:
            ending.close()
            await agent.aclose()

    async def aclose(self) -> None:
        """Wait for what is under way, then end it."""
        tasks = list(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=AT_THE_END)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
