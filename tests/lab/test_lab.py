"""The lab as it is used: up, everything well by `check` and `prove`, each kind of fault by its command line, down."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
from outagetui.core.model import Outcome
from tests.lab.processes import end, members, started

pytestmark = pytest.mark.timeout(90)
ROOT = Path(__file__).parents[2]


def lab(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.lab", *argv],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        cwd=ROOT,
    )


class Office:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        begin = time.monotonic()
        done = lab("up", str(directory))
        self.seconds = time.monotonic() - begin
        assert done.returncode == 0, done.stderr
        self.told = json.loads((directory / "lab.json").read_text())
        self.servers: dict[str, dict[str, Any]] = self.told["servers"]

    def outagetui(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "outagetui", "--config", str(self.directory / "config"), *argv],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def inject(self, server: str, fault: str) -> None:
        subprocess.run(
            self.servers[server]["faults"][fault], shell=True, check=True, stdout=subprocess.DEVNULL, timeout=20
        )

    def address(self, name: str) -> list[str]:
        """Return what the name server says of a name."""
        query = dns.message.make_query(f"{name}.example.test", "A")
        reply = dns.query.udp(query, "127.0.0.1", port=self.servers["knot"]["ports"]["port"], timeout=2)
        return [each.to_text() for one in reply.answer for each in one]

    def check(self, name: str) -> dict[str, Any]:
        done = self.outagetui("check", name, "--json")
        document = json.loads(done.stdout)
        (row,) = [check for owner in document["channels"] for check in owner["checks"]]
        assert isinstance(row, dict)
        return row


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    directory = tmp_path_factory.mktemp("lab") / "office"
    try:
        yield Office(directory)
    finally:
        lab("down", str(directory))


def test_every_server_is_up_within_seconds_and_outlives_the_command(office: Office) -> None:
    assert office.seconds < 15
    assert office.told["left_out"] == {}
    assert set(office.servers) == {
        *("site", "messenger", "knot", "ngircd", "dovecot", "mailhub", "chat"),
        *("rooms", "kamailio", "sipp", "prosody"),
    }
    for name, server in office.servers.items():
        assert members(server["group"]), name
        assert started(server["group"]) == server["started"], name


def test_everything_is_up_by_every_probe_that_there_is_a_server_for(office: Office) -> None:
    done = office.outagetui("check", "--json")
    document = json.loads(done.stdout)
    rows = [check for owner in document["channels"] for check in owner["checks"]]
    assert [row for row in rows if row["outcome"] != Outcome.PASS.value] == []
    assert done.returncode == 0
    assert {row["probe"] for row in rows} == {
        *("http", "dns", "smtp", "imap", "mail.roundtrip", "webchat", "websocket", "irc"),
        *("sip.options", "sip.register", "sip.call", "xmpp", "xmpp.room"),
    }


def test_every_backup_is_proven_ready(office: Office) -> None:
    try:
        done = office.outagetui("prove", "--json")
    finally:
        office.outagetui("daemon", "--stop")
    assert done.returncode == 0, done.stdout + done.stderr
    readiness = {row["id"]: row["readiness"] for row in json.loads(done.stdout)["channels"]}
    assert readiness == dict.fromkeys(("extensions", "irc", "jabber", "phone", "webchat"), "ready")


def test_its_playbook_moves_everybody_over_and_the_stand_down_takes_all_of_it_back(office: Office) -> None:
    banner = office.directory / "pages" / "banner.html"
    page = office.directory / "pages" / "status" / "status.json"
    dry = office.outagetui("play", "messenger-down", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "invite ada@example.test and bob@example.test" in dry.stdout
    assert banner.read_text() == ""
    try:
        went = office.outagetui("play", "messenger-down", "--yes", "--json")
        assert went.returncode == 0, went.stdout + went.stderr
        details = {step["id"]: step["detail"] for step in json.loads(went.stdout)["steps"]}
        assert details["open-room"] == (
            "outage@rooms.example.test made; invited ada@example.test, bob@example.test; said the text"
        )
        assert office.address("chat") == ["127.0.0.2"]
        assert 'role="status"' in banner.read_text()
        assert json.loads(page.read_text())["incidents"]
        back = office.outagetui("play", "--stand-down", "--yes", "--json")
        assert back.returncode == 0, back.stdout + back.stderr
        details = {step["id"]: step["detail"] for step in json.loads(back.stdout)["steps"]}
        assert details["undo-open-room"] == "outage@rooms.example.test destroyed"
        assert office.address("chat") == ["127.0.0.1"]
        assert banner.read_text() == ""
        assert json.loads(page.read_text())["incidents"] == []
        assert office.outagetui("journal", "--verify").returncode == 0
    finally:
        office.outagetui("daemon", "--stop")


def test_its_customers_are_told_by_page_mail_and_room(office: Office) -> None:
    kind = ("announce", "backup-active", "--audience", "customers")
    dry = office.outagetui(*kind, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert [line for line in dry.stdout.splitlines() if line.startswith("---")] == [
        f"--- {name} ---" for name in ("letters", "lobby", "page")
    ]
    try:
        assert office.outagetui("activate", "webchat").returncode == 0
        told = office.outagetui(*kind, "--yes", "--json")
        assert told.returncode == 0, told.stdout + told.stderr
        states = {row["id"]: row["state"] for row in json.loads(told.stdout)["outlets"]}
        assert states == {"letters": "sent", "lobby": "sent", "page": "seen"}
        made = json.loads(told.stdout)["announcement"]
        back = office.outagetui("announce", "--retract", made, "--yes", "--json")
        states = {row["id"]: row["state"] for row in json.loads(back.stdout)["outlets"]}
        assert states == {"letters": "skipped", "lobby": "retracted", "page": "retracted"}
    finally:
        office.outagetui("deactivate", "webchat")
        office.outagetui("daemon", "--stop")


def test_its_secrets_are_made_anew_and_private(office: Office) -> None:
    vault = office.directory / "secrets"
    assert vault.stat().st_mode & 0o777 == 0o700
    for path in vault.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(path.read_text()) > 20
    assert office.outagetui("validate", "--deep").returncode == 0


@pytest.mark.parametrize(
    ("server", "fault", "check", "code"),
    [
        ("messenger", "503", "messenger.api", "http.503"),
        ("chat", "no-widget", "webchat.visit", "webchat.widget"),
        ("chat", "lost", "webchat.left-message", "mail.not-delivered"),
        ("mailhub", "refuse", "mail.smtp", "smtp.550"),
        ("mailhub", "reject", "mail.roundtrip", "smtp.554"),
        ("kamailio", "503", "phone.call", "sip.503"),
        ("prosody", "message-lost", "jabber.room", "timeout"),
        ("prosody", "ping-refused", "jabber.login", "xmpp"),
        ("dovecot", "hang", "mail.mailbox", "timeout"),
        ("prosody", "destroy-room", "jabber.room", "xmpp.room-missing"),
        ("knot", "end", "website.address", ""),
    ],
)
def test_its_command_lines_make_the_faults_and_take_them_away(
    office: Office, server: str, fault: str, check: str, code: str
) -> None:
    office.inject(server, fault)
    found = office.check(check)
    if fault not in ("end", "destroy-room"):
        office.inject(server, "go-on" if fault == "hang" else "well")
        well = office.check(check)
        assert (well["outcome"], well["code"]) == ("pass", "")
    assert found["outcome"] == "fail"
    assert found["code"].startswith(code), found


def test_a_lab_is_not_made_over_another(office: Office) -> None:
    again = lab("up", str(office.directory))
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_down_ends_exactly_the_servers_of_that_lab(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as stranger:
        try:
            here = Office(tmp_path / "lab")
            groups = [server["group"] for server in here.servers.values()]
            leftovers = [Path(server["leftover"]) for server in here.servers.values() if server["leftover"]]
            state = json.loads((here.directory / "lab.json").read_text())
            # A number that was given to somebody else since must not be ended.
            state["servers"]["stranger"] = state["servers"]["site"] | {"group": stranger.pid, "started": 1}
            (here.directory / "lab.json").write_text(json.dumps(state))
            done = lab("down", str(here.directory))
            assert done.returncode == 0, done.stderr
            assert [group for group in groups if members(group)] == []
            assert [path for path in leftovers if path.exists()] == []
            assert stranger.poll() is None
            assert lab("down", str(here.directory)).returncode == 1
        finally:
            assert stranger.stdin is not None
            stranger.stdin.close()


def test_a_frozen_group_is_ended_too() -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    os.killpg(child.pid, signal.SIGSTOP)
    assert end(child.pid, started(child.pid))
    assert child.wait(5) == -signal.SIGTERM


def test_a_wrong_command_line_is_told() -> None:
    assert lab("sideways", "x").returncode == 2
