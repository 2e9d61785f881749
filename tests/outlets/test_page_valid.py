"""Everything a page outlet writes is valid, readable in both colour schemes, and harmless whatever text it is given."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui.outlets import Delivered, Delivery, Placed, Post, Tools, find, page, publish, retract
from outagetui.outlets.fragment import NOTHING
from outagetui.wording.delivery import Wording
from tests.kit.strict_html import Html, assert_harmless, assert_valid_atom, assert_valid_page, colours, contrast
from tests.outlets.kit import TOOLS
from tests.outlets.sample_page import ACCOUNTS, FILES, PAYLOADS, SINCE, delivery, outlet

CSS = Path(page.__file__).with_name("page.css").read_text(encoding="utf-8")
GERMAN = Wording("de", "Messenger gestört", "Er fällt aus.\n\nNehmen Sie:\n- Phone: tel:+4930901820\n\nBis später.")
PLACED = (Placed(part=1, key="key-1", at=SINCE + 60, remote_id="a7.1"),)
TONES = ("trouble", "repair", "clear", "drill", "notice")


def both(kind: str = "backup-active", part: int = 1, **changes: Any) -> Delivery:
    made = delivery(kind, part, others=(GERMAN,))
    history = tuple(msgspec.structs.replace(post, others=(GERMAN,)) for post in made.history)
    return msgspec.structs.replace(made, **{"history": history, **changes})


def text_of(directory: Path, name: str = "index.html") -> str:
    return (directory / name).read_text(encoding="utf-8")


def written(directory: Path, what: Delivery, **changes: Any) -> Html:
    done = asyncio.run(publish(outlet(directory, **changes), what, TOOLS))
    assert done.state == "sent", done
    return assert_valid_page(text_of(directory))


def outage(directory: Path) -> dict[str, Any]:
    document = json.loads(text_of(directory, "xmpp-status.json"))
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    "kind", ["investigating", "identified", "backup-active", "update", "recovering", "drill", "own"]
)
@pytest.mark.parametrize("listed", [False, True])
def test_every_kind_of_page_is_valid_in_one_language_and_in_two(tmp_path: Path, kind: str, listed: bool) -> None:
    if listed:
        (tmp_path / "accounts.html").write_text("x")
    past = Post(announcement="a1", part=0, kind="resolved", title="Old", body="x", at=SINCE - 9e5, others=(GERMAN,))
    still = Post(announcement="a5", part=0, kind="identified", title="Phone is down", body="x", at=SINCE - 600)
    html = written(tmp_path, delivery(kind, 2, history=(still, past)))
    assert ("accounts.html" in [attrs["href"] for attrs in html.all("a")]) is listed
    html = written(tmp_path, both(kind, 3))
    assert {attrs["lang"] for _, attrs in html.tags if "lang" in attrs} == {"en", "de"}
    assert_valid_atom((tmp_path / "feed.atom").read_bytes())


def test_a_page_without_a_notice_and_one_all_clear_are_valid(tmp_path: Path) -> None:
    asyncio.run(page.quiet(outlet(tmp_path, language="de"), "Example Hosting", "Europe/Berlin", SINCE))
    html = assert_valid_page(text_of(tmp_path))
    assert html.all("html") == [{"lang": "de"}]
    assert text_of(tmp_path, "notice.html") == NOTHING
    assert outage(tmp_path) == {}
    written(tmp_path, both("resolved", 2, accounts=(), next_update=None))
    assert text_of(tmp_path, "notice.html") == NOTHING
    assert outage(tmp_path) == {}


def test_both_languages_stand_in_blocks_of_their_own_and_accounts_once(tmp_path: Path) -> None:
    html = written(tmp_path, both())
    text = text_of(tmp_path)
    assert html.all("html") == [{"lang": "en"}]
    german = text[text.index('<section class="tongue" id="in-de" lang="de"') :].partition("</section>")[0]
    for words in ("Störung: Ersatzkanäle sind offen", "Messenger gestört", "Er fällt aus.", "Bis später."):
        assert words in german
    for words in ("22. November 2026, 14:02 Uhr MEZ", "14:32 Uhr MEZ", "Nächste Meldung bis"):
        assert words in german
    assert "It fails." not in german
    assert "Nehmen Sie" not in german
    assert html.text.count("example.42") == 1
    assert 'href="#in-de" lang="de" hreflang="de">Deutsch</a>' in text
    assert "So erreichen Sie uns jetzt" in html.text
    assert html.text.index("Next update by") < html.text.index("14:32 CET")


def test_earlier_parts_keep_their_other_language_folded(tmp_path: Path) -> None:
    html = written(tmp_path, both("update", 2))
    assert [attrs["lang"] for attrs in html.all("details")] == ["de", "de"]


def test_jabber_clients_are_told_in_the_form_of_their_standard(tmp_path: Path) -> None:
    written(tmp_path, both())
    document = outage(tmp_path)
    assert set(document) == {"planned", "beginning", "message"}, "no end is ever expected"
    assert document["planned"] is False
    assert document["beginning"] == "2026-11-22T13:02:00Z"
    assert set(document["message"]) == {"default", "en", "de"}
    assert document["message"]["default"] == document["message"]["en"]
    assert document["message"]["en"].startswith("Messenger is disrupted\n\nIt fails.")
    assert document["message"]["de"].startswith("Messenger gestört\n\nEr fällt aus.")


def test_a_drill_tells_jabber_clients_nothing(tmp_path: Path) -> None:
    written(tmp_path, both("drill", 0))
    assert outage(tmp_path) == {}


def test_what_is_taken_back_is_shown_as_withdrawn_with_nothing_but_its_first_title(tmp_path: Path) -> None:
    old = Post(announcement="a1", part=0, kind="resolved", title="Old and over", body="x", at=SINCE - 9e5)
    what = both(placed=PLACED, history=(*both().history, old))
    written(tmp_path, what)
    tools = msgspec.structs.replace(TOOLS, now=lambda: SINCE + 600)
    done = asyncio.run(retract(outlet(tmp_path), what, tools))
    assert (done.state, done.url) == ("retracted", "https://status.example.net/")
    html = assert_valid_page(text_of(tmp_path))
    for words in ("Notice withdrawn", "Title 0", "Please disregard what it said.", "14:12 CET"):
        assert words in html.text
    for words in ("Meldung zurückgezogen", "Messenger gestört", "Old and over"):
        assert words in html.text
    for name in FILES - {"notice.js"}:
        for words in ("It fails", "Messenger is disrupted", "Er fällt aus", "example.42", "4930901820"):
            assert words not in text_of(tmp_path, name), name
    assert asyncio.run(find(outlet(tmp_path), what, TOOLS)) is None
    assert (outage(tmp_path), text_of(tmp_path, "notice.html")) == ({}, NOTHING)
    status = json.loads(text_of(tmp_path, "status.json"))
    assert (status["status"]["indicator"], status["incidents"]) == ("none", [])
    feed = text_of(tmp_path, "feed.atom")
    assert "a7/withdrawn</id>" in feed
    assert "Withdrawn: Title 0" in feed
    assert_valid_atom(feed.encode())


def test_a_notice_that_was_withdrawn_earlier_stays_withdrawn_below_the_next(tmp_path: Path) -> None:
    parts = [
        Post(announcement="a5", part=each, kind="identified", title="Wrong", body="Call 0900", at=SINCE - 600)
        for each in (1, 0)
    ]
    gone = Post(announcement="a5", part=1, kind="withdrawn", title="Wrong", body="Call 0900", at=SINCE - 60)
    for history in ((gone, *parts), (*parts, gone)):
        html = written(tmp_path, delivery(history=history))
        assert "0900" not in html.text
        assert "Also open" not in html.text
        assert html.text.index("Past notices") < html.text.index("Withdrawn") < html.text.index("Wrong")


def test_the_colours_of_text_are_far_enough_from_what_lies_behind_in_light_and_dark() -> None:
    grounds = ("ground", "card", *(f"{tone}-tint" for tone in TONES))
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in grounds]
    pairs += [(tone, ground) for tone in TONES for ground in ("ground", "card", f"{tone}-tint")]
    pairs += [("on-tone", tone) for tone in TONES]
    for scheme, colour in colours(CSS).items():
        for ink, ground in pairs:
            assert contrast(colour[ink], colour[ground]) >= 4.5, (scheme, ink, ground)
    text = CSS.split("}\n", 3)[-1]
    assert not re.search(r"(?<![\w-])color:(?!\s*var\(--(ink|soft|link|tone|on-tone)\))", text), (
        "a colour not checked here"
    )


def test_whoever_uses_the_keyboard_sees_where_they_are() -> None:
    assert "outline: none" not in CSS
    assert "outline:none" not in CSS
    for element in ("a", "summary"):
        rule = re.search(rf"(?m)^{element}:focus-visible \{{ outline: 3px solid var\(--link\)", CSS)
        assert rule, f"{element} has no ring"
    assert re.search(r"\.skip:focus \{ left: 1rem", CSS)


LINKS = (
    "https://a.example/x",
    "irc://irc.example.net/help",
    "ircs://irc.example.net/help",
    "matrix:r/help:example.net",
)


def test_chat_addresses_are_links_and_scripts_are_not(tmp_path: Path) -> None:
    html = written(tmp_path, delivery(accounts=tuple((f"Account {at}", link) for at, link in enumerate(LINKS))))
    assert [attrs["href"] for attrs in html.all("a")][1:5] == list(LINKS)
    sly = (
        "javascript:alert(1)",
        "data:text/html,x",
        "matrix:<b>",
        "irc://",
        "view-source:x",
    )
    html = written(
        tmp_path, delivery("update", 2, accounts=tuple(("Account", link) for link in sly), body="\n".join(sly))
    )
    assert [attrs["href"] for attrs in html.all("a")] == ["#main", "feed.atom", "status.json"]


NASTY = [*PAYLOADS, "`**[x](javascript:alert(1))**`", "Subject: x\r\nBcc: y", "-->", "--!>", "<!--", "LINE", "x\u2028y"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.sampled_from(NASTY) | st.text(max_size=40), min_size=12, max_size=12))
def test_hostile_text_stays_text_in_every_field_of_every_file(tmp_path: Path, data: list[str]) -> None:
    for left in tmp_path.iterdir():
        left.unlink()
    (tmp_path / "accounts.html").write_text("x")
    one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve = data
    other = Wording(eleven, twelve, f"{one}\n\n- {two}\n{three}")
    what = delivery(
        announcement=one,
        kind=two,
        language=three,
        title=four,
        body=f"{five}\n\n- {six}\n{five}:\n- {seven}: {eight}",
        key=nine,
        accounts=((seven, eight), (eight, seven)),
        history=(Post(announcement=ten, part=0, kind=one, title=three, body=two, at=SINCE, others=(other,)),),
        others=(other, Wording("de", five, six), Wording("de", six, five)),
        placed=PLACED,
    )
    made = outlet(tmp_path, url=eight)
    tools = Tools.bare(six, "Europe/Berlin", time.time)
    assert asyncio.run(publish(made, what, tools)).state == "sent"
    _assert_clean(tmp_path)
    assert asyncio.run(find(made, what, TOOLS)) is not None
    done: Delivered = asyncio.run(retract(made, what, tools))
    assert done.state == "retracted", done
    _assert_clean(tmp_path)


def _assert_clean(directory: Path) -> None:
    assert_valid_page(text_of(directory))
    notice = Html(text_of(directory, "notice.html"))
    assert_harmless(notice)
    assert not notice.ids
    assert {tag for tag, _ in notice.tags} <= {"div", "p", "strong", "ul", "li", "a", "span", "time"}
    feed = assert_valid_atom((directory / "feed.atom").read_bytes())
    assert len(feed) >= 5
    for name in FILES - {"notice.js"}:
        text = text_of(directory, name)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", text), name
    outage(directory)


def test_the_accounts_named_first_are_those_of_the_delivery(tmp_path: Path) -> None:
    html = written(tmp_path, delivery())
    assert [html.text.index(name) for name, _ in ACCOUNTS] == sorted(html.text.index(name) for name, _ in ACCOUNTS)
