"""`outagetui trace`: alone and through a daemon, in words and as a document, with its exit statuses."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli import trace as module
from outagetui.cli.group import outagetui
from outagetui.facts.events import PathTraced
from outagetui.facts.network_path import Hop, NetworkPath, Stopped
from outagetui.protocols import traceroute
from tests.kit.installation import Installation, new_installation
from tests.kit.network_namespace import inside, report

needs_raw_sockets = pytest.mark.skipif(not traceroute.permitted(), reason="needs the right to raw sockets")


@pytest.fixture(name="installation")
def _home() -> Iterator[Installation]:
    with new_installation() as made:
        yield made.configure(every="1s")


def alone(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command where there is no configuration."""
    return subprocess.run(
        [sys.executable, "-m", "outagetui", "trace", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=place,
        env={"HOME": str(place), "PATH": "/usr/bin"},
    )


@needs_raw_sockets
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_it_works_without_a_configuration(tmp_path: Path, host: str) -> None:
    done = alone(tmp_path, host)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"The way to {host}")
    assert "(this machine)" in done.stdout


@needs_raw_sockets
def test_the_document_holds_every_hop(tmp_path: Path) -> None:
    done = alone(tmp_path, "--json", "--ip", "4", "localhost")
    document = json.loads(done.stdout)
    assert (document["version"], document["ends"], document["canary"]) == (1, "reached", None)
    assert document["path"]["stopped"] == "reached"
    [hop] = document["path"]["hops"]
    assert (hop["distance"], hop["address"], hop["whose"]) == (1, "127.0.0.1", "this machine")
    assert hop["ms"] >= 0


@needs_raw_sockets
def test_what_cannot_be_looked_at_ends_with_3_in_one_line(tmp_path: Path) -> None:
    done = alone(tmp_path, "--ip", "6", "127.0.0.1")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("No way to 127.0.0.1 could be looked at: ")
    assert len(done.stdout.splitlines()) == 1


@needs_raw_sockets
def test_a_channel_by_the_daemon_stands_in_its_journal(installation: Installation) -> None:
    installation.start()
    done = installation.cli("trace", "chat", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["path"]["host"] == "127.0.0.1"
    [event] = installation.events(PathTraced)
    assert event.channel == "chat"
    assert event.path.reached


@needs_raw_sockets
def test_a_channel_without_a_daemon_is_looked_at_from_here_and_starts_none(installation: Installation) -> None:
    done = installation.cli("trace", "chat")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The way to 127.0.0.1 arrives")
    assert not installation.store.exists()


def test_the_daemon_refuses_in_words(installation: Installation) -> None:
    installation.start()
    done = installation.cli("trace", "no such host/")
    assert done.returncode == 1
    assert "no channel, and no host name" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_right_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(traceroute, "permitted", lambda: False)
    monkeypatch.setattr(module, "_configuration", lambda options: None)
    done = CliRunner().invoke(outagetui, ["trace", "127.0.0.1"])
    assert done.exit_code == 3
    assert done.output == traceroute.NOT_PERMITTED + "\n"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (NetworkPath(host="h", hops=(Hop(1, "203.0.113.9"),), stopped=Stopped.REACHED), 0),
        (NetworkPath(host="h", hops=(Hop(1, "10.0.0.1"),), stopped=Stopped.SILENT), 2),
        (NetworkPath(host="h", stopped=Stopped.SILENT), 2),
        (NetworkPath(host="h", trouble="no such name"), 3),
    ],
)
def test_the_exit_status_says_whether_it_arrives(
    monkeypatch: pytest.MonkeyPatch, path: NetworkPath, status: int
) -> None:
    ended: list[int] = []

    async def found(*arguments: object) -> tuple[NetworkPath, NetworkPath | None]:
        return path, None

    monkeypatch.setattr(module, "_trace", found)
    monkeypatch.setattr(module, "leave", ended.append)
    assert CliRunner().invoke(outagetui, ["trace", "h"]).exception is None
    assert ended == [status]


GUARDED = """
import asyncio
from outagetui.machine.loopback_only import loopback_only
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols.traceroute import both
loopback_only()
async def main():
    for host in ("192.0.2.1", "2001:db8::9", "example.net", "127.0.0.1"):
        path, canary = await both(host, "192.0.2.2", Vantage("drill", Secrets(None)))
        print(path.stopped, path.trouble, canary.stopped)
asyncio.run(main())
"""


def test_in_a_drill_no_packet_leaves_the_machine() -> None:
    done = subprocess.run(inside(sys.executable, "-c", GUARDED), check=False, capture_output=True, text=True)
    found = report(done.stdout, done.stderr)
    assert (found["sent"], found["missed"], found["status"]) == ([], 0, 0), found["stderr"]
    *away, home = found["stdout"].splitlines()
    assert all(line.startswith("trouble a drill ") for line in away)
    assert home.startswith("reached")
