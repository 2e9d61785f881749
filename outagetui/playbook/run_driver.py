"""One run on its way: intent journaled before every step and outcome after it, and nothing done twice unasked.

Where a run stands is in the journal alone, read from the ledger, so that it goes on after the daemon was killed: a step
with intent and without outcome is unsure, and is looked up or asked about.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from outagetui import actions
from outagetui.actions import Result, StepContext
from outagetui.core.masking import mask_people, texts_in
from outagetui.core.own_fault import own_fault, words_of
from outagetui.core.step_options import StepOptions
from outagetui.core.text import clean
from outagetui.core.words import STEP_ASKS, STEP_SETTLED, RunState, StepState, Why
from outagetui.facts.events import Event, RunEnded, StepAsked, StepEnded, StepIntended, StepPlan, Told
from outagetui.facts.journaling import DAEMON, Journal
from outagetui.facts.run import Run
from outagetui.machine.background import tell_fault
from outagetui.machine.secrets import SecretError
from outagetui.playbook.approval import APPROVAL_SECONDS, approval_hash, shown
from outagetui.playbook.plan import answers, failed_condition
from outagetui.playbook.unwind import undo_of

Already = Callable[[str], Awaitable[bool]]  # asks the check that a step names, now
UNKNOWN = "it may or may not have happened"


class RunDriver:
    """Drives one run. `aborted` is who gave it up; `closing` lets the step in progress finish and begins no other."""

    def __init__(
        self,
        run: Run,
        journal: Journal,
        context: Callable[[str, StepPlan], StepContext],
        already: Already,
        clock: Callable[[], float],
    ) -> None:
        self.run, self.aborted, self.closing = run, "", False
        self._journal, self._context, self._already, self._clock = journal, context, already, clock
        self._awake = asyncio.Event()
        self._patient: asyncio.Task[Result] | None = None

    @property
    def interruptible(self) -> bool:
        """Whether nothing is lost when the driving task is cancelled now."""
        return self._patient is not None or self.run.state == RunState.ASKING

    def wake(self) -> None:
        """Look again: an answer was journaled, or the run was given up."""
        self._awake.set()

    def give_up(self, actor: str) -> None:
        """End the run as soon as the step in progress is journaled; a step that only looks ends now."""
        self.aborted = actor
        self.wake()
        if self._patient is not None:
            self._patient.cancel()

    async def go(self) -> None:
        """Bring the run to its end, whatever breaks: a run that only looks alive would wait for ever."""
        try:
            await self._go()
        except Exception as error:
            tell_fault(error)
            why = own_fault(error)
            doing = [step.plan for step in self.run.steps.values() if step.state == StepState.DOING]
            ended = [self._ended(plan, StepState.FAILED, f"{UNKNOWN}: {why}", partly=True) for plan in doing]
            await self._journal.keep(DAEMON, *ended, RunEnded(run=self.run.id, state=RunState.FAILED, why=why))

    async def _go(self) -> None:
        for step in self.run.steps.values():
            await actions.load(*(each for each in (step.plan, undo_of(step.plan)) if each is not None))
            if self.closing:
                return
            if self.aborted and step.state != StepState.DOING:
                continue  # nothing is begun any more, and what was under way when the daemon ended is looked up
            if not await self._step(step.plan):
                break
        if self.run.ended is None:
            state = RunState.ABORTED if self.aborted else RunState.DONE
            await self._journal.keep(self.aborted or DAEMON, RunEnded(run=self.run.id, state=state))

    async def _step(self, plan: StepPlan) -> bool:
        """Bring one step to its end; return whether the run goes on."""
        row = self.run.steps[plan.id]
        if row.state in STEP_SETTLED or (row.state == StepState.FAILED and plan.on_failure == "continue"):
            return True
        if row.state == StepState.DOING:
            outcome = await self._recover(plan)
        elif row.state in STEP_ASKS:
            outcome = await self._ask(plan)
        elif row.state == StepState.FAILED:
            outcome = await self._ask(plan, Why.FAILED, f"{plan.what}: failed: {row.detail}")
        elif row.answered is not None:
            outcome = row.said
        else:
            outcome = await self._first(plan)
        while outcome not in ("on", "stop"):
            outcome = await self._follow(plan, outcome)
        return outcome == "on"

    async def _first(self, plan: StepPlan) -> str:
        """Decide how a step that nobody touched begins: not at all, it is so already, it asks, or it is done."""
        if unmet := failed_condition(plan, self.run):
            await self._end(plan, StepState.SKIPPED, unmet)
            return "on"
        if plan.already is not None and await self._already(plan.already):
            await self._end(plan, StepState.DONE, f"already so: {plan.already} passes", changed=False)
            return "on"
        if plan.needs == "two-person":
            return await self._ask(plan, Why.APPROVE, plan.what)
        if asks := StepOptions.of(plan.do).asks:
            return await self._ask(plan, asks, plan.say)
        if plan.needs == "confirm":
            return await self._ask(plan, Why.CONFIRM, plan.what)
        return "do"

    async def _follow(self, plan: StepPlan, answer: str) -> str:
        """Do what the last answer or decision says."""
        if self.aborted:
            return "stop"
        if self.closing:
            raise asyncio.CancelledError  # nothing new is begun; the next daemon goes on from here
        if answer in dict(plan.answers):
            await self._end(plan, StepState.DONE, f"{answer}: {dict(plan.answers)[answer]}")
            return "on"
        kind = StepOptions.of(plan.do)
        match answer:
            case "approved" | "break-glass" if self._drifted(plan):
                return await self._ask(plan, Why.APPROVE, f"{plan.what} (it has changed since it was asked)")
            case "yes" if kind.announces and self._drifted(plan):
                return await self._ask(plan, Why.CONFIRM, f"{plan.what} (the words have changed since you read them)")
            case "again":
                return await self._ask(plan, Why.APPROVE, plan.what)
            case "words":
                why = Why.APPROVE if plan.needs == "two-person" else Why.CONFIRM
                return await self._ask(plan, why, f"{plan.what} (with your words)")
            case "retry" if plan.needs == "two-person":
                return await self._ask(plan, Why.APPROVE, f"{plan.what}, once more")
            case "yes" | "retry" | "approved" | "break-glass" if kind.asks:
                return await self._ask(plan, kind.asks, plan.say)
            case "yes" | "retry" | "approved" | "break-glass" | "do":
                return await self._do(plan)
            case "done":
                told = self._told(plan, self._note(plan))
                await self._end(plan, StepState.DONE, self._note(plan) or "said to be done", *told)
                return "on"
            case "failed":
                return await self._failed(plan, Result(False, self._note(plan) or "said to have failed"))
            case "skip":
                await self._end(plan, StepState.SKIPPED, self._note(plan))
                return "on"
            case "undo":
                return await self._undo(plan)
            case _:
                self.aborted = self.aborted or self.run.steps[plan.id].actor
                return "stop"

    def _told(self, plan: StepPlan, note: str = "") -> list[Event]:
        """Return that people were told of backups by this step, as it says of itself: of those that are active."""
        audience, active = str(plan.options.get("told") or ""), self._context(self.run.id, plan).active()
        names = [name for name in plan.facts.get("told", ()) if name in active] if audience else []
        return [Told(channel=name, audience=audience, reason=note, run=self.run.id) for name in names]

    def _note(self, plan: StepPlan) -> str:
        answered = self.run.steps[plan.id].answered
        return answered.note if answered is not None else ""

    def _drifted(self, plan: StepPlan) -> bool:
        """Whether what would be done now is no longer what was asked about: backups or words may have changed."""
        asked = self.run.steps[plan.id].asked
        assert asked is not None
        words = self._words(plan, asked.as_of)
        if not asked.hash:
            return words != asked.preview
        return asked.hash != approval_hash(self.run.id, asked.attempt, plan, words)

    def _words(self, plan: StepPlan, as_of: float | None = None) -> str:
        """Return what has to be read before a yes; what cannot be shown must not end the run."""
        context = self._context(self.run.id, plan)
        try:
            return context.hide(actions.preview(plan, context, as_of))
        except Exception as error:
            return f"This cannot be shown beforehand: {clean(context.hide(words_of(error)))}"

    def _outlook(self, plan: StepPlan) -> str:
        """Return in a line what a yes will leave out, and what speaks against it."""
        context = self._context(self.run.id, plan)
        try:
            return context.hide(context.outlook(plan)) if StepOptions.of(plan.do).announces else ""
        except Exception as error:  # as in _words
            return clean(context.hide(f"what speaks against it is not known: {words_of(error)}"))

    async def _do(self, plan: StepPlan) -> str:
        attempt = self._attempt(plan)
        await self._journal.keep(DAEMON, StepIntended(run=self.run.id, step=plan.id, attempt=attempt, what=plan.what))
        return await self._settle(plan, await self._act(plan))

    def _attempt(self, plan: StepPlan) -> int:
        """Return the number of the try that begins: that of the question just answered, else the next one."""
        row = self.run.steps[plan.id]
        return row.attempt if row.attempt and row.state == StepState.WAITING else row.attempt + 1

    async def _act(self, plan: StepPlan) -> Result:
        if self.aborted:
            return Result(False, f"given up by {self.aborted} before it began")
        context = self._context(self.run.id, plan)
        kind = StepOptions.of(plan.do)
        outside = kind.outside and not kind.announces  # the outbox knows itself what went out
        try:
            if kind.looks:
                return await self._wait(plan, context)
            async with asyncio.timeout(plan.timeout):
                result = await actions.act(plan, context)
            # Somebody's address in a server's answer is not for the journal; those that the step is about are ours.
            ours = texts_in(msgspec.to_builtins(plan))
            detail, output = (mask_people(context.hide(each), ours) for each in (result.detail, result.output))
            return replace(result, detail=detail, output=output)
        except TimeoutError:
            return Result(False, f"not done within {plan.timeout:g} s", unsure=outside)
        except SecretError as error:
            return Result(False, clean(error))
        except Exception as error:  # an action that breaks is a failed step, and never a dead run
            return Result(False, clean(context.hide(words_of(error))), unsure=outside)

    async def _wait(self, plan: StepPlan, context: StepContext) -> Result:
        """Do a step that only looks; giving the run up ends it at once, and so does the daemon's end."""
        if self.closing:
            raise asyncio.CancelledError
        self._patient = asyncio.ensure_future(actions.act(plan, context))
        try:
            return await asyncio.shield(self._patient)
        except asyncio.CancelledError:
            if not self.aborted:
                self._patient.cancel()
                raise
            return Result(False, f"given up by {self.aborted}")
        finally:
            self._patient = None

    async def _settle(self, plan: StepPlan, result: Result) -> str:
        if result.done:
            events = (*result.events, *self._told(plan))
            await self._end(plan, StepState.DONE, result.detail, *events, output=result.output, changed=result.changed)
            return "on"
        if not result.unsure:
            return await self._failed(plan, result)
        if plan.already is not None and not self.aborted and await self._already(plan.already):
            await self._end(plan, StepState.DONE, f"{result.detail}; {plan.already} passes", output=result.output)
            return "on"
        if self.aborted:
            return await self._failed(plan, replace(result, detail=f"{UNKNOWN}: {result.detail}"))
        return await self._ask(plan, Why.UNSURE, f"{plan.what}: {UNKNOWN}: {result.detail}")

    async def _failed(self, plan: StepPlan, result: Result) -> str:
        ended = self._ended(plan, StepState.FAILED, result.detail, result.output, partly=result.partly)
        # One commit each, so that a kill leaves neither a failed step that is done again nor one nobody is asked about.
        if self.aborted or plan.on_failure == "stop":
            over = RunEnded(run=self.run.id, state=RunState.ABORTED if self.aborted else RunState.FAILED)
            await self._journal.keep(self.aborted or DAEMON, *result.events, ended, over)
            return "stop"
        if plan.on_failure == "continue":
            await self._journal.keep(DAEMON, *result.events, ended)
            return "on"
        question = self._question(plan, Why.FAILED, f"{plan.what}: failed: {result.detail}")
        await self._journal.keep(DAEMON, *result.events, ended, question)
        return await self._ask(plan)

    async def _recover(self, plan: StepPlan) -> str:
        """Find out what became of a step that was under way when the daemon ended."""
        back = undo_of(plan) if self.run.steps[plan.id].said == "undo" else None
        doing = back or plan
        if back is None and plan.already is not None and await self._already(plan.already):
            await self._end(plan, StepState.DONE, f"was under way when the daemon ended; {plan.already} passes")
            return "on"
        context = self._context(self.run.id, doing)
        try:
            found = await actions.recover(doing, context)
        except Exception as error:  # as in _act: whoever is asked can still decide
            found = clean(context.hide(words_of(error)))
        if isinstance(found, Result) and not found.unsure:
            return await (self._undone(plan, found) if back else self._settle(plan, found))
        if found is None and self.aborted:
            await self._end(plan, StepState.FAILED, f"given up by {self.aborted} before it was done")
            return "stop"
        if found is None:
            return "undo" if back else "do"
        words = found.detail if isinstance(found, Result) else found
        question = f"was under way when the daemon ended: {doing.what}: {words}"
        # What was half taken back is not simply done once more.
        return await self._ask(plan, Why.UNSURE, question, without="retry" if back else "")

    async def _undo(self, plan: StepPlan) -> str:
        back = undo_of(plan)
        if back is None or StepOptions.of(back.do).asks:
            words = back.what if back is not None else "nothing takes this step back"
            await self._end(plan, StepState.UNDONE, words)
            return "on"
        attempt = self._attempt(plan)
        await self._journal.keep(DAEMON, StepIntended(run=self.run.id, step=plan.id, attempt=attempt, what=back.what))
        return await self._undone(plan, await self._act(back))

    async def _undone(self, plan: StepPlan, result: Result) -> str:
        if result.done:
            await self._end(plan, StepState.UNDONE, result.detail, *result.events, output=result.output)
            return "on"
        if result.unsure and not self.aborted:
            return await self._ask(plan, Why.UNSURE, f"taking it back: {UNKNOWN}: {result.detail}", without="retry")
        return await self._failed(plan, replace(result, detail=f"taking it back: {result.detail}"))

    def _question(self, plan: StepPlan, why: Why, question: str, without: str = "") -> StepAsked:
        attempt = self.run.steps[plan.id].attempt + 1
        words, digest, until, now = "", "", None, self._clock()
        if why in (Why.CONFIRM, Why.APPROVE):
            words = self._words(plan, now)
            question = ": ".join(filter(None, (question, self._outlook(plan))))
        elif why is Why.CHOOSE:
            words = "\n".join(f"{name}: {told}" for name, told in plan.answers)
        if why == Why.APPROVE:
            digest, until = approval_hash(self.run.id, attempt, plan, words), now + APPROVAL_SECONDS
            words = shown(plan, words)
        return StepAsked(
            run=self.run.id,
            step=plan.id,
            attempt=attempt,
            why=why,
            question=question,
            answers=tuple(answer for answer in answers(why, plan) if answer != without),
            preview=words,
            hash=digest,
            until=until,
            as_of=now if why in (Why.CONFIRM, Why.APPROVE) else None,
        )

    async def _ask(self, plan: StepPlan, why: Why | None = None, question: str = "", without: str = "") -> str:
        """Ask, unless the question stands already, and wait until somebody answers or gives the run up."""
        if why is not None:
            await self._journal.keep(DAEMON, self._question(plan, why, question, without))
        while (answered := self.run.steps[plan.id].answered) is None:
            if self.aborted or self.run.ended is not None:
                return "abort"
            if self.closing:
                raise asyncio.CancelledError
            self._awake.clear()
            await self._awake.wait()
        return answered.answer

    def _ended(
        self,
        plan: StepPlan,
        outcome: StepState,
        detail: str,
        output: str = "",
        *,
        changed: bool = True,
        partly: bool = False,
    ) -> StepEnded:
        return StepEnded(
            run=self.run.id,
            step=plan.id,
            attempt=self.run.steps[plan.id].attempt,
            outcome=outcome,
            detail=detail,
            output=output,
            changed=changed,
            partly=partly,
        )

    async def _end(
        self, plan: StepPlan, outcome: StepState, detail: str, *events: Event, output: str = "", changed: bool = True
    ) -> None:
        await self._journal.keep(DAEMON, *events, self._ended(plan, outcome, detail, output, changed=changed))
