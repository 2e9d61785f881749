"""Redirects as a browser follows them, and all addresses of a name."""

import asyncio
import socket
import time
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols import http1_exchange
from outagetui.protocols.http_answer import Reply
from outagetui.protocols.http_fetch import fetch
from outagetui.protocols.http_request import request
from tests.kit.scripted_servers import Handler, Pki, Serving, answering, black_hole, look_at, reply, serve


def moved(to: str, status: str = "302 Found") -> bytes:
    return reply(status, b"moved", f"Location: {to}")


class Site:
    """A handler that answers by path and remembers the requests."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = pages
        self.requests: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        path = head.split(" ")[1].strip("/")
        writer.write(self.pages.get(path, reply("404 Not Found")))


async def get(vantage: Vantage, server: Serving, path: str = "/a", **options: Any) -> Reply:
    deadline = asyncio.get_running_loop().time() + 5
    return await fetch(vantage, f"http://127.0.0.1:{server.port}{path}", deadline=deadline, **options)


async def test_redirects_are_followed_and_the_last_address_told(vantage: Vantage) -> None:
    site = Site(a=moved("/b"), b=moved("c?x=1"), **{"c?x=1": reply()})
    async with serve(site) as server:
        got = await get(vantage, server)
    assert (got.status, got.body, got.url) == (200, b"hello", f"http://127.0.0.1:{server.port}/c?x=1")
    assert server.connections == 3


async def test_without_redirects_the_redirect_is_the_reply(vantage: Vantage) -> None:
    async with serve(Site(a=moved("/b"))) as server:
        got = await get(vantage, server, redirects=0)
    assert (got.status, got.body) == (302, b"moved")


async def test_a_redirect_without_location_is_the_reply(vantage: Vantage) -> None:
    async with serve(Site(a=reply("302 Found"))) as server:
        assert (await get(vantage, server)).status == 302


async def test_what_the_far_side_makes_up_is_not_kept(vantage: Vantage) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(moved(f"/{server.connections}"))

    async with serve(endless) as server:
        kept = http1_exchange._known_head.cache_info().currsize
        for _ in range(3):
            await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/", redirects=9)
        assert http1_exchange._known_head.cache_info().currsize == kept + 1


async def test_a_loop_ends_after_the_allowed_number(vantage: Vantage) -> None:
    async with serve(Site(a=moved("/b"), b=moved("/a"))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/a", redirects=3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.redirects")
    assert server.connections == 4


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "PUT", "PUT"),
        (303, "HEAD", "HEAD"),
    ],
)
def test_the_method_changes_as_in_a_browser(status: int, method: str, then: str) -> None:
    first = request(method, "http://a.test/x", (("Content-Type", "text/plain"), ("X-Kept", "1")), b"body")
    second = first.redirected(status, "y")
    assert (second.method, second.url) == (then, "http://a.test/y")
    changed = then != method
    assert second.body == (b"" if changed else b"body")
    assert dict(second.headers) == {"X-Kept": "1"} | ({} if changed else {"Content-Type": "text/plain"})


@pytest.mark.parametrize("to", ["http://b.test/", "http://a.test:81/", "https://a.test/", "//b.test/"])
def test_credentials_do_not_follow_to_another_origin(to: str) -> None:
    headers = (("Authorization", "x"), ("cookie", "y"), ("Host", "z"), ("X-Kept", "1"))
    assert request("GET", "http://a.test/", headers).redirected(302, to).headers == (("X-Kept", "1"),)
    assert request("GET", "http://a.test/", headers).redirected(302, "/b").headers == headers


@pytest.mark.parametrize("to", ["http://a.test/", "ftp://a.test/", "javascript:1", "https://u:p@a.test/"])
def test_a_redirect_to_where_a_browser_must_not_go_fails(to: str) -> None:
    with pytest.raises(Trouble, match=r"http\.redirect"):
        request("GET", "https://a.test/x").redirected(302, to)


@pytest.mark.parametrize(
    "location",
    [
        *("http://[::1", "http://[", "//[::1", "http://a b/", "http://x:99999/", "http://x:-1/", "http://a..b/"),
        *(
            "mailto:a@b.test",
            "javascript:alert(1)",
            "ftp://127.0.0.1/",
            "http://" + "a" * 300 + "/",
            "ftp://u:geheim@127.0.0.1/",
            "http://u:geheim@a..b/",
            "\\\\u:geheim@a..b/",
        ),
        *("http://[" + "[" * 1000, "http://[v1.x", "http://\u202e/"),
    ],
)
async def test_a_redirect_to_nowhere_is_the_server_s_failure(vantage: Vantage, location: str) -> None:
    async with serve(Site(a=moved(location))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/a")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.redirect")
    assert sample.detail.isprintable()
    assert "geheim" not in sample.detail


@pytest.mark.parametrize(
    ("user", "pair"),
    [
        ("user:pw", "user:pw"),
        ("user", "user:"),
        (":pw", ":pw"),
        ("us%40er:p%3Aw%2F", "us@er:p:w/"),
        ("a:b:c", "a:b:c"),
        ("j%C3%BCrgen:ö", "jürgen:ö"),
    ],
)
def test_a_user_in_a_redirect_asks_as_in_a_browser(user: str, pair: str) -> None:
    first = request("GET", "http://a.test/", (("X-Kept", "1"),))
    second = first.redirected(302, f"http://{user}@b.test/x", with_user=True)
    assert second.url == "http://b.test/x"
    assert second.headers == (("X-Kept", "1"), ("Authorization", f"Basic {b64encode(pair.encode()).decode()}"))
    assert second.redirected(302, "/y", with_user=True).headers == second.headers
    for other in ("http://a.test/", "http://b.test:81/", "https://b.test/"):
        assert second.redirected(302, other, with_user=True).headers == first.headers
    own = request("GET", "http://a.test/", (("Authorization", "x"),))
    assert own.redirected(302, f"//{user}@a.test/", with_user=True).headers == own.headers
    with pytest.raises(Trouble, match=r"http\.redirect") as caught:
        first.redirected(302, f"http://{user}@b.test/x")
    assert user not in str(caught.value)
    assert user not in first.joined(f"//{user}@b.test/x")
    with pytest.raises(Trouble, match=r"target\.invalid"):
        request("GET", f"http://{user}@a.test/")


@pytest.mark.parametrize(
    "to",
    ["http://u:geheim@a b/", "http:u:geheim@a b/", "http:/u:geheim@a b/", "\\\\u:geheim@a b/", "//u:x@geheim@a b/"],
)
def test_a_user_in_an_address_that_is_none_is_shown_nowhere(to: str) -> None:
    first = request("GET", "https://a.test/")
    assert "geheim" not in first.joined(to)
    with pytest.raises(Trouble) as caught:
        first.redirected(302, to, with_user=True)
    assert "geheim" not in str(caught.value)
    with pytest.raises(Trouble, match=r"plain http://b\.test/@ada"):
        first.redirected(302, "http://b.test/@ada")


async def test_a_user_in_a_redirect_is_told_to_its_origin_alone(vantage: Vantage) -> None:
    asked: dict[str, list[bytes]] = {"a": [], "b": [], "c": []}

    def noting(name: str, answer: bytes) -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked[name].append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)

        return handler

    async with (
        serve(noting("c", reply("503 Busy"))) as last,
        serve(noting("b", moved(f"http://127.0.0.1:{last.port}/"))) as second,
        serve(noting("a", moved(f"http://user:geheim@localhost:{second.port}/"))) as first,
    ):
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{first.port}/")
    assert sample.code == "http.503"
    assert "geheim" not in sample.detail
    told = b": Basic " + b64encode(b"user:geheim") + b"\r\n"
    assert [told in asked[name][0] for name in "abc"] == [False, True, False]


async def test_https_to_http_is_refused_on_the_wire(vantage: Vantage, pki: Pki) -> None:
    async with serve(answering(moved("http://localhost/"))) as plain:
        async with serve(answering(moved(f"http://localhost:{plain.port}/")), context=pki.good()) as server:
            sample = await look_at(vantage, "http", f"https://localhost:{server.port}/", ca=pki.ca)
        assert plain.connections == 0
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "http.redirect")


async def test_connect_applies_to_the_target_only(vantage: Vantage) -> None:
    site = Site()
    async with serve(answering(reply("200 OK", b"elsewhere"))) as other, serve(site) as server:
        site.pages["a"] = moved(f"http://127.0.0.1:{other.port}/")
        deadline = asyncio.get_running_loop().time() + 5
        through = f"127.0.0.1:{server.port}"
        got = await fetch(vantage, "http://shop.example.test/a", connect=through, deadline=deadline)
    assert got.body == b"elsewhere"


def test_a_name_beyond_ascii_is_asked_as_browsers_do() -> None:
    assert request("GET", "http://bücher.test/").host == "xn--bcher-kva.test"
    assert request("GET", "http://[::1]:80/").authority == "[::1]"


async def test_the_next_address_is_tried_beside_a_silent_one(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch, no_leaks: None
) -> None:
    async with serve(answering(reply())) as server:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses("127.0.0.2", "127.0.0.1", port=server.port))
        with black_hole("127.0.0.2", server.port):
            began = time.perf_counter()
            deadline = asyncio.get_running_loop().time() + 5
            got = await fetch(vantage, f"http://two.example.test:{server.port}/", deadline=deadline)
    assert got.status == 200
    assert 0.2 < time.perf_counter() - began < 3


async def test_the_next_address_is_tried_at_once_after_a_refusal(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(answering(reply())) as server:
        found = addresses("127.0.0.3", "127.0.0.2", "127.0.0.1", port=server.port)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        got = await fetch(
            vantage,
            f"http://three.example.test:{server.port}/",
            deadline=asyncio.get_running_loop().time() + 5,
        )
    assert got.phases["connect"] < 249


async def test_when_every_address_fails_the_far_side_s_word_is_reported(
    vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = addresses("127.0.0.2", "127.0.0.1", port=1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    sample = await look_at(vantage, "http", "http://two.example.test:1/")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.refused")


def addresses(*hosts: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]


@settings(max_examples=80)
@given(data=st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)))
def test_random_bytes_never_raise_and_never_pass_for_a_page(data: bytes) -> None:
    async def scenario() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(answering(data)) as server:
            target = f"http://127.0.0.1:{server.port}/"
            sample = await look_at(vantage, "http", target, match="a marker of the page", within=2)
        await vantage.aclose()
        assert sample.outcome is not Outcome.PASS
        assert sample.detail.isprintable()

    asyncio.run(scenario())
