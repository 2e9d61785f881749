"""The spending guard: how many calls were placed to a number within 24 hours, and the leave to place one more.

A `Call` cannot be made without a `Grant`, and only `Ration.take` gives one: for one call, to one number, of a length.
With a state directory the count is kept in `sip-calls.json` there, under a lock, so that neither a restart nor a second
process starts anew; a count that cannot be kept refuses every call. Without one it lasts as long as the process.
"""

import fcntl
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from outagetui.core.own_fault import words_of
from outagetui.net.trouble import unknown

DAY = 86400.0
FILE = "sip-calls.json"
_LIMIT = 1 << 20  # bytes; ten thousand calls a day need a fifth


class Grant(Struct, frozen=True):
    """The leave for one call: to `uri` only, ended `seconds` after it was answered."""

    uri: str
    seconds: float


class Ration:
    """Calls placed lately, by number. `clock` gives epoch seconds."""

    def __init__(self, state: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = None if state is None else state / FILE
        self._clock = clock
        self._placed: dict[str, list[float]] = {}

    def take(self, uri: str, per_day: int, seconds: float) -> Grant:
        """Count one more call to `uri` and return the leave for it.

        Raises `Trouble`, unknown: `sip.calls-spent` when `per_day` were placed within 24 hours, `sip.calls-uncounted`
        when the count cannot be kept.
        """
        if self._path is None:
            self._placed = self._count(self._placed, uri, per_day)
            return Grant(uri, seconds)
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                placed = self._count(_read(handle), uri, per_day)
                _write(handle, placed)
            finally:
                os.close(handle)
        except (OSError, ValueError) as error:
            unknown("sip.calls-uncounted", f"{words_of(error)}; no call is placed uncounted")
        return Grant(uri, seconds)

    def _count(self, placed: dict[str, list[float]], uri: str, per_day: int) -> dict[str, list[float]]:
        now = self._clock()
        recent = {each: [at for at in times if now - at < DAY] for each, times in placed.items()}
        mine = recent.setdefault(uri, [])
        if len(mine) >= per_day:
            free = datetime.fromtimestamp(sorted(mine)[-per_day] + DAY, UTC) if per_day else None
            when = f"; the next may be placed at {free:%H:%M} UTC" if free else ""
            unknown("sip.calls-spent", f"{len(mine)} calls to {uri} within 24 hours, calls_per_day is {per_day}{when}")
        mine.append(now)
        return {each: times for each, times in recent.items() if times}


def _read(handle: int) -> dict[str, list[float]]:
    """Return the count in the file; ValueError when it is none."""
    text = os.pread(handle, _LIMIT, 0)
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, list[float]])
    except msgspec.DecodeError:
        raise ValueError("is not a count of calls; remove it to begin anew") from None


def _write(handle: int, placed: dict[str, list[float]]) -> None:
    # Longer or shorter, the bytes are one write: a torn one is no JSON and refuses calls instead of forgetting them.
    data = msgspec.json.encode(placed)
    os.pwrite(handle, data, 0)
    os.ftruncate(handle, len(data))
    os.fsync(handle)
