"""Sleeping so that all who look at something every second wake in one turn of the loop."""

import asyncio


def next_tick(now: float, every: float) -> float:
    """Return the next multiple of `every` behind `now`, in seconds of the loop's clock."""
    left = every - now % every
    return now + (left if left > every / 10 else left + every)  # woken a little early, this one has just been


async def tick(every: float) -> None:
    """Sleep until the loop's clock is a multiple of `every` seconds."""
    now = asyncio.get_running_loop().time()
    await asyncio.sleep(next_tick(now, every) - now)
