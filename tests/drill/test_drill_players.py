"""The drill's own servers, well and with each of their faults, as our probes see them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outagetui.config import load
from outagetui.core.model import Check, Outcome, Sample
from outagetui.drill.business_files import make_secrets, write
from outagetui.drill.processes import PRIVATE
from outagetui.drill.scenario import JABBER_AND_PHONE, SCENARIOS
from outagetui.drill.scenario_servers import START, ScenarioServers
from outagetui.drill.servers import Opening
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look


class RunningServers:
    """The business of jabber-and-phone with its servers in this process."""

    def __init__(self, place: Path, started: ScenarioServers) -> None:
        self.place, self.started = place, started
        self.config = load(write(place, started.ports, JABBER_AND_PHONE.short, JABBER_AND_PHONE.id))
        assert self.config.secrets is not None
        secrets = Secrets.of_drill(Path(self.config.secrets), place)
        self.vantage = Vantage("drill", secrets, place)

    async def look(self, name: str) -> Sample:
        (check,) = [each for each in self.config.checks() if each.id == name]
        assert isinstance(check, Check)
        return await look(check, asyncio.get_running_loop().time() + check.timeout, self.vantage)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServers]:
    (tmp_path / "pages").mkdir()
    make_secrets(tmp_path, JABBER_AND_PHONE.id)
    started = await START[JABBER_AND_PHONE.id](tmp_path)
    running = RunningServers(tmp_path, started)
    yield running
    await running.vantage.aclose()
    await started.leave()
    for player in started.faulty.values():
        if isinstance(player, Opening):
            await player.suffer("refuse", 1.0)
    assert started.chat is not None
    started.chat.close()
    await started.chat.wait_closed()


async def test_all_its_checks_pass_against_its_servers(running: RunningServers) -> None:
    assert running.started.left_out == ""
    for check in running.config.checks():
        sample = await running.look(check.id)
        assert (sample.outcome, sample.code) == (Outcome.PASS, ""), (check.id, sample)


@pytest.mark.parametrize(
    ("target", "kind", "check", "code"),
    [
        ("phone", "503", "phone.call", "sip.503"),
        ("phone", "one-way", "phone.call", "sip.no-audio"),
        ("phone", "reject-login", "phone.call", "sip.407"),
        ("phone", "refuse", "phone.answers", "sip.refused"),
        ("phone", "hang", "phone.answers", "timeout"),
        ("extensions", "reject-login", "extensions.register", "sip.401"),
        ("extensions", "drop", "extensions.register", "timeout"),
        ("mail", "drop", "mail.roundtrip", "mail.not-delivered"),
        ("mail", "refuse", "mail.smtp", "tcp.refused"),
        ("mail", "hang", "mail.smtp", "timeout"),
        ("imap", "reject-login", "mail.mailbox", "imap.auth-failed"),
        ("webchat", "drop", "webchat.page", "http.503"),
        ("webchat", "hang", "webchat.page", "timeout"),
        ("messenger", "refuse", "team.api", "tcp.refused"),
        ("jabber", "room-destroyed", "jabber.room", "xmpp.room-missing"),
        ("jabber", "hang", "jabber.login", "timeout"),
        ("jabber", "wrong-certificate", "jabber.login", "tls.self-signed"),
        ("jabber", "refuse", "jabber.login", "tcp.refused"),
    ],
)
async def test_every_fault_is_seen_for_what_it_is_and_ends(
    running: RunningServers, target: str, kind: str, check: str, code: str
) -> None:
    await running.started.faulty[target].suffer(kind, 1.0)
    found = await running.look(check)
    assert (found.outcome, found.code) == (Outcome.FAIL, code), found
    await running.started.faulty[target].suffer("", 0.0)
    well = await running.look(check)
    assert (well.outcome, well.code) == (Outcome.PASS, ""), well


async def test_lost_and_late_sound_lowers_the_score_of_a_call(running: RunningServers) -> None:
    good = (await running.look("phone.call")).value
    assert good is not None
    for kind, share in (("loss", 0.3), ("jitter", 1.0)):
        await running.started.faulty["phone"].suffer(kind, share)
        sample = await running.look("phone.call")
        assert sample.code == "sip.mos", sample
        assert sample.value is not None
        assert sample.value < good - 0.5


def test_what_a_scenario_breaks_is_played_by_a_server_of_its_own() -> None:
    for scenario in SCENARIOS.values():
        for pace in (scenario.live, scenario.short):
            broken = {act.target for act in pace.acts}
            mended = [act.target for act in pace.acts if act.kind == ""]
            assert [act.at for act in pace.acts] == sorted(act.at for act in pace.acts)
            assert sorted(broken) == sorted(mended)


def test_without_prosody_the_drill_says_so_and_goes_without_jabber(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    make_secrets(tmp_path, JABBER_AND_PHONE.id)
    with subprocess.Popen(
        [sys.executable, "-m", "outagetui.drill.lab", JABBER_AND_PHONE.id, "short", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PATH": str(tmp_path)},
        text=True,
    ) as lab:
        assert lab.stdout is not None
        assert lab.stdin is not None
        told = json.loads(lab.stdout.readline())
        lab.stdin.close()
    assert told["left_out"] == "without Jabber: prosody is not installed"
    assert "jabber" not in told["ports"]
    config = load(write(tmp_path, told["ports"], JABBER_AND_PHONE.short, JABBER_AND_PHONE.id))
    assert {channel.id for channel in config.channels if channel.audience == "staff"} == {"team", "extensions"}


def test_the_drills_secrets_are_its_own_and_private(tmp_path: Path) -> None:
    make_secrets(tmp_path, JABBER_AND_PHONE.id)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    words = set()
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        words.add(path.read_text())
    assert len(words) == 3
    assert "CREDENTIALS_DIRECTORY" in PRIVATE
