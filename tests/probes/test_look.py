"""What holds for every probe: a sample whatever happens, the whole deadline, nothing left behind."""

import asyncio
import base64
import contextlib
import errno
import importlib
import inspect
import os
import re
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.core.probe_options import PROBES
from outagetui.machine.secrets import Secrets
from outagetui.net.trouble import Phases, Trouble, from_os_error
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from tests.kit.scripted_servers import (
    Handler,
    Pki,
    answering,
    hanging,
    look_at,
    make_check,
    open_descriptors,
    refused_port,
    reply,
    script,
    serve,
    settle,
)


@pytest.mark.parametrize("kind", PROBES)
def test_every_kind_of_probe_has_its_module(kind: str) -> None:
    module = importlib.import_module(f"outagetui.probes.{kind.replace('.', '_')}")
    assert inspect.iscoroutinefunction(module.probe)
    assert list(inspect.signature(module.probe).parameters) == ["check", "deadline", "vantage"]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (Trouble(Outcome.FAIL, "x.y", "a\x1b[2Jb"), Outcome.FAIL, "x.y"),
        (TimeoutError(), Outcome.FAIL, "timeout"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Outcome.FAIL, "tcp.reset"),
        (OSError(errno.EMFILE, "too many"), Outcome.UNKNOWN, "net.descriptors"),
        (ZeroDivisionError("oh\x07"), Outcome.UNKNOWN, "internal"),
        (RecursionError(), Outcome.UNKNOWN, "internal"),
    ],
)
async def test_whatever_a_probe_raises_becomes_a_sample(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: Outcome, code: str
) -> None:
    async def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("outagetui.probes.tcp.probe", broken)
    sample = await look_at(vantage, "tcp", "tcp://127.0.0.1:1")
    assert (sample.outcome, sample.code) == (outcome, code)
    assert sample.detail == "" or sample.detail.isprintable()


async def test_a_fault_of_ours_is_told_by_its_place_and_without_words_from_outside(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(url: str) -> None:
        raise LookupError(url)

    monkeypatch.setattr("outagetui.net.connect.read_url", broken)
    sample = await look_at(vantage, "tcp", "tcp://127.0.0.1:1")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "internal")
    assert re.search(r"please report it \(net/connect\.py line \d+\)$", sample.detail)
    assert "LookupError" not in sample.detail


async def test_no_words_of_a_look_hold_a_secret_or_somebody_s_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "irc").write_text("pencil-pencil")
    (tmp_path / "irc").chmod(0o600)
    vantage = Vantage("here", Secrets(tmp_path))

    async def telling(*_: object) -> None:
        vantage.secrets.read("irc")
        vantage.secrets.add("syt-token-made-at-the-login")
        blob = base64.b64encode(b"\0watch\0pencil-pencil").decode()
        said = (
            f"PASS pencil%2Dpencil, {blob}, syt-token-made-at-the-login; bob@example.com, watch@example.net {'x' * 300}"
        )
        raise Trouble(Outcome.FAIL, "x.y", said)

    monkeypatch.setattr("outagetui.probes.tcp.probe", telling)
    sample = await look_at(vantage, "tcp", "tcp://127.0.0.1:1", send="hello watch@example.net")
    assert sample.detail.startswith("PASS [secret], [secret], [secret]; [address], watch@example.net xxx")


async def test_a_probe_that_forgets_its_deadline_is_ended(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(*_: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr("outagetui.probes.tcp.probe", forgetful)
    began = time.perf_counter()
    sample = await look_at(vantage, "tcp", "tcp://127.0.0.1:1", within=0.1)
    assert sample.code == "timeout"
    assert time.perf_counter() - began < 2


async def test_a_deadline_that_has_passed_is_a_time_out(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", within=-1)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


@pytest.mark.parametrize(
    ("number", "outcome", "code"),
    [
        (errno.ECONNREFUSED, Outcome.FAIL, "tcp.refused"),
        (errno.ECONNRESET, Outcome.FAIL, "tcp.reset"),
        (errno.EHOSTUNREACH, Outcome.FAIL, "tcp.unreachable"),
        (errno.ETIMEDOUT, Outcome.FAIL, "timeout"),
        (errno.ENETUNREACH, Outcome.UNKNOWN, "net.no-route"),
        (errno.EMFILE, Outcome.UNKNOWN, "net.descriptors"),
        (errno.ENFILE, Outcome.UNKNOWN, "net.descriptors"),
        (errno.EACCES, Outcome.UNKNOWN, "net.not-permitted"),
        (errno.EPERM, Outcome.UNKNOWN, "net.not-permitted"),
        (errno.EXDEV, Outcome.UNKNOWN, "net.error"),
    ],
)
def test_the_kernel_s_errors_tell_whose_trouble_it_is(number: int, outcome: Outcome, code: str) -> None:
    trouble = from_os_error(OSError(number, os.strerror(number)), "192.0.2.1:80")
    assert (trouble.outcome, trouble.code) == (outcome, code)
    assert trouble.detail.startswith("192.0.2.1:80: ")


def test_a_tls_error_is_no_kernel_error() -> None:
    assert from_os_error(ssl.SSLError(1, "[SSL: X] x")).code == "tls.handshake"


@contextlib.contextmanager
def no_descriptors_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("kind", ["http", "tcp", "tls", "smtp"])
async def test_being_out_of_descriptors_is_unknown(vantage: Vantage, kind: str) -> None:
    importlib.import_module(f"outagetui.probes.{kind}")
    with no_descriptors_left():
        sample = await look_at(vantage, kind, f"{kind}://127.0.0.1:9/")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "net.descriptors")


async def test_phases_add_up_and_a_time_out_keeps_them() -> None:
    async def work() -> None:
        phases = Phases()
        async with phases.within(asyncio.get_running_loop().time() + 0.05):
            for name in ("one", "two", "one"):
                phases.enter(name)
            await asyncio.sleep(5)

    with pytest.raises(Trouble) as caught:
        await work()
    assert caught.value.code == "timeout"
    assert list(caught.value.phases) == ["one", "two"]
    assert caught.value.phases["one"] > 40


async def test_cancelling_is_not_mistaken_for_a_time_out() -> None:
    async def wait() -> None:
        async with Phases().within(asyncio.get_running_loop().time() + 5):
            await asyncio.sleep(5)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


MAIL = script(b"220 mail\r\n", b"250 mail\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n")
ENVELOPE = {"mail_from": "a@example.test", "rcpt_to": "b@example.test"}


@pytest.mark.parametrize(
    ("kind", "handler", "secure", "options"),
    [
        ("http", answering(reply()), False, {"match": "hello"}),
        ("http", answering(reply()), True, {"match": "hello"}),
        ("tcp", script(b"hi\r\n", b"yes\r\n"), False, {"send": "x\r\n", "match": "yes"}),
        ("tls", hanging(), True, {}),
        ("smtp", MAIL, False, ENVELOPE),
    ],
)
async def test_cancelling_at_any_moment_leaves_nothing_behind(
    vantage: Vantage, pki: Pki, kind: str, handler: Handler, secure: bool, options: dict[str, Any]
) -> None:
    scheme = {"http": "https" if secure else "http"}.get(kind, kind)
    options = {**options, "ca": pki.ca} if secure else options
    async with serve(handler, context=pki.good() if secure else None) as server:
        check = make_check(kind, f"{scheme}://localhost:{server.port}/", **options)
        assert (await look(check, asyncio.get_running_loop().time() + 5, vantage)).outcome is Outcome.PASS
        ended_by_itself = 0
        for moment in range(200):
            task = asyncio.create_task(look(check, asyncio.get_running_loop().time() + 5, vantage))
            for _ in range(moment):
                await asyncio.sleep(0)
            if not task.cancel():
                ended_by_itself += 1
            await asyncio.wait([task])
            assert task.cancelled() or task.result().outcome is Outcome.PASS
            if ended_by_itself > 3:
                break
    others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    assert others == []


async def test_a_hundred_looks_of_every_ending_leave_no_socket(vantage: Vantage, pki: Pki) -> None:
    port = refused_port()
    await look_at(vantage, "tcp", f"tcp://localhost:{port}")
    before = open_descriptors()
    async with (
        serve(hanging()) as silent,
        serve(answering(reply())) as web,
        serve(hanging(), context=pki.rogue()) as bad,
    ):
        looks = [
            look_at(vantage, kind, target, within=1.0, **options)
            for _ in range(10)
            for kind, target, options in (
                ("http", f"http://127.0.0.1:{silent.port}/", {}),
                ("http", f"https://127.0.0.1:{silent.port}/", {}),
                ("http", f"http://localhost:{web.port}/", {}),
                ("http", f"https://localhost:{bad.port}/", {"ca": pki.ca}),
                ("tls", f"tls://localhost:{bad.port}", {"ca": pki.ca}),
                ("tls", f"tls://localhost:{silent.port}", {"starttls": "xmpp"}),
                ("smtp", f"smtp://localhost:{silent.port}", {}),
                ("tcp", f"tcp://localhost:{silent.port}", {"match": "x"}),
                ("tcp", f"tcp://localhost:{port}", {}),
                ("http", f"http://127.0.0.1:{port}/", {}),
            )
        ]
        samples = await asyncio.gather(*looks)
    await settle()
    assert {each.code for each in samples} == {"timeout", "", "tls.untrusted", "tcp.refused"}
    assert len(open_descriptors()) <= len(before)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_server_that_keeps_the_connection_cannot_hold_us(pki: Pki) -> None:
    vantage = Vantage("here", Secrets.none())
    async with serve(hanging(reply()), context=pki.good()) as server:
        began = time.perf_counter()
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
    assert sample.outcome is Outcome.PASS
    assert time.perf_counter() - began < 2
    await vantage.aclose()


def test_a_socket_family_the_machine_lacks_is_no_route() -> None:
    assert from_os_error(OSError(errno.EAFNOSUPPORT, "x")).code == "net.no-route"
    assert socket.has_ipv6


async def test_a_late_loop_does_not_cost_the_phases(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        looking = asyncio.create_task(look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", within=0.1))
        await server.arrived.wait()
        await asyncio.sleep(0.02)
        time.sleep(0.6)
        sample = await looking
    assert sample.code == "timeout"
    assert list(sample.phases) == ["resolve", "connect", "first_byte"]
