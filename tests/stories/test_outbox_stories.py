"""Stories of one outbox made up at random: words of operators, outlets that break, and daemons that die."""

import asyncio
import contextlib
import random

import pytest
from outagetui.announce.outbox import AnnounceError
from tests.kit.journal_rules import assert_rules
from tests.kit.outlets_in_memory import OutboxInMemory, OutletsInMemory
from tests.kit.virtual_loop import run

NAMES = ("page", "blog", "forum", "wiki")
MOODS = ("", "", "", "busy", "refused", "lost", "stored", "hangs", "hangs after")
SIGHTS = ("", "", "down", "blank")


class Story:
    """`box` is of the daemon that lives now."""

    def __init__(self, outlets: OutletsInMemory, chance: random.Random) -> None:
        self.outlets, self.chance = outlets, chance
        self.box = OutboxInMemory(outlets, *NAMES, follows=True)

    async def play(self, acts: int) -> None:
        for _ in range(acts):
            for name in NAMES:
                self.outlets.goes[name], self.outlets.reads[name] = (
                    self.chance.choice(MOODS),
                    self.chance.choice(SIGHTS),
                )
            with contextlib.suppress(AnnounceError):
                await self._act()
            await asyncio.sleep(self.chance.choice((0.0, 0.01, 1.0, 3.0, 30.0)))
            self.check()
        self.outlets.goes.clear()
        self.outlets.reads.clear()
        for _ in range(4):
            await asyncio.sleep(60.0)
            await self._mend()
        await asyncio.sleep(60.0)
        self.check()
        for made in self.box.journal.ledger.announcements.values():
            if made.retracted is None:
                final = {made.delivery(made.newest.part, name).state for name in made.newest.outlets}
                assert final <= {"sent", "seen", "skipped"}
            else:
                assert not [name for name in self.outlets.public if f" {made.id}." in name]

    async def _act(self) -> None:
        act = self.chance.choice(("tell", "tell", "order", "order", "retract", "die", "die", "cancel"))
        ledger = self.box.journal.ledger
        if act == "tell":
            kind = self.chance.choice(("investigating", "update", "update", "resolved"))
            chosen = self.chance.sample(NAMES, self.chance.randint(0, 3))
            made = await self.box.outbox.make("ada", kind, "customers", chosen)
            self.box.background.send("ada", made)
        elif act == "order" and ledger.announcements:
            made_before = self.chance.choice(list(ledger.announcements))
            await self._order(made_before, self.chance.choice(NAMES), self.chance.choice(("retry", "skip", "edit")))
        elif act == "retract" and ledger.announcements and self.chance.random() < 0.5:
            name = self.chance.choice(list(ledger.announcements))
            await self.box.outbox.retract("ada", name)
            self.box.background.take_back("ada", name)
        elif act == "die":
            self.box = self.box.after_crash()
            self.box.background.settle()
        elif act == "cancel" and ledger.announcements:
            one = self.chance.choice(list(ledger.announcements.values()))
            task = asyncio.create_task(self.box.outbox.deliver("ada", one.id, one.newest.part))
            await asyncio.sleep(self.chance.random())
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _order(self, announcement: str, outlet: str, do: str) -> None:
        outbox, background = self.box.outbox, self.box.background
        words = f"own words {self.chance.randrange(1000)}"
        part, due = await outbox.order("ada", announcement, outlet, do, title="Own", body=words)  # type: ignore[arg-type]
        if due == "retract":
            background.take_back("ada", announcement)
        elif due:
            background.send("ada", self.box.journal.ledger.announcements[announcement].part(part), [outlet])

    async def _mend(self) -> None:
        """Order what a patient operator orders when everything works again."""
        for made in list(self.box.journal.ledger.announcements.values()):
            back = [name for name, done in made.retractions.items() if done.state in ("failed", "unknown")]
            for name in back or made.newest.outlets:
                try:
                    await self._order(made.id, name, "retry")
                except AnnounceError:
                    continue

    def check(self) -> None:
        """Compare the journal with what is public; that nothing is there twice is asserted where it is published."""
        entries = self.box.journal.entries
        for made in assert_rules(entries).ledger.announcements.values():
            for (part, name), done in made.deliveries.items():
                there = f"{name} {made.id}.{part}" in self.outlets.public
                if made.retracted is not None or done.state == "sending":
                    continue
                assert there or done.state not in ("sent", "seen"), f"{name} {made.id}.{part} {done.state}"
                assert not there or done.there, f"{name} {made.id}.{part}"


@pytest.mark.parametrize("seed", range(60))
def test_no_story_tells_anything_twice_or_says_what_is_not_so(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    async def story() -> None:
        await Story(OutletsInMemory(monkeypatch), random.Random(seed)).play(14)

    run(story())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_a_thousand_longer_stories(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    async def story() -> None:
        await Story(OutletsInMemory(monkeypatch), random.Random(seed)).play(40)

    run(story())
