"""Another writer who comes first: what one saw before one's turn is then no longer so."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from outagetui.machine import files

T = TypeVar("T")


async def written_before(
    directory: Path, content: files.Files, other: Coroutine[Any, Any, T], monkeypatch: pytest.MonkeyPatch
) -> T:
    """Hold `directory` until `other` was turned away once, and put `content` there; return what became of `other`."""
    turned_away, lock = threading.Event(), files._lock

    def tried(descriptor: int) -> bool:
        got = lock(descriptor)
        if not got:
            turned_away.set()
        return got

    monkeypatch.setattr(files, "_lock", tried)
    with files.only_writer(directory) as put:
        later = asyncio.ensure_future(other)
        assert await asyncio.to_thread(turned_away.wait, 20.0)
        put(content)
    return await later
