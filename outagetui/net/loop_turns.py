"""How long the turns of an event loop take: what ends while, or right after, the loop stood still says little.

Between two waits for the network a loop runs what is ready, which is one turn. A turn that takes long, and a wait that
lasts longer than it was to (this machine was stopped, or had no processor for us), is a stall: answers that came
meanwhile are seen late, and time-outs that passed meanwhile end what may have been answered in time.
"""

import asyncio
import contextlib
import math
import select
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

STALL = 0.1  # a turn longer than this is a stall of ours; less is a busy machine that still answers in time
AFTERMATH = 0.1  # seconds behind a stall in which what it kept waiting comes to its end


class LoopTurns:
    """The account of one loop's turns, in seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._waits = False
        self._lost = 0.0
        self._stalled = float("-inf")  # when the last stall ended

    def wait(self) -> None:
        """Note that a turn is over and the loop waits."""
        now = self._clock()
        self._count(now - self._began, now)
        self._began, self._waits = now, True

    def wake(self, timeout: float | None) -> None:
        """Note that a turn begins, after a wait that was to take at most `timeout`."""
        now = self._clock()
        if timeout is not None:
            self._count(now - self._began - max(0.0, timeout), now)
        self._began, self._waits = now, False

    def lost(self) -> float:
        """Return the seconds lost by stalls so far, the turn that is running included."""
        running = 0.0 if self._waits else self._clock() - self._began
        return self._lost + (running if running > STALL else 0.0)

    def just_stalled(self) -> bool:
        """Whether the loop stands in a long turn, or came out of a stall only now."""
        now = self._clock()
        return now - self._stalled <= AFTERMATH or (not self._waits and now - self._began > STALL)

    def _count(self, seconds: float, now: float) -> None:
        if seconds > STALL:
            self._lost += seconds
            self._stalled = now


class TurnSelector(selectors.BaseSelector):
    """Waits for what is registered, as the loop's own selector does, and keeps the account of its turns.

    Beside it sockets may be watched: each change of one that is watched calls a function, within the wait.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.turns = LoopTurns(clock)
        self._epoll = select.epoll()
        self._keys: dict[FileDescriptorLike, selectors.SelectorKey] = {}
        self._watched: dict[int, Callable[[], None]] = {}

    def register(self, fileobj: "FileDescriptorLike", events: int, data: Any = None) -> selectors.SelectorKey:
        """See `selectors.BaseSelector`; so are the others."""
        key = selectors.SelectorKey(fileobj, _number(fileobj), events, data)
        if key.fd in self._keys:
            raise KeyError(key.fd)
        self._epoll.register(key.fd, _asked(events))
        self._keys[key.fd] = key
        return key

    def modify(self, fileobj: "FileDescriptorLike", events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is waited for."""
        key = self.get_key(fileobj)._replace(events=events, data=data)
        self._epoll.modify(key.fd, _asked(events))
        self._keys[key.fd] = key
        return key

    def unregister(self, fileobj: "FileDescriptorLike") -> selectors.SelectorKey:
        """Wait for it no more."""
        key = self._keys.pop(self.get_key(fileobj).fd)
        with contextlib.suppress(OSError):  # it was closed already
            self._epoll.unregister(key.fd)
        return key

    def get_key(self, fileobj: "FileDescriptorLike") -> selectors.SelectorKey:
        """Return what is registered of it; KeyError for nothing."""
        return self._keys[_number(fileobj)]

    def get_map(self) -> Mapping["FileDescriptorLike", selectors.SelectorKey]:
        """Return what is registered, by number."""
        return self._keys

    def watch(self, sock: socket.socket, changed: Callable[[], None]) -> None:
        """Call `changed` when `sock` can be read or written again after it could not, or is over."""
        self._epoll.register(sock, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)
        self._watched[sock.fileno()] = changed

    def unwatch(self, sock: socket.socket) -> None:
        """Watch `sock` no more."""
        del self._watched[sock.fileno()]
        self._epoll.unregister(sock)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for whatever is registered or watched."""
        self.turns.wait()
        ready = self.poll(timeout)
        self.turns.wake(timeout)
        return ready

    def poll(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as `select` does, without a note in the account."""
        # The kernel counts milliseconds: rounded up, so that a timer is due when the wait ends.
        wait = -1.0 if timeout is None else max(0.0, math.ceil(timeout * 1000) / 1000)
        ready = []
        for number, what in self._epoll.poll(wait, len(self._keys) + len(self._watched) or 1):
            changed = self._watched.get(number)
            if changed is not None:
                changed()
            elif (key := self._keys.get(number)) is not None:
                events = selectors.EVENT_READ if what & ~select.EPOLLOUT else 0
                events |= selectors.EVENT_WRITE if what & ~select.EPOLLIN else 0
                ready.append((key, events & key.events))
        return ready

    def close(self) -> None:
        """Forget all."""
        self._epoll.close()
        self._keys.clear()
        self._watched.clear()


def _asked(events: int) -> int:
    reading = select.EPOLLIN if events & selectors.EVENT_READ else 0
    return reading | (select.EPOLLOUT if events & selectors.EVENT_WRITE else 0)


def _number(fileobj: "FileDescriptorLike") -> int:
    number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
    if number < 0:
        raise ValueError("it is closed")
    return number


class TurnLoop(asyncio.SelectorEventLoop):
    """The loop that probes run on: it knows how long its turns took, and watches sockets."""

    def __init__(self, selector: TurnSelector | None = None) -> None:
        counted = selector or TurnSelector()
        super().__init__(counted)
        self.turns = counted.turns
        self.watch, self.unwatch = counted.watch, counted.unwatch


def turns() -> LoopTurns | None:
    """Return the account of the running loop; None for a loop that keeps none."""
    loop = asyncio.get_running_loop()
    return loop.turns if isinstance(loop, TurnLoop) else None
