"""The current notice for somebody else's page: small, inert, without ids, and readable whatever is around it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from outagetui.outlets import Delivery, fragment, page, publish
from outagetui.wording.delivery import Wording
from tests.kit.strict_html import Html, assert_harmless, contrast
from tests.outlets.kit import TOOLS
from tests.outlets.sample_page import ACCOUNTS, SINCE, delivery, outlet

SCRIPT = Path(page.__file__).with_name("notice.js")


def notice(directory: Path, what: Delivery, **changes: Any) -> Html:
    assert asyncio.run(publish(outlet(directory, **changes), what, TOOLS)).state == "sent"
    html = Html((directory / "notice.html").read_text(encoding="utf-8"))
    assert_harmless(html)
    return html


def test_it_says_what_holds_since_when_where_to_go_and_where_more_is(tmp_path: Path) -> None:
    (tmp_path / "accounts.html").write_text("x")
    html = notice(tmp_path, delivery())
    for words in ("Disruption: backup channels are open", "Messenger is disrupted", "14:02 CET", "example.42"):
        assert words in html.text
    assert [attrs["href"] for attrs in html.all("a")] == [
        *(address for _, address in ACCOUNTS[:2]),
        "https://status.example.net/",
        "https://status.example.net/accounts.html",
    ]
    outer, *others = [attrs for _, attrs in html.tags]
    assert (outer["role"], outer["lang"]) == ("status", "en")
    assert not html.ids
    assert all((attrs.get("class") or "outagetui-").startswith("outagetui-") for attrs in others)


def test_it_speaks_every_language_of_the_announcement(tmp_path: Path) -> None:
    html = notice(tmp_path, delivery(others=(Wording("de", "Messenger gestört", "Text"),)))
    assert "Messenger gestört" in html.text
    assert "Störung: Ersatzkanäle sind offen" in html.text
    assert "https://status.example.net/#in-de" in [attrs["href"] for attrs in html.all("a")]


def test_every_element_carries_a_style_that_the_page_around_cannot_overrule(tmp_path: Path) -> None:
    html = notice(tmp_path, delivery())
    for tag, attrs in html.tags:
        style = attrs["style"] or ""
        assert style.startswith("all:"), tag
        assert all(each.endswith("!important") for each in style.rstrip(";").split(";")), tag
        assert "url(" not in style


@pytest.mark.parametrize("tone", fragment._COLOURS)
def test_its_colours_are_far_enough_apart(tone: str) -> None:
    line, ground = fragment._COLOURS[tone]
    styles = "".join(fragment._STYLES.values())
    for name in ("ink", "link"):
        (colour,) = re.findall(rf"--outagetui-{name},(#[0-9a-f]{{6}})", styles)
        assert contrast(colour, ground) >= 4.5
    assert contrast(line, ground) >= 3


def test_many_accounts_are_left_to_the_page(tmp_path: Path) -> None:
    html = notice(tmp_path, delivery(accounts=tuple((f"Account {at}", f"tel:+49{at:08}") for at in range(40))))
    assert len(html.all("li")) == fragment.MOST_ACCOUNTS
    assert len((tmp_path / "notice.html").read_bytes()) < 8000


def test_without_an_address_of_the_page_it_links_nowhere(tmp_path: Path) -> None:
    html = notice(tmp_path, delivery(accounts=()), url="")
    assert not html.all("a")


def test_the_script_is_small_and_leaves_no_name_behind() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert len(script.encode()) <= 1500
    assert script.startswith("(() => {\n")
    assert script.endswith("})();\n")
    for sink in ("innerHTML", "insertAdjacentHTML", "document.write", "eval", "window.", "globalThis", "localStorage"):
        assert sink not in script


def test_what_the_script_lets_through_is_what_the_fragment_is_made_of(tmp_path: Path) -> None:
    html = notice(tmp_path, delivery(others=(Wording("de", "Titel", "Text"),)))
    script = SCRIPT.read_text(encoding="utf-8")
    (tags,) = re.findall(r"\^\(([A-Z|]+)\)\$", script)
    (names,) = re.findall(r'of "([a-z ]+)"', script)
    assert {tag.upper() for tag, _ in html.tags} <= set(tags.split("|"))
    assert {name for _, attrs in html.tags for name in attrs} <= {*names.split(), "style", "href"}


def test_a_notice_that_ends_leaves_a_comment(tmp_path: Path) -> None:
    notice(tmp_path, delivery("investigating", 0))
    assert asyncio.run(publish(outlet(tmp_path), delivery("resolved", 1, accounts=()), TOOLS)).state == "sent"
    assert (tmp_path / "notice.html").read_text() == "<!-- outagetui: no notice -->\n"


def test_the_page_and_its_fragment_are_replaced_together(tmp_path: Path) -> None:
    notice(tmp_path, delivery("investigating", 0))
    what = msgspec.structs.replace(delivery("update", 1), title="Later", at=SINCE + 60)
    notice(tmp_path, what)
    for name in ("index.html", "notice.html", "status.json", "xmpp-status.json", "feed.atom"):
        assert "Later" in (tmp_path / name).read_text(encoding="utf-8"), name
