"""An order that begins several things, and what the journal says came of each."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from outagetui.cli.common import fail, ordering, store
from outagetui.core.model import Entry
from outagetui.core.orders import Order
from outagetui.core.text import clean
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.store.reader import Reader

FAILED = 1
POLL = 0.1
T = TypeVar("T")
Tell = Callable[[Entry, Event | None], tuple[str, T] | None]


async def outcomes(
    options: dict[str, str | None],
    order: Order,
    begun: str,
    tell: Tell[T],
    *,
    patience: float,
    silence: str,
) -> dict[str, T]:
    """Give the order and return by name what `tell` finds in the journal of each thing in the reply's list `begun`.

    A refusal ends the command with status 1, and so does, in words that begin with `silence`, what is not known within
    `patience` seconds.
    """
    async with ordering(options) as give:  # a daemon that had to be started has made the store by now
        reader = Reader(store(options))
        try:
            seen = max((entry.seq for entry in reader.newest(1)), default=0)
            reply = await give(order)
            found: dict[str, T] = {}
            limit = time.monotonic() + patience
            while missing := set(reply[begun]) - set(found):
                if time.monotonic() > limit:
                    names = clean(", ".join(sorted(missing)))
                    fail(f"{silence} {names} within {patience:.0f} s; see: outagetui journal", FAILED)
                for entry in reader.entries(seen):
                    seen = entry.seq
                    if (told := tell(entry, events.decode(entry.kind, entry.document))) is not None:
                        found[told[0]] = told[1]
                await asyncio.sleep(POLL)
            return {name: found[name] for name in reply[begun]}
        finally:
            reader.close()
