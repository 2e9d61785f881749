"""`announce` and `delivery` from the shell, at a daemon that tells ten outlets on loopback."""

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from outagetui.facts.events import DeliveryIntended
from tests.kit.installation import Installation, eventually, free_port
from tests.kit.ten_outlets import TenOutlets, ten_outlets
from tests.outlets.servers.service import Answer, Fault

AUDIENCE = """[[segment]]
id = "all"
audience = "customers"
people = 143
uses = ["chat", "phone"]

[[segment]]
id = "far"
audience = "customers"
people = 17
uses = ["chat"]
"""
DEAD = """
[[check]]
id = "site"
probe = "tcp"
target = "tcp://127.0.0.1:{port}"
every = "1s"
timeout = "1s"
"""
LETTERS = """[outlet]
name = "Letters"
kind = "email"
audience = "customers"
url = "smtp://127.0.0.1:{port}"
from = "news@example.net"
recipients = ["everybody@example.net"]
unsubscribe = "mailto:leave@example.net"
timeout = "60s"
"""
NOTE = ("--note", "We are at it.")
Done = subprocess.CompletedProcess[str]


@pytest.fixture(name="outlets")
def _outlets() -> Iterator[TenOutlets]:
    with ten_outlets() as made:
        yield made


@pytest.fixture(name="announcing")
def _announcing(installation: Installation, outlets: TenOutlets) -> Installation:
    outlets.configure(installation, timeout="5s")
    (installation.config / "audience.toml").write_text(AUDIENCE)
    outlets.tick()
    installation.outage()
    return installation


def document(done: Done) -> dict[str, Any]:
    made = json.loads(done.stdout)
    assert isinstance(made, dict)
    return made


def states(done: Done) -> dict[str, str]:
    return {row["id"]: row["state"] for row in document(done)["outlets"]}


def chosen(outlets: TenOutlets) -> list[str]:
    return [word for name in outlets.services for word in ("--outlet", name)]


def test_a_dry_run_prints_what_each_outlet_would_get_and_what_that_does(announcing: Installation) -> None:
    announcing.start()
    announcing.order("activate", channels=["phone"])
    eventually(lambda: announcing.ledger().states.get("phone"))
    done = announcing.cli("announce", "backup-active", "--audience", "customers", "--note", "Soon.", "--dry-run")
    assert done.returncode == 0
    assert (
        "--- x ---\nbackup-active of Example Hosting: chat\n\nUse:\n- phone: see our website\nSoon.\n(" in done.stdout
    )
    assert "of 280 characters; names phone; costs about $0.015)" in done.stdout
    assert done.stdout.endswith("names phone: 143 of 160 can reach us; 17 have only the failed chat\n")
    assert "warning: x: costs about $0.015\n" in done.stderr
    here = document(
        announcing.cli("announce", "investigating", "--audience", "customers", *NOTE, "--dry-run", "--json")
    )
    announcing.terminate()
    alone = document(
        announcing.cli("announce", "investigating", "--audience", "customers", *NOTE, "--dry-run", "--json")
    )
    assert [row["text"] for row in alone["outlets"]] == [row["text"] for row in here["outlets"]]
    assert {"id", "state", "remote_id", "url", "text", "detail", "count", "limit"} <= set(here["outlets"][0])
    (announcing.root / "secrets" / "mastodon").chmod(0o644)
    done = announcing.cli("announce", "investigating", "--audience", "customers", *NOTE, "--dry-run")
    assert "warning: mastodon: its secret cannot be read: " in done.stderr


def test_a_terminal_gets_none_of_the_unseen_signs_that_customers_get(announcing: Installation) -> None:
    note = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    words = ["announce", "investigating", "--audience", "customers", "--note", note, "--dry-run"]
    assert all(note in row["text"] for row in document(announcing.cli(*words, "--json"))["outlets"])
    printed = announcing.cli(*words).stdout
    assert "\u200c" not in printed
    assert note.replace("\u200c", "\ufffd") in printed


def test_a_dry_run_supposes_backups_to_be_active_and_says_so(announcing: Installation) -> None:
    words = ["announce", "backup-active", "--audience", "customers"]
    alone = announcing.cli(*words, "--dry-run")
    announcing.start()
    for done in (alone, announcing.cli(*words, "--dry-run")):
        assert done.returncode == 0
        assert "Use:\n- phone: " in done.stdout
        assert "no backup of customers is active: shown as if phone was; to send it, activate" in done.stderr
    done = announcing.cli(*words, "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no backup of customers is active: activate one before telling people about it" in done.stderr


def test_it_is_told_seen_updated_and_taken_back(announcing: Installation, outlets: TenOutlets) -> None:
    announcing.start()
    done = announcing.cli(
        "announce", "investigating", "--audience", "customers", *NOTE, "--yes", "--json", *chosen(outlets)
    )
    assert done.returncode == 0, done.stderr
    assert set(states(done).values()) == {"seen"}
    texts = {row["id"]: row["text"] for row in document(done)["outlets"]}
    assert all(texts[name].startswith("investigating of Example Hosting: chat") for name in outlets.services)
    done = announcing.cli(
        "announce", "--update", "a1", "--note", "More.", "--yes", "--outlet", "mastodon", "--wait", "0s"
    )
    assert done.returncode == 0
    assert done.stdout.startswith("mastodon: s")
    for words, status, why in (
        (("--update", "a9", "--yes"), 1, "there is no announcement a9"),
        (("--update", "a1", "--audience", "staff", "--yes"), 1, "a1 is for customers, not for staff"),
        (("update", "--yes"), 2, "say whom to tell"),
        (("--audience", "customers"), 2, "name the kind of announcement; there are"),
        (("update", "--retract", "a1"), 2, "leave the rest out"),
        (("--retract", "a9", "--yes"), 1, "there is no announcement a9"),
        (("update", "--audience", "customers", "--wait", "soon"), 2, 'expected a duration such as "20s"'),
    ):
        done = announcing.cli("announce", *words)
        assert done.returncode == status, done.stderr
        assert why in done.stderr
    done = announcing.cli("announce", "--retract", "a1")
    assert (done.returncode, done.stdout) == (4, "nothing was taken back; --yes takes it back\n")
    outlets.services["x"].fault = Fault("instead", Answer(500, {"title": "Oops"}))
    done = announcing.cli("announce", "--retract", "a1", "--yes", "--json")
    assert done.returncode == 1
    assert states(done).pop("x") == "unknown"
    done = announcing.cli("delivery", "a1", "x", "retry")
    assert (done.returncode, done.stdout) == (0, "x: retracted deleted 1 of 1\n")
    assert [name for name in outlets.services if outlets.services[name].texts()] == []


def test_one_outlet_alone_is_tried_again_edited_and_left_out(announcing: Installation, outlets: TenOutlets) -> None:
    announcing.start()
    for name in ("x", "cachet", "mastodon"):
        outlets.services[name].fault = Fault("instead", Answer(422, {"error": "no"}))
    several = ("--outlet", "x", "--outlet", "cachet", "--outlet", "mastodon", "--outlet", "bluesky")
    done = announcing.cli(
        "announce", "investigating", "--audience", "customers", *NOTE, *several, "--wait", "0s", "--yes", "--json"
    )
    assert done.returncode == 1
    assert sorted(states(done).values())[:3] == ["failed"] * 3
    done = announcing.cli("delivery", "a1", "x", "retry", "--json")
    assert (done.returncode, states(done)) == (0, {"x": "seen"})
    words = announcing.root / "words"
    words.write_text("In short\n\nCall us.\n")
    done = announcing.cli("delivery", "a1", "mastodon", "edit", "--file", str(words))
    assert done.returncode == 0, done.stderr
    assert outlets.services["mastodon"].texts() == ["In short\n\nCall us."]
    done = announcing.cli("delivery", "a1", "cachet", "skip")
    assert done.returncode == 0
    assert done.stdout.startswith("cachet: skipped left out by ")
    for given, status, why in (
        (("bluesky", "retry"), 1, "bluesky has it already"),
        (("wordpress", "retry"), 1, "a1 does not go to wordpress"),
        (("cachet", "edit"), 2, "say what to send: --body, or --file"),
        (("cachet", "retry", "--body", "x"), 2, "own words are for edit, not for retry"),
    ):
        done = announcing.cli("delivery", "a1", *given)
        assert done.returncode == status
        assert why in done.stderr
    done = announcing.cli("delivery", "a1", "cachet", "edit", "--body", "Only here.", "--wait", "0s")
    assert done.returncode == 0
    assert outlets.services["cachet"].texts() == ["<p>Only here.</p>"]


def test_one_that_is_too_old_for_the_board_is_followed_too(announcing: Installation, outlets: TenOutlets) -> None:
    announcing.start()
    outlets.services["mastodon"].fault = Fault("instead", Answer(422, {"error": "no"}))
    with announcing.client() as client:
        told = {"audience": "customers", "outlets": ["mastodon"], "note": "We are at it."}
        assert client.order("announce", kind="investigating", **told)["ok"]
        eventually(lambda: _state(announcing, "a1") == "failed")
        assert client.order("announce", kind="resolved", **told)["ok"]
        for number in range(2, 13):
            assert client.order("announce", kind="investigating", **told)["announcement"] == f"a{number}"
            assert client.order("announce", kind="resolved", **told)["ok"]
    eventually(lambda: _state(announcing, "a1", 1) in ("sent", "seen"))
    done = announcing.cli("announce", "--retract", "a1", "--yes", "--wait", "0s")
    assert (done.returncode, done.stdout) == (0, "mastodon: retracted deleted 1 of 1\n"), done.stderr


def test_an_outlet_that_is_left_out_because_it_is_down_is_no_success(announcing: Installation) -> None:
    place = announcing.config / "checks" / "mastodon.toml"
    place.write_text(place.read_text() + DEAD.format(port=free_port()))
    announcing.start()
    eventually(lambda: announcing.ledger().states.get("mastodon", ("",))[0] == "down")
    words = ("announce", "investigating", "--audience", "customers", "--note", "We @everyone.", "--yes", "--wait", "0s")
    done = announcing.cli(*words, "--outlet", "mastodon", "--json")
    assert (done.returncode, states(done)) == (1, {"mastodon": "skipped"})
    (row,) = document(done)["outlets"]
    assert "@everyone" not in row["text"]
    assert "everyone" in row["text"]
    assert row["limit"] == 500
    done = announcing.cli(*words, "--outlet", "mastodon", "--outlet", "x")
    assert done.returncode == 1
    assert "mastodon: skipped its checks say it is down since " in done.stdout
    done = announcing.cli("delivery", "a1", "mastodon", "skip", "--wait", "0s")
    assert done.returncode == 0
    assert done.stdout.startswith("mastodon: skipped left out by ")


def test_what_was_agreed_to_is_sent_or_nothing(announcing: Installation, outlets: TenOutlets) -> None:
    announcing.start()
    words = ("announce", "investigating", "--audience", "customers", "--outlet", "mastodon", *NOTE, "--wait", "0s")
    done = _agreeing(announcing, words, lambda: None)
    assert done.returncode == 0, done.stderr
    assert outlets.count("mastodon", "We are at it.") == 1
    done = _agreeing(announcing, words, lambda: announcing.order("activate", channels=["phone"]))
    assert done.returncode == 1
    assert "what would be sent has changed since it was shown; look again" in done.stderr
    assert announcing.ledger().announcements["a1"].newest.part == 0
    assert announcing.cli(*words, "--yes").returncode == 0


def _agreeing(announcing: Installation, words: tuple[str, ...], meanwhile: Callable[[], object]) -> Done:
    """Give a command at a terminal, do something while its question stands, and say yes."""
    ours, theirs = os.openpty()
    try:
        with subprocess.Popen(
            announcing.argv(*words), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            said = ""
            while "Send this?" not in said:
                more = child.stdout.read(1)
                assert more, said
                said += more
            meanwhile()
            os.write(ours, b"y\n")
            out, err = child.communicate(timeout=30.0)
            return Done(child.args, child.returncode, said + out, err)
    finally:
        os.close(ours)
        os.close(theirs)


def _state(announcing: Installation, announcement: str, part: int = 0) -> str:
    done = announcing.ledger().announcements[announcement].delivery(part, "mastodon")
    return "" if done.fresh else done.state


def test_ten_outlets_of_which_one_hangs_take_one_timeout(announcing: Installation, outlets: TenOutlets) -> None:
    announcing.start()
    outlets.services["mastodon"].fault = Fault("silent")
    with announcing.client() as client:
        assert client.order("announce", kind="investigating", audience="customers", note="We are at it.")["ok"]

    def others_are_sent() -> bool:
        made = announcing.ledger().announcements["a1"]
        done = [made.delivery(0, name) for name in outlets.services if name != "mastodon"]
        return all(each.state in ("sent", "seen") for each in done)

    eventually(others_are_sent, 4.0)
    assert announcing.ledger().announcements["a1"].deliveries[0, "mastodon"].state == "sending"


def test_a_daemon_that_dies_leaves_what_is_known_by_then(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        installation.configure(**{"checks__letters.toml": LETTERS.format(port=silent.getsockname()[1])}).start()
        words = (
            "announce",
            "investigating",
            "--audience",
            "customers",
            *NOTE,
            "--outlet",
            "letters",
            "--yes",
            "--json",
        )
        with subprocess.Popen(
            installation.argv(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as telling:
            eventually(lambda: installation.events(DeliveryIntended))
            installation.kill()
            out, err = telling.communicate(timeout=30)
    assert telling.returncode == 1
    assert [(row["id"], row["state"]) for row in json.loads(out)["outlets"]] == [("letters", "sending")]
    assert err.endswith("the daemon fell silent; what became of a1: outagetui journal\n")
