"""Cancelling a look at each of its awaits in turn."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any


class _CancelAt:
    """Awaits `inner`, and cancels its own task when it waits for the `number`th time, or once that is `answered`."""

    def __init__(self, inner: Coroutine[Any, Any, Any], number: int, *, answered: bool) -> None:
        self.inner = inner
        self.number = number
        self.answered = answered
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
                if self.answered and isinstance(waiting, asyncio.Future):
                    waiting.add_done_callback(partial(_cancel, task))  # called before the task itself is woken
                else:
                    task.cancel()
            try:
                sent, thrown = (yield waiting), None
            except BaseException as error:
                sent, thrown = None, error


def _cancel(task: "asyncio.Task[Any]", _: "asyncio.Future[Any]") -> None:
    task.cancel()


async def cancelled_at(make: Callable[[], Coroutine[Any, Any, Any]], number: int, *, answered: bool = False) -> bool:
    """Run a look and cancel it at its `number`th await; False when it was over before.

    With `answered` it is cancelled as late as can be: what it awaited has happened, and it does not hear of it.
    """
    look = _CancelAt(make(), number, answered=answered)

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
