"""`outagetui drill facebook-2021 --headless --json`, where every packet that leaves loopback is counted."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from outagetui.board.rows import ChannelRow
from outagetui.config import load
from outagetui.facts import events
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.kit.network_namespace import inside, report

pytestmark = pytest.mark.timeout(150)  # as the other drills
HUSH = "a secret of the real configuration"
TOKENS = ("facebook-token", "mastodon-token")
OUT = ("sent", "seen")


class Played:
    def __init__(self, credentials: Path) -> None:
        credentials.mkdir(mode=0o700)
        for name in TOKENS:
            (credentials / name).touch(mode=0o600)
            (credentials / name).write_text(HUSH)
        begin = time.monotonic()
        done = subprocess.run(
            inside(sys.executable, "-m", "outagetui", "drill", "facebook-2021", "--headless", "--json"),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"CREDENTIALS_DIRECTORY": str(credentials)},
        )
        self.seconds = time.monotonic() - begin
        self.counted = report(done.stdout, done.stderr)
        assert self.counted["status"] == 0, self.counted["stderr"]
        self.document: dict[str, Any] = json.loads(self.counted["stdout"])
        self.place = Path(self.document["page"]).parents[2]
        self.journal = [
            (entry.at, events.decode(entry.kind, entry.document))
            for entry in Reader(self.place / "store" / "store.db").entries()
        ]

    def times(self, kind: str, words: str = "") -> list[float]:
        return [row["t"] for row in self.document["timeline"] if row["kind"] == kind and words in row["text"]]

    def made(self, audience: str) -> list[tuple[float, events.AnnouncementMade]]:
        parts = [(at, each) for at, each in self.journal if isinstance(each, events.AnnouncementMade)]
        return [(at, each) for at, each in parts if each.audience == audience]

    def parts(self, outlet: str) -> list[dict[str, Any]]:
        return list(self.document["outlets"][outlet]["parts"])

    def posts(self, service: str) -> list[dict[str, Any]]:
        return list(json.loads((self.place / "posts" / f"{service}.json").read_text()))

    def channel(self, name: str) -> ChannelRow:
        source = StoreSource(self.place / "store" / "store.db")
        try:
            return next(row for row in source.board(time.time()).channels if row.id == name)
        finally:
            source.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    result = Played(tmp_path_factory.mktemp("real") / "credentials")
    yield result
    shutil.rmtree(result.place)


def test_no_packet_of_the_whole_drill_leaves_loopback(played: Played) -> None:
    assert "away" in played.counted["interfaces"]
    assert (played.counted["sent"], played.counted["missed"]) == ([], 0)


def test_it_ends_in_under_a_minute_with_the_same_document_as_the_others(played: Played) -> None:
    assert played.seconds < 60.0
    assert played.counted["stderr"] == ""
    assert set(played.document) == {
        *("scenario", "timeline", "detected_s", "activated_s", "announced_s", "recovered_s"),
        *("reach", "outlets", "page", "score"),
    }
    assert played.document["scenario"] == "facebook-2021"
    assert set(played.document["outlets"]) == {"facebook", "mastodon", "page", "staff-page"}
    assert 95 <= played.document["score"] <= 100


def test_the_names_go_first_and_take_all_that_is_the_providers(played: Played) -> None:
    assert played.times("fault") == sorted(played.times("fault"))
    changes = [each for _, each in played.journal if isinstance(each, events.StateChanged)]
    first = next(each for each in changes if each.was == "up")
    assert (first.id, first.now, "SERVFAIL" in first.why) == ("messenger", "down", True)
    lost = {each.id for each in changes if each.was == "up"}
    assert lost == {"messenger", "team", "workplace", "photos", "facebook"}


def test_people_move_to_what_is_on_other_networks(played: Played) -> None:
    seconds = [played.document[f"{name}_s"] for name in ("detected", "activated", "announced", "recovered")]
    assert seconds == sorted(seconds)
    # Who has only the messenger, or beside it only the photo app of the same provider, is cut off with it.
    assert played.document["reach"]["customers"] == {"before": 1.0, "during": 0.0, "after": pytest.approx(0.85)}
    assert played.document["reach"]["staff"] == {"before": 1.0, "during": 0.0, "after": 1.0}


@pytest.mark.parametrize(("backup", "primary"), [("photos", "messenger"), ("workplace", "team")])
def test_the_board_says_which_backup_hangs_on_what_it_backs_up(played: Played, backup: str, primary: str) -> None:
    (words,) = [each for each in played.channel(backup).fates if primary in each or "Public" in each or "Staff" in each]
    assert "provider example social" in words
    assert "host 127.1.0.1" in words
    assert played.channel("webchat").fates == ()


def test_an_announcement_names_active_backups_on_other_networks_alone(played: Played) -> None:
    channels = {channel.id: channel for channel in load(played.place / "config").channels}
    for audience, one in (("customers", "webchat"), ("staff", "staff-room")):
        parts = played.made(audience)
        assert len(parts) >= 3
        for _, part in parts[:-1]:
            assert part.accounts == ((channels[one].name, channels[one].address),)
            for dark in ("Photo messages", "Work tools", "Page on the social network"):
                assert not any(dark in body for _, body in part.texts.values())
        assert parts[-1][1].kind == "resolved"


def test_the_outlet_that_is_down_is_skipped_before_anything_is_sent_to_it(played: Played) -> None:
    (back,) = played.times("fault", "facebook answers again")
    (well,) = played.times("state", "facebook down → ")
    rows = played.parts("facebook")
    assert [row["part"] for row in rows] == list(range(len(rows)))
    dark = [row for row in rows if row["t"] < back]
    assert dark[0]["kind"] == "backup-active"
    assert len(dark) >= 2
    for row in dark:
        assert row["state"] == "skipped"
        assert "its checks say it is down" in row["detail"]
    assert [at for at in played.times("announce.intent", "facebook") if at < well] == []
    assert all(row["state"] in OUT for row in rows if row["t"] > well)


def test_before_anything_is_sent_it_is_said_which_outlet_hangs_on_what_failed(played: Played) -> None:
    warnings = {name: row["warnings"] for name, row in played.document["outlets"].items()}
    assert any("is on 127.1.0.1, as is Public messenger, which fails" in words for words in warnings["facebook"])
    assert any("its checks say it is down" in words for words in warnings["facebook"])
    for name in ("mastodon", "page", "staff-page"):
        assert not any("fails" in words or "down" in words for words in warnings[name]), name


def test_nobody_waits_for_the_outlet_that_is_down(played: Played) -> None:
    when = {(each.announcement, each.part): at for at, each in played.made("customers")}
    took = [
        at - when[each.announcement, each.part]
        for at, each in played.journal
        if isinstance(each, events.DeliveryEnded)
        and (each.announcement, each.part) in when
        and each.outlet in ("page", "mastodon")
        and each.do == "publish"
    ]
    assert len(took) >= 6
    assert max(took) < 3.0  # a time-out would be ten seconds


def test_people_are_told_more_when_they_were_promised_to_be(played: Played) -> None:
    for audience in ("customers", "staff"):
        parts = played.made(audience)
        for (_, one), (at, _) in pairwise(parts):
            assert one.next_update is not None
            assert at <= one.next_update
        assert parts[-1][1].next_update is None
        assert [part.part for _, part in parts] == list(range(len(parts)))
        assert {"backup-active", "update", "resolved"} <= {part.kind for _, part in parts}


def test_it_is_closed_everywhere_also_where_it_was_skipped(played: Played) -> None:
    for name in played.document["outlets"]:
        rows = played.parts(name)
        assert (rows[-1]["kind"], rows[-1]["state"] in OUT) == ("resolved", True), name
    for service in ("facebook", "mastodon"):
        assert "All clear" in played.posts(service)[-1]["text"], service
    assert "All clear" in Path(played.document["page"]).read_text()


def test_what_the_services_hold_is_what_the_journal_says(played: Played) -> None:
    statuses = [row for row in played.parts("mastodon") if row["state"] in OUT]
    posts = played.posts("mastodon")
    assert len(posts) == len(statuses) == len(played.made("customers"))
    assert "Web chat" in posts[0]["text"]
    assert [post["reply_to"] for post in posts] == [None, *(post["id"] for post in posts[:-1])]
    written = [row for row in played.parts("facebook") if row["state"] in OUT]
    (post,) = played.posts("facebook")
    assert post["edits"] == len(written) - 1


def test_its_tokens_are_those_it_made_itself_and_stand_in_nothing_it_leaves_behind(played: Played) -> None:
    words = {path.name: path.read_text().strip() for path in (played.place / "secrets").iterdir()}
    assert set(words) == set(TOKENS)
    for path in played.place.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            held = path.read_bytes()
            assert not any(word.encode() in held for word in (*words.values(), HUSH)), path


def test_nothing_of_it_is_left_running(played: Played) -> None:
    listing = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert str(played.place) not in listing
