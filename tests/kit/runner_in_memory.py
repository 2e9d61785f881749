"""A runner alone, on a real ledger among effects that misbehave: what the tests of runs share."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from outagetui.actions import Result
from outagetui.board.rows import StepRow
from outagetui.board.run_rows import step_row
from outagetui.core.model import Check, Entry, Outcome, Sample, State
from outagetui.core.probe_options import TcpOptions
from outagetui.facts.events import Event, StepPlan, decode, encode, kind_of
from outagetui.facts.ledger import Ledger
from outagetui.facts.run import Run
from outagetui.playbook.runner import Runner
from outagetui.store.journal import WriteError, chain

CHECK = Check(id="phone.port", probe="tcp", target="tcp://127.0.0.1:1", options=TcpOptions())


class MemoryJournal:
    """A journal in memory. `full` refuses to write; a `crash` forgets the writer but not what was written."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.entries: list[Entry] = []
        self.clock = clock
        self.ledger = Ledger()
        self.full = False
        self.dead = False

    async def write(self, actor: str, *events: Event) -> list[Entry]:
        await asyncio.sleep(0)  # a commit takes a while, in which anything may happen
        if self.dead:
            await asyncio.get_running_loop().create_future()  # a killed daemon never comes back from it
        if self.full:
            raise WriteError("the disk is full")
        return self.put(actor, *events)

    async def keep(self, actor: str, *events: Event) -> list[Entry]:
        while True:
            try:
                return await self.write(actor, *events)
            except WriteError:
                await asyncio.sleep(1.0)

    def put(self, actor: str, *events: Event) -> list[Entry]:
        made = []
        for event in events:
            seq = len(self.entries) + 1
            prev = self.entries[-1].hash if self.entries else ""
            kind, document = kind_of(event), encode(event)
            at = self.clock() if self.clock is not None else float(seq)
            hashed = chain(seq, int(at * 1e6), actor, kind, document, prev)
            entry = Entry(seq, at, actor, kind, document, prev, hashed)
            self.entries.append(entry)
            self.ledger.apply(entry)
            made.append(entry)
        return made

    def after_crash(self) -> "MemoryJournal":
        """Return the journal of the next daemon: the same entries, folded anew."""
        self.dead = True
        fresh = MemoryJournal(self.clock)
        fresh.entries = list(self.entries)
        for entry in fresh.entries:
            fresh.ledger.apply(entry)
        return fresh

    def events(self, *kinds: type[Event]) -> list[Any]:
        found = (decode(entry.kind, entry.document) for entry in self.entries)
        return [event for event in found if isinstance(event, kinds)]


class Effects:
    """Where steps act. `acts` counts what truly happened outside; `mood` says how the next thing goes."""

    def __init__(self, mood: Callable[[], str] = lambda: "well") -> None:
        self.acts: list[str] = []
        self.mood = mood
        self.run = ""
        self.text = "the words"
        self.lookups: dict[str, str] = {}  # what recovering an announcement finds, by step

    def of(self, journal: MemoryJournal) -> Callable[[str, StepPlan], "StepContextInMemory"]:
        return lambda run, plan: StepContextInMemory(self, journal, run)


class StepContextInMemory:
    def __init__(self, effects: Effects, journal: MemoryJournal, run: str) -> None:
        self.effects, self.journal, self.run = effects, journal, run

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def state_of(self, name: str) -> State:
        return State.UP

    def checks_of(self, name: str) -> tuple[Check, ...]:
        return (CHECK,)

    def active(self) -> dict[str, float]:
        return self.journal.ledger.active

    def balance_of(self, channel: str) -> float | None:
        return None

    async def probe(self, check: Check) -> Sample:
        await asyncio.sleep(0.5)
        return Sample(Outcome.PASS if self.effects.mood() == "well" else Outcome.FAIL)

    async def next_sample(self, names: frozenset[str]) -> tuple[Check, Sample]:
        return CHECK, await self.probe(CHECK)

    def preview(self, plan: StepPlan, as_of: float | None = None) -> str:
        return f"{self.effects.text} of {plan.id}" if plan.do == "announce" else ""

    def outlook(self, plan: StepPlan) -> str:
        return ""

    def up_for(self, channel: str) -> float:
        return math.inf

    def progress(self, detail: str) -> None:
        pass

    def hide(self, text: str) -> str:
        return text.replace("canary-secret", "[secret]")

    async def announce(self, plan: StepPlan) -> Result:
        self.effects.acts.append(f"begin {self.run} {plan.id}")
        mood = self.effects.mood()
        await asyncio.sleep({"hangs": 1e6}.get(mood, 1.0))
        if mood == "breaks":
            raise RuntimeError("a bug")
        self.effects.acts.append(f"end {self.run} {plan.id}")
        return Result(mood == "well", f"it went {mood}")

    async def recover_announcement(self, plan: StepPlan) -> Result | str | None:
        await asyncio.sleep(0.1)
        begun = f"begin {self.run} {plan.id}" in self.effects.acts
        done = f"end {self.run} {plan.id}" in self.effects.acts
        if self.effects.mood() == "breaks":
            raise RuntimeError("the look-up broke")
        if done:
            return Result(True, "found there")
        return "it may be there" if begun else None


def manual(name: str, **more: Any) -> StepPlan:
    return StepPlan(id=name, do="manual", say=f"{name}?", what=f"{name}?", **more)


def activate(name: str, *channels: str, **more: Any) -> StepPlan:
    return StepPlan(id=name, do="activate", what=f"activate {channels}", options={"channels": channels}, **more)


def announce(name: str, **more: Any) -> StepPlan:
    options = {"kind": "backup-active", "audience": "customers", "outlets": ["page"]}
    return StepPlan(id=name, do="announce", what="tell them", options=options, **{"needs": "confirm", **more})


def verify(name: str, do: str = "verify", **more: Any) -> StepPlan:
    options = {"checks": ["phone.port"], "channels": [], "state": "up", "times": 2, "within": 30.0}
    return StepPlan(id=name, do=do, what="see", options=options, timeout=30.0, **more)


async def _never(name: str) -> bool:
    return False


def runner_of(journal: MemoryJournal, effects: Effects, already: Callable[[str], Awaitable[bool]] = _never) -> Runner:
    return Runner(journal, effects.of(journal), already, journal.clock or (lambda: float(len(journal.entries))))  # type: ignore[arg-type]


# A thread that loads them would take real time, and here it is free.
for _kind in ("activate", "announce", "command", "deadline", "fail_back", "http", "note", "spend", "wait_for"):
    import_module(f"outagetui.actions.{_kind}")


async def settle(seconds: float = 5.0) -> None:
    """Let everything happen that can happen by itself; time is free here."""
    await asyncio.sleep(seconds)


def row(journal: MemoryJournal, step: str, run: str = "r1") -> Any:
    return step_row(journal.ledger.runs[run].steps[step])


def open_step(run: Run) -> StepRow | None:
    """Return the step that was begun and has no outcome."""
    steps = (step_row(step) for step in run.steps.values())
    return next((step for step in steps if step.state in ("doing", "asking", "unsure")), None)


async def crash(journal: MemoryJournal, runner: Runner) -> MemoryJournal:
    """Kill the daemon: nothing it still does reaches the journal."""
    fresh = journal.after_crash()
    for task in list(runner._tasks.values()):
        task.cancel()
    await asyncio.sleep(0)
    return fresh


STEPS = (
    manual("sure"),
    activate("switch", "phone", needs="confirm"),
    announce("tell"),
    verify("proof", on_failure="continue"),
    announce("again", on_failure="stop"),
    verify("wait", do="wait_for"),
    activate("more", "chat2"),
)
