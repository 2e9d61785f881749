"""Promises 5 and 6: probes keep their time while others hang, blind is not red, and a dead daemon is STALE."""

import asyncio
import contextlib
import json
import socket
import statistics
import time
from typing import Any

import pytest
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import HttpOptions, TcpOptions
from outagetui.daemon.admission import CONCURRENT
from outagetui.daemon.schedule import Schedule
from outagetui.facts.events import BlindChanged, StateChanged
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.store.reader import Reader
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.kit.installation import CHANNEL, Installation, eventually, free_port
from tests.kit.waiting import until

pytestmark = pytest.mark.alone

HUNG = 200


async def test_probes_start_on_time_while_two_hundred_hang() -> None:
    """Every hung check talks to a listener that accepts and never says a word."""
    loop = asyncio.get_running_loop()
    hole = socket.create_server(("127.0.0.1", 0), backlog=4096)
    quick = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    vantage = Vantage("here", Secrets.none())
    seen: dict[str, list[float]] = {}

    def record(check: Check, at: float, sample: Sample) -> int:
        seen.setdefault(check.id, []).append(at)
        if check.probe == "http":
            assert sample.outcome is not Outcome.PASS
        return 0

    async def looked(check: Check, deadline: float) -> Sample:
        return await look(check, deadline, vantage)

    schedule = Schedule(looked, record, loop.time)
    hung = [
        Check(id=f"hole-{n}.web", probe="http", target=f"http://127.0.0.1:{hole.getsockname()[1]}/",
              options=HttpOptions(), every=4.0, timeout=3.0)
        for n in range(HUNG)
    ]  # fmt: skip
    port = quick.sockets[0].getsockname()[1]
    fine = [
        Check(id=f"fine-{n}.port", probe="tcp", target=f"tcp://127.0.0.1:{port}", options=TcpOptions(), every=1.0)
        for n in range(10)
    ]
    schedule.replace([*hung, *fine])
    running = asyncio.create_task(schedule.run())
    await asyncio.sleep(8.0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    hole.close()
    quick.close()
    await quick.wait_closed()
    await vantage.aclose()
    assert HUNG > CONCURRENT
    gaps = [
        later - earlier
        for check in fine
        for earlier, later in zip(seen[check.id], seen[check.id][1:], strict=False)
    ]  # fmt: skip
    assert len(gaps) > 50
    assert statistics.quantiles(gaps, n=100)[98] < 1.5, f"probes of what is fine were held up: {max(gaps):.2f} s"


async def test_a_disk_that_hangs_holds_up_no_probe(in_loop: DaemonInLoop) -> None:
    in_loop.installation.configure(every="500ms")
    daemon = await in_loop.start()
    await until(lambda: len(daemon.schedule.lateness) >= 2)
    in_loop.hang_disk()
    daemon.schedule.lateness.clear()
    await until(lambda: len(daemon.schedule.lateness) >= 8, 3.0)
    assert max(daemon.schedule.lateness) < 1.0


CANARIES = '["tcp://127.0.0.1:{}"]'


def test_blind_is_neither_red_nor_green_and_the_journal_says_so(installation: Installation) -> None:
    installation.configure(canaries=CANARIES.format(free_port()), every="500ms").start()
    eventually(lambda: [event for event in installation.events(BlindChanged) if event.blind])
    reader = Reader(installation.store)
    beat = eventually(lambda: found if (found := reader.beat()) is not None and found.blind else None)
    assert "no canary answers (tcp://127.0.0.1:" in beat.blind
    since = beat.at  # three failures of chat, which is refused all the while, would turn it red
    eventually(lambda: len(reader.history("chat.port", since)) >= 5)
    reader.close()
    assert not [event for event in installation.events(StateChanged) if event.now in ("down", "partial")]
    assert installation.ledger().incident is None
    done = installation.cli("status")
    assert done.returncode == 3
    assert "BLIND: no canary answers" in done.stdout
    assert "DOWN" not in done.stdout
    document = json.loads(installation.cli("status", "--json").stdout)
    assert {channel["state"] for channel in document["channels"]} <= {"blind", "unknown"}


def test_when_the_uplink_comes_back_what_is_down_turns_red(installation: Installation) -> None:
    port = free_port()
    installation.configure(canaries=CANARIES.format(port)).start()
    eventually(lambda: [event for event in installation.events(BlindChanged) if event.blind])
    with socket.create_server(("127.0.0.1", port)):
        installation.order("recheck")
        eventually(lambda: [event for event in installation.events(BlindChanged) if not event.blind])
        eventually(lambda: [e for e in installation.events(StateChanged) if (e.id, e.now) == ("chat", "down")])
    assert installation.ledger().incident is not None


def test_what_must_not_be_reachable_is_proven_only_while_something_else_answers(installation: Installation) -> None:
    closed = CHANNEL.format(name="vpn", role="backup", port=free_port(), every="1s") + 'expect = "refused"\n'
    opened = CHANNEL.format(name="leak", role="backup", port=installation.phone.getsockname()[1], every="1s")
    installation.configure(**{"checks__vpn.toml": closed, "checks__leak.toml": opened + 'expect = "refused"\n'}).start()
    eventually(lambda: [e for e in installation.events(StateChanged) if (e.id, e.now) == ("leak", "down")])
    told = {event.id: event.now for event in installation.events(StateChanged)}
    assert told["vpn"] == "up"


def test_refused_proves_nothing_while_nothing_answers(installation: Installation) -> None:
    closed = CHANNEL.format(name="vpn", role="backup", port=free_port(), every="1s") + 'expect = "refused"\n'
    installation.configure(canaries=CANARIES.format(free_port()), **{"checks__vpn.toml": closed})
    (installation.config / "checks" / "phone.toml").unlink()
    (installation.config / "playbooks" / "chat-down.toml").unlink()
    installation.start()

    def vpn() -> dict[str, Any]:
        document = json.loads(installation.cli("status", "--json").stdout)
        channel = next(each for each in document["channels"] if each["id"] == "vpn")
        check: dict[str, Any] = channel["checks"][0] | {"channel": channel["state"]}
        return check

    seen = eventually(lambda: found if (found := vpn())["outcome"] else None)
    assert (seen["outcome"], seen["code"]) == ("unknown", "unproven")
    assert seen["channel"] in ("unknown", "blind")


def test_a_dead_daemon_is_stale_and_unknown_however_green_it_left_the_board(installation: Installation) -> None:
    installation.configure(every="5s")
    (installation.config / "checks" / "chat.toml").write_text(
        CHANNEL.format(name="chat", role="primary", port=installation.phone.getsockname()[1], every="5s")
    )
    installation.start()
    eventually(lambda: installation.cli("status").returncode == 0)
    installation.kill()
    reader = Reader(installation.store)
    beat = reader.beat()
    reader.close()
    assert beat is not None
    eventually(lambda: time.time() - beat.at > 10.5)
    done = installation.cli("status")
    assert done.returncode == 3
    assert "STALE: the daemon has been silent for 1" in done.stdout
    assert json.loads(installation.cli("status", "--json").stdout)["daemon"]["stale"] is True
    installation.start()
    eventually(lambda: installation.cli("status").returncode == 0)
