"""The public page in a real browser: it fits, can be read in both colour schemes, and asks nobody else for anything."""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from outagetui.core.model import Channel, Outlet
from outagetui.outlets import Delivery, Post, official, official_files, publish
from outagetui.outlets.signing import Signature
from outagetui.wording.compose import Account, Facts, compose, read_template
from outagetui.wording.delivery import Wording
from tests.outlets.kit import TOOLS

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
    "withdrawn": ("withdrawn",),
}
BOTH = ("open", "withdrawn")  # in two languages, with a list of accounts beside it
URL = "http://status.example.net/"
CHANNELS = tuple(
    Channel(
        id=each.id,
        name=each.name,
        audience="customers",
        role="backup",
        address=each.address,
        instructions="Open this page and press Chat" if each.id == "webchat" else "",
    )
    for each in ACCOUNTS
)
FOCUSED = """(() => { const at = document.activeElement, style = getComputedStyle(at);
  return [[...document.querySelectorAll("a, summary")].indexOf(at), style.outlineStyle, style.outlineWidth,
    at.getBoundingClientRect().left] })()"""

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


def write(directory: Path, kinds: tuple[str, ...], language: str, *others: str, listed: bool = False) -> None:
    """Publish a part after the other, in `language` and `others`; the list of accounts too if it is `listed`."""
    for left in directory.iterdir():
        left.unlink()  # an earlier part never replaces a later one
    outlet = Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=URL)
    outlet = msgspec.structs.replace(outlet, language=language)
    if listed:
        beside = [msgspec.structs.replace(outlet, id=each, language=each) for each in others]
        made = official.listing(outlet, (outlet, *beside), CHANNELS, "Example Hosting", "Europe/Berlin", SINCE)
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9Vsq+B9CoSntOy/iNnPf4KJDKN6Gi2QNDGtygsq+Wy"
        signature = Signature(key, "SHA256:oyrLlPwo2a0NOnXxz+PXvPhi3rNwznkPRISjfbxRmHg", b"as if\n")
        asyncio.run(official_files.put(outlet, made, signature))
    history: tuple[Post, ...] = ()
    for part, kind in enumerate(kinds):
        at = SINCE + 300 + 1500 * part
        accounts = () if kind in ("resolved", "withdrawn") else ACCOUNTS
        following = at + 1800 if accounts else None
        wordings = [_words(kind, each, at, accounts, following) for each in (language, *others)]
        own, *further = wordings
        delivery = Delivery(
            announcement="a7",
            part=part,
            key=f"key-{part}",
            kind=kind,
            audience="customers",
            language=language,
            title=own.title,
            body=own.body,
            since=SINCE,
            at=at,
            next_update=following,
            accounts=tuple((account.name, account.address) for account in accounts),
            history=history,
            others=tuple(further),
        )
        post = Post(
            announcement="a7", part=part, kind=kind, title=own.title, body=own.body, at=at, others=tuple(further)
        )
        history = (post, *history)
    done = asyncio.run(publish(outlet, delivery, TOOLS))
    assert done.state == "sent", done


def _words(kind: str, language: str, at: float, accounts: tuple[Account, ...], following: float | None) -> Wording:
    if kind == "withdrawn":
        return Wording(language, {"en": "Wrong number", "de": "Falsche Nummer"}[language], "")
    text = (ROOT / "playbooks" / "announcements" / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    facts = Facts(
        business="Example Hosting",
        audience="customers",
        kind=kind,
        since=SINCE,
        now=at,
        timezone="Europe/Berlin",
        failed=("Public messenger",),
        accounts=accounts,
        page=URL,
        next_update=following,
    )
    made = compose(read_template(kind, language, text), facts)
    return Wording(language, made.title, made.body)


def keep(picture: bytes, name: str, directory: Path) -> None:
    """Put a picture where somebody may look at it."""
    assert len(picture) > 10_000
    (Path(os.environ.get("PAGE_PICTURES", directory)) / name).write_bytes(picture)


def look(page: Any, url: str, size: str, scheme: str) -> None:
    """Open `url` and assert that it fits and can be read."""
    page.show(url, *SIZES[size], scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0], "the page scrolls sideways"
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    assert page.evaluate("Math.min(...[...document.querySelectorAll('.cards a')].map(a => a.offsetHeight), 99)") >= 32
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(16, 20, 26)" if scheme == "dark" else "rgb(245, 246, 248)"), "the style is not in force"


@pytest.mark.parametrize("state", KINDS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_reads_well(
    browser: tuple[Any, Any], tmp_path: Path, state: str, scheme: str, size: str
) -> None:
    page, recorder = browser
    own, other = ("de", "en") if scheme == "dark" else ("en", "de")
    write(recorder.directory, KINDS[state], own, *([other] if state in BOTH else []), listed=state in BOTH)
    look(page, URL, size, scheme)
    keep(page.picture(whole=True), f"{state}-{size}-{scheme}.png", tmp_path)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_list_of_accounts_fits_and_reads_well(
    browser: tuple[Any, Any], tmp_path: Path, scheme: str, size: str
) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["drill"], *(("de", "en") if scheme == "dark" else ("en",)), listed=True)
    recorder.seen.clear()
    look(page, f"{URL}accounts.html", size, scheme)
    assert {url for url in recorder.seen if url.startswith(URL)} == {f"{URL}accounts.html"}
    keep(page.picture(whole=True), f"accounts-{size}-{scheme}.png", tmp_path)


@pytest.mark.parametrize("name", ["", "accounts.html"])
def test_the_keyboard_reaches_every_link_in_order_and_shows_where_it_is(browser: tuple[Any, Any], name: str) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en", "de", listed=True)
    page.show(f"{URL}{name}", 390, 844, "light")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    stops = page.evaluate("[...document.querySelectorAll('a, summary')].length")
    order = []
    for stop in range(stops):
        page.press("Tab")
        at, outline, width, left = page.evaluate(FOCUSED)
        order.append(at)
        if stop == 0:
            assert left >= 0, "the link past everything comes into sight"
        else:
            assert outline == "solid", at
            assert width == "3px"
    assert order == list(range(stops))


def test_the_first_link_leads_past_what_repeats(browser: tuple[Any, Any]) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en", "de", listed=True)
    page.show(URL, 390, 844, "light")
    page.press("Tab")
    page.press("Enter")
    page.until("location.hash === '#main'")
    page.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_page_asks_for_itself_only_and_breaks_no_rule_of_its_own(browser: tuple[Any, Any]) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en")
    recorder.seen.clear()
    page.show(URL, 390, 844, "light")
    asked = [
        event["params"]["request"]["url"] for event in page.events if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [URL]
    assert {url for url in recorder.seen if url.startswith(URL)} == {URL}
    wrong = [event for event in page.events if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert wrong == []


def test_the_page_would_not_run_a_script(browser: tuple[Any, Any]) -> None:
    page, recorder = browser
    write(recorder.directory, KINDS["open"], "en")
    index = recorder.directory / "index.html"
    sly = "<script>document.title = 'run'</script><img src='http://elsewhere.example/x.png'>"
    index.write_text(index.read_text(encoding="utf-8").replace("<header>", f"{sly}<header>"), encoding="utf-8")
    page.show(URL, 390, 844, "light")
    assert page.evaluate("document.title") == "Disruption: backup channels are open – Example Hosting"
    refused = [event for event in page.events if event["method"] == "Log.entryAdded"]
    assert len(refused) == 2, "the policy stops both the script and the picture"
