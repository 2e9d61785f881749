"""The runs of a daemon: begins, answers, ends and resumes them. Orders come in here; results go to the journal."""

import asyncio
from collections.abc import Callable

from outagetui.actions import StepContext
from outagetui.core.model import SHORTEST_HASH, SHORTEST_REASON
from outagetui.core.orders import OrderError
from outagetui.core.text import readable
from outagetui.core.words import RunState
from outagetui.facts.events import RunEnded, RunStarted, RunTaken, StepAnswered, StepAsked, StepPlan
from outagetui.facts.journaling import Journal
from outagetui.facts.run import Run
from outagetui.machine.background import tell_failure
from outagetui.playbook.approval import matches, person
from outagetui.playbook.plan import digest
from outagetui.playbook.run_driver import Already, RunDriver
from outagetui.playbook.unwind import way_back

ABORT_SECONDS = 5.0  # how long an order to give up waits for the step in progress


class Runner:
    """Takes the orders that concern runs, one at a time."""

    def __init__(
        self,
        journal: Journal,
        context: Callable[[str, StepPlan], StepContext],
        already: Already,
        clock: Callable[[], float],
    ) -> None:
        self._journal, self._context, self._already, self._clock = journal, context, already, clock
        self._drivers: dict[str, RunDriver] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def start(
        self,
        actor: str,
        playbook: str,
        name: str,
        steps: tuple[StepPlan, ...],
        *,
        concurrent: bool = False,
        primaries: dict[str, str] | None = None,
        up_for: float = 0.0,
    ) -> str:
        """Begin a run and return its id; `primaries` must be well for `up_for` seconds before it is stood down.

        Raises OrderError when one of this playbook is under way, unless the playbook allows `concurrent` runs.
        """
        async with self._turn:
            busy = next((run for run in self._open() if run.playbook == playbook), None)
            if busy is not None and not concurrent:
                raise OrderError(f"{playbook} already runs as {busy.id}, started by {busy.actor}")
            return await self._begin(actor, playbook, name, steps, primaries=primaries or {}, up_for=up_for)

    def undoable(self) -> tuple[list[Run], list[Run]]:
        """Return the stand-downs that are under way, and the runs that have something to take back, newest first."""
        runs = list(self._journal.ledger.runs.values())[::-1]
        open_ones = [run for run in runs if run.ended is None and run.stands_down]
        busy = {run.stands_down for run in open_ones}
        over = [run for run in runs if run.ended is not None and not run.stands_down and run.id not in busy]
        return open_ones, [run for run in over if way_back(self._journal.ledger, run)]

    async def stand_down(self, actor: str, run: str) -> str:
        """Begin a run that takes back what `run` really did, in reverse, and return its id. Raises OrderError."""
        async with self._turn:
            past = self._known(run)
            if past.ended is None:
                raise OrderError(f"{run} is still under way; abort it first")
            busy = next((other for other in self._open() if other.playbook == past.playbook), None)
            if busy is not None:
                raise OrderError(f"{busy.id} of the same playbook is under way; bring it to its end or abort it first")
            if past.stands_down:
                raise OrderError(f"{run} is itself the stand-down of {past.stands_down}")
            steps = way_back(self._journal.ledger, past)
            if not steps and any(other.stands_down == run for other in self._journal.ledger.runs.values()):
                raise OrderError(f"{run} was stood down already")
            if not steps:
                raise OrderError(f"{run} did nothing that can be taken back")
            return await self._begin(actor, past.playbook, f"Stand down: {past.name}", steps, run)

    async def answer(self, actor: str, run: str, step: str, attempt: int, answer: str, note: str = "") -> None:
        """Journal an answer and let the run go on. Raises OrderError for anything but the question that is open."""
        async with self._turn:
            asked = self._asking(run, step)
            if attempt != asked.attempt:
                raise OrderError(f"{run} {step} asks for the {asked.attempt}. time, this answers the {attempt}.")
            if answer not in asked.answers:
                hint = f"; another approver types: outagetui approve {run} {step} {asked.hash[:SHORTEST_HASH]}"
                two = hint if asked.hash and answer in ("yes", "done") else ""
                raise OrderError(f"{run} {step} takes {', '.join(asked.answers)}; not {answer}{two}")
            if answer == "break-glass" and len(readable(note)) < SHORTEST_REASON:
                raise OrderError(f"going on alone needs a reason of at least {SHORTEST_REASON} characters (--note)")
            await self._answered(actor, run, step, attempt, answer, note)

    async def approve(self, actor: str, run: str, step: str, given: str, *, approver: bool) -> None:
        """Journal a second person's approval of exactly what was asked about, told by its hash. Raises OrderError."""
        async with self._turn:
            asked = self._asking(run, step)
            known = self._known(run)
            if not asked.hash:
                raise OrderError(f"{run} {step} asks for no second person: {', '.join(asked.answers)}")
            if not approver:
                raise OrderError(f"{run} {step} needs an approver; {actor} is none")
            if person(actor) in {person(each) for each in known.people}:
                raise OrderError(f"{run} {step} needs a second person: {actor} asked for it")
            if not matches(given, asked.hash):
                raise OrderError(
                    f"{run} {step} asks about {asked.hash[:SHORTEST_HASH]}, not {given}: read it once more"
                )
            at = known.steps[step].at
            if at is None or asked.until is None or not at <= self._clock() <= asked.until:
                raise OrderError(f"the question of {run} {step} is too old; let it be asked again: answer it `again`")
            await self._answered(actor, run, step, asked.attempt, "approved", asked.hash[:SHORTEST_HASH])

    async def take(self, actor: str, run: str) -> None:
        """Make `actor` the owner of a run that is under way. Raises OrderError."""
        async with self._turn:
            known = self._known(run)
            if known.ended is not None:
                raise OrderError(f"{run} is over: {known.state}")
            if known.actor == actor:
                raise OrderError(f"{run} is yours already")
            await self._journal.write(actor, RunTaken(run=run))

    async def abort(self, actor: str, run: str) -> bool:
        """End a run: at once when it asks or waits, else as soon as the step in progress is journaled.

        Returns whether the end is journaled, and so survives whatever comes. Raises OrderError when the run is over.
        """
        async with self._turn:
            known = self._known(run)
            if known.ended is not None:
                raise OrderError(f"{run} is over: {known.state}")
            if known.state == RunState.ASKING:
                await self._journal.write(actor, RunEnded(run=run, state=RunState.ABORTED))
            if run in self._drivers:
                self._drivers[run].give_up(actor)
        task = self._tasks.get(run)
        if task is not None and known.ended is None:
            await asyncio.wait({task}, timeout=ABORT_SECONDS)
        return known.ended is not None

    def resume(self) -> None:
        """Take up every run that the journal shows open."""
        for run in self._open():
            self._drive(run.id)

    @property
    def busy(self) -> bool:
        """Whether any run is under way."""
        return bool(self._open())

    async def aclose(self) -> None:
        """Let go of the runs; a step in progress finishes first."""
        for run, driver in self._drivers.items():
            driver.closing = True
            if driver.interruptible and run in self._tasks:
                self._tasks[run].cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _open(self) -> list[Run]:
        return [run for run in self._journal.ledger.runs.values() if run.ended is None]

    def _known(self, run: str) -> Run:
        found = self._journal.ledger.runs.get(run)
        if found is None:
            raise OrderError(f"there is no run {run}")
        return found

    def _asking(self, run: str, step: str) -> StepAsked:
        """Return the open question of a step; raises OrderError when there is none."""
        known = self._known(run)
        row = known.steps.get(step)
        if row is None:
            raise OrderError(f"{run} has no step {step}")
        if known.ended is not None or (run in self._drivers and self._drivers[run].aborted):
            raise OrderError(f"{run} is over: {known.state}")
        if row.question is None:
            raise OrderError(f"{run} {step} is not asking: it is {row.state}")
        return row.question

    async def _answered(self, actor: str, run: str, step: str, attempt: int, answer: str, note: str) -> None:
        event = StepAnswered(run=run, step=step, attempt=attempt, answer=answer, note=note)
        await self._journal.write(actor, event)
        if run in self._drivers:
            self._drivers[run].wake()

    async def _begin(
        self,
        actor: str,
        playbook: str,
        name: str,
        steps: tuple[StepPlan, ...],
        stands_down: str = "",
        primaries: dict[str, str] | None = None,
        up_for: float = 0.0,
    ) -> str:
        run = f"r{len(self._journal.ledger.runs) + 1}"
        event = RunStarted(
            run=run,
            playbook=playbook,
            name=name,
            digest=digest(steps),
            steps=steps,
            stands_down=stands_down,
            primaries=primaries or {},
            up_for=up_for,
        )
        await self._journal.write(actor, event)
        self._drive(run)
        return run

    def _drive(self, run: str) -> None:
        driver = RunDriver(self._journal.ledger.runs[run], self._journal, self._context, self._already, self._clock)
        task = asyncio.get_running_loop().create_task(driver.go())
        self._drivers[run], self._tasks[run] = driver, task
        task.add_done_callback(lambda _: self._forget(run))
        task.add_done_callback(tell_failure)

    def _forget(self, run: str) -> None:
        self._drivers.pop(run, None)
        self._tasks.pop(run, None)
