"""What a step may touch, made for one step of one run: verdicts, probes, the outbox, and words on progress."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping

from outagetui.actions import Result, StepContext, options_of
from outagetui.announce.delivering import neglected
from outagetui.announce.draft import Wanted
from outagetui.announce.outbox import AnnounceError, NothingToCloseError, Outbox
from outagetui.core.announcement_kinds import DRILL_KIND
from outagetui.core.copies import copied
from outagetui.core.model import GOOD, Audience, Check, Sample, State
from outagetui.core.orders import LONGEST_NOTE
from outagetui.core.step_options import AnnounceOptions
from outagetui.core.text import clean_lines
from outagetui.core.words import DELIVERED, DELIVERY_WELL, DeliveryState
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.watch import Watch
from outagetui.facts.announcement import DeliveryRecord
from outagetui.facts.events import AnnouncementMade, StepPlan
from outagetui.facts.journaling import DAEMON
from outagetui.facts.run import StepRecord
from outagetui.machine.secrets import Secrets
from outagetui.store.journal import WriteError
from outagetui.wording.published import published

AGAIN = ("retry", "approved", "break-glass")  # answers that let what failed be sent once more
TAIL = 8  # lines of what a step prints that are seen while it runs
TAIL_WIDTH = 160


class RunStepContext(StepContext):
    """The context of one step of one run."""

    def __init__(
        self,
        journal: JournalWriter,
        watch: Watch,
        outbox: Outbox,
        probe: Callable[[Check], Awaitable[Sample]],
        progress: dict[str, str],
        secrets: Secrets,
        run: str,
        plan: StepPlan,
    ) -> None:
        self.run, self._plan, self._secrets = run, plan, secrets
        self._journal, self._watch, self._outbox, self._probe = journal, watch, outbox, probe
        self._progress = progress

    @property
    def key(self) -> str:
        """The same for every try of this step of this run, and of no other run of any store."""
        return self._key(self.run, self._plan.id)

    @property
    def undone(self) -> str:
        """The key of the step that this one takes back."""
        return self._key(
            self._journal.ledger.runs[self.run].stands_down or self.run, self._plan.id.removeprefix("undo-")
        )

    def _key(self, run: str, step: str) -> str:
        begun = self._journal.ledger.runs[run].started
        return hashlib.sha256(f"{begun!r} {run} {step}".encode()).hexdigest()[:32]

    @property
    def tried(self) -> bool:
        """Whether this step of this run was begun once before."""
        return self._step(self._plan).tries > 1

    def _step(self, plan: StepPlan) -> StepRecord:
        """Return what is known of a step, which is this one or takes it back."""
        return self._journal.ledger.runs[self.run].steps.get(plan.id) or StepRecord(plan)

    def secret(self, name: str) -> str:
        """Return a secret by its reference."""
        return self._secrets.read(name)

    def hide(self, text: str) -> str:
        """Return `text` with every secret read so far replaced."""
        return self._secrets.hide(text)

    def output(self, text: str) -> None:
        """Show the last lines of what the step prints, with the daemon's signs of life."""
        lines = clean_lines(self.hide(text)).splitlines()[-TAIL:]
        self.progress("\n".join(line[:TAIL_WIDTH] for line in lines))

    def words(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> tuple[str, str]:
        """Return title and body of an announcement made now."""
        return self._outbox.proposals.words(kind, audience, language, as_of or self._approved_as_of(self._plan))

    def words_to_read(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> str:
        """Return what is read of such an announcement before a yes."""
        as_of = as_of or self._approved_as_of(self._plan)
        return self._outbox.proposals.words_to_read(kind, audience, language, as_of)

    def now(self) -> float:
        """Return monotonic seconds."""
        return asyncio.get_running_loop().time()

    def state_of(self, name: str) -> State:
        """Return the state of a check, channel or outlet."""
        return self._watch.state_of(name)

    def checks_of(self, name: str) -> tuple[Check, ...]:
        """Return the checks of a channel, or the named check."""
        return self._watch.checks_of(name)

    def active(self) -> Mapping[str, float]:
        """Return the active backups."""
        return self._journal.ledger.active

    def balance_of(self, channel: str) -> float | None:
        """Return what is left of a channel's prepaid money, as read last."""
        return self._watch.balance_of(channel)

    def probe(self, check: Check) -> Awaitable[Sample]:
        """Probe now; the sample is recorded as any other."""
        return self._probe(check)

    async def next_sample(self, names: frozenset[str]) -> tuple[Check, Sample]:
        """Wait for the next sample of one of these checks."""
        came: asyncio.Future[tuple[Check, Sample]] = asyncio.get_running_loop().create_future()

        def heard(check: Check, sample: Sample) -> None:
            if check.id in names and not came.done():
                came.set_result((check, sample))

        stop = self._watch.listen(heard)
        try:
            return await came
        finally:
            stop()

    def progress(self, detail: str) -> None:
        """Tell how far a wait has come; it is for the eye, so it goes with the daemon's signs of life."""
        self._progress[f"{self.run}/{self._plan.id}"] = detail

    def up_for(self, channel: str) -> float:
        """Return for how many seconds a channel has been well since it failed in this incident; inf if it did not."""
        incident = self._journal.ledger.incident
        if incident is None or incident.stood_down is not None or channel not in incident.channels:
            return math.inf
        state, since = self._journal.ledger.states.get(channel, (State.UNKNOWN, 0.0))
        return max(0.0, self._outbox.now() - since) if state in GOOD else 0.0

    def preview(self, plan: StepPlan, as_of: float | None) -> str:
        """Return word for word what the announcement would say now, or would have said `as_of` then."""
        try:
            return self._outbox.proposals.read(self._drafted(plan, as_of))
        except NothingToCloseError as error:
            return f"Nothing will be sent: {error}."
        except AnnounceError as error:
            return f"This cannot be sent as things are: {error}."

    def outlook(self, plan: StepPlan) -> str:
        """Return in a line where the announcement does not go, and what speaks against it."""
        try:
            return self._outbox.proposals.outlook(self._drafted(plan, None))
        except AnnounceError:
            return ""  # the preview says why

    def _drafted(self, plan: StepPlan, as_of: float | None) -> AnnouncementMade:
        """Return the part: where it was composed already, those are the words that go on being sent."""
        wanted = copied(Wanted, options_of(plan, AnnounceOptions), note=published(self._step(plan).words, LONGEST_NOTE))
        return self._outbox.part_of(self.run, plan.id) or self._outbox.proposals.drafted(wanted, as_of)

    async def announce(self, plan: StepPlan) -> Result:
        """Compose and deliver what the step announces, going on where an earlier try of it stopped."""
        options, step = options_of(plan, AnnounceOptions), self._step(plan)
        try:
            made = self._outbox.part_of(self.run, plan.id) or await self._outbox.make(
                DAEMON,
                options.kind,
                options.audience,
                options.outlets,
                note=published(step.words, LONGEST_NOTE),
                run=self.run,
                step=plan.id,
                as_of=self._approved_as_of(plan),
                reason=step.answered.note if step.answered is not None and options.kind == DRILL_KIND else "",
            )
            # A word given for this very try; after a crash the try has a number of its own.
            again = step.answered is not None and step.said in AGAIN and step.answered.attempt == step.attempt
            return summary(made, await self._outbox.deliver(DAEMON, made.announcement, made.part, again=again))
        except NothingToCloseError as error:
            return Result(True, str(error))
        except (AnnounceError, WriteError) as error:
            return Result(False, str(error))

    def _approved_as_of(self, plan: StepPlan) -> float | None:
        """Return when what a second person approved was composed: exactly those words are sent."""
        asked = self._step(plan).asked
        return asked.as_of if asked is not None and asked.hash else None

    async def recover_announcement(self, plan: StepPlan) -> Result | str | None:
        """Look up what became of an announcement that was under way when the daemon ended."""
        made = self._outbox.part_of(self.run, plan.id)
        if made is None:
            return None
        ended = await self._outbox.look_up(DAEMON, made.announcement, made.part)
        unknown = [done.outlet for done in ended if done.state == DeliveryState.UNKNOWN]
        if unknown:
            return f"{', '.join(unknown)} may or may not have it"
        return summary(made, ended) if len(ended) == len(made.outlets) else None


def summary(made: AnnouncementMade, ended: list[DeliveryRecord]) -> Result:
    """Return what came of an announcement's part at all its outlets; one that nobody was told by failed."""
    words = "; ".join(
        f"{done.outlet} {done.state} {done.url if done.state in DELIVERED else done.detail}".rstrip() for done in ended
    )
    if any(neglected(done) for done in ended) and not any(done.state in DELIVERED for done in ended):
        return Result(False, f"{made.announcement}: nobody was told: {words}")
    return Result(all(done.state in DELIVERY_WELL for done in ended), f"{made.announcement}: {words}")
