"""Runs playbooks: intent journaled before every step and outcome after it, and nothing done twice unasked.

A run lives in the journal alone. The task that drives it reads where it stands from the ledger, so that a run goes on
after the daemon was killed: a step with intent and without outcome is unsure, and is looked up or asked about.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec.structs import replace

from outagetui import actions
from outagetui.actions import Result, World
from outagetui.events import (
    Event,
    RunEnded,
    RunStarted,
    StepAnswered,
    StepAsked,
    StepEnded,
    StepIntended,
    StepPlan,
)
from outagetui.ledger import Ledger, Run
from outagetui.model import Entry
from outagetui.playbook.plan import answers, digest, stand_down, undo_of
from outagetui.text import clean

DAEMON = "outagetui"
ABORT_SECONDS = 5.0  # how long an order to give up waits for the step in progress
Already = Callable[[str], Awaitable[bool]]  # asks the check that a step names, now
OVER = ("done", "skipped", "undone")


class OrderError(Exception):
    """An order that is refused; the message says why, in words for the operator."""


class Pen(Protocol):
    """The journal as the runner needs it."""

    ledger: Ledger

    def write(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, or raise: for what an order asks."""

    def keep(self, actor: str, *events: Event) -> Awaitable[list[Entry]]:
        """Append durably, trying until it works: for what has happened."""


class Runner:
    """Starts, drives and resumes runs. Orders come from the socket; results go to the journal."""

    def __init__(self, pen: Pen, world: Callable[[str, StepPlan], World], already: Already) -> None:
        self._pen, self._world, self._already = pen, world, already
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._patient: dict[str, asyncio.Task[Result]] = {}
        self._aborted: dict[str, str] = {}
        self._turn = asyncio.Lock()
        self._closing = False

    async def start(self, actor: str, playbook: str, name: str, steps: tuple[StepPlan, ...]) -> str:
        """Begin a run and return its id. Raises OrderError when one of this playbook is under way."""
        async with self._turn:
            busy = next((run for run in self._open() if run.playbook == playbook), None)
            if busy is not None:
                raise OrderError(f"{playbook} already runs as {busy.id}, started by {busy.actor}")
            return await self._begin(actor, playbook, name, steps)

    async def stand_down(self, actor: str, run: str) -> str:
        """Begin a run that takes back what `run` really did, in reverse, and return its id. Raises OrderError."""
        async with self._turn:
            past = self._known(run)
            if past.ended is None:
                raise OrderError(f"{run} is still under way; abort it first")
            busy = next((other for other in self._open() if other.playbook == past.playbook), None)
            if busy is not None:
                raise OrderError(f"{busy.id} of the same playbook is under way; bring it to its end or abort it first")
            # One that was given up may be begun again: what it took back already is found so and passed over.
            if any(other.stands_down == run and other.state != "aborted" for other in self._pen.ledger.runs.values()):
                raise OrderError(f"{run} was stood down already")
            steps = stand_down(plan for plan in past.plans if past.steps[plan.id].state == "done")
            if not steps:
                raise OrderError(f"{run} did nothing that can be taken back")
            return await self._begin(actor, past.playbook, f"Stand down: {past.name}", steps, run)

    async def answer(
        self, actor: str, run: str, step: str, attempt: int, answer: str, note: str = "", *, approver: bool = True
    ) -> None:
        """Journal an answer and let the run go on. Raises OrderError for anything but the question that is open.

        A two-person step is allowed by an `approver` who did not start the run.
        """
        async with self._turn:
            row = self._known(run).steps.get(step)
            if row is None:
                raise OrderError(f"{run} has no step {step}")
            if self._known(run).ended is not None or run in self._aborted:
                raise OrderError(f"{run} is over: {self._known(run).state}")
            if row.state not in ("asking", "unsure"):
                raise OrderError(f"{run} {step} is not asking: it is {row.state}")
            if attempt != row.attempt:
                raise OrderError(f"{run} {step} asks for the {row.attempt}. time, this answers the {attempt}.")
            if answer not in row.answers:
                raise OrderError(f"{run} {step} takes {', '.join(row.answers)}; not {answer}")
            plan = next(plan for plan in self._known(run).plans if plan.id == step)
            if plan.needs == "two-person" and answer in ("yes", "done"):
                if person(actor) == person(self._known(run).actor):
                    raise OrderError(f"{run} {step} needs a second person: {self._known(run).actor} started the run")
                if not approver:
                    raise OrderError(f"{run} {step} needs an approver; {actor} is none")
            event = StepAnswered(run=run, step=step, attempt=attempt, answer=answer, note=note)
            await self._pen.write(actor, event)
            self._waiting.setdefault(run, asyncio.Event()).set()

    async def abort(self, actor: str, run: str) -> bool:
        """End a run: at once when it asks or waits, else as soon as the step in progress is journaled.

        Returns whether the end is journaled, and so survives whatever comes. Raises OrderError when the run is over.
        """
        async with self._turn:
            known = self._known(run)
            if known.ended is not None:
                raise OrderError(f"{run} is over: {known.state}")
            if known.state == "asking":
                await self._pen.write(actor, RunEnded(run=run, state="aborted"))
            self._aborted[run] = actor
            self._waiting.setdefault(run, asyncio.Event()).set()
            if run in self._patient:
                self._patient[run].cancel()
        driver = self._tasks.get(run)
        if driver is not None and known.ended is None:
            await asyncio.wait({driver}, timeout=ABORT_SECONDS)
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
        self._closing = True
        for run, task in list(self._tasks.items()):
            if run in self._patient or self._pen.ledger.runs[run].state == "asking":
                task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _open(self) -> list[Run]:
        return [run for run in self._pen.ledger.runs.values() if run.ended is None]

    def _known(self, run: str) -> Run:
        found = self._pen.ledger.runs.get(run)
        if found is None:
            raise OrderError(f"there is no run {run}")
        return found

    async def _begin(
        self, actor: str, playbook: str, name: str, steps: tuple[StepPlan, ...], stands_down: str = ""
    ) -> str:
        run = f"r{len(self._pen.ledger.runs) + 1}"
        event = RunStarted(
            run=run, playbook=playbook, name=name, digest=digest(steps), steps=steps, stands_down=stands_down
        )
        await self._pen.write(actor, event)
        self._drive(run)
        return run

    def _drive(self, run: str) -> None:
        task = asyncio.get_running_loop().create_task(self._go(run))
        self._tasks[run] = task
        task.add_done_callback(lambda _: self._tasks.pop(run, None))

    async def _go(self, name: str) -> None:
        run = self._pen.ledger.runs[name]
        for plan in run.plans:
            if self._closing:
                return
            if name in self._aborted:
                break
            if not await self._step(run, plan):
                break
        actor = self._aborted.pop(name, "")
        if run.ended is None:
            state = "aborted" if actor else "done"
            await self._pen.keep(actor or DAEMON, RunEnded(run=name, state=state))

    async def _step(self, run: Run, plan: StepPlan) -> bool:
        """Bring one step to its end; return whether the run goes on."""
        row = run.steps[plan.id]
        if row.state in OVER or self._passed_over(run, plan):
            return True
        if row.state == "doing":
            outcome = await self._recover(run, plan)
        elif row.state in ("asking", "unsure"):
            outcome = await self._ask(run, plan)
        elif row.state == "failed":
            outcome = await self._ask(run, plan, "failed", f"{plan.what}: failed: {row.detail}")
        elif plan.id in run.answered:
            outcome = run.answered[plan.id].answer
        else:
            outcome = await self._first(run, plan)
        while outcome not in ("on", "stop"):
            outcome = await self._follow(run, plan, outcome)
        return outcome == "on"

    def _passed_over(self, run: Run, plan: StepPlan) -> bool:
        return run.steps[plan.id].state == "failed" and plan.on_failure == "continue"

    async def _first(self, run: Run, plan: StepPlan) -> str:
        """Decide how a step that nobody touched begins: it is so already, it asks, or it is done."""
        if plan.already is not None and await self._already(plan.already):
            await self._end(run, plan, "done", f"already so: {plan.already} passes")
            return "on"
        if plan.do == "manual":
            return await self._ask(run, plan, "manual", plan.say)
        if plan.needs != "auto":
            return await self._ask(run, plan, "confirm", plan.what)
        return "do"

    async def _follow(self, run: Run, plan: StepPlan, answer: str) -> str:
        """Do what the last answer or decision says."""
        if run.id in self._aborted:
            return "stop"
        if self._closing:
            raise asyncio.CancelledError  # nothing new is begun; the next daemon goes on from here
        match answer:
            case "yes" | "retry" if plan.do == "manual":
                return await self._ask(run, plan, "manual", plan.say)
            case "yes" | "retry" | "do":
                return await self._do(run, plan)
            case "done":
                said = run.answered.get(plan.id)
                await self._end(run, plan, "done", (said.note if said is not None else "") or "said to be done")
                return "on"
            case "failed":
                said = run.answered.get(plan.id)
                return await self._failed(run, plan, (said.note if said is not None else "") or "said to have failed")
            case "skip":
                await self._end(run, plan, "skipped", "")
                return "on"
            case "undo":
                return await self._undo(run, plan)
            case _:
                self._aborted.setdefault(run.id, run.steps[plan.id].actor)
                return "stop"

    async def _do(self, run: Run, plan: StepPlan) -> str:
        attempt = self._attempt(run, plan)
        await self._pen.keep(DAEMON, StepIntended(run=run.id, step=plan.id, attempt=attempt, what=plan.what))
        return await self._settle(run, plan, await self._act(run.id, plan))

    def _attempt(self, run: Run, plan: StepPlan) -> int:
        """Return the number of the try that begins: that of the question just answered, else the next one."""
        row = run.steps[plan.id]
        return row.attempt if row.attempt and row.state == "waiting" else row.attempt + 1

    async def _act(self, run: str, plan: StepPlan) -> Result:
        if run in self._aborted:
            return Result(False, f"given up by {self._aborted[run]} before it began")
        world = self._world(run, plan)
        try:
            if plan.do in actions.PATIENT:
                return await self._wait(run, plan, world)
            async with asyncio.timeout(plan.timeout):
                result = await actions.act(plan, world)
            return replace(result, detail=world.hide(result.detail), output=world.hide(result.output))
        except TimeoutError:
            return Result(False, f"not done within {plan.timeout:g} s")
        except Exception as error:  # an action that breaks is a failed step, and never a dead run
            return Result(False, clean(world.hide(f"{type(error).__name__}: {error}")))

    async def _wait(self, run: str, plan: StepPlan, world: World) -> Result:
        """Do a step that only looks; giving the run up ends it at once, and so does the daemon's end."""
        if self._closing:
            raise asyncio.CancelledError
        task = asyncio.ensure_future(actions.act(plan, world))
        self._patient[run] = task
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if run not in self._aborted:
                task.cancel()
                raise
            return Result(False, f"given up by {self._aborted[run]}")
        finally:
            self._patient.pop(run, None)

    async def _settle(self, run: Run, plan: StepPlan, result: Result) -> str:
        if result.done:
            await self._end(run, plan, "done", result.detail, *result.events, output=result.output)
            return "on"
        return await self._failed(run, plan, result.detail, *result.events)

    async def _failed(self, run: Run, plan: StepPlan, detail: str, *events: Event) -> str:
        if run.id in self._aborted:
            # One commit, so that a kill cannot leave a failed step that the next daemon would do again.
            over = RunEnded(run=run.id, state="aborted")
            await self._end(run, plan, "failed", detail, *events, over, actor=self._aborted[run.id])
            return "stop"
        if plan.on_failure == "continue":
            await self._end(run, plan, "failed", detail, *events)
            return "on"
        if plan.on_failure == "stop":
            await self._end(run, plan, "failed", detail, *events, RunEnded(run=run.id, state="failed"))
            return "stop"
        # One commit, so that a kill cannot leave a failure nobody is asked about.
        question = f"{plan.what}: failed: {detail}"
        ended = StepEnded(run=run.id, step=plan.id, attempt=run.steps[plan.id].attempt, outcome="failed", detail=detail)
        await self._pen.keep(DAEMON, *events, ended, self._question(run, plan, "failed", question))
        return await self._ask(run, plan)

    async def _recover(self, run: Run, plan: StepPlan) -> str:
        """Find out what became of a step that was under way when the daemon ended."""
        said = run.answered.get(plan.id)
        back = undo_of(plan) if said is not None and said.answer == "undo" else None
        doing = back or plan
        if back is None and plan.already is not None and await self._already(plan.already):
            await self._end(run, plan, "done", f"was under way when the daemon ended; {plan.already} passes")
            return "on"
        try:
            found = await actions.recover(doing, self._world(run.id, doing))
        except Exception as error:  # as in _act: whoever is asked can still decide
            found = clean(f"{type(error).__name__}: {error}")
        if isinstance(found, Result):
            return await (self._undone(run, plan, found) if back else self._settle(run, plan, found))
        if found is None:
            return "undo" if back else "do"
        question = f"was under way when the daemon ended: {doing.what}: {found}"
        # What was half taken back is not simply done once more.
        return await self._ask(run, plan, "unsure", question, without="retry" if back else "")

    async def _undo(self, run: Run, plan: StepPlan) -> str:
        back = undo_of(plan)
        if back is None or back.do == "manual":
            words = back.what if back is not None else "nothing takes this step back"
            await self._end(run, plan, "undone", words)
            return "on"
        attempt = self._attempt(run, plan)
        await self._pen.keep(DAEMON, StepIntended(run=run.id, step=plan.id, attempt=attempt, what=back.what))
        return await self._undone(run, plan, await self._act(run.id, back))

    async def _undone(self, run: Run, plan: StepPlan, result: Result) -> str:
        if result.done:
            await self._end(run, plan, "undone", result.detail, *result.events)
            return "on"
        return await self._failed(run, plan, f"taking it back: {result.detail}", *result.events)

    def _question(self, run: Run, plan: StepPlan, why: str, question: str, without: str = "") -> StepAsked:
        return StepAsked(
            run=run.id,
            step=plan.id,
            attempt=run.steps[plan.id].attempt + 1,
            why=why,
            question=question,
            answers=tuple(answer for answer in answers(why, plan) if answer != without),
            preview=actions.preview(plan, self._world(run.id, plan)) if why == "confirm" else "",
        )

    async def _ask(self, run: Run, plan: StepPlan, why: str = "", question: str = "", without: str = "") -> str:
        """Ask, unless the question stands already, and wait until somebody answers or gives the run up."""
        if why:
            await self._pen.keep(DAEMON, self._question(run, plan, why, question, without))
        waiting = self._waiting.setdefault(run.id, asyncio.Event())
        while plan.id not in run.answered:
            if run.id in self._aborted or run.ended is not None:
                return "abort"
            if self._closing:
                raise asyncio.CancelledError
            waiting.clear()
            await waiting.wait()
        return run.answered[plan.id].answer

    async def _end(
        self,
        run: Run,
        plan: StepPlan,
        outcome: str,
        detail: str,
        *events: Event,
        actor: str = DAEMON,
        output: str = "",
    ) -> None:
        attempt = run.steps[plan.id].attempt
        ended = StepEnded(run=run.id, step=plan.id, attempt=attempt, outcome=outcome, detail=detail, output=output)
        last = [event for event in events if isinstance(event, RunEnded)]
        await self._pen.keep(actor, *(event for event in events if event not in last), ended, *last)


def person(actor: str) -> str:
    """Return who is behind an actor: the login user that stands in parentheses where sudo hid it."""
    return actor[actor.index("(") + 1 : -1] if actor.endswith(")") and "(" in actor else actor
