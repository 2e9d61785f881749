"""When one check is looked at: its regular slots, quick repeats on trouble, and pauses that the far side asks for."""

import asyncio
import hashlib
import math
from dataclasses import dataclass, field

from outagetui.core.model import PASSED, Check, Outcome, Sample
from outagetui.core.probe_options import ProbeOptions
from outagetui.facts.verdict import QUICK_SECONDS, SUSPICION_SECONDS

PATIENT = 0.3  # seconds in flight after which a probe only waits
LONGEST_WAIT = 300.0  # seconds that a far side which we ask too often may keep us away


@dataclass(slots=True, eq=False)
class Plan:
    """The rhythm of one check, in seconds of the loop's clock."""

    check: Check
    phase: float
    due: float
    launched: float = -math.inf
    wanted: int = 0
    running: list["asyncio.Task[None]"] = field(default_factory=list)  # a set of none takes four times the memory
    usual: float | None = None  # smoothed seconds of an answer
    hold: float = -math.inf  # until when the far side asked to be left alone
    silent: bool = False  # whether the last probe was in vain and took its time
    queued: bool = False

    def slot(self, now: float) -> float:
        """Return the next regular start behind `now`: the same phase in every interval."""
        every = self.check.every
        slot = (math.floor(now / every - self.phase) + 1 + self.phase) * every
        return slot if slot > now else slot + every  # rounding can land on `now` itself

    def regular(self, now: float) -> float:
        """Return the next regular start that the far side does not mind."""
        slot = self.slot(now)
        return slot if slot >= self.hold else self.slot(self.hold)

    def next(self, now: float) -> float:
        """Return the next start: a quick one while the verdict wants more than are in flight, else the regular one."""
        regular = self.regular(now)
        if self.wanted > len(self.running):
            return min(regular, max(now, self.launched + QUICK_SECONDS, self.hold))
        if self.running and self.check.timeout > SUSPICION_SECONDS:
            return min(regular, max(now, self.launched + self.suspicion(), self.hold))
        return regular

    def heed(self, sample: Sample, took: float, now: float) -> None:
        """Learn from an answer after `took` seconds; after a failure that asks to be spared no quick repeats follow."""
        if sample.latency_ms is not None and sample.outcome in PASSED:
            latency = sample.latency_ms / 1000
            self.usual = latency if self.usual is None else 0.8 * self.usual + 0.2 * latency
        self.silent = sample.outcome not in PASSED and took > PATIENT
        wait = sample.retry_after
        if wait is None:
            self.hold = -math.inf
        elif sample.outcome is Outcome.UNKNOWN:
            self.hold = now + min(wait, max(LONGEST_WAIT, self.check.every))
        else:
            self.hold = min(now + wait, self.slot(now))

    def suspicion(self) -> float:
        """Return seconds after which a probe in flight should have been answered."""
        if self.usual is None or ProbeOptions.of(self.check.probe).slow_to_repeat:
            return math.inf
        return max(SUSPICION_SECONDS, 2 * self.usual)


def phase_of(name: str) -> float:
    """Return a share of the interval, 0 to 1, from a hash of `name`, so that checks do not fire together."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32
