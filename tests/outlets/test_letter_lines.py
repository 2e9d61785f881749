"""The lines of a letter: encoded words of at most 75 characters, lines of 76; links that leave a list at one click."""

import base64
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.mailbox import Mailbox, read_list, read_recipient
from outagetui.core.outlet_options import EmailOptions
from outagetui.outlets import publish
from outagetui.outlets.letters import Envelope, Leaving, letter
from outagetui.wording.delivery import Fitted
from outagetui.wording.published import published
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import outlet_for, tools_at
from tests.outlets.servers.post import Post

ENCODED = re.compile(rb"=\?[^?]+\?[BQbq]\?[^?]*\?=")
TITLES = [
    "Störung",
    "Wir sind wieder über alle Kanäle erreichbar: Telefon, Webchat, Jabber und natürlich auch per Brief, wie früher",
    "ü" * 200,
    "障害のお知らせ" * 20,
    "\N{PERSON FROWNING}\N{EMOJI MODIFIER FITZPATRICK TYPE-6}" * 30,
    "plain words " * 20,
    "x" * 250,
    f"https://status.example.net/{'a' * 200} is down",
    "=?utf-8?q?not_an_encoded_word?= but text",
    'a  two  spaces, "quotes", commas; <brackets> (and more): ü',
]


def made(title: str, *, name: str = "", business: str = "Example", body: str = "", **more: object) -> bytes:
    envelope = Envelope(
        sender=Mailbox("news@example.test", name),
        business=business,
        outlet="letters",
        language="en",
        key="k" * 60,
        keys=tuple(f"{number:060}" for number in range(12)),
        leaving=Leaving(**more),  # type: ignore[arg-type]
        sent_at=0.0,
    )
    text = Fitted(title=title, text="", html=f"<p>{body}</p>", plain=body, count=0, limit=0)
    return letter(envelope, text, "p@example.test")


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=SMTP)
    assert isinstance(found, EmailMessage)
    return found


def fits(raw: bytes) -> None:
    whole = re.compile(rb"(?i)(message-id|in-reply-to|references|list-unsubscribe|list-id): |^ <[^ ]+>$")
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in (*head.split(b"\r\n"), *body.split(b"\r\n")):
        assert len(line) <= 76 or (whole.match(line) and len(line) <= 998), line
        assert all(len(each) <= 75 for each in ENCODED.findall(line))
    assert raw.isascii()
    assert not re.search(rb"[^\r]\n", raw)


def words_of(raw: bytes, name: bytes) -> str:
    """A header as RFC 2047 says that it is read, by the simplest means."""
    found = re.search(rb"(?ms)^" + name + rb": (.*?)\r\n(?! )", raw)
    assert found is not None
    line = found[1].replace(b"\r\n ", b" ").decode()
    pieces = re.split(r"(=\?utf-8\?b\?[^?]*\?=)", re.sub(r"(?<=\?=) (?==\?)", "", line))
    return "".join(base64.b64decode(each[10:-2]).decode() if each.startswith("=?utf-8?b?") else each for each in pieces)


def line_of(text: str) -> str:
    return published(" ".join(text.split()), 300)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("title", TITLES)
def test_lines_are_as_short_as_every_reader_wants_them(title: str) -> None:
    raw = made(title, name=title, body=f"{title}\n{title * 5}\n" * 3)
    fits(raw)
    found = read(raw)
    assert words_of(raw, b"Subject") == " ".join(title.split())
    assert words_of(raw, b"From").removesuffix(" <news@example.test>") in (line_of(title), quoted(line_of(title)))
    assert found["Message-ID"].count("<") == 1
    assert len(found["References"].split()) == 11
    plain = found.get_body(("plain",))
    assert isinstance(plain, EmailMessage)
    assert plain.get_content().splitlines() == f"{title}\n{title * 5}\n".splitlines() * 3


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=120)


@given(title=WORDS, business=WORDS)
def test_any_words_come_back_as_they_were(title: str, business: str) -> None:
    raw = made(title, business=business, body=title)
    fits(raw)
    found = read(raw)
    assert words_of(raw, b"Subject") == line_of(title)
    assert words_of(raw, b"From").endswith(" <news@example.test>")
    assert [each.addr_spec for each in found["From"].addresses] == ["news@example.test"]


LINK = "https://lists.example.net/leave?who={recipient}&proof={token}"


def test_one_click_leaves_the_list_by_a_link_of_ones_own() -> None:
    raw = made("Hello", body="x", link=LINK, key="secret")
    found = read(raw)
    link = str(found["List-Unsubscribe"])
    assert re.fullmatch(r"<https://lists\.example\.net/leave\?who=p%40example\.test&proof=[0-9a-f]{32}>", link)
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link[1:-1] in plain_of(found)
    page = found.get_body(("html",))
    assert isinstance(page, EmailMessage)
    assert f'<a href="{link[1:-1].replace("&", "&amp;")}">' in page.get_content()
    other = read(made("Hello", body="x", link=LINK, key="other"))
    assert other["List-Unsubscribe"] != link


@pytest.mark.parametrize(
    ("link", "post"), [("https://example.net/leave", True), ("mailto:leave@example.net", False), ("", False)]
)
def test_every_link_is_in_the_header_and_in_the_body(link: str, *, post: bool) -> None:
    found = read(made("Hello", body="x", link=link))
    assert (found["List-Unsubscribe-Post"] is not None) == post
    assert found["List-Unsubscribe"] == (f"<{link}>" if link else None)
    assert ("-- " in plain_of(found)) == bool(link)


def plain_of(found: EmailMessage) -> str:
    plain = found.get_body(("plain",))
    assert isinstance(plain, EmailMessage)
    return str(plain.get_content())


async def test_the_list_may_give_a_link_for_each(tmp_path: Path) -> None:
    people = tmp_path / "people.txt"
    people.write_text(
        "Eve <eve@example.test> https://lists.example.net/u/8f3a#now  # since May\nada@example.test#old\n"
    )
    async with Post().running() as post:
        options: dict[str, Any] = {
            "recipients": (),
            "recipients_file": str(people),
            "unsubscribe": "https://example.net/{recipient}",
        }
        outlet = outlet_for(post.port, **options)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "sent", done
        links = {each.to[0]: str(each.message["List-Unsubscribe"]) for each in post.letters}
    assert links == {
        "eve@example.test": "<https://lists.example.net/u/8f3a#now>",
        "ada@example.test": "<https://example.net/ada%40example.test>",
    }


@pytest.mark.parametrize(
    "line", ["a@b.example http://x.example/", "a@b.example https://x.example/<b>", "https://x.example/ a@b.example"]
)
def test_a_line_with_another_link_is_none_of_the_list(line: str) -> None:
    ((_, content),) = read_list(line)
    with pytest.raises(ValueError, match=r"link|address"):
        read_recipient(content)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"unsubscribe": LINK}, "unsubscribe_key"),
        ({"unsubscribe": "https://example.net/", "unsubscribe_key": "k"}, "unsubscribe_key"),
        ({"unsubscribe": "https://example.net/{recipient}", "mode": "bcc"}, "unsubscribe"),
        ({"unsubscribe": "https://example.net/{recipient}>"}, "unsubscribe"),
        ({"unsubscribe": "https://example.net/", "dkim": "no selector"}, "dkim"),
        ({"unsubscribe": LINK, "unsubscribe_key": "k", "dkim": "mail2026"}, ""),
        ({"unsubscribe": "https://example.net/leave", "mode": "bcc"}, ""),
    ],
)
def test_what_a_link_of_ones_own_needs(options: dict[str, object], where: str) -> None:
    whole = {"from": "a@example.net", "recipients": ["b@example.net"], **options}
    outlet: Any = outlet_for(0, url="smtp://mail.example.net")
    found = [".".join(map(str, each)) for each, _ in msgspec.convert(whole, EmailOptions).troubles(outlet)]
    assert found == ([where] if where else [])


def test_long_texts_travel_in_short_lines() -> None:
    fits(made("x", body="ü" * 2000))
    fits(made("x", body=f"{'plain ' * 400}\n{'ü ' * 400}"))
