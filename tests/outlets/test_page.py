"""The public page: what it says, in which shape, and what outside text cannot do to it."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui.outlets import Delivered, Delivery, Post, Tools, can_publish, find, page, publish
from outagetui.wording.links import link
from tests.kit.strict_html import Html
from tests.outlets.kit import TOOLS
from tests.outlets.sample_page import ACCOUNTS, FILES, PAYLOADS, SINCE, delivery, outlet

ATOM = "{http://www.w3.org/2005/Atom}"


async def published(directory: Path, what: Delivery, **changes: Any) -> Html:
    done = await publish(outlet(directory, **changes), what, TOOLS)
    assert done.state == "sent", done
    return Html((directory / "index.html").read_text(encoding="utf-8"))


def status(directory: Path) -> dict[str, Any]:
    document = json.loads((directory / "status.json").read_bytes())
    assert isinstance(document, dict)
    return document


async def test_the_page_says_what_fails_since_when_and_where_to_go(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery())
    for words in ("Example Hosting", "Disruption: backup channels are open", "Messenger is disrupted", "It fails."):
        assert words in html.text
    assert "22 November 2026, 14:02 CET" in html.text
    assert "14:32 CET" in html.text
    assert [attrs["href"] for attrs in html.all("a")][1:3] == [ACCOUNTS[0][1], ACCOUNTS[1][1]]
    assert "example.42" in html.text


async def test_the_page_has_one_heading_landmarks_and_its_language(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery(language="de-AT"))
    names = [tag for tag, _ in html.tags]
    assert [names.count(tag) for tag in ("h1", "main", "header", "footer", "title")] == [1, 1, 1, 1, 1]
    assert html.all("html") == [{"lang": "de-AT"}]
    assert "So erreichen Sie uns jetzt" in html.text
    identifiers = [attrs["id"] for _, attrs in html.tags if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    for _, attrs in html.tags:
        assert attrs.get("aria-labelledby", "headline") in identifiers


async def test_a_language_without_words_of_its_own_speaks_english_and_says_so(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery(language="fr"))
    assert html.all("html") == [{"lang": "fr"}]
    assert [attrs["lang"] for attrs in html.all("footer")] == ["en"]
    assert (await published(tmp_path, delivery(language='"><script>'))).all("html") == [{"lang": "en"}]


async def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery())
    assert {tag for tag, _ in html.tags}.isdisjoint(
        {"script", "img", "iframe", "object", "form", "base", "audio", "video"}
    )
    assert not [name for _, attrs in html.tags for name in attrs if name.startswith("on") or name in ("src", "style")]
    loaded = [attrs["href"] or "" for attrs in html.all("link")]
    assert [href.split(",")[0] for href in loaded] == ["data:image/svg+xml", "feed.atom"]
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text


async def test_accounts_stand_on_cards_and_not_again_in_the_text(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery())
    assert html.text.count("example.42") == 1
    assert "Use these:" not in html.text
    assert "More at https://status.example.net/." in html.text


async def test_a_channel_that_the_delivery_does_not_name_is_nowhere(tmp_path: Path) -> None:
    await published(tmp_path, delivery(accounts=ACCOUNTS[:1], body="Nothing to list."))
    for name in ("index.html", "feed.atom", "status.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "chat.example.net" in text or name == "feed.atom"
        assert "example.42" not in text
        assert "4930901820" not in text


async def test_an_announcement_for_the_other_audience_is_refused(tmp_path: Path) -> None:
    staff = delivery(audience="staff", accounts=(("Staff room", "xmpp:office@rooms.example.net"),))
    done = await publish(outlet(tmp_path), staff, TOOLS)
    assert done == Delivered("failed", detail="outlet page is for customers, the announcement for staff")
    assert list(tmp_path.iterdir()) == []


async def test_updates_stand_on_top_and_the_history_below(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery("update", 2))
    parts = [(attrs["data-announcement"], attrs["data-part"]) for attrs in html.all("article")]
    assert parts == [("a7", "2"), ("a7", "1"), ("a7", "0")]
    assert html.text.index("It fails.") < html.text.index("Title 1") < html.text.index("Title 0")


@pytest.mark.parametrize("kind", ["resolved", "false-alarm"])
async def test_a_closing_part_says_all_clear_and_keeps_the_notice(tmp_path: Path, kind: str) -> None:
    html = await published(tmp_path, delivery(kind, 2, accounts=(), next_update=None))
    assert "All clear" in html.text
    assert "Title 0" in html.text
    assert "How to reach us now" not in html.text
    assert "Next update" not in html.text
    document = status(tmp_path)
    assert document["status"] == {"indicator": "none", "description": "All clear"}
    assert document["incidents"] == []


async def test_an_older_announcement_is_past_and_another_open_one_stays_in_front(tmp_path: Path) -> None:
    past = Post(announcement="a1", part=1, kind="resolved", title="Old and over", body="x", at=SINCE - 9e5)
    still = Post(announcement="a5", part=0, kind="identified", title="Phone is down", body="x", at=SINCE - 600)
    html = await published(tmp_path, delivery(history=(still, past)))
    assert html.text.index("Also open") < html.text.index("Phone is down") < html.text.index("Past notices")
    html = await published(tmp_path, delivery("resolved", 2, history=(still, past), accounts=()))
    assert "There is a disruption" in html.text
    assert html.text.index("Phone is down") < html.text.index("Messenger is disrupted")
    document = status(tmp_path)
    assert document["status"] == {"indicator": "major", "description": "There is a disruption"}
    assert [incident["id"] for incident in document["incidents"]] == ["a5"]


async def test_a_drill_says_so_and_alarms_no_program(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery("drill", 0))
    assert "This is only a drill" in html.text
    assert status(tmp_path)["status"] == {"indicator": "none", "description": "This is only a drill"}


async def test_a_kind_of_ones_own_is_a_notice(tmp_path: Path) -> None:
    html = await published(tmp_path, delivery("moving-house", 0))
    assert "Please note" in html.text


async def test_the_first_page_is_quiet_and_replaces_nothing(tmp_path: Path) -> None:
    done = await page.quiet(outlet(tmp_path, language="de"), "Example Hosting", "Europe/Berlin", SINCE)
    assert done.state == "sent"
    html = Html((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "Keine aktuellen Meldungen" in html.text
    assert await find(outlet(tmp_path), delivery(), TOOLS) is None
    assert ElementTree.parse(tmp_path / "feed.atom").getroot().findall(f"{ATOM}entry") == []
    await published(tmp_path, delivery())
    assert (await page.quiet(outlet(tmp_path), "Example Hosting", "Europe/Berlin", SINCE)).state == "skipped"
    assert "Messenger is disrupted" in (tmp_path / "index.html").read_text(encoding="utf-8")


async def test_the_feed_is_atom_with_ids_that_stay(tmp_path: Path) -> None:
    def read() -> tuple[str, list[str]]:
        feed = ElementTree.parse(tmp_path / "feed.atom").getroot()
        assert feed.tag == f"{ATOM}feed"
        for each in (feed, *feed.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(each.findall(f"{ATOM}{name}")) == 1
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each.findtext(f"{ATOM}updated") or "")
        assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Example Hosting"
        links = {each.get("rel"): each.get("href") for each in feed.findall(f"{ATOM}link")}
        assert links == {"alternate": "https://status.example.net/", "self": "https://status.example.net/feed.atom"}
        return feed.findtext(f"{ATOM}id") or "", [e.findtext(f"{ATOM}id") or "" for e in feed.findall(f"{ATOM}entry")]

    await published(tmp_path, delivery("investigating", 0))
    feed, first = read()
    await published(tmp_path, delivery("update", 2))
    assert feed == "tag:status.example.net,2026:page"
    assert first == ["tag:status.example.net,2026-11-22:page/a7/0"]
    assert read() == (feed, [f"tag:status.example.net,2026-11-22:page/a7/{part}" for part in (2, 1, 0)])


async def test_status_json_is_a_statuspage_summary(tmp_path: Path) -> None:
    await published(tmp_path, delivery("update", 2))
    document = status(tmp_path)
    assert document["page"] == {
        "id": "page",
        "name": "Example Hosting",
        "url": "https://status.example.net/",
        "time_zone": "Europe/Berlin",
        "updated_at": "2026-11-22T13:04:00.000Z",
    }
    assert document["status"] == {"indicator": "minor", "description": "We are looking into a problem"}
    assert [each["status"] for each in document["components"]] == ["degraded_performance"]
    [incident] = document["incidents"]
    assert (incident["id"], incident["name"], incident["status"]) == ("a7", "Title 0", "investigating")
    assert incident["started_at"] == "2026-11-22T13:02:00.000Z"
    assert [each["id"] for each in incident["incident_updates"]] == ["a7.2", "a7.1", "a7.0"]
    assert document["scheduled_maintenances"] == []
    assert document["backups"] == [{"name": name, "address": address} for name, address in ACCOUNTS]


async def test_publishing_again_changes_no_byte_and_is_found(tmp_path: Path) -> None:
    what = delivery()
    assert await find(outlet(tmp_path), what, TOOLS) is None
    await published(tmp_path, what)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    await published(tmp_path, what)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert set(before) == FILES
    there = await find(outlet(tmp_path), what, TOOLS)
    assert there == Delivered("sent", "https://status.example.net/", "a7.1", "already there")
    assert await find(outlet(tmp_path), delivery("update", 2), TOOLS) is None


async def test_an_earlier_part_is_found_below_a_later_one_and_never_replaces_it(tmp_path: Path) -> None:
    await published(tmp_path, delivery("update", 2))
    text = (tmp_path / "index.html").read_bytes()
    earlier = delivery("investigating", 1)
    assert await find(outlet(tmp_path), earlier, TOOLS) is not None
    done = await publish(outlet(tmp_path), earlier, TOOLS)
    assert (done.state, done.detail) == ("skipped", "a newer part of this announcement is already there")
    assert (tmp_path / "index.html").read_bytes() == text


async def test_kinds_without_a_module_fail_in_words(tmp_path: Path) -> None:
    assert can_publish(outlet(tmp_path))
    assert not can_publish(outlet(tmp_path, kind="carrier"))
    assert not can_publish(outlet(tmp_path, kind="page_words"))
    done = await publish(outlet(tmp_path, kind="carrier"), delivery(), TOOLS)
    assert done == Delivered("failed", detail="outlet kind carrier cannot publish in this version")
    assert await find(outlet(tmp_path, kind="carrier"), delivery(), TOOLS) is None


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://chat.example.net/a?b=c&d", "https://chat.example.net/a?b=c&d"),
        ("tel:+4930901820", "tel:+4930901820"),
        ("+49 (30) 901-820", "tel:+4930901820"),
        ("mailto:help@example.net", "mailto:help@example.net"),
        ("xmpp:office@rooms.example.net?join", "xmpp:office@rooms.example.net?join"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("data:text/html,x", ""),
        ("vbscript:x", ""),
        ("file:///etc/passwd", ""),
        ("//evil.example/x", ""),
        ("https://bank.example@evil.example/", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ('https://a.example/"onmouseover="x', ""),
        ("https://a.example/<b>", ""),
        ("https://a.example/ b", ""),
        ("tel:", ""),
        ("example.42 on Signal", ""),
        ("", ""),
    ],
)
def test_only_harmless_addresses_become_links(address: str, href: str) -> None:
    assert link(address).href == href


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.sampled_from(PAYLOADS) | st.text(max_size=40), min_size=10, max_size=10))
def test_hostile_text_stays_text_in_every_field(tmp_path: Path, data: list[str]) -> None:
    one, two, three, four, five, six, seven, eight, nine, ten = data
    what = delivery(
        announcement=one,
        kind=two,
        language=three,
        title=four,
        body=f"{five}\n\n- {six}\n{five}:\n- {seven}: {eight}",
        key=nine,
        accounts=((seven, eight), (eight, seven)),
        history=(Post(announcement=ten, part=0, kind=one, title=three, body=two, at=SINCE),),
    )
    made = outlet(tmp_path, url=eight)
    done = asyncio.run(publish(made, what, Tools.bare(six, "Europe/Berlin", time.time)))
    assert done.state == "sent", done
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    html = Html(text)
    allowed = (
        "html head meta title link style body a header p main section span div h1 h2 h3 dl dt dd time article ul ol li"
    )
    assert {tag for tag, _ in html.tags} <= {*allowed.split(), "bdi", "br", "wbr", "footer"}
    assert not [name for _, attrs in html.tags for name in attrs if name.startswith("on") or name in ("src", "style")]
    for attrs in html.all("a"):
        assert re.match(r"(https?|tel|mailto|xmpp|sips?):|#main$|feed\.atom$|status\.json$", attrs["href"] or "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", text)
    ElementTree.parse(tmp_path / "feed.atom")
    assert asyncio.run(find(made, what, TOOLS)) is not None
    status(tmp_path)
