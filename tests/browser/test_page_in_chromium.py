"""The public page in a real browser: it fits, can be read in both colour schemes, and asks nobody else for anything."""

from pathlib import Path
from typing import Any

import pytest
from tests.browser.published_page import BOTH, CONTRAST, KINDS, SIZES, URL, keep, write

pytestmark = pytest.mark.slow
SCHEMES = ("light", "dark")
FOCUSED = """(() => { const at = document.activeElement, style = getComputedStyle(at);
  return [[...document.querySelectorAll("a, summary")].indexOf(at), style.outlineStyle, style.outlineWidth,
    at.getBoundingClientRect().left] })()"""


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
