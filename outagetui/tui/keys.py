"""Keys one at a time: a line that hands over many at once must not have them judged by a screen that is gone."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key

PATIENCE = 0.3  # seconds after which a key goes on though nobody said that the one before it is done


class InTurn:
    """Lets a key go to its widget when the one before has been handled on its whole way from widget to app.

    The toolkit sends each key to what has the focus when the key is read, and does what it is bound to later; so the
    letters behind a key that opens a line would be taken for keys themselves.
    """

    def __init__(self, app: App[Any], handle: Callable[[Event], Awaitable[None]]) -> None:
        self._app, self._handle = app, handle
        self._waiting: deque[Key] = deque()
        self._under_way: int | None = None
        self._count = 0

    async def take(self, event: Key) -> None:
        """Handle a key that was read just now, or keep it until it is its turn."""
        if self._under_way is None and not self._waiting:
            await self._begin(event)
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(PATIENCE, self._over, self._count)
        self._waiting.append(event)

    async def _begin(self, event: Key) -> None:
        self._count += 1
        self._under_way = self._count
        target = self._app.focused or self._app.screen
        await self._handle(event)
        self._follow(target, self._count)

    def _follow(self, node: Any, number: int) -> None:
        """Go the way the key goes, one message behind it: from its widget to each parent."""
        if node is self._app:
            # What the key's action asked the app to do next, such as to move the focus, is before this in its queue.
            self._app.call_later(self._app.call_later, self._over, number)
        elif not (isinstance(node, DOMNode) and node.call_later(self._follow, node.parent, number)):
            self._follow(self._app, number)  # it is gone already

    def _over(self, number: int) -> None:
        if number == self._under_way:
            self._under_way = None
            if self._waiting:
                self._app.call_later(self._next)

    async def _next(self) -> None:
        if self._under_way is None and self._waiting:
            event = self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_later(PATIENCE, self._over, self._count + 1)
            await self._begin(event)
