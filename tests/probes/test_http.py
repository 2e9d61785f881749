"""The web probe against real servers that behave, misbehave and attack."""

import asyncio
import gzip
import time
import zlib
from functools import partial
from typing import Any

import brotli
import pytest
import zstandard
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
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
)

gzipped = partial(gzip.compress, mtime=0)  # the same each time, since it is part of a name

SHORT = 0.3


async def test_a_good_page_passes_with_phases_in_order(vantage: Vantage) -> None:
    async with serve(answering(reply())) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert list(sample.phases) == ["resolve", "connect", "first_byte", "transfer"]
    assert sample.latency_ms == pytest.approx(sum(sample.phases.values()))
    assert sample.detail == "200 OK, 5 bytes, HTTP/1.1"


async def test_https_has_a_tls_phase_and_one_context_serves_all(vantage: Vantage, pki: Pki) -> None:
    async with serve(answering(reply()), context=pki.good()) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert list(sample.phases) == ["resolve", "connect", "tls", "first_byte", "transfer"]
    assert await vantage.tls_context(pki.ca) is await vantage.tls_context(pki.ca)


async def test_the_request_carries_method_headers_and_body(vantage: Vantage) -> None:
    seen = b""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readexactly(1)
        while not seen.endswith(b"name=x"):
            seen += await reader.read(1000)
        writer.write(reply("201 Created"))

    async with serve(handler) as server:
        target = f"http://127.0.0.1:{server.port}/p%20q/ü?a=b c#part"
        headers = {"User-Agent": "mine", "X-One": "1"}
        sample = await look_at(vantage, "http", target, method="POST", headers=headers, body="name=x", status=(201,))
    assert sample.outcome is Outcome.PASS
    head = seen.decode().lower()
    assert head.startswith("post /p%20q/%c3%bc?a=b%20c http/1.1\r\n")
    for line in (f"host: 127.0.0.1:{server.port}", "user-agent: mine", "x-one: 1", "content-length: 6"):
        assert f"\r\n{line}\r\n" in head
    assert head.count("user-agent") == 1


@pytest.mark.parametrize(
    ("status", "accepted", "code"),
    [
        ("503 Service Unavailable", ("200-399",), "http.503"),
        ("404 Not Found", (404,), ""),
        ("401 Unauthorized", ("200-299", 401), ""),
        ("200 OK", ("500",), "http.200"),
        ("999 Odd", ("200-399",), "http.999"),
    ],
)
async def test_only_accepted_statuses_pass(vantage: Vantage, status: str, accepted: tuple[int, ...], code: str) -> None:
    async with serve(answering(reply(status))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", status=accepted)
    assert sample.code == code
    assert sample.outcome is (Outcome.FAIL if code else Outcome.PASS)
    assert sample.latency_ms is not None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"match": "hel+o"}, ""),
        ({"match": "goodbye"}, "http.match"),
        ({"no_match": "goodbye"}, ""),
        ({"no_match": "h.llo"}, "http.no-match"),
        ({"match": "("}, "option.invalid"),
    ],
)
async def test_the_body_must_and_must_not_match(vantage: Vantage, options: dict[str, Any], code: str) -> None:
    async with serve(answering(reply())) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", **options)
    assert sample.code == code


async def test_a_body_is_read_in_the_charset_it_names(vantage: Vantage) -> None:
    page = reply("200 OK", "Grüße".encode("latin-1"), "Content-Type: text/plain; charset=ISO-8859-1")
    async with serve(answering(page)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="Grüße")
    assert sample.outcome is Outcome.PASS


async def test_a_hopeless_expression_is_our_fault_and_does_not_stall_the_loop(vantage: Vantage) -> None:
    gaps = []

    async def beat() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            gaps.append(time.perf_counter() - before)

    async with serve(answering(reply("200 OK", b"a" * 5000 + b"b"))) as server:
        beating = asyncio.create_task(beat())
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="(a|a)+$", within=0.5)
        beating.cancel()
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "match.timeout")
    assert max(gaps) < 0.4


async def test_refused_is_a_failure(vantage: Vantage) -> None:
    sample = await look_at(vantage, "http", f"http://127.0.0.1:{refused_port()}/")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.refused")
    assert "connect" in sample.phases


async def test_a_black_hole_times_out_while_connecting(vantage: Vantage) -> None:
    with black_hole() as port:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{port}/", within=SHORT)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert sample.phases["connect"] > SHORT * 900


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("handler", "phase"),
    [
        (hanging(), "first_byte"),
        (hanging(HEAD), "transfer"),
        (hanging(HEAD + b"Content-Length: 9\r\n\r\nabc"), "transfer"),
        (dripping(HEAD, b"X-More: yes\r\n"), "transfer"),
        (dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), "transfer"),
        (dripping(b"", b"H"), "transfer"),
    ],
)
async def test_the_deadline_holds_wherever_a_server_stalls(vantage: Vantage, handler: Handler, phase: str) -> None:
    async with serve(handler) as server:
        began = time.perf_counter()
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", within=SHORT)
        took = time.perf_counter() - began
    assert sample.outcome is Outcome.FAIL
    assert sample.code in ("timeout", "http.protocol")
    assert took < SHORT + 1
    assert phase in sample.phases


async def test_a_server_that_stalls_in_the_handshake_times_out_in_tls(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging()) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca, within=SHORT)
    assert sample.code == "timeout"
    assert "tls" in sample.phases


async def test_a_flood_cannot_hold_up_deadline_or_loop(vantage: Vantage) -> None:
    flood = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 15000 + b"\r\nx\r\n"

    async with serve(dripping(flood, b"1;" + b"x" * 15000 + b"\r\nx\r\n", 0)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="never")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "http.too-large")


async def test_an_endless_body_is_cut(vantage: Vantage) -> None:
    async with serve(dripping(HEAD + b"\r\n", b"x" * 100_000, 0)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert sample.outcome is Outcome.PASS
    assert "more than 1048576 bytes" in sample.detail


@pytest.mark.parametrize(
    ("options", "outcome", "code"),
    [
        ({"match": "x"}, Outcome.PASS, ""),
        ({"match": "y"}, Outcome.UNKNOWN, "http.too-large"),
        ({"no_match": "x"}, Outcome.FAIL, "http.no-match"),
        ({"no_match": "y"}, Outcome.UNKNOWN, "http.too-large"),
        ({"match": "x", "no_match": "y"}, Outcome.UNKNOWN, "http.too-large"),
        ({"match": "y", "no_match": "x"}, Outcome.FAIL, "http.no-match"),
    ],
)
@pytest.mark.parametrize("head", ["", "Content-Encoding: gzip"])
async def test_what_was_not_read_decides_nothing(
    vantage: Vantage, options: dict[str, Any], outcome: Outcome, code: str, head: str
) -> None:
    body = b"x" * 1_100_000
    async with serve(answering(reply("200 OK", gzipped(body) if head else body, *filter(None, [head])))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", **options)
    assert (sample.outcome, sample.code) == (outcome, code)


async def test_endless_headers_are_refused(vantage: Vantage) -> None:
    async with serve(dripping(HEAD, b"X-More: " + b"y" * 1000 + b"\r\n", 0)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.protocol")


async def test_endless_interim_replies_are_refused(vantage: Vantage) -> None:
    async with serve(dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.protocol")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", "http.no-reply"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http.protocol"),
        (b"hello", "http.protocol"),
        (b"\x00\xff\x1b[2J\r\n\r\n", "http.protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "http.protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort", "http.protocol"),
        (b"HTTP/1.1 200 " + b"x" * 100_000, "http.protocol"),
    ],
)
async def test_what_is_not_http_never_passes(vantage: Vantage, said: bytes, code: str) -> None:
    async with serve(answering(said)) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert sample.detail.isprintable()


async def test_an_answer_before_the_whole_body_was_read_counts(vantage: Vantage) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply("413 Content Too Large"))
        await writer.drain()
        writer.write_eof()
        while await reader.read(65536):
            pass

    async with serve(handler) as server:
        target = f"http://127.0.0.1:{server.port}/"
        sample = await look_at(vantage, "http", target, method="PUT", body="x" * 3_000_000)
    assert sample.code == "http.413"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzipped(b"hello")),
        ("x-gzip", gzipped(b"hello")),
        ("GZip", gzipped(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("br", brotli.compress(b"hello")),
        ("zstd", zstandard.compress(b"hello")),
        ("gzip, br", brotli.compress(gzipped(b"hello"))),
    ],
)
async def test_a_page_that_is_compressed_unasked_is_searched_as_text(
    vantage: Vantage, coding: str, body: bytes
) -> None:
    async with serve(answering(reply("200 OK", body, f"Content-Encoding: {coding}"))) as server:
        target = f"http://127.0.0.1:{server.port}/"
        assert (await look_at(vantage, "http", target, match="^hello$")).code == ""
        assert (await look_at(vantage, "http", target, no_match="^hello$")).code == "http.no-match"


async def test_a_coding_that_is_not_read_here_leaves_the_text_unknown_and_the_status_known(vantage: Vantage) -> None:
    async with serve(answering(reply("200 OK", b"hello", "Content-Encoding: rot13"))) as server:
        target = f"http://127.0.0.1:{server.port}/"
        for sample in (
            await look_at(vantage, "http", target, match="hello"),
            await look_at(vantage, "http", target, no_match="hello"),
        ):
            assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "http.coding")
            assert "rot13" in sample.detail
        assert (await look_at(vantage, "http", target)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", "<meta charset=iso-8859-15>20 \u20ac".encode("iso-8859-15")),
        ("text/html; charset=utf-8", "\ufeff20 \u20ac".encode("utf-16-le")),
        ("text/plain; charset=Shift_JIS", "20 \u20ac".encode()),
        ("text/plain; charset=punycode", "20 \u20ac".encode()),
        ("text/plain; charset=windows-1252", b"20 \x80"),
    ],
)
async def test_a_page_is_searched_in_its_own_charset(vantage: Vantage, kind: str, body: bytes) -> None:
    async with serve(answering(reply("200 OK", body, f"Content-Type: {kind}"))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="20 \u20ac")
    assert (sample.code == "") is ("JIS" not in kind)


async def test_a_charset_that_browsers_refuse_is_not_searched(vantage: Vantage) -> None:
    async with serve(answering(reply("200 OK", b"hello", "Content-Type: text/html; charset=hz-gb-2312"))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", match="hello")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "http.charset")


@pytest.mark.parametrize(
    ("status", "asks", "outcome", "wait"),
    [
        ("429 Too Many Requests", "Retry-After: 30", Outcome.UNKNOWN, 30.0),
        ("429 Too Many Requests", "X: y", Outcome.UNKNOWN, None),
        ("503 Service Unavailable", "Retry-After: 30", Outcome.FAIL, 30.0),
        ("503 Service Unavailable", "Retry-After: soon", Outcome.FAIL, None),
        ("200 OK", "Retry-After: 30", Outcome.PASS, None),
    ],
)
async def test_asking_too_often_is_our_own_limit_and_a_wish_to_wait_is_kept(
    vantage: Vantage, status: str, asks: str, outcome: Outcome, wait: float | None
) -> None:
    async with serve(answering(reply(status, b"", asks))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (outcome, "" if outcome is Outcome.PASS else f"http.{status[:3]}")
    assert sample.retry_after == wait


async def test_429_may_be_what_is_wanted(vantage: Vantage) -> None:
    async with serve(answering(reply("429 Too Many Requests"))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", status=(429,))
    assert sample.outcome is Outcome.PASS


async def test_connect_dials_elsewhere_but_keeps_name_and_certificate(vantage: Vantage, pki: Pki) -> None:
    async with serve(answering(reply()), context=pki.good("www.example.test")) as server:
        through = f"127.0.0.1:{server.port}"
        sample = await look_at(vantage, "http", "https://www.example.test/", connect=through, ca=pki.ca)
        other = await look_at(vantage, "http", "https://other.example.test/", connect=through, ca=pki.ca)
    assert sample.outcome is Outcome.PASS
    assert other.code == "tls.hostname"


async def test_a_certificate_that_ends_soon_is_a_warning(vantage: Vantage, pki: Pki) -> None:
    async with serve(answering(reply()), context=pki.ending_in(10)) as server:
        target = f"https://localhost:{server.port}/"
        soon = await look_at(vantage, "http", target, ca=pki.ca)
        fine = await look_at(vantage, "http", target, ca=pki.ca, expires_warn=9 * 86400.0)
    assert (soon.outcome, soon.code) == (Outcome.WARN, "tls.expires-soon")
    assert fine.outcome is Outcome.PASS


async def test_the_intermediate_s_end_counts_too(vantage: Vantage, pki: Pki) -> None:
    ca, context = pki.short_intermediate()
    async with serve(answering(reply()), context=context) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=ca)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "tls.expires-soon")


async def test_ip_chooses_the_family(vantage: Vantage) -> None:
    async with serve(answering(reply()), host="127.0.0.1") as server:
        target = f"http://localhost:{server.port}/"
        assert (await look_at(vantage, "http", target, ip=4)).outcome is Outcome.PASS
        assert (await look_at(vantage, "http", target)).outcome is Outcome.PASS
        assert (await look_at(vantage, "http", target, ip=6)).outcome is not Outcome.PASS
        wrong = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", ip=6)
    assert (wrong.outcome, wrong.code) == (Outcome.UNKNOWN, "target.invalid")


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/", "http://", "http://a b/", "http://u:p@127.0.0.1/", "http://x:y/"]
)
async def test_a_target_that_is_no_web_address_is_our_mistake(vantage: Vantage, target: str) -> None:
    sample = await look_at(vantage, "http", target)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "target.invalid")


async def test_a_header_cannot_smuggle_another(vantage: Vantage) -> None:
    async with serve(answering(reply())) as server:
        target = f"http://127.0.0.1:{server.port}/"
        sample = await look_at(vantage, "http", target, headers={"X-A": "1\r\nX-B: 2"})
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "target.invalid")


async def test_plain_http_on_a_tls_port_is_told_apart(vantage: Vantage, pki: Pki) -> None:
    async with serve(saying(reply("400 Bad Request"))) as server:
        sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.handshake")
