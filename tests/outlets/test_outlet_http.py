"""The wire by itself: what a failure is called, whom is trusted, and what is never sent along."""

import base64
import gzip
import ssl
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.outlets import MaybeSentError, UnsentError
from outagetui.outlets.http import READ_FOR_WORDS, Wire, words
from outagetui.protocols.http_answer import LIMIT, Reply
from tests.kit.scripted_servers import answering, hanging, reply, saying, serve
from tests.outlets.kit import TOOLS
from tests.servers.certificates import Certificates

OUTLET = Outlet(id="blog", name="Blog", kind="wordpress", audience="customers", timeout=2.0)


async def said(url: str, *, publishes: bool = True, follow: bool = False) -> Reply:
    wire = Wire(OUTLET, TOOLS)
    return await wire.ask("POST", url, publishes=publishes, json={}, follow=follow)


async def test_a_certificate_that_nobody_signed_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Certificates(tmp_path).good)
    async with serve(answering(reply()), context=context) as serving:
        with pytest.raises(UnsentError, match="localhost: the certificate is refused: "):
            await said(f"https://localhost:{serving.port}/")


async def test_a_server_without_tls_is_refused_before_anything_is_sent() -> None:
    async with serve(saying(b"220 mail\r\n")) as serving:
        with pytest.raises(UnsentError, match=r"127\.0\.0\.1: the answer is not TLS"):
            await said(f"https://127.0.0.1:{serving.port}/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://nowhere.invalid/", "nowhere.invalid: "),
        ("http://[::1/", "http://"),
        ("ftp://127.0.0.1/", "not an http or https address"),
    ],
)
async def test_an_address_that_leads_nowhere_is_surely_not_published(url: str, why: str) -> None:
    with pytest.raises(UnsentError, match=why):
        await said(url)


async def test_an_answer_that_is_no_http_leaves_it_open() -> None:
    async with serve(answering(b"220 mail\r\n")) as serving:
        with pytest.raises(MaybeSentError, match="it may be published"):
            await said(f"http://127.0.0.1:{serving.port}/")


async def test_a_request_that_publishes_nothing_is_never_in_doubt() -> None:
    async with serve(hanging()) as serving:
        with pytest.raises(UnsentError, match="no answer in time"):
            await said(f"http://127.0.0.1:{serving.port}/", publishes=False)


async def test_an_answer_is_read_up_to_a_limit_and_unpacked() -> None:
    async with serve(answering(reply("200 OK", b"x" * (LIMIT + 99)))) as serving:
        assert len((await said(f"http://127.0.0.1:{serving.port}/")).body) == LIMIT
    async with serve(answering(reply("200 OK", gzip.compress(b"hello"), "Content-Encoding: gzip"))) as serving:
        assert (await said(f"http://127.0.0.1:{serving.port}/")).body == b"hello"
    for coding in ("gzip", "rot13"):
        async with serve(answering(reply("200 OK", b"x", f"Content-Encoding: {coding}"))) as serving:
            with pytest.raises(MaybeSentError, match=r"cannot be (read|decoded)"):
                await said(f"http://127.0.0.1:{serving.port}/")
        async with serve(answering(reply("400 No", b"\x1f\x8b", f"Content-Encoding: {coding}"))) as serving:
            assert (await said(f"http://127.0.0.1:{serving.port}/")).body == b""


async def test_redirections_without_a_login_are_followed_a_few_times_only() -> None:
    async with serve(answering(reply("302 Found", b"", "Location: /again"))) as serving:
        with pytest.raises(UnsentError, match="more than 5 redirections"):
            await said(f"http://127.0.0.1:{serving.port}/", publishes=False, follow=True)
        assert serving.connections == 6


async def test_the_environment_sends_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    heads: list[bytes] = []

    async def keep(reader: object, writer: object) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))  # type: ignore[attr-defined]
        writer.write(reply())  # type: ignore[attr-defined]

    async with serve(keep) as serving:
        assert (await said(f"http://127.0.0.1:{serving.port}/")).status == 200
    assert b"uthorization" not in heads[0]
    assert base64.b64encode(b"a:b") not in heads[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": "a", "error_description": "the whole story"}', "the whole story"),
        (b'{"errors": ["one", "two", "three", "four"]}', "one; two; three"),
        (b'{"error": {"message": "told", "code": 3}}', "told"),
        (b'{"code": "x", "message": "told", "data": {"status": 401}}', "told"),
        (b'{"name": ["is too long"]}', "name is too long"),
        (b"<html><style>p{}</style><h1>502 Bad&nbsp;Gateway</h1></html>", "502 Bad Gateway"),
        (b"[" * 900, "[" * 159 + "…"),
        (b"", ""),
        (b"\xff\x00\x1b[31m", "\xff\ufffd\ufffd[31m"),
    ],
)
def test_a_service_s_own_words_are_found(body: bytes, expected: str) -> None:
    assert words(Reply(400, {}, body, "")) == expected


@pytest.mark.parametrize("padding", range(100, 165, 3))
@pytest.mark.parametrize("shape", ['{{"error": "{}"}}', "<h1>{}</h1>", '"{}"'])
def test_a_secret_in_them_is_hidden_before_they_are_cut(padding: int, shape: str) -> None:
    secret = "canary-5ecret-t0ken"
    body = shape.format("y" * padding + f" token {secret} is invalid")
    said = words(Reply(401, {}, body.encode(), ""), lambda text: text.replace(secret, "[secret]"))
    assert "canary" not in said
    assert len(said) <= 160


def test_a_secret_at_the_end_of_what_is_read_of_a_page_is_hidden() -> None:
    page = "<i>" + " " * (READ_FOR_WORDS - 12) + "canary-5ecret-t0ken"
    assert "canary" not in words(
        Reply(401, {}, page.encode(), ""), lambda text: text.replace("canary-5ecret-t0ken", "")
    )


NOW = 1795352520.25  # 2026-11-22 13:02 UTC


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"x-rate-limit-reset": "1795353420"}, 899.75),
        (429, {"x-ratelimit-reset": "2026-11-22T13:05:00.100000Z"}, 179.85),
        (429, {"x-ratelimit-reset": "2026-11-22T13:05:00"}, 179.75),
        (429, {"ratelimit-reset": "1795352620"}, 99.75),
        (429, {"ratelimit-reset": "45"}, 45.0),
        (429, {"ratelimit-reset": "45", "retry-after": "7"}, 7.0),
        (429, {"x-ratelimit-reset": "soon"}, None),
        (503, {"x-ratelimit-reset": "2026-11-22T13:05:00Z"}, None),
    ],
)
def test_every_way_to_say_when_to_come_back_is_read(status: int, headers: dict[str, str], wait: float | None) -> None:
    said = Wire(OUTLET, replace(TOOLS, now=lambda: NOW)).wait_of(Reply(status, headers, b"", ""))
    assert said == (pytest.approx(wait, abs=0.01) if wait is not None else None)


@pytest.mark.parametrize(
    ("headers", "body", "sure"),
    [
        ({}, b'{"error": "maintenance"}', True),
        ({"retry-after": "600"}, b"<h1>Briefly unavailable for scheduled maintenance</h1>", True),
        ({}, b"<h1>503 Service Unavailable</h1>", False),
        ({}, b"", False),
        ({}, b"{}", False),
        ({"retry-after": "5"}, b"<h1>Error 503 Backend fetch failed</h1><h3>Guru Meditation:</h3>", False),
    ],
)
def test_a_503_is_a_refusal_only_when_the_service_itself_says_so(
    headers: dict[str, str], body: bytes, *, sure: bool
) -> None:
    wire, answer = Wire(OUTLET, TOOLS), Reply(503, headers, body, "")
    assert isinstance(wire.refuse(answer), UnsentError if sure else MaybeSentError)
    assert isinstance(wire.refuse(answer, publishes=False), UnsentError)
