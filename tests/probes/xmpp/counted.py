"""Counting the awaits of a coroutine that runs in a task of its own."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Counted:
    """Awaits `inner` and calls `wait` at each of its awaits."""

    def __init__(self, inner: Coroutine[Any, Any, Any], wait: Callable[[], None]) -> None:
        self.inner, self.wait = inner, wait

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.inner.__await__()
        sent, thrown = None, None
        while True:
            try:
                waiting = steps.send(sent) if thrown is None else steps.throw(thrown)
            except StopIteration as end:
                return end.value
            self.wait()
            try:
                sent, thrown = (yield waiting), None
            except BaseException as error:
                sent, thrown = None, error
