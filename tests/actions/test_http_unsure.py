"""`http` steps whose exchange breaks off: what surely was not sent, and what may or may not have been done."""

import asyncio
import time
from pathlib import Path

import pytest
from outagetui import actions
from tests.actions.recording_http_server import RecordingServer, act, after_request, reset, silence
from tests.kit.scripted_servers import (
    Handler,
    Pki,
    black_hole,
    hanging,
    open_descriptors,
    refused_port,
    reply,
    saying,
    serve,
    settle,
)
from tests.kit.step_context import KEY, ContextWithSecrets, plan_of


@pytest.fixture
def context(tmp_path: Path) -> ContextWithSecrets:
    return ContextWithSecrets(tmp_path)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "handler",
    [
        after_request(silence),
        after_request(reset),
        RecordingServer(b""),
        RecordingServer(b"HTTP/1.1 200 OK\r\nContent-"),
        RecordingServer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        RecordingServer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        RecordingServer(b"\x00\xff what is this\r\n\r\n"),
        hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        hanging(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "reset", "closed", "half-head", "half-body", "half-chunks", "no-http", "hangs-in-body", "interim"],
)
async def test_what_was_sent_and_not_answered_to_the_end_is_unsure(
    context: ContextWithSecrets, handler: Handler, method: str
) -> None:
    before = open_descriptors()
    async with serve(handler) as server:
        started = time.monotonic()
        result = await act(context, f"http://127.0.0.1:{server.port}/", 0.6, method=method, body="x")
        assert time.monotonic() - started < 0.6
        assert server.connections == 1
    assert result.unsure, result
    assert "may or may not have been done" in result.detail
    assert KEY in result.detail
    await settle()
    assert open_descriptors() == before


@pytest.mark.parametrize("handler", [after_request(silence), after_request(reset), RecordingServer(b"")])
async def test_looking_in_vain_is_a_plain_failure(context: ContextWithSecrets, handler: Handler) -> None:
    async with serve(handler) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", 0.5, method="GET")
    assert not result.done
    assert not result.unsure


async def test_a_code_that_came_is_believed_though_its_words_are_cut(context: ContextWithSecrets) -> None:
    answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhal"
    async with serve(RecordingServer(answer)) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/")
    assert not result.done
    assert not result.unsure
    assert result.detail.startswith("http.403 Forbidden, then: ")


async def test_an_early_answer_to_a_long_body_is_read(context: ContextWithSecrets) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply("413 Content Too Large", b"too much"))

    async with serve(early) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", body="x" * 900_000)
    assert not result.done
    assert result.unsure or result.detail.startswith("http.413")


async def test_what_surely_was_not_sent_has_failed(context: ContextWithSecrets, pki: Pki) -> None:
    before = open_descriptors()
    refused = await act(context, f"http://127.0.0.1:{refused_port()}/")
    assert "tcp.refused" in refused.detail
    with black_hole() as port:
        dropped = await act(context, f"http://127.0.0.1:{port}/", 0.5)
    assert "no connection in time" in dropped.detail
    async with serve(hanging()) as server:
        handshake = await act(context, f"https://127.0.0.1:{server.port}/", 0.5)
    assert "no connection in time" in handshake.detail
    async with serve(RecordingServer(reply()), context=pki.rogue()) as server:
        untrusted = await act(context, f"https://localhost:{server.port}/", ca=pki.ca)
    assert "tls.untrusted: the certificate is refused" in untrusted.detail
    async with serve(RecordingServer(reply()), context=pki.expired()) as server:
        expired = await act(context, f"https://localhost:{server.port}/", ca=pki.ca)
    assert "tls.expired" in expired.detail
    async with serve(saying(b"220 no TLS here\r\n")) as server:
        plain = await act(context, f"https://127.0.0.1:{server.port}/")
    assert "tls." in plain.detail
    unread = await act(context, "https://127.0.0.1:9/", ca="/nonexistent/ca.pem")
    assert "/nonexistent/ca.pem" in unread.detail
    for result in (refused, dropped, handshake, untrusted, expired, plain, unread):
        assert not result.done
        assert not result.unsure
        assert "nothing was sent" in result.detail
    await settle()
    assert open_descriptors() == before


async def test_a_cancelled_step_leaves_nothing_open(context: ContextWithSecrets) -> None:
    before = open_descriptors()
    async with serve(after_request(silence)) as server:
        task = asyncio.ensure_future(act(context, f"http://127.0.0.1:{server.port}/"))
        await server.arrived.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await settle()
    assert open_descriptors() == before


async def test_after_a_crash_looking_is_repeated_and_all_else_is_asked_about(context: ContextWithSecrets) -> None:
    url = "https://api.example.test/switch"
    for method in ("GET", "HEAD"):
        assert await actions.recover(plan_of("http", url=url, method=method), context) is None  # type: ignore[arg-type]
    for method in ("POST", "PUT", "DELETE"):
        words = await actions.recover(plan_of("http", url=url, method=method), context)  # type: ignore[arg-type]
        assert words == f"the request may have reached api.example.test (its Idempotency-Key: {KEY})"


async def test_a_retry_after_unsure_is_the_same_request_again(context: ContextWithSecrets) -> None:
    recorder = RecordingServer(b"", reply("200 OK"))
    async with serve(recorder) as server:
        plan = plan_of("http", url=f"http://127.0.0.1:{server.port}/", body="once")
        first, second = [await actions.act(plan, context) for _ in range(2)]  # type: ignore[arg-type]
    assert first.unsure
    assert second.done
    one, two = recorder.received
    assert (one.line, one.headers, one.body) == (two.line, two.headers, two.body)
