"""The WebSocket probe against the server of `websockets` and Prosody, and against bytes that are neither."""

import asyncio
import base64
import contextlib
import hashlib
import logging
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import (
    Handler,
    Pki,
    answering,
    black_hole,
    dripping,
    hanging,
    look_at,
    refused_port,
    reply,
    saying,
    serve,
    settle,
)
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket

Answer = Callable[[ServerConnection], Awaitable[None]]
FRAGMENT = b"\x00\x7e\xff\xff" + b"x" * 65535
QUIET = logging.Logger("quiet", logging.CRITICAL + 1)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@contextlib.asynccontextmanager
async def chat(answer: Answer = echo, *, context: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[str]:
    """A chat's server; yields its address."""
    async with serve_websocket(answer, "localhost", 0, ssl=context, logger=QUIET, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'wss' if context else 'ws'}://localhost:{port}/chat?room=1"
    await settle()


def upgrading(
    after: bytes, *headers: str, accept: str = "", hold: bool = True, behind_pong: bytes | None = None
) -> Handler:
    """Do the handshake properly, say `after`, answer the ping and say `behind_pong` where that is given, and stay."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        proof = accept or base64.b64encode(digest).decode()
        lines = ["HTTP/1.1 101 Go", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {proof}"]
        writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + after)
        if behind_pong is not None:
            ping = await reader.readexactly(2 + 4 + 8)
            mark = bytes(byte ^ ping[2 + at % 4] for at, byte in enumerate(ping[6:]))
            writer.write(b"\x8a\x08" + mark + behind_pong)
        while hold and await reader.read(65536):
            pass

    return handler


async def test_an_open_socket_answers_a_ping(vantage: Vantage) -> None:
    async with chat() as url:
        sample = await look_at(vantage, "websocket", url)
    assert (sample.outcome, sample.code, sample.detail) == (Outcome.PASS, "", "open, ping answered")
    assert list(sample.phases) == ["resolve", "connect", "handshake", "ping"]


async def test_under_tls_and_through_another_port(vantage: Vantage, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    async with chat(context=pki.good()) as url:
        port = url.split(":")[2].partition("/")[0]
        direct = await look_at(vantage, "websocket", url)
        other = await look_at(vantage, "websocket", "wss://localhost/chat", connect=f"127.0.0.1:{port}")
    assert [each.outcome for each in (direct, other)] == [Outcome.PASS] * 2
    assert list(direct.phases) == ["resolve", "connect", "tls", "handshake", "ping"]


async def test_a_refused_certificate_has_its_code(vantage: Vantage, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    codes = []
    for context in (pki.expired(), pki.rogue(), pki.good("other.test")):
        async with serve(hanging(), context=context) as server:
            codes.append((await look_at(vantage, "websocket", f"wss://localhost:{server.port}/")).code)
    assert codes == ["tls.expired", "tls.untrusted", "tls.hostname"]


async def test_the_subprotocol_must_be_agreed(vantage: Vantage) -> None:
    async with chat(subprotocols=["chat.v1"]) as url:
        assert (await look_at(vantage, "websocket", url, subprotocol="chat.v1")).code == ""
    async with chat() as url:
        assert (await look_at(vantage, "websocket", url, subprotocol="chat.v1")).code == "ws.subprotocol"
    async with serve(upgrading(b"", "Sec-WebSocket-Protocol: other")) as server:
        target = f"ws://localhost:{server.port}/"
        assert (await look_at(vantage, "websocket", target, subprotocol="chat.v1")).code == "ws.subprotocol"


async def test_a_message_is_sent_and_its_answer_matched(vantage: Vantage, no_leaks: None) -> None:
    async def talkative(connection: ServerConnection) -> None:
        await connection.send("welcome")
        await connection.send(b"binary \xff")
        async for message in connection:
            await connection.send([f"you said {message!s}", " in parts"])

    async with chat(talkative) as url:
        found = await look_at(vantage, "websocket", url, send="grüezi", match="said (grüezi) in parts")
        missing = await look_at(vantage, "websocket", url, match="goodbye", within=0.4)
    assert (found.outcome, found.detail) == (Outcome.PASS, "answered 'said grüezi in parts'")
    assert list(found.phases)[-3:] == ["ping", "send", "reply"]
    assert (missing.outcome, missing.code) == (Outcome.FAIL, "ws.match")
    assert "binary" in missing.detail


@pytest.mark.parametrize("frames", [b"\x81\x06hello\xff", b"\x01\x05hello\x80\x01\xff", b"\x81\x07hello\xed\xa0"])
async def test_a_message_of_text_that_is_no_utf_8_is_none(vantage: Vantage, frames: bytes) -> None:
    async with serve(upgrading(b"", behind_pong=frames)) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", match="hello", within=2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "ws.protocol")


async def test_a_silent_server_has_not_matched(vantage: Vantage) -> None:
    async def silent(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with chat(silent) as url:
        sample = await look_at(vantage, "websocket", url, send="hello", match="hello", within=0.3)
    assert (sample.code, sample.detail) == ("ws.match", "nothing came, and nothing that matches 'hello'")


async def test_a_ping_without_a_pong_is_told_apart(vantage: Vantage, no_leaks: None) -> None:
    async with serve(upgrading(b"\x8a\x00" + b"\x81\x02hi")) as server:
        sample = await look_at(vantage, "websocket", f"ws://localhost:{server.port}/", within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "ws.no-pong")


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (answering(reply("403 Forbidden")), "http.403"),
        (answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n"), "http.503"),
        (answering(reply("200 OK", b"<html>")), "http.200"),
        (answering(b"HTTP/1.1 101 Go\r\n\r\n"), "ws.handshake"),
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "ws.handshake"),
        (answering(b"HTTP/1.1 101 Go\r\n" + b"X: y\r\n" * 1000), "ws.handshake"),
        (answering(b"HTTP/1.1 101 Go\r\nX: " + b"y" * 100_000), "ws.handshake"),
        (answering(b""), "ws.handshake"),
        (upgrading(b"", accept="bm90IHRoZSByaWdodCBvbmU="), "ws.handshake"),
        (upgrading(b"", "Sec-WebSocket-Extensions: permessage-deflate"), "ws.handshake"),
        (upgrading(b"", "Sec-WebSocket-Accept: twice"), "ws.handshake"),
        (upgrading(b"\x88\x02\x03\xe9"), "ws.closed"),
        (upgrading(b"", hold=False), "ws.closed"),
        (upgrading(b"\xff\xff"), "ws.protocol"),
        (upgrading(b"\x81\x85abcdhello"), "ws.protocol"),
        (upgrading(b"\x80\x00"), "ws.protocol"),
    ],
)
async def test_each_wrong_answer_has_its_code(vantage: Vantage, handler: Handler, code: str, no_leaks: None) -> None:
    async with serve(handler) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)


@pytest.mark.parametrize(
    "after",
    [
        b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
        b"\x01\x02hi" + FRAGMENT + b"\x00\x7f" + (1 << 20).to_bytes(8, "big"),
        b"\x81\x00" * 20_000,
        b"\x89\x00" * 20_000,
        b"\x8a\x00" * 20_000,
        b"\x01\x00" + b"\x00\x00" * 20_000,
        FRAGMENT.replace(b"\x00\x7e", b"\x82\x7e") * 80,
    ],
)
async def test_what_is_too_much_for_us_is_unknown_and_takes_no_long_turn(
    vantage: Vantage, after: bytes, no_leaks: None
) -> None:
    async with serve(upgrading(after)) as server:
        tracemalloc.start()
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=20)
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "ws.too-much")
    assert memory < 20 << 20


async def test_a_pattern_that_is_in_none_of_many_messages_is_unknown(vantage: Vantage) -> None:
    async def talkative(connection: ServerConnection) -> None:
        for _ in range(200):
            await connection.send("news")
        await connection.wait_closed()

    async with chat(talkative) as url:
        sample = await look_at(vantage, "websocket", url, match="goodbye")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "ws.too-much")


@pytest.mark.parametrize(
    "lines",
    [
        ["X-XSS-Protection : 1", "cache/forum: x", "no colon", " fold", "Schl\u00fcssel: x"],
        ["Upgrade: websocket", "Connection: Upgrade"],
    ],
)
async def test_header_lines_that_browsers_forgive_are_forgiven(vantage: Vantage, lines: list[str]) -> None:
    async with serve(upgrading(b"", *lines)) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=0.3)
    assert sample.code == "ws.no-pong"


async def test_asking_too_often_is_our_own_limit(vantage: Vantage) -> None:
    async with serve(answering(reply("429 Too Many Requests", b"", "Retry-After: 9"))) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code, sample.retry_after) == (Outcome.UNKNOWN, "http.429", 9.0)


async def test_a_front_end_that_speaks_only_http_2_is_unknown(
    vantage: Vantage, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    for context, scheme in ((None, "ws"), (pki.good(), "wss")):
        async with serve(answering(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), context=context) as server:
            sample = await look_at(vantage, "websocket", f"{scheme}://localhost:{server.port}/")
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "ws.http2")


async def test_a_flood_and_a_drip_end(vantage: Vantage, no_leaks: None) -> None:
    flood = b"\x82\x7e\xff\xff" + b"x" * 65535

    async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upgrade = asyncio.ensure_future(upgrading(b"")(reader, writer))
        while not upgrade.done():
            writer.write(flood)
            await writer.drain()
            await asyncio.sleep(0)

    async with serve(flooding) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=3)
    assert sample.code in ("ws.handshake", "ws.protocol", "ws.no-pong", "ws.too-much")
    async with serve(dripping(b"HTTP/1.1 101", b" ")) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=0.2)
    assert sample.code == "timeout"


async def test_refused_unresolvable_and_a_black_hole(vantage: Vantage, no_leaks: None) -> None:
    assert (await look_at(vantage, "websocket", f"ws://127.0.0.1:{refused_port()}/")).code == "tcp.refused"
    with black_hole() as port:
        assert (await look_at(vantage, "websocket", f"ws://127.0.0.1:{port}/", within=0.2)).code == "timeout"
    wrong = await look_at(vantage, "websocket", "http://localhost/")
    assert (wrong.outcome, wrong.code) == (Outcome.UNKNOWN, "target.invalid")


async def test_a_server_that_never_says_goodbye_has_passed(vantage: Vantage) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upgrading(b"", hold=False)(reader, writer)
        frame = await reader.readexactly(14)
        mask, masked = frame[2:6], frame[6:]
        writer.write(b"\x8a\x08" + bytes(each ^ mask[index % 4] for index, each in enumerate(masked)))
        while await reader.read(1000):
            pass

    async with serve(handler) as server:
        sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=0.4)
    assert sample.outcome is Outcome.PASS


async def test_cancelled_at_every_await_nothing_is_left(
    vantage: Vantage, pki: Pki, monkeypatch: pytest.MonkeyPatch, no_leaks: None
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    async with chat(context=pki.good()) as url:
        number = 1
        while await cancelled_at(lambda: look_at(vantage, "websocket", url, send="hi", match="hi"), number):
            number += 1
        assert number > 3


@settings(max_examples=60)
@given(data=st.binary(max_size=200), upgraded=st.booleans())
def test_random_bytes_never_raise_and_never_pass_for_a_websocket(data: bytes, upgraded: bool) -> None:
    async def scenario() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(upgrading(data, hold=False) if upgraded else saying(data)) as server:
            sample = await look_at(vantage, "websocket", f"ws://127.0.0.1:{server.port}/", within=2)
        await vantage.aclose()
        assert sample.outcome is Outcome.FAIL
        assert sample.detail.isprintable()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "fallback",
    [saying(b""), saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), saying(b"no HTTP at all\r\n\r\n")],
)
@pytest.mark.usefixtures("no_leaks")
async def test_a_front_end_with_a_fallback_for_the_rest_is_known_by_what_it_takes_up(
    vantage: Vantage, pki: Pki, fallback: Handler
) -> None:
    """Such as nghttpx, which ends a connection on which HTTP/2 was not offered."""
    context = pki.good()
    context.set_alpn_protocols(["h2"])
    async with serve(fallback, context=context) as server:
        sample = await look_at(vantage, "websocket", f"wss://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "ws.http2")


@pytest.mark.parametrize("spoken", [(), ("http/1.1",), ("h2", "http/1.1")])
async def test_whoever_speaks_http_1_too_refuses_the_websocket_itself(
    vantage: Vantage, pki: Pki, spoken: tuple[str, ...]
) -> None:
    context = pki.good()
    if spoken:
        context.set_alpn_protocols(list(spoken))
    refusal = saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    async with serve(refusal, context=context) as server:
        sample = await look_at(vantage, "websocket", f"wss://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.403")
