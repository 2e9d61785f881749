"""Secrets of every kind are used for real by one daemon, and looked for everywhere a person could read them."""

import contextlib
import json
import secrets as chance
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from outagetui.facts.events import AlertEnded, StepEnded
from tests.kit.installation import Installation, eventually, new_installation
from tests.kit.pty_driver import Pty

NAMES = ("http-token", "command-token", "tsig", "chat-password", "phone-url", "mail-password")
SETTINGS = """
[fail_back]
up_for = "0s"
[secrets]
directory = "{vault}"
[[alert]]
name = "on-call"
secret = "phone-url"
[command.leak]
argv = ["/bin/sh", "-c", "echo $TOKEN; echo $TOKEN >&2; echo $TOKEN | base64; exit 3"]
secret_env = {{ TOKEN = "command-token" }}
"""
CHECKS = """
[channel]
name = "Jabber"
audience = "staff"
role = "backup"
[[check]]
id = "login"
probe = "xmpp"
target = "xmpp://watch@127.0.0.1"
connect = "127.0.0.1:{port}"
secret = "chat-password"
every = "1s"
[[check]]
id = "mailbox"
probe = "imap"
target = "imap://watch@127.0.0.1:{port}"
secret = "mail-password"
every = "1s"
"""
BOOK = """name = "Everything"
[[step]]
id = "hook"
do = "http"
needs = "auto"
on_failure = "continue"
with = {{ url = "http://127.0.0.1:{port}/hook", headers = {{ X-Token = "{{secret}}" }}, secret = "http-token" }}
[[step]]
id = "leak"
do = "command"
needs = "auto"
on_failure = "continue"
with = {{ command = "leak" }}
[[step]]
id = "point"
do = "dns.update"
needs = "auto"
timeout = "2s"
[step.with]
server = "127.0.0.1:{port}"
zone = "example.test"
name = "www"
from = "127.0.0.1"
to = "127.0.0.2"
key = "k"
secret = "tsig"
"""


class Echo(ThreadingHTTPServer):
    """Says back, with status 500, whatever it is sent: the worst server to hand a secret to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.heard: list[str] = []


class _Echo(BaseHTTPRequestHandler):
    server: Echo

    def do_POST(self) -> None:
        said = (
            f"{self.requestline}\n{self.headers}" + self.rfile.read(int(self.headers["content-length"] or 0)).decode()
        )
        self.server.heard.append(said)
        self.send_response(500, "no")
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(name="installation")
def _home() -> Iterator[Installation]:
    with new_installation() as made:
        yield made


@pytest.fixture(name="echo")
def _echo() -> Iterator[Echo]:
    with Echo() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Watcher(threading.Thread):
    """Reads the command line of every process, again and again, as `ps` does."""

    def __init__(self, wanted: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.wanted, self.found, self.over = wanted, set[bytes](), threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.002):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    line = path.read_bytes()
                    self.found.update(line for word in self.wanted if word in line)


def test_no_secret_is_seen_anywhere(installation: Installation, echo: Echo) -> None:
    port = echo.server_address[1]
    vault = installation.root / "vault"
    vault.mkdir(mode=0o700)
    canaries = {name: f"canary{chance.token_hex(12)}==" for name in NAMES}
    contents = canaries | {"phone-url": f"json://127.0.0.1:{port}/{canaries['phone-url']}"}
    for name, content in contents.items():
        (vault / name).touch(mode=0o600)
        (vault / name).write_text(content)
    wanted = [canary.removesuffix("==").encode() for canary in canaries.values()]
    installation.configure(
        every="1s",
        operators=SETTINGS.format(vault=vault),
        **{"checks__jabber.toml": CHECKS.format(port=port), "playbooks__all.toml": BOOK.format(port=port)},
    )
    installation.outage()
    watcher = Watcher(wanted)
    watcher.start()
    installation.start()
    shown = [installation.cli("play", "all", "--dry-run").stdout, installation.cli("alert", "--test").stdout]
    run = installation.order("start", playbook="all")["run"]
    eventually(lambda: len(installation.events(StepEnded)) >= 3 and installation.events(AlertEnded))
    assert any(canaries["http-token"] in said for said in echo.heard), "the secret was never used, so nothing is proven"
    assert any(canaries["phone-url"] in said for said in echo.heard)
    assert {ended.outcome for ended in installation.events(StepEnded)} == {"failed"}
    with (
        Pty(installation.argv(), lines=60, columns=200) as operator,
        Pty(installation.argv("wallboard"), lines=60, columns=200) as wall,
    ):
        operator.until_text("Jabber")
        wall.until_text("Jabber")
        operator.send("r")
        operator.send("\r")
        operator.until_text("hook")
        shown += [operator.picture.text, wall.picture.text]
        operator.send("l")
        operator.until_text("http")
        shown += [operator.picture.text]
    for command in (
        ("journal",),
        ("journal", "--json"),
        ("runs",),
        ("runs", "--json"),
        ("status", "--json"),
        ("status",),
        ("check", "--json"),
        ("report",),
        ("report", "--format", "html"),
        ("report", "--format", "json"),
        ("alert",),
        ("validate", "--deep"),
        ("answer", run, "point", "skip"),
    ):
        done = installation.cli(*command)
        shown += [done.stdout, done.stderr]
    installation.terminate()
    watcher.over.set()
    watcher.join()
    files = [path.read_bytes() for path in installation.root.rglob("*") if path.is_file() and path.parent != vault]
    haystack = b"\n".join([*files, json.dumps(shown).encode(), *watcher.found])
    assert b"[secret]" in haystack  # what stood there was seen, and hidden
    assert [name for name, word in zip(canaries, wanted, strict=True) if word in haystack] == []
