"""The public page in a real browser: it fits, can be read in both colour schemes, and asks nobody else for anything."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from outagetui.announce.compose import Account, Facts, compose, read_template
from outagetui.model import Outlet
from outagetui.outlets import Delivery, Post, publish

pytestmark = pytest.mark.slow
SINCE = 1795352520.0
ROOT = Path(__file__).parents[2]
ACCOUNTS = (
    Account("webchat", "Web chat", "https://chat.example.net/support/with/a/rather/long/path"),
    Account("phone", "Telephone", "tel:+4930901820"),
    Account("jabber", "Office room", "xmpp:a-room-with-a-long-name@rooms.example.net?join"),
    Account("signal", "Signal", "example.42"),
)
SIZES = {"narrow": (320, 640), "phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")
KINDS = {
    "open": ("investigating", "backup-active", "update"),
    "recovering": ("investigating", "backup-active", "recovering"),
    "closed": ("investigating", "backup-active", "recovering", "resolved"),
    "drill": ("drill",),
}

# Contrast of every text with what lies behind it (WCAG 2.2, 1.4.3): the worst, with the words it is of.
CONTRAST = """(() => {
  const parse = value => [...value.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const light = ([r, g, b]) => { const one = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    return .2126 * one(r) + .7152 * one(g) + .0722 * one(b) };
  let worst = [99, ""];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some(each => each.nodeType === 3 && each.data.trim()) || node.matches(".skip")) continue;
    let behind = node, ground = [0, 0, 0, 0];
    for (; behind && ground[3] === 0; behind = behind.parentElement)
      ground = parse(getComputedStyle(behind).backgroundColor);
    const pair = [light(parse(getComputedStyle(node).color)), light(ground)].sort((a, b) => b - a);
    const ratio = (pair[0] + .05) / (pair[1] + .05);
    if (ratio < worst[0]) worst = [ratio, node.textContent.slice(0, 40)];
  }
  return worst })()"""


def write(directory: Path, kinds: tuple[str, ...], language: str) -> None:
    (directory / "index.html").unlink(missing_ok=True)  # an earlier part never replaces a later one
    history: tuple[Post, ...] = ()
    for part, kind in enumerate(kinds):
        words = ROOT / "playbooks" / "announcements" / f"{kind}.{language}.txt"
        at = SINCE + 300 + 1500 * part
        closing = kind == "resolved"
        accounts = () if closing else ACCOUNTS
        following = None if closing else at + 1800
        facts = Facts(
            business="Example Hosting",
            audience="customers",
            kind=kind,
            since=SINCE,
            now=at,
            timezone="Europe/Berlin",
            failed=("Public messenger",),
            accounts=accounts,
            page="http://status.example.net/",
            next_update=following,
        )
        text = compose(read_template(kind, language, words.read_text(encoding="utf-8")), facts)
        named = tuple((account.name, account.address) for account in accounts)
        delivery = Delivery(
            announcement="a7",
            part=part,
            key=f"key-{part}",
            kind=kind,
            audience="customers",
            language=language,
            title=text.title,
            body=text.body,
            since=SINCE,
            at=at,
            next_update=following,
            accounts=named,
            history=history,
        )
        post = Post(announcement="a7", part=part, kind=kind, title=text.title, body=text.body, at=at)
        history = (post, *history)
    outlet = Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=facts.page)
    done = asyncio.run(publish(outlet, delivery, "Example Hosting", "Europe/Berlin"))
    assert done.state == "sent", done


@pytest.mark.parametrize("state", KINDS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_reads_well(
    browser: tuple[Any, Any], tmp_path: Path, state: str, scheme: str, size: str
) -> None:
    page, recorder = browser
    language = "de" if scheme == "dark" else "en"
    write(recorder.directory, KINDS[state], language)
    recorder.seen.clear()
    page.show("http://status.example.net/", *SIZES[size], scheme)
    width, _ = SIZES[size]
    assert page.evaluate("document.documentElement.scrollWidth") == width, "the page scrolls sideways"
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    assert page.evaluate("Math.min(...[...document.querySelectorAll('.cards a')].map(a => a.offsetHeight), 99)") >= 32
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(16, 20, 26)" if scheme == "dark" else "rgb(245, 246, 248)"), "the style is not in force"
    picture = page.picture()
    assert len(picture) > 10_000
    keep = Path(os.environ.get("PAGE_PICTURES", tmp_path))
    (keep / f"{state}-{size}-{scheme}.png").write_bytes(picture)


def test_the_page_asks_for_itself_only_and_breaks_no_rule_of_its_own(browser: tuple[Any, Any]) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en")
    recorder.seen.clear()
    page.show("http://status.example.net/", 390, 844, "light")
    asked = [
        event["params"]["request"]["url"] for event in page.events if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == ["http://status.example.net/"]
    assert {url for url in recorder.seen if url.startswith("http://status.example.net/")} == {
        "http://status.example.net/"
    }
    wrong = [event for event in page.events if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert wrong == []


def test_the_page_would_not_run_a_script(browser: tuple[Any, Any]) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en")
    index = recorder.directory / "index.html"
    sly = "<script>document.title = 'run'</script><img src='http://elsewhere.example/x.png'>"
    index.write_text(index.read_text(encoding="utf-8").replace("<header>", f"{sly}<header>"), encoding="utf-8")
    page.show("http://status.example.net/", 390, 844, "light")
    assert page.evaluate("document.title") == "Disruption: backup channels are open – Example Hosting"
    refused = [event for event in page.events if event["method"] == "Log.entryAdded"]
    assert len(refused) == 2, "the policy stops both the script and the picture"
