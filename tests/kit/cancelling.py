"""Cancelling a look at each of its awaits in turn."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class _CancelAt:
    """Awaits `inner`, and cancels its own task when it waits for the `number`th time."""

    def __init__(self, inner: Coroutine[Any, Any, Any], number: int) -> None:
        self.inner = inner
        self.number = number
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self.inner.__await__()
        sent, thrown = None, None
        while True:
            try:
                waiting = inner.send(sent) if thrown is None else inner.throw(thrown)
            except StopIteration as end:
                return end.value
            self.waits += 1
            if self.waits == self.number:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                sent, thrown = (yield waiting), None
            except BaseException as error:
                sent, thrown = None, error


async def cancelled_at(make: Callable[[], Coroutine[Any, Any, Any]], number: int) -> bool:
    """Run a look and cancel it at its `number`th await; False when it was over before."""
    look = _CancelAt(make(), number)

    async def run() -> None:
        await look

    task = asyncio.create_task(run())
    await asyncio.wait({task})
    if look.waits < number:
        assert not task.cancelled()
        task.result()
        return False
    assert task.cancelled(), f"await {number} swallowed the cancellation"
    return True
