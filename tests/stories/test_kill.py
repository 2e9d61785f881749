"""Promises 1 and 2 against kill -9: what an order was told stays, and nothing happens twice."""

import contextlib
import random
import re
import time
from collections import Counter

import pytest
from outagetui.core.model import Entry
from outagetui.facts.events import AnnouncementMade
from outagetui.store.journal import Store
from tests.kit.installation import Client, Installation, eventually
from tests.kit.journal_rules import assert_rules
from tests.kit.runner_in_memory import open_step

NOTE = re.compile(r"note-\d+-\d+")
CUTS = {"run.start", "step.answer", "step.intent", "announce", "announce.intent", "announce.outcome"}
KILLS = 10  # in each of five seeds: fifty in all


class Operator:
    """Gives random orders and remembers what was acknowledged."""

    def __init__(self, installation: Installation, chance: random.Random) -> None:
        self.installation, self.chance = installation, chance
        self.orders = 0
        self.notes: dict[str, str] = {}  # a note only we know, and the kind of entry that must hold it
        self.switched = {"activate": 0, "deactivate": 0}
        self.runs: set[str] = set()
        self.over: set[str] = set()

    def work(self, client: Client, until: float) -> None:
        """Order until the daemon is gone or the time has come."""
        while time.monotonic() < until:
            try:
                self._one(client)
            except (OSError, EOFError):
                return

    def _one(self, client: Client) -> None:
        self.orders += 1
        note = f"note-{self.orders}-{self.chance.randrange(1 << 30)}"
        kind = self.chance.choice(["ack", "mute", "switch", "announce", "start", "answer", "answer", "answer", "abort"])
        if kind == "ack":
            self._noted(client.order("ack", note=note), note, "ack")
        elif kind == "mute":
            self._noted(client.order("mute", id="phone", seconds=60, reason=note), note, "mute")
        elif kind == "switch":
            which = self.chance.choice(["activate", "deactivate"])
            self.switched[which] += client.order(which, channels=["phone"]).get("changed", 0)
        elif kind == "announce" and self.chance.random() < 0.2:
            reply = client.order("announce", kind="investigating", audience="customers", outlets=["page"], note=note)
            self._noted(reply, note, "announce")
        elif kind == "start":
            reply = client.order("start", playbook="chat-down")
            if reply["ok"]:
                self.runs.add(reply["run"])
        elif kind == "answer":
            self._answer(client, note)
        elif kind == "abort" and self.chance.random() < 0.1:
            for run in self.runs - self.over:
                reply = client.order("abort", run=run)
                if reply["ok"] and "warning" not in reply:
                    self.over.add(run)

    def _answer(self, client: Client, note: str) -> None:
        for run in self.installation.ledger().runs.values():
            row = open_step(run)
            if run.ended is None and row is not None and row.state != "doing":
                good = [answer for answer in row.answers if answer in ("yes", "done")] or ["skip"]
                answer = self.chance.choice([*good * 8, *row.answers])
                fields = {"run": run.id, "step": row.id, "attempt": row.attempt, "answer": answer, "note": note}
                self._noted(client.order("answer", **fields), note, "step.answer")

    def _noted(self, reply: dict[str, object], note: str, kind: str) -> None:
        if reply["ok"]:
            self.notes[note] = kind

    def check(self) -> None:
        """Assert that everything acknowledged is in the journal, which is sound and obeys the rules."""
        entries = self.installation.entries()
        kept = Counter(entry.kind for entry in entries)
        told = {note: entry.kind for entry in reversed(entries) for note in NOTE.findall(entry.document)}
        lost = [(kind, note) for note, kind in self.notes.items() if told.get(note) != kind]
        assert not lost
        assert kept["activate"] >= self.switched["activate"]
        assert kept["deactivate"] >= self.switched["deactivate"]
        runs = assert_rules(entries).ledger.runs
        assert self.runs <= set(runs)
        assert all(runs[run].ended is not None for run in self.over)
        self.installation.verify_chain()
        self._page()

    def _page(self) -> None:
        index = self.installation.page / "index.html"
        if index.exists():
            shown = re.findall(r'data-announcement="(\S+)"\s+data-part="(\d+)"', index.read_text())
            assert len(shown) == len(set(shown))


def kill_again_and_again(installation: Installation, seed: int, kills: int) -> None:
    chance = random.Random(seed)
    installation.configure().outage()
    operator = Operator(installation, chance)
    for _ in range(kills):
        installation.start(wait=False)
        early = chance.random() < 0.15
        if early:  # while it starts, or resumes what the last one left
            time.sleep(chance.uniform(0.1, 0.6))
        else:
            installation.ready()
            with contextlib.suppress(OSError, EOFError), installation.client() as client:
                operator.work(client, time.monotonic() + chance.uniform(0.0, 0.5))
        installation.kill()
        if installation.store.exists() and installation.entries():
            operator.check()
    installation.start()
    assert installation.terminate() == 0
    operator.check()
    assert operator.notes, "nothing was ever acknowledged"


@pytest.mark.parametrize("seed", range(5))
def test_what_was_acknowledged_survives_kill_nine_and_nothing_happens_twice(
    installation: Installation, seed: int
) -> None:
    kill_again_and_again(installation, seed, KILLS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 110))
def test_five_hundred_kills(installation: Installation, seed: int) -> None:
    kill_again_and_again(installation, seed, 50)


def test_a_run_killed_at_every_entry_of_its_story_comes_to_its_end(installation: Installation) -> None:
    """The story of one run is cut where something was begun or promised; a new daemon must go on from there."""
    installation.configure().start()
    with installation.client() as client:
        run = client.order("start", playbook="chat-down")["run"]
        for answer in ("done", "yes"):
            step, attempt, _ = eventually(lambda: installation.question(run))
            assert client.order("answer", run=run, step=step, attempt=attempt, answer=answer)["ok"]
    eventually(lambda: installation.ledger().runs[run].ended)
    installation.terminate()
    story = installation.entries()
    first = next(n for n, entry in enumerate(story) if entry.kind == "run.start")
    last = next(n for n, entry in enumerate(story) if entry.kind == "run.end")
    chosen = [n for n in range(first, last) if story[n].kind in CUTS]
    assert {story[n].kind for n in chosen} == CUTS
    for cut in chosen:
        _replay(installation, story[: cut + 1])
        installation.start()
        with installation.client() as client:
            while not installation.ledger().runs[run].ended:
                asked = installation.question(run)
                if asked is not None:
                    step, attempt, answers = asked
                    answer = next(each for each in ("yes", "done", "retry") if each in answers)
                    client.order("answer", run=run, step=step, attempt=attempt, answer=answer)
                time.sleep(0.02)
        installation.kill()
        rules = assert_rules(installation.entries())
        assert rules.ledger.runs[run].state == "done", f"cut after {story[cut].kind}"
        assert {row.state for row in rules.ledger.runs[run].steps.values()} == {"done"}
        assert len(installation.events(AnnouncementMade)) == 1


def _replay(installation: Installation, story: list[Entry]) -> None:
    """Make the store anew with the first entries of a story; the page stays as the whole story left it."""
    from outagetui.facts.events import decode

    installation.delete_store()
    store = Store(installation.store)
    for entry in story:
        assert isinstance(entry, Entry)
        event = decode(entry.kind, entry.document)
        assert event is not None
        store.append(entry.at, entry.actor, event)
    store.close()
