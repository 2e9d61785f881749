"""A program that runs for us: argv only, in a session of its own, with nothing of ours open, watched by the loop alone.

Its process group is told to end, or killed, as one. While the program itself is not waited for, its number cannot be
another's, so that a signal always meets the right group. What left the group is killed when the program has ended.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from outagetui.machine.descendants import Descendants, group_lives

Take = Callable[[bytes], float]  # gets what was written; returns for how many seconds no more of it shall be read
CHUNK = 16 * 1024
LAST = 0.2  # seconds a killed program may take to be gone
_DRAIN = 64  # chunks, at most, read after the end: as much as the largest pipe holds


class Child:
    """A running program, whose standard input holds `stdin` and then ends. Close it in any case."""

    _descendants: ClassVar = Descendants()  # a process has its children once, whoever started them

    def __init__(
        self,
        argv: Sequence[str],
        takes: Sequence[Take],
        *,
        env: Mapping[str, str],
        directory: str = "/",
        umask: int = -1,
        stdin: bytes = b"",
    ) -> None:
        """Start it. One of `takes` gets both outputs as they are written; of two the second gets the errors.

        Raises OSError or ValueError when it cannot be started.
        """
        self._descendants.adopt()
        with _file(stdin) as file:
            self._process = subprocess.Popen(
                [each.encode() for each in argv],  # no locale of ours can change a value
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if len(takes) == 1 else subprocess.PIPE,
                bufsize=0,
                env={name.encode(): value.encode() for name, value in env.items()},
                cwd=directory,
                umask=umask,
                start_new_session=True,
            )
        self._descendants.began(self._process.pid)
        self._loop = asyncio.get_running_loop()
        self._takes: dict[int, Take] = {}
        self._watched: set[int] = set()
        self._paused: dict[int, asyncio.TimerHandle] = {}
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._pidfd = -1
        try:
            self._pidfd = os.pidfd_open(self._process.pid)
            self._watch(self._pidfd, self._end)
            for pipe, take in zip((self._process.stdout, self._process.stderr), takes, strict=False):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
                self._takes[pipe.fileno()] = take
                self._watch(pipe.fileno(), self._read, pipe.fileno())
        except BaseException:
            self.close()
            raise

    async def ended(self, seconds: float) -> bool:
        """Wait for the end of the program itself; return whether it came. Raises what `fail` was given."""
        await asyncio.wait({self._ended}, timeout=max(0.0, seconds))
        if self._ended.done():
            self._ended.result()
        return self._ended.done()

    async def gone(self, seconds: float, every: float = 0.1) -> bool:
        """Wait until nothing of its group runs any more; return whether that came to be."""
        until = self._loop.time() + seconds
        while await asyncio.to_thread(group_lives, self._process.pid):
            left = until - self._loop.time()
            if left <= 0:
                return False
            await asyncio.sleep(min(every, left))
        return True

    def fail(self, error: Exception) -> None:
        """Let `ended` raise; for a taker that has had enough."""
        if not self._ended.done():
            self._ended.set_exception(error)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def reap(self) -> int:
        """Return how it ended: the exit status, or minus the signal. What it left running is killed.

        Only after its end. What was written last is taken.
        """
        self.signal(signal.SIGKILL)
        status = self._process.wait()
        self._descendants.ended(self._process.pid, LAST)
        for descriptor in self._takes:
            for _ in range(_DRAIN):  # a process that left the group may hold the pipe open and go on writing
                if not self._read(descriptor):
                    break
        return status

    def close(self) -> None:
        """Kill the group and what left it, wait for the program, and let go of everything."""
        if self._process.returncode is None:
            self.signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST)
                self._descendants.ended(self._process.pid, LAST)
        for timer in self._paused.values():
            timer.cancel()
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
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._forget(descriptor)
            return False
        pause = self._takes[descriptor](data)
        if pause and descriptor in self._watched:
            self._forget(descriptor)
            again = self._loop.call_later(pause, self._watch, descriptor, self._read, descriptor)
            self._paused[descriptor] = again
        return True


@contextlib.contextmanager
def _file(content: bytes) -> Iterator[int]:
    """Yield what a program can read `content` from: in memory, so that nobody has to write while it reads."""
    if not content:
        yield subprocess.DEVNULL
        return
    descriptor = os.memfd_create("input", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
