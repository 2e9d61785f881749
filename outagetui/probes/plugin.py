"""Running another program for a probe: its outputs, within the time of a look, and nothing of it left afterwards."""

import asyncio
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from outagetui.core.model import Outcome
from outagetui.machine.child import Child
from outagetui.net.trouble import Trouble, fail, unknown

LIMIT = 64 * 1024  # bytes kept of each output
FLOOD = 1024 * 1024  # bytes at which a program that does not stop writing is ended
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_BEGINNING = 8192  # characters of standard error in which it shows that a program broke
GRACE = 0.5  # seconds, at most, between SIGTERM and SIGKILL; they lie before the deadline
# How shells and awk name a place in a script.
_SCRIPT = r"^[^:\n]{1,200}: (?:line )?\d+: "
# What a program's own failure looks like on its standard error, by its interpreter or its reader of options.
_BREAKDOWN = re.compile(
    r"^Traceback \(most recent call last\):|^(?:Syntax|Indentation|Tab)Error: "  # Python
    r"|^Can't locate |^BEGIN failed--|aborted due to compilation errors| at \S+ line \d+(?:, <\S+> \w+ \d+)?\.$"  # Perl
    rf"|{_SCRIPT}.*(?:syntax error|not found|unbound variable|parameter not set|bad substitution|unexpected)"
    r"|^(?:panic|fatal error): |^Exception in thread |^lua\S*: |^(?:PHP )?(?:Fatal|Parse) error: "
    r"|^\S+:\d+:in |^ +at \S.*:\d+:\d+\)?$"  # Ruby, JavaScript
    r"|\A\s*usage: |: (?:unrecogni[sz]ed|invalid|unknown|illegal) option\b|: option \S* ?requires an argument",
    re.IGNORECASE | re.MULTILINE,
)
_USAGE = re.compile(r"\s*usage(?: \d+)?:(.*)", re.IGNORECASE)


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


def breakdown(ended: Finished, program: str) -> str:
    """Return the words of a program that broke before it said anything, or only how it is called; else nothing.

    What a plugin has to say stands on its standard output (Monitoring Plugins guidelines), and what an interpreter says
    of a script that breaks on its standard error.
    """
    said = ended.out.decode("utf-8", "replace").strip()
    if said:
        usage = _USAGE.match(said)
        return said.partition("\n")[0] if usage and Path(program).name in usage[1] else ""
    lines = [line for line in ended.err.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines or not _BREAKDOWN.search("\n".join(lines)[:_BEGINNING]):
        return ""
    # Python comes to the point in its last line, as readers of options do; others in their first.
    last = lines[0].lower().startswith(("traceback ", "usage: ")) or lines[0].startswith("  File ")
    return lines[-1 if last else 0].strip()


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
