"""Work beside everything else, whose failure nobody waits for: it is told to the loop at once, and never lost.

The loop's exception handler decides what becomes of it: the daemon's makes it TROUBLE, the screens' a notice, a
command's a line on standard error. Without this asyncio would print it when the task is forgotten, if at all.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Tasks that run, kept so that none is forgotten before its end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(tuple(self._tasks))

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do `work` in a task of its own."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(tell_failure)
        return task


def tell_failure(task: "asyncio.Task[Any]") -> None:
    """Tell the loop why a task failed; to be called when it is done."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "work in the background failed", "exception": error})


def tell_fault(error: Exception) -> None:
    """Tell the running loop of a fault of ours that was caught where it ends nothing."""
    asyncio.get_running_loop().call_exception_handler({"message": "a fault was caught", "exception": error})


def hear_failures(hear: Callable[[BaseException], object]) -> None:
    """Have `hear` called with what fails in the background of the running loop; nothing of it is printed.

    A connection that breaks off is no failure of ours, nor is what the loop merely remarks.
    """

    def heard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not (isinstance(error, OSError) and "transport" in context):
            hear(error)

    asyncio.get_running_loop().set_exception_handler(heard)
