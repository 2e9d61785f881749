"""Readiness: was a backup proven to work, how long ago, and what counts as a proof."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.board.owner_rows import readiness
from outagetui.core.model import Channel, Check, Config, Outcome, Sample
from outagetui.core.probe_options import HttpOptions, ProbeOptions, XmppRoomOptions
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.prover import Prover, verdict_of
from outagetui.daemon.watch import Watch
from outagetui.facts.ledger import Proof
from outagetui.store.journal import Store

DAY = 86400.0


PAGE, ROOM = HttpOptions(), XmppRoomOptions(secret="x", room="a@b")


def check(name: str, options: ProbeOptions = PAGE) -> Check:
    return Check(id=name, probe=options.word, target="http://127.0.0.1/", options=options)


def backup(*checks: Check, prove_every: float | None = 7 * DAY) -> Channel:
    return Channel(id="jabber", name="Jabber", audience="staff", role="backup", prove_every=prove_every, checks=checks)


@pytest.mark.parametrize(
    ("proof", "every", "expected"),
    [
        (None, None, "untested"),
        (None, DAY, "untested"),
        (Proof(0.0, True, ""), None, "ready"),
        (Proof(0.0, True, ""), 10 * DAY, "ready"),
        (Proof(0.0, True, ""), 5 * DAY, "stale"),
        (Proof(0.0, False, ""), 10 * DAY, "broken"),
        (Proof(0.0, False, ""), 5 * DAY, "broken"),
    ],
)
def test_readiness_is_what_the_last_proof_says_and_how_old_it_is(
    proof: Proof | None, every: float | None, expected: str
) -> None:
    assert readiness(proof, every, 6 * DAY) == expected


def test_a_proof_fails_when_one_check_fails_and_says_which() -> None:
    channel = backup(check("jabber.login"), check("jabber.room", ROOM))
    samples = [Sample(Outcome.PASS), Sample(Outcome.FAIL, "xmpp.room-missing", "the room is gone")]
    proof = verdict_of(channel, channel.checks, samples)
    assert (proof.outcome, proof.detail) == ("failed", "room: the room is gone")
    assert proof.checks == {"jabber.login": "pass", "jabber.room": "fail xmpp.room-missing"}


def test_a_proof_that_could_not_look_is_unknown_and_neither_good_nor_bad() -> None:
    channel = backup(check("jabber.login"), check("jabber.room", ROOM))
    samples = [Sample(Outcome.PASS), Sample(Outcome.UNKNOWN, "secret.unreadable", "no secret")]
    assert verdict_of(channel, channel.checks, samples).outcome == "unknown"
    assert verdict_of(channel, (), []).outcome == "unknown"


def test_a_proof_without_an_end_to_end_check_says_so() -> None:
    channel = backup(check("jabber.port"))
    assert "none of them is end to end" in verdict_of(channel, channel.checks, [Sample(Outcome.WARN)]).detail
    channel = backup(check("jabber.room", ROOM))
    assert verdict_of(channel, channel.checks, [Sample(Outcome.PASS)]).detail == "by room"


class Bench:
    """A real record and watch, a scripted probe and a clock that is moved by hand."""

    def __init__(self, directory: Path, channel: Channel) -> None:
        self.now = 1000.0
        self.outcome = Outcome.PASS
        self.probed = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.channel = channel
        config = Config(directory="", business="", vantage="here", timezone="UTC", store="", channels=(channel,))
        self.store = Store(directory / "store.db")
        self.record = JournalWriter(self.store, frozenset(), lambda: self.now)
        self.watch = Watch("here", self.record.ledger, self.now)
        self.watch.configure(config)
        self.prover = Prover(self.record, self.watch, self.probe, lambda: self.now)

    async def probe(self, check: Check) -> Sample:
        self.probed += 1
        await self.gate.wait()
        return Sample(self.outcome)

    async def due(self) -> int:
        before = self.probed
        await self.prover.prove_due([self.channel])
        return self.probed - before

    def readiness(self) -> str:
        return readiness(self.record.ledger.proofs.get("jabber"), self.channel.prove_every, self.now)


async def test_a_proof_is_renewed_before_it_goes_stale_and_not_sooner(tmp_path: Path) -> None:
    bench = Bench(tmp_path, backup(check("jabber.room", ROOM)))
    assert bench.readiness() == "untested"
    assert await bench.due() == 1
    assert bench.readiness() == "ready"
    bench.now += 6 * DAY
    assert await bench.due() == 0
    bench.now += 0.5 * DAY
    assert await bench.due() == 1
    await bench.record.leave()


async def test_a_failed_proof_is_tried_again_within_the_hour_and_makes_it_ready(tmp_path: Path) -> None:
    bench = Bench(tmp_path, backup(check("jabber.room", ROOM)))
    bench.outcome = Outcome.FAIL
    await bench.due()
    assert bench.readiness() == "broken"
    bench.now += 1800
    assert await bench.due() == 0
    bench.now += 1800
    bench.outcome = Outcome.PASS
    assert await bench.due() == 1
    assert bench.readiness() == "ready"
    await bench.record.leave()


async def test_a_proof_that_could_not_look_leaves_readiness_as_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path, backup(check("jabber.room", ROOM)))
    await bench.due()
    bench.now += 6.5 * DAY
    bench.outcome = Outcome.UNKNOWN
    assert await bench.due() == 1
    assert bench.readiness() == "ready"
    await bench.record.leave()


async def test_nothing_is_proven_without_an_interval_nor_while_blind(tmp_path: Path) -> None:
    bench = Bench(tmp_path, backup(check("jabber.room", ROOM), prove_every=None))
    assert await bench.due() == 0
    bench.channel = replace(bench.channel, prove_every=DAY)
    bench.watch.blind = "no canary answers"
    assert await bench.due() == 0
    await bench.record.leave()


async def test_two_who_ask_at_once_share_one_proof(tmp_path: Path) -> None:
    bench = Bench(tmp_path, backup(check("jabber.room", ROOM)))
    bench.gate.clear()
    both = asyncio.gather(*(bench.prover.prove(name, bench.channel) for name in ("alice", "bob")))
    while not bench.probed:
        await asyncio.sleep(0)
    bench.gate.set()
    await both
    assert bench.probed == 1
    assert [e.kind for e in bench.store.entries()] == ["proof"]
    await bench.record.leave()
