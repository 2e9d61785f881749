"""The chat probe against a real ngIRCd, and against scripts for what no proper server does."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes.irc import SHORT, another
from outagetui.protocols.irc_connection import LINES_LIMIT, parse
from tests.kit.scripted_servers import (
    Handler,
    Pki,
    black_hole,
    dripping,
    hanging,
    look_at,
    open_descriptors,
    other_loopback,
    refused_port,
    saying,
    script,
    serve,
    settle,
)
from tests.servers.ngircd import NAME, Ngircd

PASSWORD = "offen"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Ngircd]:
    directory = tmp_path_factory.mktemp("ngircd")
    running = Ngircd(directory, certificate=Path(pki.pem("localhost"))).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ngircd]:
    running = Ngircd(tmp_path_factory.mktemp("guarded"), password=PASSWORD).start()
    yield running
    running.stop()


@pytest.fixture
def vantage_trusting(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system's trust be the tests' authority."""
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)


@pytest.fixture
async def knowing(secret_directory: Path) -> AsyncIterator[Vantage]:
    for name, content in (("right", f"{PASSWORD}\n"), ("wrong", "zu\n"), ("broken", "two\nlines\n")):
        path = secret_directory / name
        path.write_text(content)
        path.chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}))
    yield place
    await place.aclose()


async def sign_on(port: int, nick: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
    while b" 001 " not in await reader.readline():
        pass
    return reader, writer


@pytest.mark.usefixtures("no_leaks")
async def test_a_server_that_welcomes_passes_and_its_ping_is_timed(vantage: Vantage, server: Ngircd) -> None:
    sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{server.port}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == f"welcome from {NAME}"
    assert list(sample.phases) == ["resolve", "connect", "register", "ping"]
    assert sample.phases["ping"] > 0
    assert sample.latency_ms == pytest.approx(sum(sample.phases.values()))


async def test_the_probe_quits_so_that_its_nick_is_free_again(vantage: Vantage, server: Ngircd) -> None:
    await look_at(vantage, "irc", f"irc://127.0.0.1:{server.port}", nick="fleeting")
    _, writer = await sign_on(server.port, "fleeting")
    writer.close()
    await writer.wait_closed()


async def test_a_nick_in_use_is_tried_with_another_ending(vantage: Vantage, server: Ngircd) -> None:
    _, writer = await sign_on(server.port, "taken")
    sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{server.port}", nick="taken")
    writer.close()
    await writer.wait_closed()
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


async def test_a_server_where_every_nick_is_taken_is_not_called_well(vantage: Vantage) -> None:
    taken = b":s 433 * nick :Nickname is already in use\r\n"
    async with serve(script(b"", b"", taken, taken, taken)) as stranger:
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{stranger.port}", nick="nick")
    assert (sample.outcome, sample.code) == (Outcome.WARN, "irc.nick-in-use")


@pytest.mark.parametrize("nick", ["a", "outagetui", "a-name-of-twenty-chr"])
def test_another_nick_is_one_that_the_server_takes_too(nick: str) -> None:
    others = {another(nick) for _ in range(20)}
    assert len(others) > 1
    assert all(nick[0] == other[0] and len(other) <= max(len(nick), SHORT) for other in others)


@pytest.mark.usefixtures("vantage_trusting")
async def test_tls_is_spoken_and_its_certificate_verified(vantage: Vantage, server: Ngircd) -> None:
    good = await look_at(vantage, "irc", f"ircs://localhost:{server.tls_port}", connect=f"127.0.0.1:{server.tls_port}")
    other = await look_at(
        vantage, "irc", f"ircs://other.test:{server.tls_port}", connect=f"127.0.0.1:{server.tls_port}"
    )
    assert (good.outcome, good.code) == (Outcome.PASS, "")
    assert "tls" in good.phases
    assert (other.outcome, other.code) == (Outcome.FAIL, "tls.hostname")


@pytest.mark.usefixtures("vantage_trusting")
async def test_an_expired_certificate_is_told(vantage: Vantage, pki: Pki, tmp_path: Path) -> None:
    old = Ngircd(tmp_path, certificate=Path(pki.pem("localhost", days=-3))).start()
    try:
        sample = await look_at(vantage, "irc", f"ircs://localhost:{old.tls_port}", connect=f"127.0.0.1:{old.tls_port}")
    finally:
        old.stop()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.expired")


async def test_an_unknown_authority_is_told(vantage: Vantage, server: Ngircd) -> None:
    sample = await look_at(
        vantage, "irc", f"ircs://localhost:{server.tls_port}", connect=f"127.0.0.1:{server.tls_port}"
    )
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.untrusted")


async def test_the_servers_password_is_given(knowing: Vantage, guarded: Ngircd) -> None:
    right = await look_at(knowing, "irc", f"irc://127.0.0.1:{guarded.port}", secret="right")
    wrong = await look_at(knowing, "irc", f"irc://127.0.0.1:{guarded.port}", secret="wrong")
    without = await look_at(knowing, "irc", f"irc://127.0.0.1:{guarded.port}")
    assert (right.outcome, right.code) == (Outcome.PASS, "")
    for sample in (wrong, without):
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "irc.not-authorized")
        assert PASSWORD not in sample.detail


@pytest.mark.parametrize("name", ["missing", "broken"])
async def test_a_secret_that_cannot_be_used_is_our_own_fault(knowing: Vantage, guarded: Ngircd, name: str) -> None:
    sample = await look_at(knowing, "irc", f"irc://127.0.0.1:{guarded.port}", secret=name)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "secret.unreadable")


@pytest.mark.usefixtures("no_leaks")
async def test_a_frozen_server_times_out_and_one_that_goes_on_passes(vantage: Vantage, server: Ngircd) -> None:
    target = f"irc://127.0.0.1:{server.port}"
    server.group.freeze()
    try:
        frozen = await look_at(vantage, "irc", target, within=0.4)
    finally:
        server.group.thaw()
    assert (frozen.outcome, frozen.code) == (Outcome.FAIL, "timeout")
    assert "register" in frozen.phases
    assert (await look_at(vantage, "irc", target)).outcome is Outcome.PASS


async def test_a_restarted_server_passes_again(vantage: Vantage, tmp_path: Path) -> None:
    server = Ngircd(tmp_path).start()
    try:
        target = f"irc://127.0.0.1:{server.port}"
        assert (await look_at(vantage, "irc", target)).outcome is Outcome.PASS
        server.stop()
        assert (await look_at(vantage, "irc", target)).code == "tcp.refused"
        server.start()
        assert (await look_at(vantage, "irc", target)).outcome is Outcome.PASS
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("handler", "outcome", "code"),
    [
        (saying(b"ERROR :Closing link: throttled\r\n"), Outcome.UNKNOWN, "irc.throttled"),
        (saying(b"ERROR :Trying to reconnect too fast.\r\n"), Outcome.UNKNOWN, "irc.throttled"),
        (
            saying(b"ERROR :Closing Link: [127.0.0.1] (Too many connections from your IP)\r\n"),
            Outcome.UNKNOWN,
            "irc.throttled",
        ),
        (
            saying(b"ERROR :Closing Link: (No more connections allowed from your host)\r\n"),
            Outcome.UNKNOWN,
            "irc.throttled",
        ),
        (saying(b"ERROR :Closing Link: (SASL access only)\r\n"), Outcome.UNKNOWN, "irc.auth-missing"),
        (saying(b"FAIL * ACCOUNT_REQUIRED_TO_CONNECT :Log in\r\n"), Outcome.UNKNOWN, "irc.auth-missing"),
        (saying(b":s 010 me irc2.test 6667 :Please use this one\r\n"), Outcome.FAIL, "irc.error"),
        (saying(b"ERROR :Closing Link: (Server is shutting down)\r\n"), Outcome.FAIL, "irc.error"),
        (saying(b"error :bad PASSWORD\r\n"), Outcome.FAIL, "irc.not-authorized"),
        (saying(b"@time=1;a=b :s 464 * :Password incorrect\r\n"), Outcome.FAIL, "irc.not-authorized"),
        (saying(b":s 464 * :Password incorrect\n"), Outcome.FAIL, "irc.not-authorized"),
        (saying(b":s 468 me USER :Your username is invalid\r\n"), Outcome.UNKNOWN, "option.invalid"),
        (saying(b"ERROR\r\n"), Outcome.FAIL, "irc.error"),
        (saying(b":s 465 * :You are banned\r\n"), Outcome.FAIL, "irc.banned"),
        (saying(b":s 432 * outagetui :Erroneous nickname\r\n"), Outcome.UNKNOWN, "option.invalid"),
        (script(b"", b"", None), Outcome.FAIL, "irc.closed"),
        (script(b"", b":s 001 me :Hello\r\n", None), Outcome.FAIL, "irc.closed"),
        (saying(b"x" * 20_000), Outcome.FAIL, "reply.too-long"),
        (saying(b"\r\n" * (LINES_LIMIT + 1)), Outcome.FAIL, "irc.protocol"),
        (hanging(b":s NOTICE * :Looking up your hostname\r\n"), Outcome.FAIL, "timeout"),
        (hanging(b":s 001 me :Hello\r\n:s PONG s :another\r\n"), Outcome.FAIL, "timeout"),
        (dripping(b"", b"\x00"), Outcome.FAIL, "timeout"),
    ],
)
@pytest.mark.usefixtures("no_leaks")
async def test_what_no_proper_server_says(vantage: Vantage, handler: Handler, outcome: Outcome, code: str) -> None:
    async with serve(handler) as stranger:
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{stranger.port}", within=0.5)
    assert (sample.outcome, sample.code) == (outcome, code)


async def test_a_ping_before_the_welcome_is_answered(vantage: Vantage) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"PING :cookie 1\r\n")
        while (line := await reader.readline()) != b"PONG :cookie 1\r\n":
            assert line
        writer.write(b"@time=now :irc.test 001 me :Welcome\r\n")
        while not (line := await reader.readline()).startswith(b"PING "):
            assert line
        writer.write(b":irc.test PONG irc.test " + line.partition(b" ")[2])
        await reader.readline()

    async with serve(handler) as stranger:
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{stranger.port}")
    assert (sample.outcome, sample.detail) == (Outcome.PASS, "welcome from irc.test")


async def test_a_server_silent_after_quit_does_not_spoil_the_look(vantage: Vantage) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b":s 001 me :Welcome\r\n")
        while line := await reader.readline():
            if line.startswith(b"PING "):
                writer.write(b":s PONG s " + line.partition(b" ")[2])

    async with serve(handler) as stranger:
        started = time.monotonic()
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{stranger.port}", within=1.0)
    assert sample.outcome is Outcome.PASS
    assert time.monotonic() - started < 0.9


async def test_words_of_the_server_come_out_clean(vantage: Vantage) -> None:
    async with serve(saying(b"ERROR :\x1b]52;c;Zm9v\x07\xe2\x80\xaeevil [@click=quit]\r\n")) as stranger:
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{stranger.port}")
    assert sample.detail.isprintable()
    assert "evil" in sample.detail


async def test_a_password_is_not_sent_in_the_clear_beyond_this_machine(
    knowing: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outagetui.net.stream.Stream.remote", property(lambda self: "192.0.2.7"))
    async with serve(hanging()) as stranger:
        sample = await look_at(knowing, "irc", f"irc://127.0.0.1:{stranger.port}", secret="right")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "option.invalid")
    assert stranger.received == []


async def test_a_closed_port_and_a_dropped_packet_are_told_apart(vantage: Vantage) -> None:
    assert (await look_at(vantage, "irc", f"irc://127.0.0.1:{refused_port()}")).code == "tcp.refused"
    with black_hole(other_loopback().replace("::1", "127.0.0.2")) as port:
        assert (await look_at(vantage, "irc", f"irc://127.0.0.2:{port}", within=0.3)).code == "timeout"


@pytest.mark.usefixtures("no_leaks")
async def test_a_cancelled_look_leaves_nothing_behind(vantage: Vantage, server: Ngircd) -> None:
    target = f"irc://127.0.0.1:{server.port}"
    for step in range(12):
        look = asyncio.create_task(look_at(vantage, "irc", target))
        for _ in range(step):
            await asyncio.sleep(0.0005 * step)
        look.cancel()
        await asyncio.gather(look, return_exceptions=True)
        await settle()
    assert not [name for name in open_descriptors() if name.endswith("deleted")]


@given(st.text(max_size=200))
def test_no_line_breaks_the_reader(line: str) -> None:
    message = parse(line)
    assert clean(message.words) == message.words
    assert " " not in message.command


@pytest.mark.parametrize(
    "told",
    [
        b":s 464 * :You said PASS %s\r\n",
        b"ERROR :Closing link (%s is wrong)\r\n",
        b":s 465 * :%s\r\n",
        b":%s 001 me :hello\r\n:s PONG s :none\r\n",
    ],
)
@pytest.mark.parametrize("coded", [bytes, base64.b64encode, bytes.hex, lambda raw: raw.replace(b"n", b"%6E")])
async def test_a_password_that_the_server_says_back_is_shown_nowhere(
    knowing: Vantage, told: bytes, coded: Callable[[bytes], bytes | str]
) -> None:
    said = coded(PASSWORD.encode())
    said = said.encode() if isinstance(said, str) else said
    async with serve(saying(told % said)) as server:
        sample = await look_at(knowing, "irc", f"irc://127.0.0.1:{server.port}", secret="right", within=0.5)
    assert said.decode() not in sample.detail
    assert PASSWORD not in sample.detail


@pytest.mark.parametrize(
    ("said", "outcome", "code", "words"),
    [
        # InspIRCd's connectban, its Z-line, and a connection class that does not take us; Unreal and Charybdis.
        (
            b":s 465 * :You're banned!\r\nERROR :Closing link: (o@h) [Z-lined: Your IP range has been attempting to "
            b"connect too many times in too short a duration.]\r\n",
            Outcome.UNKNOWN,
            "irc.throttled",
            "too many times",
        ),
        (
            b":s 465 * :You're banned!\r\nERROR :Closing link: (o@h) [Z-lined: spam]\r\n",
            Outcome.FAIL,
            "irc.banned",
            "You're banned! (ERROR Closing link: ([address]) [Z-lined: spam])",
        ),
        (b":s 465 * :Too many connections from you\r\n", Outcome.UNKNOWN, "irc.throttled", "Too many connections"),
        (b":s 465 * :Gone\r\n:s NOTICE * :bye\r\n", Outcome.FAIL, "irc.banned", "Gone"),
        (
            b"ERROR :Closing link: (h) [Access denied by configuration]\r\n",
            Outcome.FAIL,
            "irc.not-authorized",
            "a password is missing or wrong, or clients from here are not let in",
        ),
        (b"ERROR :Closing Link: (Unauthorised connection)\r\n", Outcome.FAIL, "irc.not-authorized", "not let in"),
        # ircd-hybrid.
        (b"ERROR :You have been D-lined.\r\n", Outcome.FAIL, "irc.banned", "ERROR You have been D-lined."),
        (
            b"ERROR :Closing Link: 127.0.0.1 (Connection rejected - banned from server)\r\n",
            Outcome.FAIL,
            "irc.banned",
            "banned from server",
        ),
        (
            b"ERROR :Closing Link: 127.0.0.1 (Connection rejected - not authorized)\r\n",
            Outcome.FAIL,
            "irc.not-authorized",
            "not let in",
        ),
        (b"ERROR :Closing Link: (off-lined for work)\r\n", Outcome.FAIL, "irc.error", "off-lined"),
        (b"ERROR :You are not authorized to connect\r\n", Outcome.FAIL, "irc.not-authorized", "not let in"),
    ],
)
async def test_a_refusal_is_told_with_the_reason_that_follows_it(
    vantage: Vantage, said: bytes, outcome: Outcome, code: str, words: str
) -> None:
    async with serve(saying(said)) as server:
        sample = await look_at(vantage, "irc", f"irc://127.0.0.1:{server.port}")
    assert (sample.outcome, sample.code) == (outcome, code)
    assert words in sample.detail
