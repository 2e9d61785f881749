"""Front ends that speak only HTTP/2, with and without TLS, honest and hostile, and those that only seem to."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.net.fairness import Turn
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols import http2_exchange
from outagetui.protocols.http_front import Versions
from outagetui.protocols.http_parser import NotHttpError
from outagetui.protocols.http_request import request
from tests.kit.scripted_servers import Handler, Pki, look_at, reply, serve

Script = Callable[[H2Connection, int, asyncio.StreamWriter], Awaitable[None]]
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def only_http2(script: Script, seen: list[dict[str, str]] | None = None) -> Handler:
    """A front end that begins with its settings and answers by `script`."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from h2.exceptions import ProtocolError

        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            try:
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived) and event.stream_id:
                        if seen is not None:
                            seen.append({str(name): str(value) for name, value in event.headers or ()})
                        await script(connection, event.stream_id, writer)
            except ProtocolError:
                writer.write(connection.data_to_send())
                return
            writer.write(connection.data_to_send())
            await writer.drain()

    return handler


def page(status: str = "200", body: bytes = b"hello", *headers: tuple[str, str]) -> Script:
    async def script(connection: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        connection.send_headers(stream, [(":status", status), *headers], end_stream=not body)
        if body:
            connection.send_data(stream, body, end_stream=True)

    return script


def offering(context: ssl.SSLContext, *protocols: str) -> ssl.SSLContext:
    context.set_alpn_protocols(list(protocols))
    return context


def forgiving(first: Handler, second: Handler) -> Handler:
    """A server that speaks HTTP/2 where it was agreed to, and has a fallback for the rest."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        await (first if chosen == "h2" else second)(reader, writer)

    return handler


async def forbidden(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(reply("403 Forbidden"))


async def speechless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"use something newer\r\n")


async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(SETTINGS + frame(7, 0, 0, b"\0\0\0\0\0\0\0\1"))


async def newer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(reply("505 HTTP Version Not Supported"))


@pytest.mark.parametrize("fallback", [forbidden, speechless, babbling, framed, newer])
async def test_a_front_end_with_a_fallback_is_asked_by_http_2(vantage: Vantage, pki: Pki, fallback: Handler) -> None:
    context = offering(pki.good(), "h2")
    async with serve(forgiving(only_http2(page()), fallback), context=context) as server:
        target = f"https://localhost:{server.port}/"
        sample = await look_at(vantage, "http", target, ca=pki.ca, match="^hello$")
        first = server.connections
        again = await look_at(vantage, "http", target, ca=pki.ca, match="^hello$")
    assert (sample.outcome, sample.detail) == (Outcome.PASS, "200 OK, 5 bytes, HTTP/2")
    assert list(sample.phases) == ["resolve", "connect", "tls", "first_byte", "transfer"]
    assert (again.outcome, first, server.connections) == (Outcome.PASS, 2, 3)


async def test_a_handshake_refused_for_its_protocol_is_offered_http_2(
    vantage: Vantage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL's own server refuses whoever offers nothing of its list, and says nothing further."""
    authority = trustme.CA()
    leaf, pem, ca = authority.issue_cert("localhost"), tmp_path / "server.pem", tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    pem.write_bytes(b"".join([leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems)]))
    argv = ("openssl", "s_server", "-accept", "127.0.0.1:0", "-alpn", "h2", "-cert", str(pem))
    server = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        assert server.stdout is not None
        while not (line := await server.stdout.readline()).startswith(b"ACCEPT"):
            assert line
        port = int(line.rpartition(b":")[2])
        sample = await look_at(vantage, "http", f"https://localhost:{port}/", within=1)
        assert (sample.code, "first_byte" in sample.phases) == ("timeout", True)
        socket = await look_at(vantage, "websocket", f"wss://localhost:{port}/", within=1)
        assert (socket.outcome, socket.code) == (Outcome.UNKNOWN, "ws.http2")
    finally:
        server.kill()
        await server.wait()


async def test_what_http_2_says_is_what_counts(vantage: Vantage, pki: Pki) -> None:
    context = offering(pki.good(), "h2")
    async with serve(forgiving(only_http2(page("503")), forbidden), context=context) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.503")


async def test_whoever_takes_up_http_1_by_name_is_asked_once(vantage: Vantage, pki: Pki) -> None:
    context = offering(pki.good(), "h2", "http/1.1")
    async with serve(forgiving(only_http2(page()), forbidden), context=context) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
        assert (sample.code, server.connections) == ("http.403", 1)


async def test_an_old_server_is_asked_twice_only_once(vantage: Vantage, pki: Pki) -> None:
    async with serve(forbidden, context=pki.good()) as server:
        target = f"https://localhost:{server.port}/"
        codes = [(await look_at(vantage, "http", target, ca=pki.ca)).code for _ in range(3)]
        assert (codes, server.connections) == (["http.403"] * 3, 4)


async def test_an_old_server_that_is_slow_is_not_made_to_look_dead(vantage: Vantage, pki: Pki) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.7)
        writer.write(reply("401 Unauthorized"))

    async with serve(slow, context=pki.good()) as server:
        target = f"https://localhost:{server.port}/"
        sample = await look_at(vantage, "http", target, ca=pki.ca, status=(401,), within=1.2)
    assert sample.outcome is Outcome.PASS


async def test_without_tls_whoever_answers_in_frames_is_asked_in_frames(vantage: Vantage) -> None:
    async with serve(only_http2(page())) as server:
        target = f"http://127.0.0.1:{server.port}/"
        for _ in range(2):
            assert (await look_at(vantage, "http", target, match="^hello$")).detail == "200 OK, 5 bytes, HTTP/2"
        assert server.connections == 3


async def test_the_request_is_as_by_http_1(vantage: Vantage) -> None:
    seen: list[dict[str, str]] = []
    headers = {"X-One": "1", "Connection": "keep-alive", "TE": "x", "Host": "other.test", "Cookie": "a=b"}
    async with serve(only_http2(page("201"), seen)) as server:
        target = f"http://127.0.0.1:{server.port}/p?q=1"
        sample = await look_at(
            vantage, "http", target, method="POST", headers=headers, body="x" * 200_000, status=(201,)
        )
    assert sample.outcome is Outcome.PASS
    request = seen[0]
    assert (request[":method"], request[":path"], request[":scheme"]) == ("POST", "/p?q=1", "http")
    assert (request[":authority"], request["x-one"], request["cookie"]) == ("other.test", "1", "a=b")
    assert request["content-length"] == "200000"
    assert not {"connection", "te", "host", "transfer-encoding"} & set(request)


async def test_redirects_cookies_and_codings_work_as_ever(vantage: Vantage) -> None:
    import gzip

    async def script(connection: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        if seen[-1].get("cookie") == "a=1":
            body = gzip.compress(b"hello")
            await page("200", body, ("content-encoding", "gzip"))(connection, stream, writer)
        else:
            away = (("location", "/b"), ("set-cookie", "a=1"), ("set-cookie", "b=2; Secure; Path=/elsewhere"))
            await page("302", b"moved", *away)(connection, stream, writer)

    seen: list[dict[str, str]] = []
    async with serve(only_http2(script, seen)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/a", match="^hello$")
    assert sample.outcome is Outcome.PASS
    assert [each[":path"] for each in seen] == ["/a", "/b"]


async def test_a_body_beyond_the_limit_is_cut(vantage: Vantage) -> None:
    async def script(connection: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        connection.send_headers(stream, [(":status", "200")])
        while (room := min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)) > 0:
            connection.send_data(stream, b"x" * room)

    async with serve(only_http2(script)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="y")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "http.too-large")


async def test_a_server_that_answers_once_and_says_goodbye_first_has_answered(vantage: Vantage) -> None:
    goodbye = frame(7, 0, 0, b"\0\0\0\x01\0\0\0\0")
    answer = breaking(HEADERS, goodbye, frame(0, 0, 1, b"hel"), goodbye, frame(0, 1, 1, b"lo"))
    async with serve(only_http2(answer)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="^hello$")
    assert sample.outcome is Outcome.PASS


def breaking(*frames: bytes, hold: bool = False) -> Script:
    async def script(connection: H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        writer.write(connection.data_to_send() + b"".join(frames))
        await writer.drain()
        if not hold:
            writer.close()

    return script


HEADERS = frame(1, 4, 1, b"\x88")


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [HEADERS],
        [HEADERS, frame(0, 0, 1, b"hel")],
        [HEADERS, frame(3, 0, 1, b"\0\0\0\x02")],
        [frame(7, 0, 0, b"\0\0\0\0\0\0\0\x0b")],
        [frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff")],
        [frame(1, 5, 1, b"")],
        [frame(0, 1, 1, b"hello")],
        [frame(5, 4, 1, b"\0\0\0\x02\x82\x84\x86")],
        [b"HTTP/1.1 200 OK\r\n\r\n"],
        [frame(6, 0, 0, b"12345678") * 40_000],
        [frame(1, 0, 1, b"\x88") + frame(9, 0, 1) * 100],
        [frame(4, 0, 0) * 60_000],
        [frame(4, 0, 0, b"".join(bytes([number >> 8, number & 255, 0, 0, 0, 1]) for number in range(101)))],
        [b"\xff" * 100_000],
        [HEADERS, frame(7, 0, 0, b"\0\0\0\0\0\0\0\0")],
        [HEADERS, frame(0, 1, 1, b"x" * 20_000)],
    ],
)
async def test_what_is_no_proper_http_2_is_the_server_s_failure(
    vantage: Vantage, frames: list[bytes], no_leaks: None
) -> None:
    longest = 0.0

    async def watching() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.001)
            longest = max(longest, loop.time() - began)

    watch = asyncio.ensure_future(watching())
    async with serve(only_http2(breaking(*frames))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", within=10)
    watch.cancel()
    assert (sample.outcome, sample.code) in [(Outcome.FAIL, "http.protocol"), (Outcome.FAIL, "tcp.reset")]
    assert sample.detail.isprintable()
    assert longest < 1


class Canned:
    """A connection that holds these bytes and then ends."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data, self._piece = data, piece
        self.turn = Turn()

    async def read(self) -> bytes:
        part, self._data = self._data[: self._piece], self._data[self._piece :]
        return part

    async def write(self, data: bytes) -> None:
        """Take what is sent."""


frames = st.builds(
    frame,
    st.integers(0, 12),
    st.integers(0, 255),
    st.sampled_from([0, 1, 1, 2, 3]),
    st.one_of(st.binary(max_size=20), st.sampled_from([b"\x88", b"\x88\x5c\x01\x35", b"\0\0\0\x01\0\0\0\0"])),
)


@given(st.lists(st.one_of(frames, st.just(HEADERS), st.binary(max_size=12)), max_size=8), st.integers(1, 40))
def test_any_frames_raise_nothing_else(said: list[bytes], piece: int) -> None:
    async def story() -> None:
        stream = cast("Stream", Canned(SETTINGS + b"".join(said), piece))
        with contextlib.suppress(NotHttpError, Trouble):
            await http2_exchange.ask(stream, request("GET", "http://a.test/"), None, 100, Phases(), lambda head: False)

    asyncio.run(story())


async def test_a_front_end_that_forgot_http_2_is_asked_anew(vantage: Vantage) -> None:
    async with serve(only_http2(page())) as server:
        target, port = f"http://127.0.0.1:{server.port}/", server.port
        assert (await look_at(vantage, "http", target)).outcome is Outcome.PASS
    async with serve(forbidden, port=port):
        codes = [(await look_at(vantage, "http", target, within=2)).code for _ in range(2)]
    assert codes == ["http.403"] * 2


async def mixed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer HTTP/1.1 properly, but one path by the beginning of HTTP/2."""
    asked = await reader.readuntil(b"\r\n\r\n")
    if asked.startswith(b"GET /frames "):
        writer.write(SETTINGS)
    elif asked.startswith(b"GET / "):
        writer.write(reply("200 OK", b"hello"))
    else:
        writer.write(reply("400 Bad Request"))


async def test_one_path_that_begins_with_frames_spoils_no_other(vantage: Vantage) -> None:
    async with serve(mixed) as server:
        home = f"http://127.0.0.1:{server.port}/"
        for _ in range(2):
            broken = await look_at(vantage, "http", f"{home}frames", within=2)
            assert broken.outcome is Outcome.FAIL
            assert (await look_at(vantage, "http", home, match="^hello$")).outcome is Outcome.PASS


@pytest.mark.parametrize("known", [True, False, None])
async def test_what_was_known_of_http_2_hides_no_answer_by_http_1(vantage: Vantage, known: bool | None) -> None:
    async with serve(mixed) as server:
        origin = ("http", "127.0.0.1", server.port, None)
        versions = vantage.shared(Versions, Versions)
        versions.learn(origin, known, asyncio.get_running_loop().time())
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="^hello$")
        assert (sample.outcome, sample.detail) == (Outcome.PASS, "200 OK, 5 bytes, HTTP/1.1")
        assert server.connections == (2 if known else 1)
        assert not versions.only_http2(origin, asyncio.get_running_loop().time())


async def test_a_fallback_is_no_answer_where_http_2_broke(vantage: Vantage, pki: Pki) -> None:
    context = offering(pki.good(), "h2")
    async with serve(forgiving(only_http2(breaking(b"\xff" * 100)), forbidden), context=context) as server:
        loop = asyncio.get_running_loop()
        origin = ("https", "localhost", server.port, None)
        vantage.shared(Versions, Versions).learn(origin, True, loop.time())
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.protocol")


def test_what_is_known_is_bounded_and_grows_old() -> None:
    versions = Versions()
    for number in range(10_000):
        versions.learn(("http", "a.test", number, None), True, 0.0)
    assert versions.only_http2(("http", "a.test", 9_999, None), 10.0)
    assert versions.only_http2(("http", "a.test", 0, None), 10.0) is None
    assert versions.only_http2(("http", "a.test", 9_999, None), 4000.0) is None
