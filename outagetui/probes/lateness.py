"""What a look is worth during which this machine itself was late."""

from outagetui.core.model import Check, Outcome, Sample
from outagetui.net.loop_turns import turns

LATE = "loop.late"


class Lateness:
    """How late the running loop was since this was made, just before a look.

    A loop that keeps no account of its turns (`loop_turns.TurnLoop`) is never late.
    """

    __slots__ = ("_before", "_turns")

    def __init__(self) -> None:
        self._turns = turns()
        self._before = 0.0 if self._turns is None else self._turns.lost()

    def judged(self, check: Check, sample: Sample) -> Sample:
        """Return `sample`, or unknown `loop.late` when this machine may have made it bad itself.

        It may have when it stood still for more than half of the check's time-out; when the time-out passed while it
        stood still; or when what it lost explains all of a slowness, or that an answer came too late.
        """
        behind = 0.0 if self._turns is None else self._turns.lost() - self._before
        if self._turns is None or behind <= 0.0:
            return sample
        if sample.outcome is Outcome.FAIL:
            timed_out = sample.code.rpartition(".")[2] == "timeout"
            ours = behind > check.timeout / 2 or (timed_out and self._turns.just_stalled())
        else:
            # What came behind the time-out was read ahead of its timer, which a late loop rang no earlier.
            limit = check.timeout if check.slow_above is None else min(check.slow_above, check.timeout)
            ours = sample.outcome is Outcome.PASS and 0 < (sample.latency_ms or 0.0) / 1000 - limit <= behind
        if not ours:
            return sample
        return Sample(Outcome.UNKNOWN, LATE, f"this machine was {behind:.1f} s late itself: {sample.detail}")
