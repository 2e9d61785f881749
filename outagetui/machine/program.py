"""Running a program for a step or outlet: its output shown as it comes, its time kept, its whole group ended."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from outagetui.core.text import clean, clean_lines
from outagetui.machine.child import LAST, Child

# All of a program's environment, beside what is declared for it.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
UMASK = 0o022
GRACE = 5.0  # seconds, at most, between SIGTERM and SIGKILL
SHOWN_EVERY = 0.3  # seconds
HELD = 16 * 1024  # bytes of the beginning and of the end that are kept until secrets are hidden in them
KEPT = 2000  # characters of each that stay
LAST_WORDS = 160  # characters of its last line that tell how it ended
_SHOWN = 2000  # characters
_GULP = 256 * 1024  # bytes read at once, after which the program has to wait
_PAUSE = 0.02  # seconds


class Ended(Struct, frozen=True):
    """How a program ended: exit status or minus the signal, None when it could not be ended; what it wrote.

    `late` names the signals it was sent because its time was over; `errors` is what it wrote to standard error, where
    that was kept apart.
    """

    status: int | None
    output: str
    late: str = ""
    errors: str = ""

    @property
    def words(self) -> str:
        """How it ended, and its last words."""
        if self.late:
            how = f"not done in time, ended with {self.late}"
        elif self.status is None:
            how = "not known"
        elif self.status < 0:
            how = f"killed by {_signal(-self.status)}"
        else:
            how = f"exit status {self.status}"
        last = clean((self.errors or self.output).rpartition("\n")[2], LAST_WORDS)
        return f"{how}: {last}" if last else how


async def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    directory: str,
    seconds: float,
    hide: Callable[[str], str],
    show: Callable[[str], None] = lambda _: None,
    grace: float = GRACE,
    stdin: bytes = b"",
    apart: bool = False,
) -> Ended:
    """Run `argv` for at most `seconds`, then SIGTERM to its group, and SIGKILL when some of it is left after `grace`.

    Whatever its group left when the program itself ended is killed. `hide` takes secrets out of what it wrote, `show`
    gets the last lines now and then. When cancelled, nothing of it is left either. Raises OSError or ValueError
    when it cannot be started. `apart` keeps what it wrote to standard error by itself.
    """
    output, errors = Output(hide), Output(hide)
    takes = (output.take, errors.take) if apart else (output.take,)
    child = Child(argv, takes, env={**ENVIRONMENT, **env}, directory=directory, umask=UMASK, stdin=stdin)
    showing = asyncio.create_task(_show(output, show))
    try:
        late = "" if await child.ended(seconds) else await _end(child, grace)
        status = child.reap() if await child.ended(LAST) else None
        return Ended(status, output.text(), late, errors.text())
    finally:
        child.close()
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _end(child: Child, grace: float) -> str:
    child.signal(signal.SIGTERM)
    if await child.gone(grace):
        return "SIGTERM"
    child.signal(signal.SIGKILL)
    return "SIGTERM and SIGKILL"


async def _show(output: "Output", show: Callable[[str], None]) -> None:
    seen = 0
    while True:
        await asyncio.sleep(SHOWN_EVERY)
        if output.seen != seen:
            seen = output.seen
            show(output.last_lines())


class Output:
    """What a program wrote: the beginning and the end of it, without secrets and without anything that acts."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        self.seen = 0
        self._hide = hide
        self._first, self._last = bytearray(), bytearray()
        self._gulp = 0

    def take(self, data: bytes) -> float:
        """Keep what belongs to the beginning or the end; return for how long the program has to wait."""
        room = HELD - len(self._first)
        self._first += data[:room]
        self._last += data[room:] if room > 0 else data
        if len(self._last) > 2 * HELD:
            del self._last[:-HELD]
        self.seen += len(data)
        self._gulp += len(data)
        if self._gulp < _GULP:
            return 0.0
        self._gulp = 0
        return _PAUSE

    def text(self) -> str:
        """Return the whole, or when it is long its beginning and its end."""
        if self.seen == len(self._first) + len(self._last):
            first = last = self._words(self._first + self._last)
            if len(first) <= 2 * KEPT:
                return first.strip("\n")
        else:
            first, last = self._words(self._first), self._words(self._last)
        left_out = f"\n… {self.seen} bytes in all, the middle is left out …\n"
        return (first[:KEPT] + left_out + last[-KEPT:]).strip("\n")

    def last_lines(self) -> str:
        """Return the last lines that are whole: of half a line half a secret could be seen."""
        end = (self._first + self._last)[-4 * _SHOWN :].replace(b"\r", b"\n")
        begin = 0 if len(end) == self.seen else end.find(b"\n") + 1
        return self._words(end[begin : end.rfind(b"\n") + 1]).strip("\n")[-_SHOWN:]

    def _words(self, raw: bytearray) -> str:
        text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return self._hide(clean_lines(self._hide(text), len(text) + 1))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
