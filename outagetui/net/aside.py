"""Long computations beside the event loop, so that a large or hostile document cannot make other probes late."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SHORT = 16 * 1024  # bytes of input whose work is done on the spot


async def aside(work: Callable[[], T], size: int | None = None) -> T:
    """Return `work()`, done in a daemon thread unless `size`, the bytes of its input, is at most `SHORT`.

    A cancelled wait leaves the thread to end by itself, which must not hold up the program's end.
    """
    if size is not None and size <= SHORT:
        return work()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # None only if that is what work returned

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        # A closed loop has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await done
