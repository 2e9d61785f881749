"""URLs as the URL standard reads them, for schemes it knows and for ours."""

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as some
from outagetui.core import hosts, urls
from outagetui.core.urls import Url, read_place, read_url

WEB = [
    ("http://example.net", "http://example.net/"),
    ("HTTP://EXAMPLE.net:80/A", "http://example.net/A"),
    ("https://example.net:443/", "https://example.net/"),
    ("https://example.net:80/", "https://example.net:80/"),
    ("https://example.net:/", "https://example.net/"),
    ("http:\\\\example.net\\a\\b?c\\d", "http://example.net/a/b?c\\d"),
    ("http:/example.net/a", "http://example.net/a"),
    ("http:example.net/a", "http://example.net/a"),
    ("http:///example.net/a", "http://example.net/a"),
    ("http://////example.net/a", "http://example.net/a"),
    (" \thttp://exa\nmple.\tnet/a\r\nb ", "http://example.net/ab"),
    ("http://example.net/a/./b/../c/%2e%2E/d", "http://example.net/a/d"),
    ("http://example.net/ä b?ö '\"#ü", "http://example.net/%C3%A4%20b?%C3%B6%20%27%22#%C3%BC"),
    ("http://example.net/%zz%41", "http://example.net/%zz%41"),
    ("http://example.net?a", "http://example.net/?a"),
    ("http://example.net#a", "http://example.net/#a"),
    ("http://us%40er:p%3A@example.net/", "http://us%40er:p%3A@example.net/"),
    ("http://ex%61mple.net/", "http://example.net/"),
    ("http://☃.net/", "http://xn--n3h.net/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ("http://[fe80::1%lo]:8080/a", "http://[fe80::1%25lo]:8080/a"),
    ("http://[fe80::1%25lo]/[x%25y]", "http://[fe80::1%25lo]/[x%25y]"),
    ("ws://example.net:80", "ws://example.net/"),
    ("wss://[fe80::1%eth0]:443/x", "wss://[fe80::1%25eth0]/x"),
    ("tls://faß.example:443", "tls://xn--fa-hia.example:443"),
    ("tcp://127.1:80", "tcp://127.0.0.1:80"),
    ("imap://us%40er@Mail.Example:143", "imap://us%40er@mail.example:143"),
    ("smtp://[fe80::1%25lo]:25", "smtp://[fe80::1%25lo]:25"),
    ("xmpp://ada@BÜCHER.example", "xmpp://ada@xn--bcher-kva.example"),
    ("icmp://☃.net", "icmp://xn--n3h.net"),
]


@pytest.mark.parametrize(("text", "whole"), WEB)
def test_a_url_has_one_form(text: str, whole: str) -> None:
    found = read_url(text)
    assert found.text == whole
    assert read_url(found.text) == found


BASE = "https://here.example:8443/a/b?c#d"
JOINED = [
    ("x", "https://here.example:8443/a/x"),
    ("./x", "https://here.example:8443/a/x"),
    ("../../x", "https://here.example:8443/x"),
    ("/x", "https://here.example:8443/x"),
    ("\\x", "https://here.example:8443/x"),
    ("//there.example/x", "https://there.example/x"),
    ("\\\\there.example\\x", "https://there.example/x"),
    ("/\\there.example/x", "https://there.example/x"),
    ("///there.example/x", "https://there.example/x"),
    ("https:x", "https://here.example:8443/a/x"),
    ("https:/x", "https://here.example:8443/x"),
    ("https:///there.example/x", "https://there.example/x"),
    ("http:there.example/x", "http://there.example/x"),
    ("?x", "https://here.example:8443/a/b?x"),
    ("#x", "https://here.example:8443/a/b?c#x"),
    ("", "https://here.example:8443/a/b?c"),
    (" /x\t", "https://here.example:8443/x"),
    ("/ü ☃", "https://here.example:8443/%C3%BC%20%E2%98%83"),
    ("//☃.example/", "https://xn--n3h.example/"),
    ("//u_.example/", "https://u_.example/"),
    ("ftp://there.example/x", "ftp://there.example/x"),
    ("mailto:a@b", "mailto:a@b"),
]


@pytest.mark.parametrize(("location", "whole"), JOINED)
def test_a_location_is_joined_as_a_browser_joins_it(location: str, whole: str) -> None:
    assert read_url(location, read_url(BASE)).text == whole


@pytest.mark.parametrize(
    ("location", "whole"),
    [
        ("/x", "http://[fe80::1%25lo]:81/x"),
        ("http://[fe80::1]:81/x", "http://[fe80::1%25lo]:81/x"),  # who answers cannot know what it is called here
        ("//[fe80::2]/", "http://[fe80::2%25lo]/"),
        ("//[fe80::2%25eth1]/", "http://[fe80::2%25eth1]/"),
        ("//[2001:db8::1]/", "http://[2001:db8::1]/"),
        ("//there.example/", "http://there.example/"),
    ],
)  # fmt: skip
def test_the_zone_of_the_base_stays_with_link_local_addresses(location: str, whole: str) -> None:
    assert read_url(location, read_url("http://[fe80::1%25lo]:81/a")).text == whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "host") for text in ("http://", "http:", "//", "", "x", "https:///", "http://a b/")),
        *((text, "host") for text in ("http://a..b/", "tls://a b:1")),
        *((text, "IPv6") for text in ("http://[::1", "http://[::1]x/", "http://::1]/", "http://[1.2.3.4]/", "tcp://[::1:80")),
        *((text, "port") for text in ("http://a:65536/", "tcp://a:99999", "ws://a:100000000/x")),
        *((text, "zone") for text in ("http://[fe80::1%25a%20b]/", "http://[fe80::1%a%b]/")),
        (f"http://a b:{'0' * 5000}1/", "host"),
        (f"http://a b:{'9' * 5000}/", "port out of range"),
    ],
)  # fmt: skip
def test_what_is_no_url_is_told_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_url(text)


def test_what_is_sent_never_holds_the_zone() -> None:
    found = read_url("http://user:secret@[fe80::1%25lo]:81/a?b#c")
    assert found.place == "[fe80::1]:81"
    assert found.origin == "http://[fe80::1]:81"
    assert found.asked == "/a?b"
    assert "lo" not in found.sent


@given(
    some.sampled_from(["http", "https", "ws", "wss", "tls", "tcp", "imap", "xmpp"]),
    some.one_of(
        some.ip_addresses(v=4).map(str),
        some.ip_addresses(v=6).map(lambda each: f"[{each}]"),
        some.ip_addresses(v=6).map(lambda each: f"[{each}%25eth0]"),
        some.from_regex(r"[a-zäöß☃_][a-z0-9äöß_-]{0,20}(\.[a-zü]{1,9}){0,3}", fullmatch=True),
    ),
    some.one_of(some.none(), some.integers(0, 65535)),
    some.text(max_size=20),
    some.text(max_size=20),
)
def test_a_url_that_is_written_again_reads_the_same(
    scheme: str, host: str, port: int | None, path: str, query: str
) -> None:
    try:
        found = read_url(f"{scheme}://{host}{'' if port is None else f':{port}'}/{path}?{query}")
    except ValueError:
        return
    again = read_url(found.text)
    assert again == found
    assert hosts.read_host(found.host) == found.host
    assert read_url(found.sent).host == hosts.unzoned(found.host)


@given(some.text(max_size=60))
def test_no_location_breaks_the_reader(location: str) -> None:
    base = read_url(BASE)
    try:
        found = read_url(location, base)
    except ValueError:
        return
    assert isinstance(found, Url)
    assert found.text.isascii()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("host", ("host", None)),
        ("host:53", ("host", 53)),
        ("☃.net:53", ("xn--n3h.net", 53)),
        ("127.1:53", ("127.0.0.1", 53)),
        ("[::1]:53", ("::1", 53)),
        ("[::1]", ("::1", None)),
        ("::1", ("::1", None)),
        ("fe80::53%lo", ("fe80::53%lo", None)),
        ("[fe80::53%lo]:53", ("fe80::53%lo", 53)),
        ("[fe80::53%25lo]:53", ("fe80::53%lo", 53)),
    ],
)
def test_a_place_is_a_host_and_perhaps_a_port(text: str, place: tuple[str, int | None]) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", ":53", "a/b", "u@a:1", "a:b", "a:1:2", "[::1", "a?b", "a#b", "a b:1", "a:65536"])
def test_what_is_no_place_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_place(text)


def test_a_plain_url_is_read_as_the_standard_reads_it() -> None:
    chance, plain = random.Random(5), 0
    labels = (
        *("a", "b-", "7", "xn--", "xn", "-", "0x", "1", "255"),
        *("256", "127", ".", "..", "localhost", "com", "01", "e"),
    )
    pieces = (
        *("/", ".", "..", "a", "B", "~", "!", "$", "'", "("),
        *("%41", "%2e", ":", "@", ";", "=", "&", "*", "^", "|", "é"),
    )

    def several(of: tuple[str, ...], most: int) -> str:
        return "".join(chance.choice(of) for _ in range(chance.randint(0, most)))

    for _ in range(20_000):
        host = several(labels, 4).strip(".") if chance.random() < 0.7 else chance.choice(("127.0.0.1", "a.example"))
        port = chance.choice(("", "", ":80", ":443", ":8080", ":0", ":65536", ":65535", ":080"))
        query = chance.choice(("", "?", f"?{several(pieces, 4)}", "#a"))
        text = f"{chance.choice(('http', 'https', 'ws', 'wss', 'HTTP'))}://{host}{port}/{several(pieces, 5)}{query}"
        with contextlib.suppress(ValueError):
            read = urls._read_plain(text)
            if read is not None:
                plain += 1
                assert read == urls._read_by_the_standard(text, None), text
    assert plain > 1000
