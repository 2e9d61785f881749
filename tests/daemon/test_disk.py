"""A disk that is full, at the start and while it runs: words instead of losses. On a small file system of our own."""

import contextlib
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from outagetui.config import load
from outagetui.daemon import main as entrance
from outagetui.facts.events import AnnouncementMade, DeliveryEnded, StateChanged, StepEnded
from outagetui.orders.wire import NEEDS
from tests.daemon.notified import Listener
from tests.kit.house import NOBODY, House, as_user, eventually
from tests.kit.rules import obeyed

pytestmark = pytest.mark.alone


@pytest.fixture(name="tight")
def _tight(home: House) -> Iterator[House]:
    """The store lies on a file system of two megabytes."""
    home.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=750", "none", str(home.state)], capture_output=True, check=False
    )
    assert mounted.returncode == 0, f"this test mounts a small disk, so it must run as root: sudo make test ({mounted})"
    try:
        yield home
    finally:
        home.end()
        subprocess.run(["umount", "-l", str(home.state)], check=False)


def fill(home: House) -> Path:
    """Take all the space that is left."""
    filler = home.state / "filler"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_full_disk_at_the_start_is_one_clear_message(tight: House) -> None:
    tight.settle()
    fill(tight)
    done = tight.cli("daemon")
    assert done.returncode == 1
    assert "full" in done.stderr or "No space left" in done.stderr
    assert str(tight.store) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_store_that_is_full_at_the_start_is_one_clear_message_and_stays_sound(tight: House) -> None:
    tight.settle().start()
    tight.terminate()
    filler = fill(tight)
    done = tight.cli("daemon")
    assert done.returncode == 1
    assert "cannot write" in done.stderr or "cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    filler.unlink()
    tight.start()
    tight.sound()


def test_a_disk_that_fills_up_while_it_runs_costs_nothing(tight: House, tmp_path: Path) -> None:
    with Listener(tmp_path / "notify") as manager:
        env = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "4000000"}
        tight.settle().start(env=env)
        run = tight.order("start", playbook="chat-down")["run"]
        eventually(lambda: tight.asks(run))
        tight.order("answer", run=run, step="sure", attempt=1, answer="done")
        eventually(lambda: (tight.asks(run) or ("",))[0] == "tell")
        filler = fill(tight)
        reply = eventually(lambda: _refused(tight, "activate", channels=["phone"]) or _deactivate(tight))
        assert "cannot write" in reply["error"]
        assert "full" in reply["error"]
        # Every order that must be kept is refused in words; what only looks goes on.
        wanted = {
            "start": {"playbook": "chat-down"},
            "answer": {"run": run, "step": "tell", "attempt": 1, "answer": "yes"},
            "abort": {"run": run},
            "mute": {"id": "chat", "seconds": 60, "reason": "x"},
            "announce": {"kind": "update", "audience": "customers", "outlets": ["page"]},
            "reload": {},
        }
        assert wanted.keys() <= NEEDS.keys()
        for order, fields in wanted.items():
            reply = tight.order(order, **fields)
            assert reply["ok"] is False, order
            assert "full" in reply["error"] or "already runs" in reply["error"]
        assert tight.order("hello")["ok"]
        assert tight.order("recheck")["ok"]
        manager.until(lambda seen: any("full" in each.get("STATUS", "") for each in seen))
        filler.unlink()
        # There is room again: the same orders are taken, and everything that happened meanwhile is written.
        eventually(lambda: tight.order("activate", channels=["phone"])["ok"])
        step, attempt, _ = eventually(lambda: tight.asks(run))
        assert (step, attempt) == ("tell", 1)
        assert tight.order("answer", run=run, step="tell", attempt=1, answer="yes")["ok"]
        eventually(lambda: _agreed(tight, run))  # chat has failed since it was asked, so other words are asked about
        assert {event.outcome for event in tight.told(StepEnded)} == {"done"}
        assert len(tight.told(AnnouncementMade)) == 1
        assert [event.state for event in tight.told(DeliveryEnded)] == ["sent"]
        eventually(lambda: [event for event in tight.told(StateChanged) if event.id == "chat" and event.now == "down"])
        assert tight.terminate() == 0
        tight.sound()
        obeyed(tight.entries())


def _refused(home: House, order: str, **fields: object) -> dict[str, object]:
    reply = home.order(order, **fields)
    return {} if reply["ok"] else reply


def _agreed(home: House, run: str) -> bool:
    """Say yes to what is asked, and return whether the run is over."""
    asked = home.asks(run)
    if asked is not None:
        home.order("answer", run=run, step=asked[0], attempt=asked[1], answer="yes")
    return home.ledger().runs[run].ended is not None


def _deactivate(home: House) -> dict[str, object]:
    return _refused(home, "deactivate", channels=["phone"])


def test_on_a_full_disk_it_still_ends_when_told_to(tight: House) -> None:
    tight.settle().start()
    run = tight.order("start", playbook="chat-down")["run"]
    eventually(lambda: tight.asks(run))
    filler = fill(tight)
    eventually(lambda: _refused(tight, "activate", channels=["phone"]) or _deactivate(tight))
    assert tight.terminate() == 0
    filler.unlink()
    tight.start()
    assert tight.asks(run) == ("sure", 1, ("done", "failed", "skip", "abort"))
    tight.sound()


def test_a_directory_that_may_not_be_written_is_one_clear_message(home: House) -> None:
    """Root may write anywhere, so the daemon is another user's here: a fork, for that user may not run this Python."""
    home.settle()
    home.state.mkdir()  # root's, and not NOBODY's
    load(home.config)  # so that everything it needs is imported before the fork

    def start() -> str:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = entrance.main(home.config)
        return f"{status} {said.getvalue()}"

    assert as_user(NOBODY, start) == f"1 {home.store}: cannot be used as the store: Permission denied\n"


def test_a_read_only_file_system_is_one_clear_message(tight: House) -> None:
    tight.settle()
    subprocess.run(["mount", "-o", "remount,ro", str(tight.state)], check=True)
    done = tight.cli("daemon")
    assert done.returncode == 1
    assert done.stderr == f"{tight.store}: cannot be used as the store: Read-only file system\n"
