"""Ways are looked at on an order, and once by itself when a channel falls silent; the journal keeps what was found."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.board.narrative import tell
from outagetui.core.current import Current
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.orders import OrderError, Trace
from outagetui.core.probe_options import HttpOptions
from outagetui.daemon import tracer as module
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.tracer import Tracer
from outagetui.facts.events import Muted
from outagetui.facts.network_path import Hop, NetworkPath, Stopped
from outagetui.protocols.traceroute import host_of, ip_of, with_host
from outagetui.store.journal import Store
from outagetui.store.reader import Reader
from tests.kit.watch_stories import FAIL, PASS, Story, check, config

SILENCE = Sample(Outcome.FAIL, "timeout", "no answer in time")


class Bench:
    """A tracer on a real journal, a watch that is told what was seen, and ways that are made up."""

    def __init__(self, place: Path) -> None:
        made = config(check("chat.port"), check("phone.port"), check("home.port"), canaries=1)
        canary = replace(made.canaries[0], target="tcp://canary.example:1")
        self.settings = replace(made, canaries=(canary,))
        self.store = Store(place / "store.db")
        self.journal = JournalWriter(self.store, frozenset({"chat", "phone"}), lambda: self.story.now)
        self.story = Story(self.settings, ledger=self.journal.ledger)
        self.looked: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = self.most = 0
        self.permitted = True
        current = Current(self.settings)
        self.tracer = Tracer(
            self.journal,
            self.story.watch,
            current,
            self.look,
            lambda: {"192.0.2.1": "gw"},
            lambda: self.story.now,
            lambda: self.permitted,
        )
        self.running = asyncio.create_task(self.tracer.run())

    async def look(
        self, host: str, canary: str, ip: int | None, names: Mapping[str, str]
    ) -> tuple[NetworkPath, NetworkPath | None]:
        assert names == {"192.0.2.1": "gw"}
        self.looked.append((host, canary))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        return NetworkPath(host=host, hops=(Hop(1, "192.0.2.1"),), stopped=Stopped.SILENT), None

    def see(self, name: str, *samples: Sample) -> None:
        """Let samples be judged, and what follows of them be heeded."""
        self.story.see(name, *samples)
        self.story.see("canary.1", PASS)
        self.story.watch.tick(self.story.now)
        self.tracer.heed(self.story.watch.take()[2])

    async def settled(self) -> None:
        """Wait until nothing is due or under way any more, but for what waits at the gate."""
        for _ in range(50):
            await asyncio.sleep(0.005)

    async def traces(self) -> list[str]:
        await self.settled()
        return sorted(self.journal.ledger.traces)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.running.cancel()
    await asyncio.gather(made.running, return_exceptions=True)
    await made.journal.leave()


async def test_a_channel_that_falls_silent_is_traced_once(bench: Bench) -> None:
    bench.see("chat.port", *[SILENCE] * 8)
    assert await bench.traces() == ["chat"]
    bench.see("chat.port", *[SILENCE] * 8)
    await bench.settled()
    assert bench.looked == [("chat.port", "canary.example")]


async def test_another_fall_is_another_trace(bench: Bench) -> None:
    bench.see("chat.port", *[SILENCE] * 8)
    await bench.settled()
    bench.see("chat.port", *[PASS] * 30)
    bench.see("chat.port", *[SILENCE] * 8)
    await bench.settled()
    assert len(bench.looked) == 2


async def test_a_refusal_is_an_answer_and_traces_nothing(bench: Bench) -> None:
    bench.see("chat.port", *[FAIL] * 8)
    assert await bench.traces() == []


@pytest.mark.parametrize("code", ["timeout", "tcp.unreachable", "icmp.unreachable", "icmp.loss", "dns.silent"])
async def test_whatever_brings_no_answer_is_traced(bench: Bench, code: str) -> None:
    bench.see("chat.port", *[Sample(Outcome.FAIL, code)] * 8)
    assert await bench.traces() == ["chat"]


async def test_one_after_the_other(bench: Bench) -> None:
    bench.gate.clear()
    for name in ("chat.port", "phone.port", "home.port"):
        bench.see(name, *[SILENCE] * 8)
    await bench.settled()
    assert bench.most == 1
    bench.gate.set()
    assert await bench.traces() == ["chat", "home", "phone"]
    assert bench.most == 1


async def test_what_came_back_meanwhile_is_left_alone(bench: Bench) -> None:
    bench.gate.clear()
    bench.see("chat.port", *[SILENCE] * 8)
    bench.see("phone.port", *[SILENCE] * 8)
    await bench.settled()
    bench.see("phone.port", *[PASS] * 40)
    bench.gate.set()
    assert await bench.traces() == ["chat"]


async def test_muted_or_without_the_right_nothing_is_sent(bench: Bench) -> None:
    await bench.journal.write("alice", Muted(id="chat", until=bench.story.now + 9000, reason="moving"))
    bench.see("chat.port", *[SILENCE] * 8)
    await bench.settled()
    bench.permitted = False
    bench.see("phone.port", *[SILENCE] * 8)
    await bench.settled()
    assert bench.looked == []


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "chat.localhost"])
async def test_the_way_to_ourselves_is_never_looked_at_by_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(module, "host_of", lambda check: host)
    bench.see("chat.port", *[SILENCE] * 8)
    await bench.settled()
    assert bench.looked == []


# Orders.


@pytest.mark.parametrize(
    ("target", "host", "channel"),
    [
        ("chat", "chat.port", "chat"),
        ("chat.port", "chat.port", "chat.port"),
        ("example.net", "example.net", ""),
        ("2001:db8::1", "2001:db8::1", ""),
        ("fe80::1%lo", "fe80::1%lo", ""),
    ],
)
async def test_an_order_names_a_channel_a_check_or_a_host(bench: Bench, target: str, host: str, channel: str) -> None:
    await bench.tracer.order("alice", Trace(target=target))
    assert bench.looked == [(host, "canary.example")]
    event = bench.journal.ledger.traces.get(channel)
    assert (event is not None) == bool(channel)


@pytest.mark.parametrize("target", ["two words", "-x/..", "http://example.net/", "a\x1b[31m", "x" * 300])
async def test_what_is_no_host_is_refused(bench: Bench, target: str) -> None:
    with pytest.raises(OrderError, match="no channel"):
        await bench.tracer.order("alice", Trace(target=target))
    assert bench.looked == []


async def test_without_the_right_the_order_says_how_to_get_it(bench: Bench) -> None:
    bench.permitted = False
    with pytest.raises(OrderError, match="AmbientCapabilities=CAP_NET_RAW"):
        await bench.tracer.order("alice", Trace(target="example.net"))


async def test_only_so_many_are_taken_at_once(bench: Bench) -> None:
    bench.gate.clear()
    under_way = [
        asyncio.create_task(bench.tracer.order("alice", Trace(target="example.net"))) for _ in range(module.AT_ONCE)
    ]
    with pytest.raises(OrderError, match="under way"):
        await bench.tracer.order("alice", Trace(target="example.net"))
    bench.gate.set()
    await asyncio.gather(*under_way)
    await bench.tracer.order("alice", Trace(target="example.net"))


async def test_who_ordered_it_stands_in_the_journal(bench: Bench) -> None:
    await bench.tracer.order("alice", Trace(target="chat"))
    reader = Reader(bench.store.path)
    entry = reader.newest(1)[0]
    reader.close()
    assert (entry.actor, entry.kind) == ("alice", "trace")
    assert tell(entry).text.startswith("traced chat: The way to chat.port ends at hop 1, 192.0.2.1")


def test_the_version_of_ip_is_the_checks() -> None:
    kept = Check(id="a.b", probe="http", target="http://[::1]:80/", options=HttpOptions(ip=6))
    assert (host_of(kept), ip_of(kept)) == ("::1", 6)
    assert ip_of(check("chat.port")) is None


def test_where_a_check_dials_elsewhere_that_is_the_way() -> None:
    kept = check("chat.port", connect="[2001:db8::7]:443")
    assert host_of(kept) == "2001:db8::7"
    assert with_host([check("x.y", connect="192.0.2.7:1")]) is not None
