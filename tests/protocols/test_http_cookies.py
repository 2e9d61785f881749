"""Cookies within one walk of redirects: whom they are told, when they end, and that nothing of them stays."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_cookies import LONGEST, MOST, Cookies
from outagetui.protocols.http_request import request
from tests.kit.scripted_servers import look_at, reply, serve

NOW = 1_700_000_000.0


def told(line: str, then: str, at: str = "https://www.a.test/in/page?x", own: str = "") -> str:
    """What is sent to `then` after `at` set a cookie."""
    cookies = Cookies()
    cookies.take(request("GET", at), [line.encode()], NOW)
    return cookies.header(request("GET", then, (("Cookie", own),) if own else ()))


@pytest.mark.parametrize(
    ("line", "then", "sent"),
    [
        ("a=1", "https://www.a.test/in/page", "a=1"),
        ("a=1", "https://www.a.test/in/other", "a=1"),
        ("a=1", "https://www.a.test/in", "a=1"),
        ("a=1", "https://www.a.test/inner", ""),
        ("a=1", "https://www.a.test/", ""),
        ("a=1", "https://www.a.test:8443/in/page", "a=1"),
        ("a=1", "http://www.a.test/in/page", "a=1"),
        ("a=1", "https://a.test/in/page", ""),
        ("a=1", "https://x.www.a.test/in/page", ""),
        ("a=1; Path=/", "https://www.a.test/", "a=1"),
        ("a=1; path=/in/", "https://www.a.test/in", ""),
        ("a=1; path=elsewhere", "https://www.a.test/in/x", "a=1"),
        ("a=1; Domain=a.test; Path=/", "https://b.a.test/", "a=1"),
        ("a=1; Domain=.A.test; Path=/", "https://a.test/", "a=1"),
        ("a=1; Domain=www.a.test; Path=/", "https://x.www.a.test/", "a=1"),
        ("a=1; Domain=b.test; Path=/", "https://b.test/", ""),
        ("a=1; Domain=test; Path=/", "https://a.test/", ""),
        ("a=1; Domain=ww.a.test; Path=/", "https://www.a.test/", ""),
        ("a=1; Domain=; Path=/", "https://www.a.test/", "a=1"),
        ("a=1; Domain=a.test; Path=/", "https://not-a.test/", ""),
        ("a=1; Secure; Path=/", "http://www.a.test/", ""),
        ("a=1; SECURE; HttpOnly; SameSite=Strict; Path=/", "https://www.a.test/", "a=1"),
        ("a=1; Path=/; Path=/in", "https://www.a.test/", ""),
        ("a = 1 ; Path=/", "https://www.a.test/", "a=1"),
        ('a="x, y"; Path=/', "https://www.a.test/", 'a="x, y"'),
        ("a=b=c; Path=/", "https://www.a.test/", "a=b=c"),
        ("alone; Path=/", "https://www.a.test/", "alone"),
        ("=alone; Path=/", "https://www.a.test/", "alone"),
        ("a=; Path=/", "https://www.a.test/", "a="),
        ("; Path=/", "https://www.a.test/", ""),
        ("a=ü; Path=/", "https://www.a.test/", "a=ü"),
        ("a=1\x07; Path=/", "https://www.a.test/", ""),
        (f"a={'x' * LONGEST}; Path=/", "https://www.a.test/", ""),
        ("__Secure-a=1; Path=/", "https://www.a.test/", ""),
        ("__Secure-a=1; Secure; Path=/", "https://www.a.test/", "__Secure-a=1"),
        ("__Host-a=1; Secure; Path=/", "https://www.a.test/", "__Host-a=1"),
        ("__Host-a=1; Secure; Path=/; Domain=a.test", "https://www.a.test/", ""),
    ],
)
def test_who_is_told(line: str, then: str, sent: str) -> None:
    assert told(line, then) == sent


@pytest.mark.parametrize(
    ("attributes", "lives"),
    [
        ("Max-Age=10", True),
        ("Max-Age=0", False),
        ("Max-Age=-1", False),
        ("Max-Age=x", True),
        ("Max-Age=" + "9" * 400, True),
        ("Expires=Wed, 21 Oct 2015 07:28:00 GMT", False),
        ("Expires=Wed, 21-Oct-2015 07:28:00 GMT", False),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", True),
        ("Expires=tomorrow", True),
        ("Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=10", True),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT; Max-Age=0", False),
    ],
)
def test_how_long_it_lives(attributes: str, lives: bool) -> None:
    assert bool(told(f"a=1; {attributes}", "https://www.a.test/in/")) is lives
    cookies = Cookies()
    page = request("GET", "https://www.a.test/in/page")
    cookies.take(page, [b"a=1", f"a=2; {attributes}".encode()], NOW)
    assert cookies.header(page) == ("a=2" if lives else "")


def test_a_secure_one_is_set_without_tls_within_this_machine_only() -> None:
    for host in ("127.0.0.1", "localhost", "localhost.", "[::1]", "www.localhost"):
        assert told("a=1; Secure", f"http://{host}/", f"http://{host}/") == "a=1"
    for host in ("a.test", "192.0.2.1", "localhost.test"):
        assert told("a=1; Secure", f"http://{host}/", f"http://{host}/") == ""


def test_an_address_has_no_domain() -> None:
    assert told("a=1; Domain=192.0.2.1", "http://192.0.2.1/", "http://192.0.2.1/") == "a=1"
    assert told("a=1; Domain=2.1", "http://192.0.2.1/", "http://192.0.2.1/") == ""
    assert told("a=1; Domain=0.2.1", "http://192.0.2.1/", "http://192.0.2.1/") == ""


def test_our_own_are_sent_beside_and_replaced_by_newer_ones() -> None:
    assert told("a=1; Path=/", "https://www.a.test/", own="b=2; c=3") == "b=2; c=3; a=1"
    assert told("a=1; Path=/", "https://www.a.test/", own="a=0; b=2") == "b=2; a=1"
    assert told("a=1; Path=/", "https://elsewhere.test/", own="a=0; b=2") == ""


def test_longer_paths_come_first() -> None:
    cookies = Cookies()
    page = request("GET", "https://a.test/in/page")
    cookies.take(page, [b"a=1; Path=/", b"a=2; Path=/in", b"b=3; Path=/"], NOW)
    assert cookies.header(page) == "a=2; a=1; b=3"


def test_there_are_never_many() -> None:
    cookies = Cookies()
    page = request("GET", "https://a.test/")
    for number in range(1000):
        cookies.take(page, [f"a{number}=1".encode()], NOW)
    assert cookies.header(page).count("=") == MOST


@given(st.binary(max_size=200), st.text("=;ab ./", max_size=40))
def test_noise_is_passed_over(noise: bytes, attributes: str) -> None:
    cookies = Cookies()
    page = request("GET", "https://www.a.test/")
    cookies.take(page, [noise, attributes.encode(), noise + attributes.encode()], NOW)
    assert "\r" not in cookies.header(page)
    assert "\n" not in cookies.header(page)


async def test_on_the_wire_they_are_sent_on_the_way_and_forgotten_after_it(vantage: Vantage) -> None:
    heads: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        if "seen=1" in heads[-1]:
            writer.write(reply())
        else:
            writer.write(
                reply("302 Found", b"", "Location: /dashboard", "Set-Cookie: seen=1; Path=/", "Set-Cookie: x=y")
            )

    async with serve(handler) as server:
        target = f"http://127.0.0.1:{server.port}/dashboard"
        for _ in range(2):
            assert (await look_at(vantage, "http", target, match="hello")).outcome is Outcome.PASS
        with_own = await look_at(vantage, "http", target, headers={"Cookie": "own=2"})
    assert with_own.outcome is Outcome.PASS
    assert ["\r\ncookie:" in head for head in heads] == [False, True] * 2 + [True, True]
    assert "\r\ncookie: seen=1; x=y\r\n" in heads[1]
    assert "\r\ncookie: own=2\r\n" in heads[4]
    assert "\r\ncookie: own=2; seen=1; x=y\r\n" in heads[5]


async def test_another_host_is_told_nothing(vantage: Vantage) -> None:
    heads: list[str] = []

    async def landing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(reply())

    async with serve(landing) as other:
        away = reply("302 Found", b"", f"Location: http://localhost:{other.port}/", "Set-Cookie: seen=1; Path=/")

        async def sending(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(away)

        async with serve(sending) as server:
            await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert "cookie" not in heads[0]
