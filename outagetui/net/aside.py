"""Long computations beside the event loop, so that a large or hostile document cannot make other probes late."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

SHORT = 16 * 1024  # bytes of input whose work is done on the spot


async def aside(work: Callable[[], T], size: int | None = None) -> T:
    """Return `work()`, done in a daemon thread unless `size`, the bytes of its input, is at most `SHORT`.

    A cancelled wait leaves the thread to end by itself, which must not hold up the program's end.
    """
    if size is not None and size <= SHORT:
        return work()
    done = Future[T]()
    done.set_running_or_notify_cancel()
    threading.Thread(target=settle, args=(done, work), name="aside", daemon=True).start()
    return await asyncio.wrap_future(done)


def settle(done: Future[T], work: Callable[[], T]) -> None:
    """Give `done`, which is running, what `work()` returns or raises."""
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    except BaseException as error:  # whoever waits must hear of it, and what ends a thread must not end the loop
        done.set_exception(RuntimeError(type(error).__name__))
