"""`dns.update`: point a name elsewhere, if it still holds the old value, and see every name server answer the new one.

The server itself compares and swaps (RFC 2136), so that two people who switch the same name cannot overwrite each
other, and doing it once more can only find it done.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.rcode
from msgspec.structs import replace

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.deadline import deadline_of
from outagetui.actions.dns_primary import NoAnswerError, Primary, RefusedError, Values, in_words
from outagetui.actions.dns_read_back import Readers
from outagetui.core.step_options import DnsUpdateOptions
from outagetui.core.text import clean
from outagetui.facts.events import StepPlan
from outagetui.machine.secrets import SecretError, Secrets
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_records import RecordError, read_name, read_values, show

LOOK_SECONDS = 5.0  # at most, for one look at the primary
SHARE = 0.3  # of the time left, at most, for a look or the update: what is unclear after it is to be looked up


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Swap the values and read them back. A name that holds the new value already is only read back."""
    try:
        async with _opened(plan, context) as step:
            result = await step.switch()
    except (SecretError, RecordError, ValueError) as error:
        result = Result(False, str(error))
    except Trouble as trouble:
        result = Result(False, trouble.detail)
    return replace(result, detail=clean(context.hide(result.detail), 600))


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Look at the primary: the new value is done, with the old one it is safe to do, anything else is asked about."""
    try:
        async with _opened(plan, context) as step:
            found = await step.found()
            if found == step.new:
                result = await step.read_back("")
                return replace(result, detail=clean(context.hide(result.detail), 600))
            if found == step.old:
                return None
            return clean(f"{step.shown} holds {in_words(found, step.kind)}, neither the old nor the new value", 600)
    except (SecretError, RecordError, ValueError, NoAnswerError, RefusedError) as error:
        return clean(context.hide(f"what the name holds now is not known: {error}"), 600)
    except Trouble as trouble:
        return clean(context.hide(f"what the name holds now is not known: {trouble.detail}"), 600)


@asynccontextmanager
async def _opened(plan: StepPlan, context: StepContext) -> "AsyncIterator[_Step]":
    options = options_of(plan, DnsUpdateOptions)
    vantage = Vantage("", Secrets.none())
    try:
        primary = Primary(options, context.secret(options.secret), vantage)
        yield _Step(options, primary, context, vantage, deadline_of(plan, context))
    finally:
        await vantage.aclose()


class _Step:
    """One try of the step."""

    def __init__(
        self, options: DnsUpdateOptions, primary: Primary, context: StepContext, vantage: Vantage, deadline: float
    ) -> None:
        self._options, self._primary, self._context, self._deadline = options, primary, context, deadline
        self.kind = options.type
        self.shown = f"{options.whole_name} {options.type}"
        self.old, self.new = read_values(self.kind, options.old), read_values(self.kind, options.new)
        self._name = read_name(options.whole_name)
        self._readers = Readers(options, self._name, primary, context, vantage)

    async def found(self) -> Values:
        """Return what the primary holds now. Raises NoAnswerError, RefusedError."""
        return await self._primary.values(self._name, self.kind, self._until())

    async def switch(self) -> Result:
        try:
            found = await self.found()
        except (NoAnswerError, RefusedError) as error:
            return Result(False, f"{error}; nothing was changed")
        if found == self.new:
            # What an earlier try of this very step did is to be taken back one day; what somebody else did is not.
            return await self.read_back("already so: ", changed=self._context.tried)
        if found != self.old:
            return self._differs(found)
        try:
            await self._primary.swap(self._name, self.old, self.new, self._options.ttl, self._until())
        except NoAnswerError as error:
            if not error.sent:
                return Result(False, f"{error}; nothing was changed")
            return await self._look_up(error)
        except RefusedError as error:
            return await self._look_up(error)
        return await self.read_back("")

    async def read_back(self, words: str, *, changed: bool = True) -> Result:
        """Wait until every name server answers the new value. The primary holds it already."""
        late = await self._readers.lagging(self.new, self._deadline)
        now = f"{self.shown} is {show(self.new)}"
        if late:
            words = f"{now} at {self._primary.shown}, but not everywhere: {late}; retry only looks again"
            return Result(False, words, partly=changed)
        return Result(True, f"{words}{now}, and every name server says so", changed=changed)

    async def _look_up(self, error: NoAnswerError | RefusedError) -> Result:
        """Find out what became of an update that was sent, by what the primary holds now."""
        try:
            found = await self.found()
        except (NoAnswerError, RefusedError) as why:
            if isinstance(error, RefusedError) and error.sure and error.code != dns.rcode.SERVFAIL:
                return Result(False, f"{error}; then: {why}")
            words = f"{error}; the update may or may not be done, and cannot be looked up: {why}"
            return Result(False, words, unsure=True)
        if found == self.new:
            lost = isinstance(error, RefusedError) and error.code == dns.rcode.NXRRSET
            return await self.read_back("somebody else did it: " if lost else "", changed=not lost)
        if found != self.old:
            return self._differs(found)
        if isinstance(error, RefusedError):
            return Result(False, f"{error}; nothing was changed")
        words = f"{error}; {self.shown} still holds {show(found)}, but the update may yet be done"
        return Result(False, words, unsure=True)

    def _differs(self, found: Values) -> Result:
        expected = f"not the expected {show(self.old)}; somebody changed it"
        return Result(False, f"{self.shown} holds {in_words(found, self.kind)}, {expected}")

    def _until(self) -> float:
        now = self._context.now()
        return now + min(LOOK_SECONDS, max(0.0, self._deadline - now) * SHARE)
