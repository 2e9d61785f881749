"""`feed`: fetched from real servers that answer, fail, redirect and lie."""

import asyncio
import time
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, answering, hanging, look_at, refused_port, reply, saying, serve

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
pytestmark = pytest.mark.usefixtures("no_leaks")


def page(name: str) -> bytes:
    return reply("200 OK", (FEEDS / name).read_bytes(), "Content-Type: text/html")


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("statuspage-operational.json", Outcome.PASS, ""),
        ("slack-outage.json", Outcome.FAIL, "feed.major-outage"),
        ("google-open.json", Outcome.WARN, "feed.degraded"),
        ("atom-open.xml", Outcome.WARN, "feed.incident"),
    ],
)
async def test_the_providers_word_becomes_the_sample(vantage: Vantage, name: str, outcome: Outcome, code: str) -> None:
    async with serve(answering(page(name))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/summary.json")
    assert (sample.outcome, sample.code) == (outcome, code)
    assert sample.latency_ms == pytest.approx(sum(sample.phases.values()))


async def test_the_options_reach_the_reader(vantage: Vantage) -> None:
    async with serve(answering(page("statuspage-partial.json"))) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert (await look_at(vantage, "feed", url, components=("Sign-in",))).outcome is Outcome.PASS
        assert (await look_at(vantage, "feed", url, components=("Fax",))).code == "feed.component"
        assert (await look_at(vantage, "feed", url, format="slack")).code == "feed.unreadable"


@pytest.mark.parametrize(
    "status", ["404 Not Found", "401 Unauthorized", "500 Oops", "503 Busy", "204 No Content", "304 Same"]
)
async def test_any_status_but_200_is_unknown(vantage: Vantage, status: str) -> None:
    async with serve(answering(reply(status, b"" if status[:3] in ("204", "304") else b"{}"))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreachable")
    assert status[:3] in sample.detail


async def test_a_feed_that_cannot_be_fetched_is_unknown(vantage: Vantage) -> None:
    async with serve(hanging()) as silent, serve(saying(b"SSH-2.0-OpenSSH\r\n")) as stranger:
        for target in (
            f"http://127.0.0.1:{refused_port()}/",
            f"http://127.0.0.1:{silent.port}/",
            f"http://127.0.0.1:{stranger.port}/",
            "http://",
        ):
            sample = await look_at(vantage, "feed", target, within=0.3)
            assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreachable"), target


async def test_a_feed_over_the_limit_is_unknown_and_not_read_on(vantage: Vantage) -> None:
    body = b'{"status": {"indicator": "none", "description": "' + b"x" * (5 << 20) + b'"}}'
    async with serve(answering(reply("200 OK", body))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreadable")


async def test_three_redirects_are_followed_and_no_more(vantage: Vantage) -> None:
    async def hop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int((await reader.readuntil(b"\r\n\r\n")).split()[1].strip(b"/"))
        moved = reply("302 Found", b"", f"Location: /{left - 1}")
        writer.write(moved if left else page("statuspage-operational.json"))

    async with serve(hop) as server:
        assert (await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/3")).outcome is Outcome.PASS
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/4")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreachable")


async def test_a_redirect_to_the_other_scheme_is_not_believed(
    vantage: Vantage, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = await vantage.tls_context(pki.ca)
    monkeypatch.setattr(vantage, "tls_context", AsyncMock(return_value=trusting))
    async with serve(answering(page("statuspage-operational.json")), context=pki.good()) as secure:
        away = reply("302 Found", b"", f"Location: https://localhost:{secure.port}/")
        async with serve(answering(away)) as server:
            sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.unreachable")
    assert sample.detail.startswith(f"redirected to https://localhost:{secure.port}/")


async def test_a_hostile_feed_holds_up_neither_the_deadline_nor_the_loop(vantage: Vantage) -> None:
    async with serve(answering(reply("200 OK", b"<a>" * 600_000))) as server:
        start = time.monotonic()
        task = asyncio.create_task(look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/", within=1.0))
        worst = last = 0.0
        while not task.done():
            last = time.monotonic()
            await asyncio.sleep(0.01)
            worst = max(worst, time.monotonic() - last)
    assert (await task).outcome is Outcome.UNKNOWN
    assert time.monotonic() - start < 5
    assert worst < 2


async def test_hostile_words_are_cleaned(vantage: Vantage) -> None:
    body = b'{"status": "active", "active_incidents": [{"title": "\\u001b]0;x\\u0007[/b]", "type": "\\u001b[2J"}]}'
    async with serve(answering(reply("200 OK", body))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "feed.word")
    assert sample.detail.isprintable()
