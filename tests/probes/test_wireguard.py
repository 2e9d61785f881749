"""The tunnel probe on files, on a `wg` that says what it is told to, and on real tunnels where they can be made."""

import asyncio
import base64
import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome, Sample
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.probes.wireguard import newest, parse
from tests.kit.scripted_servers import look_at

TARGET = "wireguard:wg0"


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


PRIVATE, PRESHARED = key(), key()
# Public keys stand in the names of tests, which must be the same in every process.
ALPHA, BETA = (base64.b64encode(hashlib.sha256(name).digest()).decode() for name in (b"alpha", b"beta"))


def dump(*ages: float | None) -> str:
    """What `wg show wg0 dump` prints with a peer for each age in seconds, None for one that never shook hands."""
    lines = [f"{PRIVATE}\t{key()}\t51820\toff"]
    for peer, age in zip((ALPHA, BETA), ages, strict=False):
        handshake = 0 if age is None else int(time.time() - age)
        lines.append(f"{peer}\t{PRESHARED}\t192.0.2.7:51820\t10.0.0.2/32\t{handshake}\t1480\t1572\t25")
    return "\n".join(lines) + "\n"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(content: str, age: float = 0) -> str:
        path = tmp_path / "wg0.dump"
        path.write_text(content)
        os.utime(path, (time.time() - age, time.time() - age))
        return str(path)

    return write


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a `wg` that does as told before the real one."""

    def put(body: str) -> None:
        path = tmp_path / "bin" / "wg"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setattr("outagetui.probes.wireguard.ENVIRONMENT", {"PATH": str(path.parent)})

    return put


def summary(sample: Sample) -> tuple[Outcome, str]:
    for secret in (PRIVATE, PRESHARED):
        assert secret[:8] not in sample.detail
    return sample.outcome, sample.code


@pytest.mark.parametrize(
    ("ages", "options", "outcome", "code", "words"),
    [
        ((20,), {}, Outcome.PASS, "", "shook hands 2"),
        ((170,), {}, Outcome.PASS, "", "shook hands 17"),
        ((200,), {}, Outcome.FAIL, "wireguard.stale", "shook hands 20"),
        ((200,), {"stale_after": 300.0}, Outcome.PASS, "", "shook hands 20"),
        ((None,), {}, Outcome.FAIL, "wireguard.stale", "never shook hands"),
        ((900, 20), {}, Outcome.PASS, "", f"peer {BETA[:8]}… shook hands 2"),
        ((900, 20), {"peer": ALPHA}, Outcome.FAIL, "wireguard.stale", f"peer {ALPHA[:8]}… shook hands 90"),
        ((900, None), {"peer": BETA}, Outcome.FAIL, "wireguard.stale", f"peer {BETA[:8]}… never"),
        ((-30,), {}, Outcome.PASS, "", "shook hands 0 s ago"),
        ((-300,), {}, Outcome.UNKNOWN, "wireguard.unreadable", "a clock is or was wrong"),
        ((900, -9e15), {}, Outcome.UNKNOWN, "wireguard.unreadable", "a clock is or was wrong"),
        ((), {}, Outcome.FAIL, "wireguard.peer-missing", "wg0 has no peer"),
        ((20,), {"peer": BETA}, Outcome.FAIL, "wireguard.peer-missing", f"wg0 has no peer {BETA[:8]}…"),
    ],
)
async def test_the_age_of_the_handshake_is_the_verdict(
    vantage: Vantage,
    written: Callable[..., str],
    ages: tuple[float | None, ...],
    options: dict[str, Any],
    outcome: Outcome,
    code: str,
    words: str,
) -> None:
    sample = await look_at(vantage, "wireguard", TARGET, file=written(dump(*ages)), **options)
    assert summary(sample) == (outcome, code)
    assert words in sample.detail
    assert list(sample.phases) == ["read"]


async def test_the_value_is_the_age(vantage: Vantage, written: Callable[..., str]) -> None:
    sample = await look_at(vantage, "wireguard", TARGET, file=written(dump(90)))
    assert sample.value == pytest.approx(91, abs=2)
    assert (await look_at(vantage, "wireguard", TARGET, file=written(dump(None)))).value is None


async def test_an_old_file_says_nothing_of_the_tunnel(vantage: Vantage, written: Callable[..., str]) -> None:
    sample = await look_at(vantage, "wireguard", TARGET, file=written(dump(10), age=400))
    assert summary(sample) == (Outcome.UNKNOWN, "wireguard.file")
    assert "whatever writes it has stopped" in sample.detail


async def test_a_file_that_is_not_there_or_no_file_is_our_own_fault(vantage: Vantage, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/nowhere/wg0", str(tmp_path), str(tmp_path / "pipe")):
        sample = await look_at(vantage, "wireguard", TARGET, file=path)
        assert summary(sample) == (Outcome.UNKNOWN, "wireguard.file")
        assert path in sample.detail


@pytest.mark.parametrize(
    "content", ["", "\n", "hello", dump(10) + "cut\toff", dump(10).replace("\t25", ""), dump(10) * 2]
)
async def test_what_is_no_dump_is_unreadable(vantage: Vantage, written: Callable[..., str], content: str) -> None:
    sample = await look_at(vantage, "wireguard", TARGET, file=written(content))
    assert summary(sample) == (Outcome.UNKNOWN, "wireguard.unreadable")


async def test_a_file_of_the_future_is_not_fresh(vantage: Vantage, written: Callable[..., str]) -> None:
    path = written(dump(10))
    os.utime(path, (time.time() + 300,) * 2)
    assert summary(await look_at(vantage, "wireguard", TARGET, file=path)) == (Outcome.UNKNOWN, "wireguard.file")


async def test_the_tool_is_asked_for_this_interface(
    vantage: Vantage, tool: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "said").write_text(dump(15))
    tool(f'[ "$*" = "show wg0 dump" ] && cat {tmp_path}/said')
    assert summary(await look_at(vantage, "wireguard", TARGET)) == (Outcome.PASS, "")


@pytest.mark.parametrize(
    ("body", "outcome", "code", "words"),
    [
        ("echo 'Unable to access interface: No such device' >&2; exit 1", Outcome.FAIL, "interface-missing", "wg0"),
        (
            "echo 'Unable to access interface: Protocol not supported' >&2; exit 1",
            Outcome.FAIL,
            "interface-missing",
            "",
        ),
        (
            "echo 'Unable to access interface: Operation not permitted' >&2; exit 1",
            Outcome.UNKNOWN,
            "not-permitted",
            "CAP_NET_ADMIN",
        ),
        (
            "echo 'Unable to access interface: Permission denied' >&2; exit 1",
            Outcome.UNKNOWN,
            "not-permitted",
            "`file`",
        ),
        ("echo odd >&2; exit 2", Outcome.UNKNOWN, "unreadable", "odd"),
        ("exit 0", Outcome.UNKNOWN, "unreadable", ""),
        ("sleep 60", Outcome.UNKNOWN, "tool", "did not end in time"),
        ("exec cat /dev/zero", Outcome.UNKNOWN, "tool", "KiB"),
    ],
)
async def test_what_the_tool_cannot_tell(
    vantage: Vantage, tool: Callable[[str], None], body: str, outcome: Outcome, code: str, words: str
) -> None:
    tool(f"PATH=/usr/bin:/bin; {body}")
    sample = await look_at(vantage, "wireguard", TARGET, within=1.0)
    assert summary(sample) == (outcome, f"wireguard.{code}")
    assert words in sample.detail


async def test_without_the_tool_it_is_said_what_to_do(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outagetui.probes.wireguard.ENVIRONMENT", {"PATH": "/nowhere"})
    sample = await look_at(vantage, "wireguard", TARGET)
    assert summary(sample) == (Outcome.UNKNOWN, "wireguard.tool")
    assert "apt-get install wireguard-tools" in sample.detail


@given(st.binary(max_size=400))
def test_no_dump_breaks_the_reader(content: bytes) -> None:
    with contextlib.suppress(Trouble):
        newest(parse(content), "wg0", None)


class Tunnel:
    """Two user-space WireGuards that talk over the loopback of a network namespace of their own."""

    def __init__(self, directory: Path) -> None:
        self.names = [f"ot{os.getpid() % 10**6}{end}" for end in "ab"]
        for name in self.names:
            private = subprocess.run(["wg", "genkey"], capture_output=True, check=True).stdout
            (directory / name).write_bytes(private)
        self.public = [self._public(directory / name) for name in self.names]
        lines = ["ip link set lo up"]
        for port, name in enumerate(self.names, 51820):
            lines.append(f"WG_PROCESS_FOREGROUND=1 wireguard-go {name} >/dev/null 2>&1 &")
            lines.append(f"until [ -S /var/run/wireguard/{name}.sock ]; do sleep 0.02; done")
            lines.append(f"wg set {name} private-key {directory}/{name} listen-port {port}")
        for own, other, port in ((0, 1, 51821), (1, 0, 51820)):
            peer = f"peer {self.public[other]} endpoint 127.0.0.1:{port} allowed-ips 10.0.0.{other}/32"
            lines.append(f"wg set {self.names[own]} {peer} persistent-keepalive 1")
            lines.append(f"ip link set {self.names[own]} up")
        script = "; ".join([*lines, "wait"]).replace("&;", "&")
        self._process = subprocess.Popen(["unshare", "--net", "sh", "-c", script], start_new_session=True)

    @staticmethod
    def _public(private: Path) -> str:
        done = subprocess.run(["wg", "pubkey"], input=private.read_bytes(), capture_output=True, check=True)
        return done.stdout.decode().strip()

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(10)
        for name in self.names:
            Path(f"/var/run/wireguard/{name}.sock").unlink(missing_ok=True)


@pytest.fixture
def tunnel(tmp_path: Path) -> Iterator[Tunnel]:
    for program in ("wg", "wireguard-go"):
        assert shutil.which(program), f"{program} is missing: apt-get install wireguard-tools wireguard-go"
    assert os.geteuid() == 0, "a tunnel can be made by root only"
    made = Tunnel(tmp_path)
    yield made
    made.end()


@pytest.mark.slow
async def test_a_real_tunnel_passes_until_it_is_gone(vantage: Vantage, tunnel: Tunnel) -> None:
    target = f"wireguard:{tunnel.names[0]}"

    async def until(code: str, **options: Any) -> Sample:
        async with asyncio.timeout(20):
            while True:
                sample = await look_at(vantage, "wireguard", target, **options)
                if sample.code == code:
                    return sample
                await asyncio.sleep(0.1)

    sample = await until("")
    assert tunnel.public[1][:8] in sample.detail
    assert (await until("", peer=tunnel.public[1])).outcome is Outcome.PASS
    assert (await until("wireguard.peer-missing", peer=tunnel.public[0])).outcome is Outcome.FAIL
    assert (await until("wireguard.stale", stale_after=0.5)).outcome is Outcome.FAIL
    tunnel.end()
    assert (await until("wireguard.interface-missing")).outcome is Outcome.FAIL
