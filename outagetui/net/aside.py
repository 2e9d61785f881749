"""What takes long, beside the event loop, so that no large or hostile document and no library makes others late."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import TypeVar

from outagetui.core.own_fault import words_of

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


async def loaded(*names: str) -> None:
    """Load the modules `names` beside the loop where they are not there yet: libraries take up to 0.2 s of it."""
    if any(_is_missing(name) for name in names):
        await aside(lambda: [import_module(name) for name in names])
        gc.freeze()  # modules stay, and a collection that walks through them all holds everybody for 40 ms


def _is_missing(name: str) -> bool:
    """Tell whether `name` is still to be loaded, or half loaded by another thread, for which an import would wait."""
    module = sys.modules.get(name)
    return module is None or getattr(module.__spec__, "_initializing", False)


def settle(done: Future[T], work: Callable[[], T]) -> None:
    """Give `done`, which is running, what `work()` returns or raises."""
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    except BaseException as error:  # whoever waits must hear of it, and what ends a thread must not end the loop
        done.set_exception(RuntimeError(words_of(error)))
