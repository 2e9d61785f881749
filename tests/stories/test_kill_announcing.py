"""Promise 2 against kill -9 while ten outlets are told: nothing is there twice, and nothing is said that is not so."""

import contextlib
import random
import time
from collections.abc import Iterator

import pytest
from outagetui.core.model import Entry
from outagetui.facts.announcement import DeliveryRecord
from tests.kit.installation import Installation, eventually
from tests.kit.journal_rules import assert_rules
from tests.kit.ten_outlets import FAULTS, TenOutlets, page_shows, ten_outlets

OVER = ("sent", "seen", "failed", "skipped", "unknown", "retracted")
KILLS = 5  # in each of four seeds: twenty in all
SETTLING = 60.0  # seconds in which what is under way ends, also on a busy machine
RECOVERY = 90.0  # seconds in which outlets that are well again take back what they are asked to


@pytest.fixture(name="outlets")
def _outlets() -> Iterator[TenOutlets]:
    with ten_outlets() as made:
        yield made


class KillsAmidAnnouncing:
    """Somebody who announces, while the daemon is killed at any moment, and what must be true whenever one looks."""

    def __init__(self, installation: Installation, outlets: TenOutlets, chance: random.Random) -> None:
        self.installation, self.outlets, self.chance = installation, outlets, chance
        self.notes: dict[int, str] = {}
        self.entries: list[Entry] = []

    def play(self, kills: int) -> None:
        self.installation.start()
        for number in range(kills):
            self.outlets.tick()
            if number % 2 == 0:
                self._break_some()
                self._announce(number)
            else:
                self.outlets.heal()
                self._mend(chance=0.8)
            time.sleep(self.chance.choice((0.0, 0.02, 0.05, 0.1, 0.3, 0.8)) * self.chance.random())
            self.installation.kill()
            self.installation.start()
            self._settled()
            self.check()
        self.outlets.heal()
        eventually(self._mended, seconds=RECOVERY, say=self._states)

    def take_back(self) -> None:
        self._break_some()
        made = next(iter(self.installation.ledger().announcements.values()))
        self.installation.order("retract", announcement=made.id)
        time.sleep(self.chance.random() * 0.3)
        self.installation.kill()
        self.outlets.heal()
        self.installation.start()
        eventually(lambda: self._taken_back(made.id), seconds=RECOVERY, say=lambda: self._back(made.id))
        back = self._back(made.id)
        # What turns out never to have been there was asked back too while that was unknown.
        assert set(back) >= set(self.installation.ledger().announcements[made.id].reached())
        assert {done.state for done in back.values()} == {"retracted"}
        for name in self.outlets.services:
            assert not [note for note in self.notes.values() if self.outlets.count(name, note)], name
        assert_rules(self.installation.entries())

    def _mended(self) -> bool:
        """Try again whatever did not arrive; return whether all did."""
        self.outlets.tick()
        self._mend(chance=1.0)
        self._settled()
        self.check()
        return set(self._states().values()) <= {"sent", "seen", "skipped"}

    def _taken_back(self, announcement: str) -> bool:
        """Return whether every outlet took it back, and ask again those that did not: some rest first."""
        self._settled()
        back = self._back(announcement)
        left = [name for name, done in back.items() if done.state != "retracted"]
        for name in left:
            self.installation.order("delivery", announcement=announcement, outlet=name, do="retry")
        return not left

    def _back(self, announcement: str) -> dict[str, DeliveryRecord]:
        return self.installation.ledger().announcements[announcement].retractions

    def check(self) -> None:
        """Compare what the journal says of every delivery with what the public can read."""
        announcements = assert_rules(self.installation.entries()).ledger.announcements
        page = page_shows(self.installation)
        assert len(page) == len(set(page))
        for made in announcements.values():
            for (part, name), done in made.deliveries.items():
                note = next(words for words in self.notes.values() if words in made.part(part).body)
                there = self.outlets.count(name, note) if name != "page" else int((made.id, part) in page)
                where = f"{name} part {part}: {done}"
                assert there <= 1, f"twice at {where}"
                if done.state in ("sent", "seen"):
                    assert there == 1, f"not there: {where}"
                elif not done.doubtful:
                    assert there == 0, f"there already: {where}"

    def _announce(self, number: int) -> None:
        note = f"note {number:03d}{self.chance.randrange(1 << 20):07d}."
        self.notes[number] = note
        with contextlib.suppress(OSError, EOFError):
            assert self.installation.order("announce", kind="investigating", audience="customers", note=note)["ok"]

    def _mend(self, chance: float) -> None:
        for made in self.installation.ledger().announcements.values():
            for (part, name), done in made.deliveries.items():
                if part == made.newest.part and self.chance.random() < chance:
                    do = self.chance.choice(("retry", "retry", "retry", "skip"))
                    if done.state in ("failed", "unknown", "skipped"):
                        self.installation.order("delivery", announcement=made.id, outlet=name, do=do)

    def _break_some(self) -> None:
        for service in self.outlets.services.values():
            service.fault = self.chance.choice((None, *FAULTS)) if self.chance.random() < 0.7 else None

    def _states(self) -> dict[str, str]:
        found = {}
        for made in self.installation.ledger().announcements.values():
            for (part, name), done in made.deliveries.items():
                if part == made.newest.part:
                    found[name] = done.state
        return found

    def _settled(self) -> None:
        """Wait until nothing is under way."""

        def quiet() -> bool:
            made = self.installation.ledger().announcements.values()
            back = [done.state for each in made if each.retracted for done in each.retractions.values()]
            owed = [name for each in made if each.retracted for name in each.reached() if name not in each.retractions]
            return not owed and all(state in OVER for state in [*self._states().values(), *back])

        eventually(quiet, seconds=SETTLING)


def announce_and_kill(installation: Installation, outlets: TenOutlets, seed: int, kills: int) -> None:
    outlets.configure(installation)
    story = KillsAmidAnnouncing(installation, outlets, random.Random(seed))
    story.play(kills)
    story.take_back()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_told_twice_and_nothing_is_said_that_is_not_so(
    installation: Installation, outlets: TenOutlets, seed: int
) -> None:
    announce_and_kill(installation, outlets, seed, KILLS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 110))
def test_two_hundred_kills(installation: Installation, outlets: TenOutlets, seed: int) -> None:
    announce_and_kill(installation, outlets, seed, 20)
