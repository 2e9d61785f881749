"""`http` steps against a real server: what is sent, what counts as done, and that no secret comes back."""

import asyncio
import base64
import gzip
import json
import ssl
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from outagetui import actions
from tests.actions.recording_http_server import RecordingServer, act
from tests.kit.scripted_servers import (
    Pki,
    refused_port,
    reply,
    serve,
)
from tests.kit.step_context import KEY, ContextWithSecrets, plan_of, without

CANARY = "canary-Zm9vYmFy-token"


@pytest.fixture
def context(tmp_path: Path) -> ContextWithSecrets:
    return ContextWithSecrets(tmp_path)


async def test_a_request_that_is_accepted_is_done_and_keeps_the_answer(context: ContextWithSecrets) -> None:
    recorder = RecordingServer(reply("201 Created", b'{"id": 7}'))
    async with serve(recorder) as server:
        result = await act(
            context, f"http://127.0.0.1:{server.port}/on?x=1", body='{"on": true}', headers={"X-A": "b c"}
        )
    assert result.done
    assert result.detail.startswith("201 Created in ")
    assert result.detail.endswith(" ms")
    assert result.output == '{"id": 7}'
    (got,) = recorder.received
    assert got.line == "POST /on?x=1 HTTP/1.1"
    assert got.body == b'{"on": true}'
    assert got.headers["x-a"] == "b c"
    assert got.headers["content-length"] == "12"
    assert got.headers["idempotency-key"] == KEY
    assert "cookie" not in got.headers
    assert "authorization" not in got.headers


async def test_an_answer_is_read_unpacked_and_in_its_own_charset(context: ContextWithSecrets) -> None:
    context.keep("token", CANARY)
    document = json.dumps({"on": "Größe", "echo": CANARY}, ensure_ascii=False).encode("latin-1")
    answer = reply("200 OK", gzip.compress(document), "Content-Encoding: gzip", "Content-Type: x/y; charset=latin1")
    async with serve(RecordingServer(answer)) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", secret="token", path="$.on", equals="Größe")
    assert result.done
    assert "Größe" in result.output
    assert CANARY not in result.output


async def test_every_try_carries_the_same_idempotency_key_and_get_none(context: ContextWithSecrets) -> None:
    recorder = RecordingServer(reply())
    async with serve(recorder) as server:
        url = f"http://127.0.0.1:{server.port}/"
        for method in ("POST", "POST", "DELETE", "GET", "HEAD"):
            assert (await act(context, url, method=method)).done
        assert (await act(context, url, headers={"idempotency-KEY": "mine"})).done
    assert [got.headers.get("idempotency-key") for got in recorder.received] == [KEY, KEY, KEY, None, None, "mine"]


async def test_the_secret_is_the_bearer_token_unless_it_has_a_place(context: ContextWithSecrets) -> None:
    context.keep("token", CANARY)
    recorder = RecordingServer(reply())
    async with serve(recorder) as server:
        url = f"http://127.0.0.1:{server.port}/"
        results = [
            await act(context, url, secret="token"),
            await act(context, url, secret="token", headers={"X-Token": "key {secret}!"}),
            await act(context, url, secret="token", body='{"a": "{secret}", "b": {"c": "{secret}"}}'),
        ]
    assert all(result.done for result in results)
    first, second, third = recorder.received
    assert first.headers["authorization"] == f"Bearer {CANARY}"
    assert second.headers["x-token"] == f"key {CANARY}!"
    assert "authorization" not in second.headers
    assert json.loads(third.body) == {"a": CANARY, "b": {"c": CANARY}}
    assert "authorization" not in third.headers
    without(results, CANARY)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
@pytest.mark.parametrize("shape", ["{}", "{}{}", "Basic {}", "\x1b]52;c;{}\x07", '{{"t": "{}"}}'])
async def test_a_server_that_echoes_the_secret_does_not_get_it_into_what_is_kept(
    context: ContextWithSecrets, status: str, shape: str
) -> None:
    context.keep("token", CANARY)
    coded = base64.b64encode(CANARY.encode()).decode()
    body = "x" * 100 + shape.format(CANARY, coded) + coded
    location = f"Location: http://h/{CANARY}"
    async with serve(RecordingServer(reply(status, body.encode(), location, f"Retry-After: {CANARY}"))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", secret="token")
    without(result, CANARY, coded.rstrip("="), "\x1b")
    assert "[secret]" in result.output


async def test_a_value_that_echoes_the_secret_is_hidden(context: ContextWithSecrets) -> None:
    context.keep("token", CANARY)
    async with serve(RecordingServer(reply(body=json.dumps({"a": CANARY}).encode()))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", secret="token", path="$.a", equals="other")
    assert not result.done
    without(result, CANARY)


@pytest.mark.parametrize("content", [f"{CANARY}\nX-Evil: 1", f"{CANARY}\0", "", f"{CANARY}\x7f"])
async def test_a_secret_that_no_header_can_carry_is_not_sent(context: ContextWithSecrets, content: str) -> None:
    context.keep("token", content)
    async with serve(RecordingServer(reply())) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", secret="token")
        assert server.connections == 0
    assert not result.done
    assert not result.unsure
    assert "'token'" in result.detail
    without(result, CANARY)


async def test_a_missing_or_open_secret_sends_nothing(context: ContextWithSecrets) -> None:
    context.keep("open", CANARY)
    (context.directory / "open").chmod(0o644)
    async with serve(RecordingServer(reply())) as server:
        for name, words in (("none", "no such file"), ("open", "chmod 600")):
            result = await act(context, f"http://127.0.0.1:{server.port}/", secret=name)
            assert not result.done
            assert words in result.detail
        assert server.connections == 0


@pytest.mark.parametrize(
    ("wanted", "status", "done"),
    [
        (["200-299"], "204 No Content", True),
        (["200-299"], "302 Found", False),
        ([201, "409"], "409 Conflict", True),
        ([201], "200 OK", False),
        ([302], "302 Found", True),
    ],
)
async def test_only_the_expected_codes_are_a_success(
    context: ContextWithSecrets, wanted: list[str | int], status: str, done: bool
) -> None:
    async with serve(RecordingServer(reply(status, b""))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", status=wanted)
    assert result.done is done
    assert not result.unsure
    if not done:
        assert result.detail.startswith(f"http.{status}")


async def test_a_refusal_tells_code_and_words_and_when_to_come_again(context: ContextWithSecrets) -> None:
    later = formatdate(time.time() + 90, usegmt=True)
    recorder = RecordingServer(
        reply("503 Service Unavailable", b"\x1b[31mmaintenance\x1b[0m\n" + b"z" * 999, "Retry-After: 30"),
        reply("429 Too Many Requests", b"slow down", f"Retry-After: {later}"),
        reply("503 Service Unavailable", b"", "Retry-After: soon"),
    )
    async with serve(recorder) as server:
        first, second, third = [await act(context, f"http://127.0.0.1:{server.port}/") for _ in range(3)]
    assert first.detail.startswith("http.503 Service Unavailable: ")
    assert "maintenance" in first.detail
    assert "it asks to try again in 30 s" in first.detail
    assert len(first.detail) < 300
    assert "it asks to try again at " in second.detail
    assert " UTC, in " in second.detail
    assert third.detail == "http.503 Service Unavailable"
    assert not any(result.done or result.unsure for result in (first, second, third))


async def test_a_gateway_that_gave_up_waiting_leaves_it_unsure(context: ContextWithSecrets) -> None:
    async with serve(RecordingServer(reply("504 Gateway Timeout", b""))) as server:
        posted = await act(context, f"http://127.0.0.1:{server.port}/")
        looked = await act(context, f"http://127.0.0.1:{server.port}/", method="GET")
    assert posted.unsure
    assert KEY in posted.detail
    assert not looked.unsure


@pytest.mark.parametrize(
    ("body", "equals", "words"),
    [
        (b'{"state": {"on": true}}', True, ""),
        (b'{"state": {"on": 1}}', True, "$.state.on is 1, not true"),
        (b'{"state": {"on": true}}', 1, "$.state.on is true, not 1"),
        (b'{"state": {"on": 1.0}}', 1, ""),
        (b'{"state": {"on": "yes"}}', "yes", ""),
        (b'{"state": {"on": "1"}}', 1, '$.state.on is "1", not 1'),
        (b'{"state": {"on": [1]}}', 1, "$.state.on is [1], not 1"),
        (b'{"state": {}}', 1, "nothing at $.state.on"),
        (b"<html>", 1, "the page is not JSON"),
        (b"", 1, "the page is not JSON"),
        (b"[" * 40_000, 1, "the page is not JSON"),
        (b"[" * 100_000, 1, "the page holds more than 50000 objects and lists"),
    ],
)
async def test_the_value_at_the_path_must_be_the_expected_one(
    context: ContextWithSecrets, body: bytes, equals: object, words: str
) -> None:
    async with serve(RecordingServer(reply(body=body))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/", path="$.state.on", equals=equals)
    assert result.done == (not words)
    assert words in result.detail
    assert not result.unsure


async def test_an_answer_of_any_size_is_read_up_to_a_limit(context: ContextWithSecrets) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"y" * 65536)
            await writer.drain()

    async with serve(flood) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/")
        valued = await act(context, f"http://127.0.0.1:{server.port}/", path="$.a", equals=1)
    assert result.done
    assert len(result.output) <= 2048
    assert not valued.done
    assert "longer than the 1 MiB" in valued.detail


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_redirect_of_what_changes_something_is_told_and_not_followed(
    context: ContextWithSecrets, method: str
) -> None:
    async with serve(RecordingServer(reply("307 Temporary Redirect", b"", "Location: /elsewhere"))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/here", method=method)
        assert server.connections == 1
    assert not result.done
    assert f"redirects to http://127.0.0.1:{server.port}/elsewhere" in result.detail


async def test_a_get_follows_redirects_but_not_for_ever(context: ContextWithSecrets) -> None:
    recorder = RecordingServer(reply("302 Found", b"", "Location: /b", "Set-Cookie: a=b"), reply(body=b"there"))
    async with serve(recorder) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/a", method="GET")
    assert result.done
    assert result.output == "there"
    assert "cookie" not in recorder.received[1].headers
    async with serve(RecordingServer(reply("302 Found", b"", "Location: /a"))) as server:
        result = await act(context, f"http://127.0.0.1:{server.port}/a", method="GET")
        assert server.connections == 6
    assert "more than 5 redirects" in result.detail


async def test_a_secret_does_not_follow_a_redirect_to_another_server(context: ContextWithSecrets) -> None:
    context.keep("token", CANARY)
    other = RecordingServer(reply())
    async with serve(other) as away:
        door = RecordingServer(reply("302 Found", b"", f"Location: http://127.0.0.1:{away.port}/"))
        async with serve(door) as server:
            url = f"http://127.0.0.1:{server.port}/"
            result = await act(context, url, method="GET", secret="token", headers={"X": "{secret}"})
    assert not result.done
    assert "must not get the secret" in result.detail
    assert not other.received


async def test_https_with_an_authority_of_ones_own(
    context: ContextWithSecrets, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    context.keep("token", CANARY)
    recorder = RecordingServer(reply())
    async with serve(recorder, context=pki.good()) as server:
        url = f"https://localhost:{server.port}/"
        assert (await act(context, url, ca=pki.ca, secret="token")).done
        assert not (await act(context, url, secret="token")).done
        monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
        assert ssl.get_default_verify_paths().cafile == pki.ca
        assert (await act(context, url, secret="token")).done
    assert len(recorder.received) == 2


async def test_a_proxy_of_the_environment_is_passed_over(
    context: ContextWithSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{refused_port()}")
    async with serve(RecordingServer(reply())) as server:
        assert (await act(context, f"http://127.0.0.1:{server.port}/")).done


def test_who_decides_sees_the_whole_request_and_only_the_name_of_its_secret(context: ContextWithSecrets) -> None:
    context.keep("token", CANARY)
    plan = plan_of("http", url="https://h/", secret="token", body="on", headers={"X-A": "b"})
    assert actions.preview(plan, context) == (  # type: ignore[arg-type]
        f"POST https://h/\nX-A: b\nAuthorization: Bearer {{secret}}\nIdempotency-Key: {KEY}\n\non\n\n"
        "{secret}: the secret token"
    )
    assert actions.preview(plan_of("http", url="https://h/", method="GET"), context) == ""  # type: ignore[arg-type]
