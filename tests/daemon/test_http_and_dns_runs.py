"""Runs with `http` and `dns.update` steps in a real daemon: done, taken back, asked about after a kill."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from outagetui.facts.events import StepAsked, StepEnded
from tests.kit.installation import Installation, eventually
from tests.servers.knot import Knot

CANARY = "canary-cXVpdGU-secret"
OLD, NEW = "127.0.0.1", "192.0.2.9"
BOOK = """name = "Switch"
[[step]]
id = "hook"
do = "http"
timeout = "3s"
with = {{ url = "http://127.0.0.1:{http}/{path}", body = '{{"on": true}}', secret = "token" }}
undo = {{ do = "http", with = {{ url = "http://127.0.0.1:{http}/off", method = "DELETE", secret = "token" }} }}
[[step]]
id = "point"
do = "dns.update"
timeout = "3s"
[step.with]
server = "127.0.0.1:{dns}"
zone = "example.test"
name = "www"
from = "127.0.0.1"
to = "192.0.2.9"
key = "failover"
secret = "tsig"
"""


class SwitchServer(ThreadingHTTPServer):
    """Answers with what it was sent, the secret included; `/cut` and `/hang` do not answer once."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.requests: list[tuple[str, str, str]] = []
        self.let_go = threading.Event()


class Hook(BaseHTTPRequestHandler):
    server: SwitchServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append((self.command, self.path, self.headers["idempotency-key"]))
        tries = sum(path == self.path for _, path, _ in self.server.requests)
        if self.path == "/hang" and tries == 1:
            self.server.let_go.wait(30)
        if self.path in ("/cut", "/hang") and tries == 1:
            self.close_connection = True
            return
        answer = f"{self.headers} {body.decode()} \x1b]52;c;Zm9v\x07".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_DELETE = do_POST

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def switch_server() -> Iterator[SwitchServer]:
    with SwitchServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.let_go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def knot(tmp_path: Path) -> Iterator[Knot]:
    server = Knot(tmp_path / "knot").start()
    yield server
    server.stop()


def configured(installation: Installation, switch_server: SwitchServer, knot: Knot, path: str = "on") -> Installation:
    secrets = installation.root / "secrets"
    secrets.mkdir(0o700)
    for name, content in (("token", CANARY), ("tsig", knot.secret)):
        (secrets / name).touch(0o600)
        (secrets / name).write_text(f"{content}\n")
    book = BOOK.format(http=switch_server.server_address[1], dns=knot.port, path=path)
    more = {"playbooks__switch.toml": book}
    return installation.configure(operators=f'[secrets]\ndirectory = "{secrets}"\n', **more)


def keeps_no_secret(installation: Installation, knot: Knot, *printed: str) -> None:
    kept = b"".join(file.read_bytes() for file in installation.state.rglob("*") if file.is_file())
    for secret in (CANARY, knot.secret):
        assert secret.encode() not in kept
        assert not any(secret in text for text in printed)
    assert b"[secret]" in kept
    assert b"\x1b]52" not in kept


def test_a_run_switches_and_its_stand_down_switches_back(
    installation: Installation, switch_server: SwitchServer, knot: Knot
) -> None:
    configured(installation, switch_server, knot)
    dry = installation.cli("play", "switch", "--dry-run")
    assert f"point www.example.test A from {OLD} to {NEW} (TTL 60) at 127.0.0.1:{knot.port}" in dry.stdout
    assert "secret token as bearer token" in dry.stdout
    assert knot.values() == [OLD]
    done = installation.cli("play", "switch", "--yes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert knot.values() == [NEW]
    back = installation.cli("play", "--stand-down", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert knot.values() == [OLD]
    assert [(method, path) for method, path, _ in switch_server.requests] == [("POST", "/on"), ("DELETE", "/off")]
    journal = installation.cli("journal", "--json")
    keeps_no_secret(installation, knot, dry.stdout, done.stdout, done.stderr, back.stdout, journal.stdout)


def test_a_request_without_an_answer_is_asked_about_and_sent_again_only_on_a_word(
    installation: Installation, switch_server: SwitchServer, knot: Knot
) -> None:
    configured(installation, switch_server, knot, "cut")
    done = installation.cli("play", "switch", "--yes", "--json")
    assert done.returncode == 4, done.stdout + done.stderr
    (hook, _) = json.loads(done.stdout)["steps"]
    assert hook["state"] == "unsure"
    assert len(switch_server.requests) == 1
    asked = installation.events(StepAsked)[-1]
    assert asked.why == "unsure"
    assert "may or may not have been done" in asked.question
    assert installation.cli("answer", "r1", "hook", "retry").returncode == 0
    eventually(lambda: len(switch_server.requests) == 2)
    first, second = switch_server.requests
    assert first == second  # the key as well
    eventually(lambda: installation.events(StepEnded))
    keeps_no_secret(installation, knot, done.stdout, asked.question)


def test_a_kill_amid_a_request_is_asked_about(
    installation: Installation, switch_server: SwitchServer, knot: Knot
) -> None:
    configured(installation, switch_server, knot, "hang").start()
    assert installation.order("start", playbook="switch")["ok"]
    eventually(lambda: installation.events(StepAsked))
    assert installation.order("answer", run="r1", step="hook", attempt=1, answer="yes")["ok"]
    eventually(lambda: switch_server.requests)
    installation.kill()
    installation.start()
    asked = eventually(lambda: [each for each in installation.events(StepAsked) if each.why == "unsure"])
    assert f"the request may have reached 127.0.0.1:{switch_server.server_address[1]}" in asked[-1].question
    assert switch_server.requests[0][2] in asked[-1].question
    assert len(switch_server.requests) == 1
    assert installation.order("answer", run="r1", step="hook", attempt=asked[-1].attempt, answer="done")["ok"]


@pytest.mark.parametrize("came_through", [True, False])
def test_a_kill_amid_an_update_is_looked_up(
    installation: Installation, switch_server: SwitchServer, knot: Knot, came_through: bool
) -> None:
    configured(installation, switch_server, knot).start()
    assert installation.order("start", playbook="switch")["ok"]
    eventually(lambda: installation.events(StepAsked))
    assert installation.order("answer", run="r1", step="hook", attempt=1, answer="yes")["ok"]
    eventually(lambda: installation.events(StepAsked)[-1].step == "point")
    knot.group.freeze()
    assert installation.order("answer", run="r1", step="point", attempt=1, answer="yes")["ok"]
    eventually(lambda: installation.ledger().runs["r1"].steps["point"].state == "doing")
    installation.kill()
    knot.group.thaw()
    if came_through:
        knot.change("www", NEW)
    installation.start()
    (ended,) = eventually(lambda: [each for each in installation.events(StepEnded) if each.step == "point"])
    assert (ended.outcome, ended.changed) == ("done", True)
    assert knot.values() == [NEW]
    back = installation.cli("play", "--stand-down", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert knot.values() == [OLD]
