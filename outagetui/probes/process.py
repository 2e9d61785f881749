"""Running another program for a probe: argv only, a process group of its own, and nothing of it left afterwards."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from outagetui.model import Outcome
from outagetui.probes.trouble import Trouble, fail, unknown

LIMIT = 64 * 1024  # bytes kept of each output
FLOOD = 1024 * 1024  # bytes at which a program that does not stop writing is ended
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
GRACE = 0.5  # seconds, at most, between SIGTERM and SIGKILL; they lie before the deadline
_CHUNK = 16 * 1024
_LAST = 0.2  # seconds a killed program may take to be gone


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
    try:
        process = subprocess.Popen(  # noqa: ASYNC220 - starting is quick; what takes long is waited for below
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        unknown(missing, f"{argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}")
    child = _Child(process)
    try:
        return await child.finish(deadline)
    finally:
        child.close()


class _Child:
    """A running program, watched by the event loop alone: its two outputs, and a descriptor that tells its end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._outputs: dict[int, bytearray] = {}
        self._watched: set[int] = set()
        self._seen = 0
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._pidfd = -1
        try:
            self._pidfd = os.pidfd_open(process.pid)
            self._watch(self._pidfd, self._end)
            for pipe in (process.stdout, process.stderr):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
                self._outputs[pipe.fileno()] = bytearray()
                self._watch(pipe.fileno(), self._read, pipe.fileno())
        except BaseException:
            self.close()
            raise

    async def finish(self, deadline: float) -> Finished:
        """Wait for the end, hurrying the program on when the deadline comes near."""
        left = max(0.0, deadline - self._loop.time())
        await asyncio.wait({self._ended}, timeout=left - min(GRACE, left / 5))
        if not self._ended.done():
            self._signal(signal.SIGTERM)
            await asyncio.wait({self._ended}, timeout=max(0.0, deadline - self._loop.time()))
            fail("timeout", "the program did not end in time and was ended")
        self._ended.result()
        # The leader is a zombie until it is waited for, so its group's number cannot be another's yet.
        self._signal(signal.SIGKILL)
        status = self._process.wait()
        for descriptor in list(self._outputs):
            while self._read(descriptor):  # what was written last; nobody is left to write more
                pass
        out, err = (bytes(kept) for kept in self._outputs.values())
        return Finished(status, out, err)

    def close(self) -> None:
        """Kill what is left of the group, wait for the program, and let go of everything."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LAST)
        for descriptor in list(self._watched):
            self._forget(descriptor)
        if not self._ended.cancel():
            self._ended.exception()  # known to whoever waited, or wanted no longer
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _watch(self, descriptor: int, call: object, *args: object) -> None:
        self._loop.add_reader(descriptor, call, *args)  # type: ignore[arg-type]  # a function and its arguments
        self._watched.add(descriptor)

    def _forget(self, descriptor: int) -> None:
        self._watched.discard(descriptor)
        self._loop.remove_reader(descriptor)

    def _end(self) -> None:
        self._forget(self._pidfd)
        if not self._ended.done():
            self._ended.set_result(None)

    def _read(self, descriptor: int) -> bool:
        """Take what is there and return whether there may be more."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._forget(descriptor)
            return False
        kept = self._outputs[descriptor]
        kept += data[: LIMIT - len(kept)]
        self._seen += len(data)
        if self._seen > FLOOD:
            words = f"it wrote more than {FLOOD >> 10} KiB and was ended"
            if not self._ended.done():
                self._ended.set_exception(Trouble(Outcome.UNKNOWN, "exec.flood", words))
            return False
        return True
