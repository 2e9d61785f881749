"""Nothing of a drill leaves loopback, counted where everything else is a device that nobody is behind."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from outagetui.board.rows import ChannelRow, OutletRow
from outagetui.core.orders import AlertTest, Start, Stop
from outagetui.daemon.main import DRILL, DRILL_PLACE
from outagetui.facts import events
from outagetui.orders.client import OrderClient
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.kit.network_namespace import inside, report

PROBES = {
    "address": ("http", "http://192.0.2.1/", ""),
    "name": ("http", "http://example.net/", ""),
    "fetch": ("feed", "http://example.net/summary.json", ""),
    "reading": ("value", "http://192.0.2.1/", 'match = "([0-9]+)"\ndown_below = 1'),
    "port": ("tcp", "tcp://192.0.2.1:443", ""),
    "certificate": ("tls", "tls://192.0.2.1:443", ""),
    "asked": ("dns", "dns://192.0.2.53:53/example.net", ""),
    "resolver": ("dns", "dns:example.net", ""),
    "ping": ("icmp", "icmp://192.0.2.1", ""),
    "relay": ("smtp", "smtp://127.0.0.1:25", ""),
    "mail": ("imap", "imaps://me@example.net:993", 'secret = "token"'),
    "call": ("sip.options", "sip:192.0.2.1;transport=udp", ""),
    "jabber": ("xmpp", "xmpp://me@example.net", 'secret = "token"'),
    "chat": ("websocket", "wss://example.net/", ""),
    "six": ("tcp", "tcp://[2001:db8::1]:443", ""),
    "plugin": ("exec", "exec:plugin", 'argv = ["/usr/bin/touch", "$place/touched"]'),
}
SETTINGS = """business = "Example Hosting"
vantage = "here"
timezone = "UTC"
canaries = ["tcp://192.0.2.53:53"]
[store]
path = "$place/store/store.db"
[secrets]
directory = "$real"
[heartbeat]
url = "http://192.0.2.1/alive"
timeout = "1s"
every = "1s"
[[alert]]
name = "phone"
secret = "token"
[command.touch]
argv = ["/usr/bin/touch", "$place/touched"]
"""
CHANNEL = """[channel]
name = "Messenger"
audience = "customers"
role = "primary"
[[check]]
id = "port"
probe = "tcp"
target = "tcp://127.0.0.1:1"
every = "300ms"
timeout = "1s"
"""
CHECK = """[[check]]
id = "{id}"
probe = "{probe}"
target = "{target}"
every = "1s"
timeout = "1s"
{more}
"""
OUTLETS = {
    "wordpress": 'url = "https://www.example.net/"\nuser = "me"\nsecret = "token"',
    "discourse": 'url = "https://forum.example.net"\nuser = "me"\nsecret = "token"',
    "mastodon": 'url = "https://social.example.net"\nsecret = "token"',
    "bluesky": 'user = "example.net"\nsecret = "token"',
    "x": 'secret = "token"',
    "facebook": 'account = "1"\nsecret = "token"',
    "statuspage": 'account = "kctbh9vrtdwd"\nsecret = "token"',
    "cachet": 'url = "https://cachet.example.net"\nsecret = "token"',
    "email": (
        'url = "smtp://me@192.0.2.1:587"\nsecret = "token"\nfrom = "me@example.net"\n'
        'recipients = ["all@example.net"]\nunsubscribe = "mailto:leave@example.net"'
    ),
    "apprise": 'secret = "token"',
    "xmpp": 'login = "xmpp://me@example.net"\nsecret = "token"\nroom = "lobby@rooms.example.net"',
    "command": 'command = "touch"',
    "page": 'directory = "$place/page"\nurl = "https://status.example.net/"',
}
STEPS = {
    "program": ("command", 'command = "touch"'),
    "ask": ("http", 'url = "http://192.0.2.1/"'),
    "tell": ("announce", 'kind = "investigating", audience = "customers"'),
}


def settle(place: Path, real: Path) -> Path:
    """Write a configuration that wants to leave in every way it can."""
    config = place / "config"
    files = {"outagetui.toml": SETTINGS, "checks/messenger.toml": CHANNEL}
    files["checks/watched.toml"] = '[channel]\nname = "Watched"\naudience = "staff"\nrole = "primary"\n' + "".join(
        CHECK.format(id=id, probe=probe, target=target, more=more) for id, (probe, target, more) in PROBES.items()
    )
    for kind, more in OUTLETS.items():
        head = f'[outlet]\nname = "{kind}"\nkind = "{kind}"\naudience = "customers"\n'
        files[f"checks/{kind}.toml"] = f"{head}{more}\n"
    files["playbooks/leave.toml"] = 'name = "Leave"\n' + "".join(
        f'[[step]]\nid = "{id}"\ndo = "{do}"\nneeds = "auto"\non_failure = "continue"\nwith = {{ {with_} }}\n'
        for id, (do, with_) in STEPS.items()
    )
    for name, text in files.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(text.replace("$place", str(place)).replace("$real", str(real)))
    (place / "page").mkdir()
    return config


class Away:
    """What such a drill's daemon did, from its start to its end, and what of it left."""

    def __init__(self, place: Path, real: Path) -> None:
        self.place = place
        config = settle(place, real)
        daemon = [sys.executable, "-m", "outagetui", "--config", str(config), "daemon"]
        environment = os.environ | {DRILL: "a drill that wants to leave", DRILL_PLACE: str(place)}
        with subprocess.Popen(
            inside(*daemon), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                asyncio.run(self._play(process))
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
        self.found = report(out, err)
        self.events = [events.decode(entry.kind, entry.document) for entry in Reader(self.store).entries()]

    @property
    def store(self) -> Path:
        return self.place / "store" / "store.db"

    async def _play(self, process: "subprocess.Popen[str]") -> None:
        orders = OrderClient(self.store)
        while not (await orders.hello()).get("ok"):
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.05)
        assert (await orders.send(Start(playbook="leave")))["ok"]
        assert (await orders.send(AlertTest()))["ok"]
        source = StoreSource(self.store)
        try:
            while True:
                board = source.board(0.0)
                rows: list[ChannelRow | OutletRow] = [*board.channels, *board.outlets]
                checks = [check for row in rows for check in row.checks]
                if board.runs and board.runs[0].ended is not None and all(check.sample for check in checks):
                    self.checks = {check.id: check for check in checks}
                    break
                await asyncio.sleep(0.1)
        finally:
            source.close()
        await orders.send(Stop())
        await orders.aclose()


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Away:
    real = tmp_path_factory.mktemp("real")
    (real / "token").touch(mode=0o600)
    (real / "token").write_text("json://192.0.2.1/")
    return Away(tmp_path_factory.mktemp("drill"), real)


def test_what_leaves_is_counted() -> None:
    program = """
import socket
for family, host in (socket.AF_INET, "192.0.2.1"), (socket.AF_INET, "127.9.9.9"), (socket.AF_INET6, "2001:db8:9::1"):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 53))
"""
    done = subprocess.run(inside(sys.executable, "-c", program), capture_output=True, text=True, check=False)
    counted = report(done.stdout, done.stderr)
    assert counted["status"] == 0, counted
    assert counted["sent"] == ["17 to 192.0.2.1", "17 to 2001:db8:9::1"]
    assert counted["missed"] == 0


def test_no_packet_of_a_drills_daemon_leaves_whatever_its_configuration_says(away: Away) -> None:
    assert away.found["status"] == 0, away.found["stderr"]
    assert "away" in away.found["interfaces"]
    assert (away.found["sent"], away.found["missed"]) == ([], 0)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_that_may_not_look_is_unknown(away: Away, name: str) -> None:
    check = away.checks[f"watched.{name}"]
    assert check.sample is not None
    assert check.sample.outcome.value == "unknown", check


def test_a_step_that_would_leave_fails_and_says_why(away: Away) -> None:
    ended = {each.step: each for each in away.events if isinstance(each, events.StepEnded)}
    assert set(ended) == set(STEPS)
    assert "a drill starts no program, not even /usr/bin/touch" in ended["program"].detail
    assert "not permitted" in ended["ask"].detail or "a drill" in ended["ask"].detail
    assert {each.outcome for each in ended.values()} == {"failed"}


@pytest.mark.parametrize("name", sorted(OUTLETS.keys() - {"page"}))
def test_an_outlet_elsewhere_gets_nothing_and_no_login_is_loaded(away: Away, name: str) -> None:
    ended = {each.outlet: each for each in away.events if isinstance(each, events.DeliveryEnded)}
    assert ended[name].state == "failed"
    why = "a drill starts no program, not even /usr/bin/touch" if name == "command" else "no secret is loaded here"
    assert why in ended[name].detail
    assert (away.place / "page" / "index.html").exists()


def test_no_program_runs_and_nobody_is_woken(away: Away) -> None:
    assert not (away.place / "touched").exists()
    told = [each.outcome for each in away.events if isinstance(each, events.AlertEnded)]
    assert "sent" not in told


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize("scenario", ["messenger-2011", "jabber-and-phone"])
def test_no_packet_of_a_whole_drill_leaves(scenario: str) -> None:
    drill = inside(sys.executable, "-m", "outagetui", "drill", scenario, "--headless", "--json")
    done = subprocess.run(drill, capture_output=True, text=True, check=False)
    counted = report(done.stdout, done.stderr)
    assert counted["status"] == 0, counted["stderr"]
    assert (counted["sent"], counted["missed"]) == ([], 0)
    shutil.rmtree(Path(json.loads(counted["stdout"])["page"]).parents[2])
