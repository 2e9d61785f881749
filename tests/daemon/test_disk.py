"""A disk that is full, at the start and while it runs: words instead of losses. On a small file system of our own."""

import contextlib
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outagetui.config import load
from outagetui.daemon import main as entrance
from outagetui.facts.events import AnnouncementMade, DeliveryEnded, StateChanged, StepEnded
from tests.daemon.sd_notify_listener import Listener
from tests.kit.installation import NOBODY, Installation, as_user, eventually
from tests.kit.journal_rules import assert_rules

pytestmark = pytest.mark.alone


@pytest.fixture(name="tight")
def _tight(installation: Installation) -> Iterator[Installation]:
    """The store lies on a file system of two megabytes."""
    installation.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=750", "none", str(installation.state)],
        capture_output=True,
        check=False,
    )
    assert mounted.returncode == 0, f"this test mounts a small disk, so it must run as root: sudo make test ({mounted})"
    try:
        yield installation
    finally:
        installation.end()
        subprocess.run(["umount", "-l", str(installation.state)], check=False)


def fill(installation: Installation) -> Path:
    """Take all the space that is left."""
    filler = installation.state / "filler"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_full_disk_at_the_start_is_one_clear_message(tight: Installation) -> None:
    tight.configure()
    fill(tight)
    done = tight.cli("daemon")
    assert done.returncode == 3
    assert "full" in done.stderr or "No space left" in done.stderr
    assert str(tight.store) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_store_that_is_full_at_the_start_is_one_clear_message_and_stays_sound(tight: Installation) -> None:
    tight.configure().start()
    tight.terminate()
    filler = fill(tight)
    done = tight.cli("daemon")
    assert done.returncode == 3
    assert "cannot write" in done.stderr or "cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    filler.unlink()
    tight.start()
    tight.verify_chain()


def test_a_disk_that_fills_up_while_it_runs_costs_nothing(tight: Installation, tmp_path: Path) -> None:
    with Listener(tmp_path / "notify") as manager:
        env = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "4000000"}
        tight.configure().start(env=env)
        run = tight.order("start", playbook="chat-down")["run"]
        eventually(lambda: tight.question(run))
        tight.order("answer", run=run, step="sure", attempt=1, answer="done")
        eventually(lambda: (tight.question(run) or ("",))[0] == "tell")
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
            "announce": {"kind": "investigating", "audience": "customers", "outlets": ["page"]},
            "reload": {},
        }
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
        step, attempt, _ = eventually(lambda: tight.question(run))
        assert (step, attempt) == ("tell", 1)
        assert tight.order("answer", run=run, step="tell", attempt=1, answer="yes")["ok"]
        eventually(lambda: _agreed(tight, run))  # chat has failed since it was asked, so other words are asked about
        assert {event.outcome for event in tight.events(StepEnded)} == {"done"}
        assert len(tight.events(AnnouncementMade)) == 1
        assert [event.state for event in tight.events(DeliveryEnded)] == ["sent"]
        eventually(
            lambda: [event for event in tight.events(StateChanged) if event.id == "chat" and event.now == "down"]
        )
        assert tight.terminate() == 0
        tight.verify_chain()
        assert_rules(tight.entries())


def _refused(installation: Installation, order: str, **fields: Any) -> dict[str, Any]:
    reply = installation.order(order, **fields)
    return {} if reply["ok"] else reply


def _agreed(installation: Installation, run: str) -> bool:
    """Say yes to what is asked, and return whether the run is over."""
    asked = installation.question(run)
    if asked is not None:
        installation.order("answer", run=run, step=asked[0], attempt=asked[1], answer="yes")
    return installation.ledger().runs[run].ended is not None


def _deactivate(installation: Installation) -> dict[str, Any]:
    return _refused(installation, "deactivate", channels=["phone"])


def test_on_a_full_disk_it_still_ends_when_told_to(tight: Installation) -> None:
    tight.configure().start()
    run = tight.order("start", playbook="chat-down")["run"]
    eventually(lambda: tight.question(run))
    filler = fill(tight)
    eventually(lambda: _refused(tight, "activate", channels=["phone"]) or _deactivate(tight))
    assert tight.terminate() == 0
    filler.unlink()
    tight.start()
    assert tight.question(run) == ("sure", 1, ("done", "failed", "skip", "abort"))
    tight.verify_chain()


def test_a_directory_that_may_not_be_written_is_one_clear_message(installation: Installation) -> None:
    """Root may write anywhere, so the daemon is another user's here: a fork, for that user may not run this Python."""
    installation.configure()
    installation.state.mkdir()  # root's, and not NOBODY's
    load(installation.config)  # so that everything it needs is imported before the fork

    def start() -> str:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = entrance.main(installation.config)
        return f"{status} {said.getvalue()}"

    assert as_user(NOBODY, start) == f"3 {installation.store}: cannot be used as the store: Permission denied\n"


def test_a_read_only_file_system_is_one_clear_message(tight: Installation) -> None:
    tight.configure()
    subprocess.run(["mount", "-o", "remount,ro", str(tight.state)], check=True)
    done = tight.cli("daemon")
    assert done.returncode == 3
    assert done.stderr == f"{tight.store}: cannot be used as the store: Read-only file system\n"
