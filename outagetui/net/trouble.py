"""Why a probe stopped: one exception that carries the whole sample, and the clock of its phases."""

import asyncio
import errno
import ssl
import time
from types import TracebackType
from typing import NoReturn

from outagetui.core.model import Outcome, Sample
from outagetui.core.own_fault import own_fault
from outagetui.core.text import clean
from outagetui.net.tls_alert import of_tls

INTERNAL = "internal"  # the code of a look that ended by a fault of this program


class Trouble(Exception):  # noqa: N818 - the word probes use; an error may be ours, the far side's or neither's
    """A probe cannot go on: what it concluded, the stable `code`, words for people, milliseconds a phase.

    `retry_after` is the time in seconds for which the far side asked to be left alone.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        detail: str = "",
        phases: dict[str, float] | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.outcome = outcome
        self.code = code
        self.detail = detail
        self.phases = {} if phases is None else phases
        self.retry_after = retry_after

    def sample(self) -> Sample:
        """Return the sample to record, its detail cleaned."""
        return Sample(
            outcome=self.outcome,
            code=self.code,
            detail=clean(self.detail),
            phases=dict(self.phases),
            retry_after=self.retry_after,
        )


def fail(code: str, detail: str) -> NoReturn:
    """Raise the trouble that is the far side's."""
    raise Trouble(Outcome.FAIL, code, detail)


def unknown(code: str, detail: str) -> NoReturn:
    """Raise the trouble that is our own and says nothing of the far side."""
    raise Trouble(Outcome.UNKNOWN, code, detail)


# The kernel's word, our code, and whose trouble it is.
_ERRNO: dict[int, tuple[Outcome, str, str]] = {
    errno.ECONNREFUSED: (Outcome.FAIL, "tcp.refused", "connection refused"),
    errno.ECONNRESET: (Outcome.FAIL, "tcp.reset", "connection reset by the far side"),
    errno.EPIPE: (Outcome.FAIL, "tcp.reset", "connection closed by the far side while we wrote"),
    errno.ECONNABORTED: (Outcome.FAIL, "tcp.reset", "connection aborted"),
    errno.EHOSTUNREACH: (Outcome.FAIL, "tcp.unreachable", "host unreachable"),
    errno.EHOSTDOWN: (Outcome.FAIL, "tcp.unreachable", "host is down"),
    errno.ETIMEDOUT: (Outcome.FAIL, "timeout", "no answer to the connection attempt"),
    errno.ENETUNREACH: (Outcome.UNKNOWN, "net.no-route", "no route from here"),
    errno.ENETDOWN: (Outcome.UNKNOWN, "net.no-route", "our network interface is down"),
    errno.EADDRNOTAVAIL: (Outcome.UNKNOWN, "net.no-address", "no local address or port is free for this"),
    errno.EAFNOSUPPORT: (Outcome.UNKNOWN, "net.no-route", "this machine does not speak that address family"),
    errno.EMFILE: (Outcome.UNKNOWN, "net.descriptors", "this process is out of file descriptors"),
    errno.ENFILE: (Outcome.UNKNOWN, "net.descriptors", "this machine is out of file descriptors"),
    errno.ENOBUFS: (Outcome.UNKNOWN, "net.memory", "the kernel is out of buffers"),
    errno.ENOMEM: (Outcome.UNKNOWN, "net.memory", "the kernel is out of memory"),
    errno.EACCES: (Outcome.UNKNOWN, "net.not-permitted", "not permitted here"),
    errno.EPERM: (Outcome.UNKNOWN, "net.not-permitted", "not permitted here (a local firewall?)"),
}


def from_os_error(error: OSError, where: str = "", phases: dict[str, float] | None = None) -> Trouble:
    """Return the trouble an `OSError` means; `where` names the address it happened at."""
    if isinstance(error, ssl.SSLError):
        outcome, (code, words) = Outcome.FAIL, of_tls(error)
    else:
        known = _ERRNO.get(error.errno or 0)
        outcome, code, words = known or (
            Outcome.UNKNOWN,
            "net.error",
            error.strerror or str(error) or "an error without words",
        )
    return Trouble(outcome, code, f"{where}: {words}" if where else words, phases)


def from_own_error(error: Exception) -> Trouble:
    """Return the trouble that any other exception means: a fault of this program."""
    return Trouble(Outcome.UNKNOWN, INTERNAL, own_fault(error))


class Phases:
    """Milliseconds spent in each phase of a probe, in order; a phase entered twice adds up.

    `known` is what the running phase has found out so far: it is told instead of a mere time-out.
    """

    __slots__ = ("_name", "_since", "known", "ms")

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self.known: Trouble | None = None
        self._name = ""
        self._since = 0.0

    @property
    def total(self) -> float:
        """The whole measured time in milliseconds."""
        return sum(self.ms.values())

    def enter(self, name: str) -> None:
        """End the phase before and begin `name`."""
        now = time.perf_counter()
        if self._name:
            self.ms[self._name] = self.ms.get(self._name, 0.0) + (now - self._since) * 1000
        self._name, self._since, self.known = name, now, None

    def stop(self) -> None:
        """End the phase that is running."""
        self.enter("")

    def sample(
        self, detail: str, outcome: Outcome = Outcome.PASS, code: str = "", value: float | None = None
    ) -> Sample:
        """Return the sample to record of a look that came to its end, its detail cleaned."""
        return Sample(outcome, code, clean(detail), self.total, dict(self.ms), value)

    def within(self, deadline: float) -> "_Within":
        """Guard a block: past `deadline` (the loop's time) or on an `OSError` it raises `Trouble` with these phases."""
        return _Within(self, deadline)

    @property
    def running(self) -> str:
        """The phase that is running, or an empty string."""
        return self._name


class _Within:
    """The block of `Phases.within`."""

    __slots__ = ("_phases", "_timeout")

    def __init__(self, phases: Phases, deadline: float) -> None:
        self._phases = phases
        self._timeout = asyncio.timeout_at(deadline)

    async def __aenter__(self) -> Phases:
        await self._timeout.__aenter__()
        return self._phases

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        phase, known = self._phases.running, self._phases.known
        self._phases.stop()
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError as timeout:
            if known is not None:
                known.phases = {**self._phases.ms}
                raise known from timeout
            detail = f"no answer in time (phase {phase})" if phase else "no answer in time"
            raise Trouble(Outcome.FAIL, "timeout", detail, self._phases.ms) from timeout
        if isinstance(error, Trouble):
            error.phases = {**self._phases.ms, **error.phases}
        elif isinstance(error, OSError):
            raise from_os_error(error, phases=self._phases.ms) from error
