"""Proofs: a backup is tried from end to end before it is needed, on its own slow schedule and on demand."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from outagetui.core.model import Channel, Check, Outcome, Sample
from outagetui.core.words import ProofOutcome
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.watch import Watch
from outagetui.facts.events import Proved
from outagetui.facts.journaling import DAEMON

EARLY = 0.9  # share of `prove_every` after which a proof is renewed, so that none goes stale between two looks
RETRY_SECONDS = 3600.0  # how soon a failed proof is tried again


class Prover:
    """Tries backups and journals what came of it. A channel is never tried twice at the same time."""

    def __init__(
        self,
        journal: JournalWriter,
        watch: Watch,
        probe: Callable[[Check], Awaitable[Sample]],
        clock: Callable[[], float],
    ) -> None:
        self._journal, self._watch, self._probe, self._clock = journal, watch, probe, clock
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._tried: dict[str, float] = {}

    async def prove(self, actor: str, channel: Channel) -> None:
        """Try `channel` now; a proof that is under way counts for whoever asks meanwhile."""
        task = self._under_way.get(channel.id)
        if task is None:
            task = asyncio.create_task(self._try(actor, channel))
            self._under_way[channel.id] = task
            task.add_done_callback(lambda _: self._under_way.pop(channel.id, None))
        await asyncio.shield(task)

    async def prove_due(self, channels: Sequence[Channel]) -> None:
        """Try the backups whose proof is due, one after the other; none while our own uplink is gone."""
        for channel in channels:
            if not self._watch.blind and self._due(channel):
                await self.prove(DAEMON, channel)

    def _due(self, channel: Channel) -> bool:
        if not channel.is_backup or channel.prove_every is None:
            return False
        now = self._clock()
        again = min(RETRY_SECONDS, channel.prove_every)
        if now - self._tried.get(channel.id, float("-inf")) < again:
            return False
        proof = self._journal.ledger.proofs.get(channel.id)
        if proof is None:
            return True
        return now - proof.at >= (EARLY * channel.prove_every if proof.passed else again)

    async def _try(self, actor: str, channel: Channel) -> None:
        self._tried[channel.id] = self._clock()
        checks = self._watch.checks_of(channel.id)
        samples = await asyncio.gather(*map(self._probe, checks))
        await self._journal.write(actor, verdict_of(channel, checks, samples))


def verdict_of(channel: Channel, checks: Sequence[Check], samples: Sequence[Sample]) -> Proved:
    """Return the journal document of a proof: failed when a check failed, unknown when we could not look ourselves."""
    outcomes = {sample.outcome for sample in samples}
    said = {
        check.id: f"{sample.outcome.value} {sample.code}".rstrip()
        for check, sample in zip(checks, samples, strict=True)
    }
    names = ", ".join(check.id.partition(".")[2] for check in checks)
    if Outcome.FAIL in outcomes:
        outcome = ProofOutcome.FAILED
        bad = [(c, s) for c, s in zip(checks, samples, strict=True) if s.outcome is Outcome.FAIL]
        detail = "; ".join(f"{check.id.partition('.')[2]}: {sample.detail or sample.code}" for check, sample in bad)
    elif Outcome.UNKNOWN in outcomes or not checks:
        outcome = ProofOutcome.UNKNOWN
        lost = [s for s in samples if s.outcome is Outcome.UNKNOWN]
        detail = "; ".join(sample.detail or sample.code for sample in lost) or "nothing watches it here"
    else:
        outcome = ProofOutcome.PASSED
        through = any(check.options.end_to_end for check in checks)
        detail = f"by {names}" if through else f"by {names}; none of them is end to end"
    return Proved(channel=channel.id, outcome=outcome, detail=detail, checks=said)
