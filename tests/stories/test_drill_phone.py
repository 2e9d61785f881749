"""`outagetui drill jabber-and-phone --headless --json`: mail, telephone, web chat, Jabber, from fault to all clear."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(150)  # as the other drill
HUSH = "a secret of the real configuration"


class Played:
    def __init__(self, credentials: Path) -> None:
        credentials.mkdir(mode=0o700)
        for name in ("jabber", "phone", "mailbox"):
            (credentials / name).touch(mode=0o600)
            (credentials / name).write_text(HUSH)
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "outagetui", "drill", "jabber-and-phone", "--headless", "--json"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            env=os.environ | {"CREDENTIALS_DIRECTORY": str(credentials)},
        )
        self.seconds = time.monotonic() - begin
        assert done.returncode == 0, done.stderr
        self.told = done.stderr
        self.document: dict[str, Any] = json.loads(done.stdout)
        self.place = Path(self.document["page"]).parents[2]

    def times(self, kind: str, words: str = "") -> list[float]:
        return [row["t"] for row in self.document["timeline"] if row["kind"] == kind and words in row["text"]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    result = Played(tmp_path_factory.mktemp("real") / "credentials")
    yield result
    shutil.rmtree(result.place)


def test_it_ends_in_under_a_minute_with_the_same_document_as_the_other(played: Played) -> None:
    assert played.seconds < 60.0
    assert played.told == ""
    assert set(played.document) == {
        *("scenario", "timeline", "detected_s", "activated_s", "announced_s", "recovered_s"),
        *("reach", "outlets", "page", "score"),
    }
    assert played.document["scenario"] == "jabber-and-phone"
    assert 60 <= played.document["score"] <= 100


def test_staff_move_to_jabber_and_extensions_and_customers_to_telephone_and_chat(played: Played) -> None:
    for channel in ("jabber", "extensions", "phone", "webchat"):
        assert len(played.times("activate", f"activated {channel}")) == 1, channel
    seconds = [played.document[f"{name}_s"] for name in ("detected", "activated", "announced", "recovered")]
    assert seconds == sorted(seconds)
    for story in played.document["reach"].values():
        assert story["before"] == 1.0
        assert story["during"] < 0.2
    assert played.document["reach"]["staff"]["after"] == 1.0
    # Those who call are lost while the telephone is broken; those who chat stay.
    assert played.document["reach"]["customers"]["after"] == pytest.approx(0.39)


def test_the_telephone_fails_in_two_ways_and_is_well_again(played: Played) -> None:
    (silent,) = played.times("fault", "sound goes one way")
    (busy,) = played.times("fault", "503 with Retry-After")
    (well,) = played.times("fault", "phone answers again")
    assert 0.0 < silent < busy < well
    found = [row["text"] for row in played.document["timeline"] if row["kind"] in ("state", "proof")]
    assert any("phone up → " in text and "sound came back" in text for text in found)


def test_lost_mail_shows_in_its_proof_alone_and_the_next_proof_passes(played: Played) -> None:
    (lost,) = played.times("fault", "takes mail and loses it")
    failed, passed = played.times("proof", "proof of mail failed"), played.times("proof", "proof of mail passed")
    assert len(failed) == 1
    assert failed[0] > lost
    assert [at for at in played.times("state", "mail up → ") if lost < at < failed[0]] == []
    assert passed[-1] > failed[0]
    for channel in ("jabber", "extensions", "webchat"):
        assert len(played.times("proof", f"proof of {channel} passed")) == 2, channel


def test_its_secrets_are_those_it_made_itself(played: Played) -> None:
    words = {path.name: path.read_text() for path in (played.place / "secrets").iterdir()}
    assert set(words) == {"jabber", "phone", "mailbox"}
    assert HUSH not in " ".join(words.values())


def test_no_password_stands_in_anything_it_leaves_behind(played: Played) -> None:
    words = [path.read_bytes().strip() for path in (played.place / "secrets").iterdir()]
    own = {"secrets", "jabber"}  # Prosody keeps its account there, as private
    for path in played.place.rglob("*"):
        if path.is_file() and path.relative_to(played.place).parts[0] not in own:
            held = path.read_bytes()
            assert not any(word in held for word in words), path


def test_nothing_of_it_is_left_running(played: Played) -> None:
    listing = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert str(played.place) not in listing
