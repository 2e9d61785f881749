"""What is written when: news at once, what is quiet seldom, a sign of life every second, and nothing lost."""

import asyncio

from outagetui.core.model import Channel, Check, Config, Outcome, Sample, State
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.flusher import IDLE, MANY, SOON, Flusher
from outagetui.daemon.watch import NEIGHBOURS, RENEWED_EVERY, Watch
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live
from outagetui.store.journal import WriteError
from tests.kit.virtual_loop import run

PASS = Sample(Outcome.PASS, latency_ms=5.0)
FAIL = Sample(Outcome.FAIL, "tcp.refused")


class Disk:
    """Keeps what is written and when, or is full."""

    def __init__(self) -> None:
        self.full = False
        self.beats: list[float] = []
        self.commits: list[float] = []
        self.samples = 0
        self.rows: list[Live] = []
        self.events: list[Event] = []

    async def write(self, actor: str, *events: Event) -> None:
        self.events += events

    async def samples_(self, seen: list[object], live: list[Live], beat: Beat) -> None:
        if self.full:
            raise WriteError("the disk is full")
        now = asyncio.get_running_loop().time()
        self.beats.append(now)
        self.samples += len(seen)
        self.rows += live
        if seen or live:
            self.commits.append(now)


class Place:
    """A watch of `count` checks, flushed on a virtual clock."""

    def __init__(self, count: int, every: float = 30.0) -> None:
        self.checks = [
            Check(id=f"c{n}.p", probe="tcp", target="x", options=TcpOptions(), every=every) for n in range(count)
        ]
        channels = tuple(
            Channel(id=f"c{n}", name=f"C{n}", audience="customers", role="primary", checks=(check,), address="x")
            for n, check in enumerate(self.checks)
        )
        self.config = Config(directory="", business="b", vantage="here", timezone="UTC", store="", channels=channels)
        self.disk = Disk()

    async def live(self, seconds: float, rate: float, sample: Sample = PASS) -> None:
        """Look at the checks in turn, `rate` times a second."""
        loop = asyncio.get_running_loop()
        self.watch = Watch("here", Ledger(), loop.time())
        self.watch.configure(self.config)
        self.disk.samples = 0
        journal = type("Journal", (), {"write": self.disk.write, "samples": self.disk.samples_})()
        self.flusher = Flusher(self.watch, journal, lambda: Beat(1, loop.time()), lambda events: None)
        self.work = asyncio.ensure_future(self.flusher.run())
        await self.look(seconds, rate, sample)

    async def look(self, seconds: float, rate: float, sample: Sample = PASS) -> None:
        loop = asyncio.get_running_loop()
        for number in range(round(seconds * rate)):
            self.watch.see(self.checks[number % len(self.checks)], loop.time(), sample)
            await asyncio.sleep(1 / rate)


def test_a_quiet_daemon_writes_samples_seldom_and_says_every_second_that_it_lives() -> None:
    place = Place(20)

    async def story() -> None:
        await place.live(60.0, 2 / 3)
        commits, beats, rows = len(place.disk.commits), len(place.disk.beats), len(place.disk.rows)
        await place.look(300.0, 2 / 3)
        assert 25 <= len(place.disk.commits) - commits <= 300 / IDLE + 2
        assert 295 <= len(place.disk.beats) - beats <= 305
        assert len(place.disk.rows) - rows <= 20 * 300 / RENEWED_EVERY + NEIGHBOURS
        await asyncio.sleep(IDLE + 2.0)
        assert place.watch.waiting == 0
        assert place.disk.samples == 240

    run(story())


def test_under_load_samples_are_written_once_a_second() -> None:
    place = Place(200)

    async def story() -> None:
        await place.live(30.0, 100.0)
        before = len(place.disk.commits), len(place.disk.rows)
        await place.look(100.0, 100.0)
        assert 95 <= len(place.disk.commits) - before[0] <= 102
        assert len(place.disk.rows) - before[1] <= 200 * 100 / RENEWED_EVERY + 200  # and not 10,000

    run(story())


def test_every_row_is_renewed_in_its_turn() -> None:
    place = Place(50)

    async def story() -> None:
        await place.live(60.0, 5.0)
        await asyncio.sleep(IDLE + 1.0)
        place.disk.rows.clear()
        await place.look(RENEWED_EVERY + 2 * IDLE, 5.0)
        assert {row.check for row in place.disk.rows} == {check.id for check in place.checks}

    run(story())


def test_a_failure_is_written_at_once_but_not_each_by_itself() -> None:
    place = Place(50)

    async def story() -> None:
        await place.live(120.0, 1.0)
        loop = asyncio.get_running_loop()
        struck = loop.time()
        for check in place.checks:
            place.watch.see(check, loop.time(), FAIL)
            await asyncio.sleep(0.02)
        await asyncio.sleep(2.0)
        written = [at for at in place.disk.commits if at >= struck]
        assert written[0] - struck <= SOON + 0.01
        assert 4 <= len(written) <= 8
        failing = {row.check for row in place.disk.rows if row.sample is not None and row.sample.outcome == "fail"}
        assert len(failing) == 50

    run(story())


def test_what_an_operator_asked_for_is_written_at_once() -> None:
    place = Place(20)

    async def story() -> None:
        await place.live(60.0, 1.0)
        await asyncio.sleep(IDLE + 1.0)
        loop = asyncio.get_running_loop()
        place.watch.see(place.checks[0], loop.time(), PASS)
        await asyncio.sleep(1.5)
        assert place.watch.waiting == 1
        place.watch.expect([place.checks[1].id])
        place.watch.see(place.checks[1], loop.time(), PASS)
        await asyncio.sleep(SOON + 0.01)
        assert place.watch.waiting == 0

    run(story())


def test_a_full_disk_loses_nothing_and_is_not_hammered() -> None:
    place = Place(20)

    async def story() -> None:
        await place.live(30.0, 2.0)
        place.disk.full = True
        seen = place.disk.samples
        await place.look(60.0, 2.0, FAIL)
        assert place.disk.samples == seen
        place.disk.full = False
        await asyncio.sleep(3.0)
        assert place.disk.samples == 180
        assert place.watch.waiting == 0
        shown = {row.check: row for row in place.disk.rows}
        assert {row.state for row in shown.values()} == {State.DOWN}

    run(story())


def test_many_samples_do_not_wait_for_ten_seconds() -> None:
    place = Place(MANY)

    async def story() -> None:
        await place.live(40.0, 1.0)
        await asyncio.sleep(IDLE + 1.0)
        loop = asyncio.get_running_loop()
        for check in place.checks:
            place.watch.see(check, loop.time(), PASS)
        await asyncio.sleep(1.01)
        assert place.watch.waiting == 0

    run(story())
