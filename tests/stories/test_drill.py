"""The whole way once: `outagetui drill --headless --json` on real sockets."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outagetui.store.reader import Reader

pytestmark = pytest.mark.timeout(150)  # one drill takes three quarters of a minute, on a busy machine more


def drill(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "outagetui", "drill", *argv],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


class Played:
    def __init__(self) -> None:
        begin = time.monotonic()
        done = drill("messenger-2011", "--headless", "--json")
        self.seconds = time.monotonic() - begin
        assert done.returncode == 0, done.stderr
        self.told = done.stderr
        self.document: dict[str, Any] = json.loads(done.stdout)  # one document and nothing else, or this raises
        self.page = Path(self.document["page"])
        self.place = self.page.parents[2]

    def first(self, kind: str, words: str = "") -> dict[str, Any]:
        return next(row for row in self.document["timeline"] if row["kind"] == kind and words in row["text"])


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    result = Played()
    yield result
    shutil.rmtree(result.place)


def test_it_ends_in_under_a_minute_without_a_word_beside_its_document(played: Played) -> None:
    assert played.seconds < 60.0
    assert played.told == ""


def test_the_document_has_exactly_its_keys(played: Played) -> None:
    assert set(played.document) == {
        "scenario",
        "timeline",
        "detected_s",
        "activated_s",
        "announced_s",
        "recovered_s",
        "reach",
        "outlets",
        "page",
        "score",
    }
    assert played.document["scenario"] == "messenger-2011"
    assert set(played.document["reach"]) == {"customers", "staff"}
    for story in played.document["reach"].values():
        assert set(story) == {"before", "during", "after"}
    for row in played.document["timeline"]:
        assert set(row) == {"t", "kind", "text"}
    assert isinstance(played.document["score"], int)


def test_the_outage_is_detected_switched_told_and_recovered_in_that_order(played: Played) -> None:
    seconds = [played.document[f"{name}_s"] for name in ("detected", "activated", "announced", "recovered")]
    assert seconds == sorted(seconds)
    assert 0.0 < seconds[0] <= 20.0
    cured = played.first("fault", "answers again")["t"]
    assert seconds[3] >= cured


def test_reach_falls_and_is_won_back_before_the_provider_recovers(played: Played) -> None:
    for audience, story in played.document["reach"].items():
        assert story["before"] == 1.0, audience
        assert 0.0 <= story["during"] < story["after"] <= 1.0, audience
    # The 90 of 1,000 who use nothing but the messenger stay cut off; the other 910 have the web chat or mail.
    assert played.document["reach"]["customers"]["after"] == pytest.approx(0.91)
    assert played.document["reach"]["staff"]["after"] == 1.0


def test_the_timeline_is_the_journal(played: Played) -> None:
    (store,) = played.place.rglob("store.db")
    reader = Reader(store)
    assert reader.verify()[1] == ""
    kinds = [entry.kind for entry in reader.entries() if entry.kind != "step.progress"]
    told = [row["kind"] for row in played.document["timeline"]]
    assert kinds[: len(told)] == told
    after = [kind for kind in kinds[len(told) :] if kind != "state"]  # a check may still turn when the story is told
    assert after in ([], ["daemon.stop"])
    assert [row["t"] for row in played.document["timeline"]] == sorted(row["t"] for row in played.document["timeline"])
    assert played.first("fault")["t"] == 0.0


def test_only_what_happened_is_told(played: Played) -> None:
    assert played.document["detected_s"] == next(
        row["t"] for row in played.document["timeline"] if row["kind"] == "state" and row["t"] > 0
    )
    assert played.document["activated_s"] == played.first("activate")["t"]
    assert played.document["announced_s"] == played.first("announce.outcome", "sent")["t"]


def test_the_page_stays_and_first_named_the_backup_then_the_all_clear(played: Played) -> None:
    page = played.page.read_text()
    assert "<html" in page
    assert "All clear" in page
    assert "Web chat" in page
    assert "http://127.0.0.1:" in page
    assert (played.page.parent / "feed.atom").exists()
    assert json.loads((played.page.parent / "status.json").read_text())["status"]["indicator"] == "none"
    part = next(row for row in played.document["timeline"] if row["kind"] == "announce")
    assert "backup channels are open" in part["text"]


def test_nothing_of_it_is_left_running(played: Played) -> None:
    listing = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert str(played.place) not in listing


def test_an_unknown_scenario_is_a_usage_error_that_names_the_known_ones() -> None:
    done = drill("atlantis")
    assert done.returncode == 2
    assert done.stderr == "there is no scenario atlantis; there are: messenger-2011, jabber-and-phone, facebook-2021\n"
    assert done.stdout == ""


def test_json_without_headless_is_a_usage_error() -> None:
    done = drill("--json")
    assert done.returncode == 2
    assert "--json goes with --headless" in done.stderr
