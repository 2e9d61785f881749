"""Running another program for a probe: its outputs, within the time of a look, and nothing of it left afterwards."""

import asyncio
import signal
from collections.abc import Sequence
from typing import NamedTuple

from outagetui.core.model import Outcome
from outagetui.machine.child import Child
from outagetui.net.trouble import Trouble, fail, unknown

LIMIT = 64 * 1024  # bytes kept of each output
FLOOD = 1024 * 1024  # bytes at which a program that does not stop writing is ended
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
GRACE = 0.5  # seconds, at most, between SIGTERM and SIGKILL; they lie before the deadline


class Finished(NamedTuple):
    """How a program ended: its exit status, or minus the signal that ended it; at most `LIMIT` bytes of each output."""

    status: int
    out: bytes
    err: bytes


async def run(argv: Sequence[str], deadline: float, missing: str) -> Finished:
    """Run `argv` in the root directory with standard input closed and an environment of PATH and LANG.

    Near `deadline` (the loop's time) its process group gets SIGTERM, then SIGKILL. Whatever of the group is left when
    the program itself has ended is killed too. Raises `Trouble`: unknown `missing` when it cannot be started, unknown
    `exec.flood` when it writes without end, fail `timeout`.
    """
    kept = _Kept()
    try:
        child = Child(argv, (kept.out, kept.err), env=ENVIRONMENT)
    except (OSError, ValueError) as error:
        unknown(missing, f"{argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}")
    kept.child = child
    try:
        loop = asyncio.get_running_loop()
        left = max(0.0, deadline - loop.time())
        if not await child.ended(left - min(GRACE, left / 5)):
            child.signal(signal.SIGTERM)
            await child.ended(deadline - loop.time())
            fail("timeout", "the program did not end in time and was ended")
        status = child.reap()
        return Finished(status, bytes(kept.outputs[0]), bytes(kept.outputs[1]))
    finally:
        child.close()


class _Kept:
    """The beginning of both outputs; a program that writes without end is ended."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self.outputs = (bytearray(), bytearray())
        self._seen = 0

    def out(self, data: bytes) -> float:
        return self._take(self.outputs[0], data)

    def err(self, data: bytes) -> float:
        return self._take(self.outputs[1], data)

    def _take(self, kept: bytearray, data: bytes) -> float:
        kept += data[: LIMIT - len(kept)]
        self._seen += len(data)
        if self._seen > FLOOD and self.child is not None:
            words = f"it wrote more than {FLOOD >> 10} KiB and was ended"
            self.child.fail(Trouble(Outcome.UNKNOWN, "exec.flood", words))
        return 0.0
