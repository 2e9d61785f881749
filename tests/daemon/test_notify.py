"""sd_notify(3) to a real datagram socket: readiness, status, watchdog, and silence when the store's disk hangs."""

import asyncio
import itertools
import os
import secrets
import signal
from pathlib import Path

import pytest
from outagetui.daemon.notify import Notifier
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.daemon.sd_notify_listener import Listener
from tests.kit.installation import Installation

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_hears_of_the_start_and_the_end(installation: Installation, tmp_path: Path, abstract: bool) -> None:
    with Listener(f"@outagetui-{secrets.token_hex(8)}" if abstract else tmp_path / "notify") as manager:
        installation.configure(every="5s").start(wait=False, env={"NOTIFY_SOCKET": str(manager.path)})
        manager.until(lambda seen: seen)
        assert manager.seen[0]["READY"] == "1"
        assert manager.seen[0]["STATUS"] in ("2 unknown", "1 down, 1 up", "1 up, 1 unknown")
        assert installation.order("hello")["ok"]  # ready means that orders are taken
        assert installation.terminate() == 0
        manager.until(lambda seen: "STOPPING" in seen[-1])
        assert manager.seen[-1] == {"STOPPING": "1", "STATUS": "ending: signal SIGTERM"}
        assert not any("WATCHDOG" in each for each in manager.seen)


def test_the_watchdog_is_fed_at_least_twice_within_its_time(installation: Installation, tmp_path: Path) -> None:
    with Listener(tmp_path / "notify") as manager:
        installation.configure(every="5s").start(env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "4000000"})
        manager.until(lambda seen: sum("WATCHDOG" in each for each in seen) >= 3)
        fed = [at for at, each in zip(manager.times, manager.seen, strict=True) if "WATCHDOG" in each]
        assert max(later - earlier for earlier, later in itertools.pairwise(fed)) < 4.0
        assert manager.seen[-1]["STATUS"]


def test_a_daemon_that_stands_still_is_not_fed(installation: Installation, tmp_path: Path) -> None:
    with Listener(tmp_path / "notify") as manager:
        installation.configure(every="5s").start(env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "2000000"})
        manager.until(lambda seen: any("WATCHDOG" in each for each in seen))
        assert installation.daemon is not None
        os.kill(installation.daemon.pid, signal.SIGSTOP)
        manager.listen(0.2)
        assert manager.listen(2.5) == []
        os.kill(installation.daemon.pid, signal.SIGCONT)
        manager.until(lambda seen: "WATCHDOG" in seen[-1])


async def test_the_watchdog_goes_hungry_when_the_disk_hangs_and_not_when_it_is_full(
    in_loop: DaemonInLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    with Listener(tmp_path / "notify") as manager:
        await in_loop.start(beat=0.05)

        async def fed() -> int:
            return sum("WATCHDOG" in each for each in await asyncio.to_thread(manager.listen, 1.2))

        assert await fed() >= 2
        in_loop.fill_disk()
        await asyncio.to_thread(manager.listen, 1.0)
        assert await fed() >= 2  # full: said, and not a reason to be killed
        in_loop.free_disk()
        in_loop.hang_disk()
        await asyncio.to_thread(manager.listen, 1.0)
        assert await fed() == 0
        in_loop.free_disk()
        assert await fed() >= 1


def test_without_a_manager_there_is_nothing_to_tell_and_a_deaf_one_does_no_harm(tmp_path: Path) -> None:
    Notifier({}).send(READY="1")
    deaf = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    deaf.send(READY="1")
    deaf.close()
    deaf.send(READY="1")
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watchdog_seconds == 15.0
    for nonsense in ("", "0", "-1", "soon", "1e6"):
        assert Notifier({"WATCHDOG_USEC": nonsense}).watchdog_seconds is None
    with Listener(tmp_path / "full") as manager:
        notifier = Notifier({"NOTIFY_SOCKET": str(manager.path)})
        for _ in range(10_000):  # a manager that does not read must not block us
            notifier.send(STATUS="x" * 1000)
        notifier.close()
