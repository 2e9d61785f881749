"""A server's way in that can be closed and opened again: what is refused today answers on the same port tomorrow."""

import asyncio
from collections.abc import Awaitable, Callable

from outagetui.drill.servers import Trouble

Listener = asyncio.Server | asyncio.DatagramTransport


class Opening:
    """Serves by `listen`, which listens on the port it is given (0: any), until its trouble is to refuse."""

    def __init__(self, trouble: Trouble, listen: Callable[[int], Awaitable[Listener]]) -> None:
        self.trouble, self._listen = trouble, listen
        self._listener: Listener | None = None
        self.port = 0

    async def open(self) -> "Opening":
        """Listen, the first time on any port."""
        self._listener = listener = await self._listen(self.port)
        if isinstance(listener, asyncio.Server):
            self.port = listener.sockets[0].getsockname()[1]
        else:
            self.port = listener.get_extra_info("sockname")[1]
        return self

    async def suffer(self, kind: str, share: float) -> None:
        """Take on a fault, in place of the one before."""
        self.trouble.kind, self.trouble.share = kind, share
        if kind == "refuse" and self._listener is not None:
            self._listener.close()
            self._listener = None
            await asyncio.sleep(0)  # the socket is closed in the loop's next round
        elif kind != "refuse" and self._listener is None:
            await self.open()
