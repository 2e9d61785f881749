"""A runner on a journal in memory: crashes at any write, and steps that count what they did."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from outagetui.actions import Result
from outagetui.events import (
    Event,
    RunEnded,
    RunStarted,
    StepAnswered,
    StepAsked,
    StepEnded,
    StepIntended,
    StepPlan,
    decode,
    encode,
    kind_of,
)
from outagetui.journal import GENESIS
from outagetui.ledger import Ledger
from outagetui.model import Check, Entry, Sample, State
from outagetui.playbook.runner import Runner


class Pen:
    """A journal in memory. `dies_at` is the number of the write that never happens, nor anything after it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.ledger = Ledger()
        self.dies_at: int | None = None
        self.writes = 0
        self.dead = asyncio.Event()

    async def write(self, actor: str, *events: Event) -> list[Entry]:
        await asyncio.sleep(0)
        self.writes += 1
        if self.dead.is_set() or (self.dies_at is not None and self.writes >= self.dies_at):
            self.dead.set()
            await asyncio.Event().wait()  # a dead process does nothing more
        made = []
        for event in events:
            seq = len(self.entries) + 1
            entry = Entry(seq, float(seq), actor, kind_of(event), encode(event), GENESIS, GENESIS)
            self.entries.append(entry)
            self.ledger.apply(entry)
            made.append(entry)
        return made

    keep = write

    def reborn(self) -> None:
        """Start a new process on the same journal."""
        self.ledger = Ledger()
        for entry in self.entries:
            self.ledger.apply(entry)
        self.dies_at, self.writes, self.dead = None, 0, asyncio.Event()


class World:
    """Counts what was done outside. A step's act may be cut off after it took effect: that is the unsure case."""

    def __init__(self, bench: "Bench", run: str, plan: StepPlan) -> None:
        self.bench, self.run, self.plan = bench, run, plan

    def active(self) -> Mapping[str, float]:
        return self.bench.pen.ledger.active

    def state_of(self, name: str) -> State:
        return State.UP

    def balance_of(self, channel: str) -> float | None:
        return None

    def now(self) -> float:
        return 0.0

    def checks_of(self, name: str) -> tuple[Check, ...]:
        return ()

    async def probe(self, check: Check) -> Sample:
        raise AssertionError("nothing is probed here")

    def preview(self, plan: StepPlan) -> str:
        return "the words"

    async def announce(self, plan: StepPlan) -> Result:
        self.bench.did[self.run, plan.id] += 1
        await asyncio.sleep(0)
        if self.bench.dice.random() < self.bench.failing:
            return Result(False, "the outlet said no")
        return Result(True, "told")

    async def recover_announcement(self, plan: StepPlan) -> Result | str | None:
        return "it may have gone out"


class Bench:
    """A runner, its journal and what was done; `crash` and `restart` as often as wanted."""

    def __init__(self, seed: int, failing: float = 0.0) -> None:
        self.dice = random.Random(seed)
        self.failing = failing
        self.did: Counter[tuple[str, str]] = Counter()
        self.pen = Pen()
        self.runner = self._runner()

    def _runner(self) -> Runner:
        def world(run: str, plan: StepPlan) -> Any:
            return World(self, run, plan)

        async def already(check: str) -> bool:
            return False

        return Runner(self.pen, world, already)

    async def crash(self) -> None:
        """Kill the process: whatever its tasks were doing ends here, and nothing of it is written."""
        self.pen.dead.set()
        for task in list(self.runner._tasks.values()):
            task.cancel()
        await asyncio.gather(*self.runner._tasks.values(), return_exceptions=True)

    async def restart(self) -> None:
        """Begin again on the same journal."""
        self.pen.reborn()
        self.runner = self._runner()
        self.runner.resume()

    async def settle(self) -> bool:
        """Let the run go as far as it can; return whether the process still lives."""
        for _ in range(60):
            await asyncio.sleep(0)
            if self.pen.dead.is_set():
                return False
        return True


def steps(*kinds: str) -> tuple[StepPlan, ...]:
    """Return a plan of these kinds: manual, activate, tell (asks first), shout (asks nobody)."""
    made = []
    for number, kind in enumerate(kinds, 1):
        common: dict[str, Any] = {"id": f"s{number}", "what": f"{kind} {number}", "on_failure": "ask"}
        if kind == "manual":
            made.append(StepPlan(do="manual", say="Is it so?", **common))
        elif kind in ("activate", "deactivate"):
            made.append(StepPlan(do=kind, options={"channels": ["chat"]}, **common))
        else:
            made.append(StepPlan(do="announce", needs="confirm" if kind == "tell" else "auto", **common))
    return tuple(made)


def broken_promise(entries: list[Entry], did: Counter[tuple[str, str]], looked_up: tuple[str, ...] = ()) -> str:
    """Return how the journal breaks promise 2, or nothing.

    Every outcome has an intent or an answer before it, no intent has two outcomes, no step that acts outside is begun
    again without an operator's word since, and nothing was done outside more often than it was intended. What only
    changes a standing is a journal entry itself, in one commit with its outcome: begun again, it is done the first
    time. So are steps of the kinds `looked_up`, whose deeds the journal holds one by one.
    """
    inside: set[tuple[str, str]] = set()
    intents: Counter[tuple[str, str]] = Counter()
    open_intent: dict[tuple[str, str], bool] = {}
    allowed: dict[tuple[str, str], bool] = {}
    asked: dict[tuple[str, str], StepAsked] = {}
    ended: set[str] = set()
    for entry in entries:
        event = decode(entry.kind, entry.document)
        if isinstance(event, StepAsked | StepAnswered | StepIntended | StepEnded):
            key = (event.run, event.step)
            if event.run in ended:
                return f"entry {entry.seq}: {key} goes on after the run ended"
            match event:
                case StepAsked():
                    asked[key] = event
                case StepAnswered(attempt=attempt, answer=answer):
                    question = asked.pop(key, None)
                    if question is None or question.attempt != attempt or answer not in question.answers:
                        return f"entry {entry.seq}: {key} was answered without being asked"
                    allowed[key] = True
                case StepIntended():
                    if open_intent.get(key) and not allowed.get(key) and key not in inside:
                        return f"entry {entry.seq}: {key} was begun again without a word"
                    intents[key] += 1
                    open_intent[key], allowed[key] = True, False
                case StepEnded(outcome=outcome):
                    if outcome in ("done", "failed") and not open_intent.get(key) and not allowed.get(key):
                        return f"entry {entry.seq}: {key} has an outcome without an intent or an answer"
                    open_intent[key] = False
        elif isinstance(event, RunStarted):
            inside |= {
                (event.run, plan.id) for plan in event.steps if plan.do in ("activate", "deactivate", *looked_up)
            }
        elif isinstance(event, RunEnded):
            if event.run in ended:
                return f"entry {entry.seq}: {event.run} ended twice"
            ended.add(event.run)
    more = {key: count for key, count in did.items() if count > intents[key]}
    return f"done more often than intended: {more}" if more else ""
