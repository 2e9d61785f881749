"""What steps do: one file a kind, each with `act` and `recover`.

`act(plan, context)` does the step and returns a Result. `recover(plan, context)` is asked when a step was begun and its
outcome is not known: it returns a Result when it can tell, None when doing it (again) is safe, or words for the
operator when it is not.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from outagetui.core.model import Audience, Check, Sample, State
from outagetui.core.step_options import StepOptions
from outagetui.facts.events import Event, StepPlan
from outagetui.net.aside import loaded


class Result(Struct, frozen=True):
    """What came of a step. `events` are journaled in the same commit as the outcome.

    `output` is what it printed; `changed` is False when all was so already: then a stand-down takes nothing back. With
    `unsure` (then `done` is False) it may or may not have happened: nothing is repeated without an operator's word.
    """

    done: bool
    detail: str
    events: tuple[Event, ...] = ()
    output: str = ""
    unsure: bool = False
    changed: bool = True
    partly: bool = False  # it failed, and yet something was done that can be taken back


class StepContext(Protocol):
    """What a step may touch."""

    run: str

    @property
    def key(self) -> str:
        """The same for every try of this step of this run, and of no other: for whoever can recognise a repeat."""

    @property
    def undone(self) -> str:
        """The key of the step that this one takes back."""

    @property
    def tried(self) -> bool:
        """Whether this step of this run was begun once before."""

    def secret(self, name: str) -> str:
        """Return a secret by its reference; raises SecretError. Never put it into a Result, words or an argv."""

    def hide(self, text: str) -> str:
        """Return `text` with every secret read so far replaced."""

    def output(self, text: str) -> None:
        """Show what the step prints while it runs; the last lines are seen."""

    def words(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> tuple[str, str]:
        """Return title and body of an announcement made now, or `as_of` then; ValueError when that cannot be."""

    def words_to_read(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> str:
        """Return what is read of `words` before a yes, the accounts first; ValueError when they cannot be composed."""

    def now(self) -> float:
        """Return monotonic seconds."""

    def state_of(self, name: str) -> State:
        """Return the state of a check, channel or outlet."""

    def checks_of(self, name: str) -> tuple[Check, ...]:
        """Return the checks of a channel, or the named check."""

    def active(self) -> Mapping[str, float]:
        """Return the active backups."""

    def balance_of(self, channel: str) -> float | None:
        """Return what is left of a channel's prepaid money, as read last; None where nothing reads it."""

    def probe(self, check: Check) -> Awaitable[Sample]:
        """Probe now; the sample is recorded as any other."""

    def next_sample(self, names: frozenset[str]) -> Awaitable[tuple[Check, Sample]]:
        """Wait for the next scheduled sample of one of these checks."""

    def progress(self, detail: str) -> None:
        """Tell how far a wait has come."""

    def up_for(self, channel: str) -> float:
        """Return for how many seconds a channel has been well since it failed in this incident; inf if it did not."""

    def preview(self, plan: StepPlan, as_of: float | None) -> str:
        """Return word for word what the step would send, or why that cannot be said."""

    def outlook(self, plan: StepPlan) -> str:
        """Return in a line where what the step announces does not go, and what speaks against it; or nothing."""

    def announce(self, plan: StepPlan) -> Awaitable[Result]:
        """Compose and deliver what the step announces; what was delivered for it before is not sent again."""

    def recover_announcement(self, plan: StepPlan) -> Awaitable[Result | str | None]:
        """Look up what became of an announcement that was under way."""


T = TypeVar("T", bound=StepOptions)
Act = Callable[[StepPlan, StepContext], Awaitable[Result]]
Recover = Callable[[StepPlan, StepContext], Awaitable[Result | str | None]]


async def load(*plans: StepPlan) -> None:
    """Load what does the steps, so that `act`, `preview` and `recover` keep nobody waiting for that."""
    with contextlib.suppress(ImportError):  # which is the step's failure, once it is done
        await loaded(*(_name(plan) for plan in plans if not StepOptions.of(plan.do).asks))


def act(plan: StepPlan, context: StepContext) -> Awaitable[Result]:
    """Do the step."""
    return cast("Act", _module(plan).act)(plan, context)


def preview(plan: StepPlan, context: StepContext, as_of: float | None = None) -> str:
    """Return what has to be read before a yes: the words to be sent, the money; nothing for most kinds.

    `as_of` (epoch seconds) is when it was asked, for what must still be the same when it is approved.
    """
    tell = None if StepOptions.of(plan.do).asks else getattr(_module(plan), "preview", None)
    return cast("str", tell(plan, context, as_of)) if tell is not None else ""


def recover(plan: StepPlan, context: StepContext) -> Awaitable[Result | str | None]:
    """Find out what became of a step that was begun."""
    return cast("Recover", _module(plan).recover)(plan, context)


def _module(plan: StepPlan) -> ModuleType:
    return import_module(_name(plan))


def _name(plan: StepPlan) -> str:
    kind = StepOptions.of(plan.do)
    return f"{__name__}.{kind.module or kind.word.replace('.', '_')}"


def options_of(plan: StepPlan, kind: type[T]) -> T:
    """Return the step's `with` table as the options of its kind."""
    return msgspec.convert(plan.options, type=kind)
