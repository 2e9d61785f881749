"""A night at a real daemon: a backup is told, dies, is corrected; a run is given up; the daemon falls silent."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from outagetui.core.words import Owed
from outagetui.store.source import StoreSource
from tests.kit.installation import Installation, eventually, new_installation

pytestmark = pytest.mark.alone
DEADLINE = 31.0
SEGMENT = '[[segment]]\nid = "all"\naudience = "customers"\npeople = 10\nuses = ["chat", "phone"]\n'


@pytest.fixture(name="installation")
def _home() -> Iterator[Installation]:
    with new_installation() as made:
        made.outage()
        yield made.configure(every="500ms", **{"audience.toml": SEGMENT}).start()


def status(installation: Installation) -> dict[str, Any]:
    found = json.loads(installation.cli("status", "--json").stdout)
    assert isinstance(found, dict)
    return found


def owed(installation: Installation, kind: str) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [row for row in status(installation)["owed"] if row["kind"] == kind]


def begin(installation: Installation) -> str:
    """Start the playbook and answer its first question; return the run once it asks the next one."""
    run = str(installation.order("start", playbook="chat-down")["run"])
    (asking,) = eventually(lambda: questions(installation, "sure"))
    assert installation.order("answer", run=run, step="sure", attempt=asking["attempt"], answer="done")["ok"]
    eventually(lambda: questions(installation, "tell"))
    return run


def questions(installation: Installation, step: str) -> list[dict[str, Any]]:
    runs = json.loads(installation.cli("runs", "--json").stdout)
    return [run["question"] for run in runs if "question" in run and run["question"]["step"] == step]


def test_a_way_that_dies_is_said_within_half_a_minute_and_the_correction_heals_it(installation: Installation) -> None:
    assert installation.order("activate", channels=["phone"])["ok"]
    assert status(installation)["reach"]["customers"]["known"] == 0.0
    assert installation.order("announce", kind="backup-active", audience="customers")["ok"]
    eventually(lambda: status(installation)["reach"]["customers"]["known"])
    assert status(installation)["reach"]["customers"] == {"now": 1.0, "known": 1.0, "possible": 1.0, "uncertain": False}
    installation.phone.close()
    died = time.monotonic()
    source = StoreSource(installation.store)
    eventually(lambda: [row for row in source.board(time.time()).owed if row.kind == Owed.DEAD_WAY], DEADLINE + 5)
    assert time.monotonic() - died < DEADLINE
    (row,) = owed(installation, "dead-way")()
    assert (row["audience"], row["channel"], row["announcement"]) == ("customers", "phone", "a1")
    assert row["do"] == "outagetui announce update --audience customers"
    told = installation.cli("status").stdout
    assert "DEAD WAY: customers were sent to phone; it is DOWN since" in told
    assert set(status(installation)["incident"]["channels"]) == {"chat", "phone"}
    assert installation.order("announce", kind="update", audience="customers", update="a1")["ok"]
    eventually(lambda: not owed(installation, "dead-way")())
    page = (installation.page / "index.html").read_text()
    assert "phone: please do not write there for now, it does not work" in page


def test_a_run_that_is_given_up_leaves_not_told_at_once_and_then_a_silent_daemon(installation: Installation) -> None:
    run = begin(installation)
    assert installation.order("abort", run=run)["ok"]
    (row,) = eventually(owed(installation, "not-told"))
    assert (row["channel"], row["run"]) == ("phone", run)
    (document,) = json.loads(installation.cli("runs", "--json").stdout)
    assert document["left"] == {
        "active": ["phone"],
        "untold": ["phone"],
        "rest": ["outagetui play chat-down", f"outagetui play {run} --stand-down"],
    }
    assert installation.cli("told", "phone", "--audience", "customers", "--reason", "by mail").returncode == 0
    assert owed(installation, "not-told")() == []
    assert status(installation)["reach"]["customers"]["known"] == 1.0
    eventually(
        lambda: [row for row in status(installation)["channels"] if (row["id"], row["state"]) == ("chat", "down")]
    )
    assert installation.daemon is not None
    installation.daemon.send_signal(signal.SIGSTOP)
    try:
        done = eventually(lambda: [each] if (each := installation.cli("status", "--json")).returncode == 3 else [])[0]
    finally:
        installation.daemon.send_signal(signal.SIGCONT)
    silent = json.loads(done.stdout)
    assert silent["daemon"]["stale"]
    assert {row["state"] for row in silent["channels"]} == {"up?", "down?"}
    assert silent["reach"]["customers"]["uncertain"]
