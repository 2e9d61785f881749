"""Killing a daemon in the middle of commands, again and again: what the commands did and what the journal says.

Every step appends its name to one file, so that the file is the truth and the journal can be held against it.
"""

import os
import random
import sys
import time
from pathlib import Path

from msgspec import Struct
from outagetui.facts.events import StepAsked, StepEnded, StepIntended
from tests.kit.installation import Client, Installation, eventually
from tests.kit.journal_rules import assert_rules

STEPS = tuple(f"step-{number}" for number in range(10))
# Says something before and after, since a program whose reader is gone may end at either word.
SCRIPT = """#!{python} -IS
import os, sys, time
file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
time.sleep(os.urandom(1)[0] / 12000)
print("begun", flush=True)
os.write(file, sys.argv[2].encode() + b"\\n")
os.fsync(file)
time.sleep(os.urandom(1)[0] / 12000)
print("done", flush=True)
"""
COMMAND = """
[command.append]
argv = ["{script}", "{file}", "{{word}}"]
params = {{ word = {{ pattern = "step-[0-9]" }} }}
"""
STEP = """
[[step]]
id = "{name}"
do = "command"
with = {{ command = "append", args = {{ word = "{name}" }} }}
needs = "auto"
"""


class Tally(Struct):
    """What came of the kills. `unsure` counts the questions, `disagreements` says what is wrong: nothing, one hopes."""

    kills: int = 0
    agreements: int = 0
    unsure: int = 0
    midway: int = 0  # kills after which a step had happened that the journal did not know of
    runs: int = 0
    disagreements: list[str] = []


class KillsAmidCommands:
    """One daemon's installation, the file, and an operator who looks into the file before answering."""

    def __init__(self, installation: Installation, seed: int) -> None:
        self.installation, self.chance, self.tally = installation, random.Random(seed), Tally()
        self.file = installation.root / "written"
        self.file.touch()
        script = installation.root / "append"
        script.write_text(SCRIPT.format(python=sys.executable))
        script.chmod(0o755)
        installation.configure(
            every="30s",
            operators=COMMAND.format(script=script, file=self.file),
            **{"playbooks__write.toml": 'name = "Write"\n' + "".join(STEP.format(name=name) for name in STEPS)},
        )

    def go(self, kills: int) -> Tally:
        """Kill `kills` times, then bring the run that is under way to its end."""
        for number in range(kills):
            early = number > 0 and self.chance.random() < 0.15  # while it starts, or takes up what the last one left
            self.installation.start(wait=not early)
            if early:
                time.sleep(self.chance.uniform(0.1, 0.6))
            else:
                with self.installation.client() as client:
                    self._work(client, time.monotonic() + self.chance.uniform(0.0, 0.6))
            self.installation.kill()
            self.tally.kills += 1
            self._compare()
        self.installation.start()
        with self.installation.client() as client:
            self._work(client, time.monotonic() + 20.0, once=True)
        self.installation.terminate()
        self._finish()
        return self.tally

    def _work(self, client: Client, until: float, *, once: bool = False) -> None:
        while time.monotonic() < until:
            runs = self.installation.ledger().runs
            busy = next((run for run in runs.values() if run.ended is None), None)
            if busy is None:
                if once and runs:
                    return
                assert client.order("start", playbook="write")["ok"]
            elif (asked := self.installation.question(busy.id)) is not None:
                step, attempt, allowed = asked
                answer = self._answer(step)
                assert answer in allowed
                client.order("answer", run=busy.id, step=step, attempt=attempt, answer=answer)
            time.sleep(0.01)

    def _answer(self, step: str) -> str:
        """Return what an operator says who waits until the program is gone, and then looks at what it did."""
        eventually(lambda: not self._running())
        written, done = self._written(), self._done()
        return "done" if written[len(done) :] == [step] else "retry"

    def _compare(self) -> None:
        """Hold the file against the journal, once nothing writes any more."""
        eventually(lambda: not self._running())
        written, done = self._written(), self._done()
        more = written[len(done) :]
        if more:
            self.tally.midway += 1
        if written[: len(done)] == done and (not more or more == self._under_way()):
            self.tally.agreements += 1
        else:
            under_way = self._under_way()
            self.tally.disagreements.append(f"written {written}, done {done}, under way {under_way}")

    def _finish(self) -> None:
        ledger = self.installation.ledger()
        self.tally.runs = len(ledger.runs)
        self.tally.unsure = sum(asked.why == "unsure" for asked in self.installation.events(StepAsked))
        wanted = list(STEPS) * len(ledger.runs)
        states = {run.state for run in ledger.runs.values()}
        if not self._written() == self._done() == wanted or states != {"done"}:
            self.tally.disagreements.append(f"in the end {states}: written {self._written()}, done {self._done()}")
        self.installation.verify_chain()
        assert_rules(self.installation.entries())

    def _written(self) -> list[str]:
        return self.file.read_text().splitlines()

    def _done(self) -> list[str]:
        return [event.step for event in self.installation.events(StepEnded) if event.outcome == "done"]

    def _under_way(self) -> list[str]:
        """Return the step that has an intent and no outcome."""
        over = {(event.run, event.step) for event in self.installation.events(StepEnded)}
        begun = {(event.run, event.step): event.step for event in self.installation.events(StepIntended)}
        return [step for key, step in begun.items() if key not in over]

    def _running(self) -> bool:
        """Whether a program that a daemon started still runs: it holds our file."""
        wanted = os.fsencode(self.file)
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and wanted in (entry / "cmdline").read_bytes().split(b"\0"):
                    return True
            except OSError:
                continue
        return False
