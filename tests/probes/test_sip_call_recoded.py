"""The call probe and far sides that return the sound, not the packets: baresip, and telephone systems of our making.

PJSIP has no package in Debian 12; `RecodingEcho` re-frames and re-codes as its echo does.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.g711 import Law
from tests.kit.recoding_echo import RecodingEcho
from tests.kit.scripted_phone import ScriptedPhone, call_phone

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).with_name("baresip_namespace.py")


def baresip(directory: Path, account: str = "", *lines: str) -> dict[str, Any]:
    if shutil.which("baresip") is None:
        pytest.fail("baresip is missing: apt-get install baresip-core")
    command = ["unshare", "--map-root-user", "--net", sys.executable, str(SCRIPT), str(directory), account, *lines]
    allowed = subprocess.run([*command[:3], "test", "-w", "/dev/net/tun"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip("this needs network namespaces and /dev/net/tun: run it as root, or allow user namespaces")
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
    )
    log = directory / "log"
    assert done.returncode == 0, done.stderr + (log.read_text(errors="replace") if log.exists() else "")
    return dict(json.loads(done.stdout))


def test_the_echo_of_baresip_is_heard(tmp_path: Path) -> None:
    found = baresip(tmp_path)
    assert found["outcome"] in ("pass", "warn"), found
    assert found["mos"] > 3


def test_the_echo_of_baresip_is_heard_where_it_resamples_and_speaks_another_law(tmp_path: Path) -> None:
    found = baresip(tmp_path, ";audio_codecs=PCMA/8000/1;ptime=30", "ausrc_srate 48000", "auplay_srate 48000")
    assert found["outcome"] in ("pass", "warn"), found  # a busy machine makes it lose some
    assert found["mos"] > 3
    assert "the sound comes back re-coded" in found["detail"]


@pytest.mark.parametrize(
    "echo",
    [
        {},
        {"law": Law.MU, "frame": 80},
        {"frame": 240, "shift": 13},
        {"frame": 320, "gain": 0.25},
        {"gain": 4.0, "shift": 777},
        {"law": Law.MU, "gain": 0.7, "noise": 300.0},
    ],
)
async def test_sound_that_comes_back_in_other_packets_is_our_echo(caller: Vantage, echo: dict[str, Any]) -> None:
    far = RecodingEcho(**echo)
    sample, _ = await call_phone(caller, ScriptedPhone(again=far.take))
    assert (sample.outcome, sample.code) == (Outcome.PASS, ""), sample
    assert "the sound comes back re-coded" in sample.detail
    assert sample.value is not None
    assert sample.value > 4


@pytest.mark.parametrize(("loss", "outcome"), [(0.1, Outcome.PASS), (0.4, Outcome.FAIL)])
async def test_the_loss_of_a_recoded_echo_is_its_own(caller: Vantage, loss: float, outcome: Outcome) -> None:
    sample, _ = await call_phone(caller, ScriptedPhone(again=RecodingEcho(loss=loss).take), within=6, seconds=3.0)
    assert sample.outcome is outcome, sample


async def test_a_ring_back_tone_is_no_echo(caller: Vantage) -> None:
    far = RecodingEcho()
    far.sound = lambda heard: [800 * (-1) ** (at // 10) for at in range(len(heard))]  # type: ignore[method-assign]
    sample, _ = await call_phone(caller, ScriptedPhone(again=far.take))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-echo")
