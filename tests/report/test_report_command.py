"""`outagetui report`: from a store alone, with clear words for what it cannot do."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from outagetui.core.model import Outcome
from outagetui.facts import events
from outagetui.facts.live import Beat
from outagetui.report.gather import gather
from outagetui.report.html import html
from outagetui.report.markdown import markdown
from outagetui.store.journal import Store
from tests.kit.installation import Installation, eventually
from tests.kit.runner_in_memory import open_step
from tests.report.story import BEGIN, MINUTE, PUBLIC, night, sample, samples, state, write


def outagetui(*words: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
    argv = [sys.executable, "-m", "outagetui", *words]
    return subprocess.run(argv, capture_output=True, timeout=50, check=False, env={**os.environ, **env})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "store.db"
    again = [(at + 86400.0, actor, event) for at, actor, event in night()[7:8]]
    return write(path, [*night(), *again], samples())


def test_the_latest_incident_comes_as_markdown(store: Path) -> None:
    done = outagetui("--store", str(store), "report")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"# Incident i44 at Example: Messenger\n")


@pytest.mark.parametrize("name", ["i8", "8"])
def test_an_earlier_one_is_asked_for_by_its_name(store: Path, name: str) -> None:
    done = outagetui("--store", str(store), "report", name, "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    document = json.loads(done.stdout)
    assert (document["version"], document["incident"], document["ending"]) == (1, "i8", "stood-down")
    assert list(document) == [
        *(
            "version",
            "incident",
            "business",
            "drill",
            "vantage",
            "timezone",
            "made",
            "open",
            "began",
            "ended",
            "ending",
        ),
        *(
            "duration_s",
            "channels",
            "figures",
            "reach",
            "timeline",
            "ways",
            "announcements",
            "gaps",
            "questions",
            "money",
        ),
        *("unseen", "troubles", "limits"),
    ]


def test_a_document_is_utf_8_whatever_the_locale(store: Path) -> None:
    done = outagetui("--store", str(store), "report", "--format", "html", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8").endswith("</html>\n")


def test_an_unknown_incident_is_answered_with_those_there_are(store: Path) -> None:
    done = outagetui("--store", str(store), "report", "i5")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode() == (
        "there is no incident i5; there are i44 (2026-10-25 20:31), i8 (2026-10-24 21:31)\n"
    )


def test_a_store_without_an_incident_has_nothing_to_report(tmp_path: Path) -> None:
    path = write(tmp_path / "store.db", night()[:7])
    done = outagetui("--store", str(path), "report")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == f"{path}: no incident to report: no primary channel was partial or down\n"


def test_a_store_that_no_daemon_has_filled_says_so(tmp_path: Path) -> None:
    made = Store(tmp_path / "store.db")
    made.close()
    done = outagetui("--store", str(tmp_path / "store.db"), "report")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"the daemon has not written its configuration yet" in done.stderr


@pytest.mark.parametrize("content", [None, b"not a store at all, just words" * 100], ids=["missing", "foreign"])
def test_a_store_that_is_none_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "store.db"
    if content is not None:
        path.write_bytes(content)
    done = outagetui("--store", str(path), "report")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(str(path).encode() + b": ")
    assert done.stderr.count(b"\n") == 1


def test_a_form_that_is_none_is_wrong_usage(store: Path) -> None:
    assert outagetui("--store", str(store), "report", "--format", "pdf").returncode == 2


def test_reporting_changes_nothing_in_the_store(store: Path) -> None:
    before = {file.name: file.read_bytes() for file in store.parent.iterdir()}
    outagetui("--store", str(store), "report")
    assert {file.name: file.read_bytes() for file in store.parent.iterdir()} == before


def test_a_day_of_samples_and_thousands_of_entries_take_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    kept = Store(path)
    kept.publish(PUBLIC, [])
    begin = BEGIN - 22 * 3600
    kept.append(begin, "daemon", *(event for _, _, event in night()[:7]))
    words = ("up", "partial", "down")
    for number in range(5000):
        was, now = words[number % 3], words[(number + 1) % 3]
        kept.append(begin + 60 + number * 15, "daemon", state("messenger", was, now, "6 of 20 failed"))
    checks = [check.id for channel in PUBLIC.channels for check in channel.checks]
    for chunk in range(20):
        seen = [
            sample(checks[number % len(checks)], begin + number * 0.75, Outcome.FAIL if number % 5 else Outcome.PASS)
            for number in range(chunk * 5000, chunk * 5000 + 5000)
        ]
        kept.record(seen, [], Beat(7, seen[-1].at))
    kept.leave()
    kept.close()
    started = time.process_time()
    told = gather(path, None, BEGIN)
    assert len(told.timeline) > 4900
    assert len(html(told)) > len(markdown(told)) > 100_000
    assert time.process_time() - started < 5.0


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.end()


def _done(installation: Installation, step: str) -> bool:
    return installation.ledger().runs["r1"].steps[step].state == "done"


def test_a_real_daemons_incident_is_reported_while_it_runs_and_after_it_was_killed(
    installation: Installation,
) -> None:
    installation.configure(
        **{"audience.toml": '[[segment]]\nid = "all"\naudience = "customers"\npeople = 10\nuses = ["chat", "phone"]\n'}
    )
    installation.start()
    eventually(
        lambda: any(event.id == "chat" and event.now == "down" for event in installation.events(events.StateChanged))
    )
    assert installation.order("ack")["ok"]
    assert installation.order("start", playbook="chat-down")["ok"]
    for _ in range(2):
        asked = eventually(
            lambda: next((open_step(r) for r in installation.ledger().runs.values() if r.state == "asking"), None)
        )
        answer = "yes" if "yes" in asked.answers else "done"
        assert installation.order("answer", run="r1", step=asked.id, attempt=asked.attempt, answer=answer)["ok"]
        eventually(partial(_done, installation, asked.id))
    eventually(lambda: installation.ledger().runs["r1"].ended)
    live = json.loads(installation.cli("report", "--format", "json").stdout)
    found = {figure["id"]: figure["after_s"] for figure in live["figures"]}
    assert live["open"]
    assert found["detected"] is not None
    assert 0 <= found["acknowledged"] <= found["backup-live"] <= found["announced"]
    assert [part["kind"] for part in live["announcements"][0]["parts"]] == ["backup-active"]
    assert [outlet["state"] for outlet in live["announcements"][0]["parts"][0]["outlets"]] == ["sent"]
    assert [each["step"] for each in live["questions"]] == ["sure", "tell"]
    assert (live["reach"][0]["lowest"], live["reach"][0]["last"]) == (0.0, 1.0)
    installation.kill()
    later = installation.cli("report")
    assert (later.returncode, later.stderr) == (0, "")
    assert "**First backup live.** Activated phone" in later.stdout


def test_minutes_and_seconds_agree(store: Path) -> None:
    told = gather(store, "i8", BEGIN + 300 * MINUTE)
    assert told.duration_s == (told.ended or told.began).timestamp() - told.began.timestamp()
