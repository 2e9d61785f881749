"""The current notice on somebody else's page, in a real browser: among hostile styles, kept fresh by the script."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.browser.chromium import FOREIGN
from tests.browser.foreign_page import CALM, NOTICE, PLAIN, SCRIPT, SEEN, foreign, included
from tests.browser.published_page import CONTRAST, KINDS, SIZES, URL, keep, write

pytestmark = pytest.mark.slow
HOSTILE = """
html { font-size: 5px; letter-spacing: 9px; text-transform: uppercase; background: #222; color: #222; text-indent: 4em }
* { color: #fff; background: #fff; font-size: 3px; position: absolute; float: right; opacity: 0; line-height: 0 }
div { display: none !important; width: 1px; height: 1px; overflow: hidden }
p, li, strong, span, time { visibility: hidden !important; font-size: 200px !important; display: grid !important }
a { pointer-events: none !important; color: transparent !important; text-decoration: none !important }
ul { list-style: square; margin: 9em; transform: rotate(9deg) !important }
html, head, body, .shown { all: revert }
"""


@pytest.fixture
def page(browser: tuple[Any, Any]) -> tuple[Any, Any]:
    """The browser, with a notice in two languages published."""
    chromium, recorder = browser
    write(recorder.directory, KINDS["open"], "en", "de", listed=True)
    recorder.seen.clear()
    return chromium, recorder


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", ["included", "script"])
def test_it_is_readable_on_a_page_whose_styles_fight_it(
    page: tuple[Any, Any], tmp_path: Path, way: str, size: str
) -> None:
    chromium, recorder = page
    inner = SCRIPT if way == "script" else included(recorder)
    recorder.foreign = foreign(inner, HOSTILE)
    chromium.show(FOREIGN, *SIZES[size], "light")
    chromium.until(f"{NOTICE} !== null")
    for tag, *seen in chromium.evaluate(SEEN):
        assert seen == CALM, tag
    look = "a => [getComputedStyle(a).color, getComputedStyle(a).textDecorationLine]"
    links = chromium.evaluate(f"[...{NOTICE}.querySelectorAll('a')].map({look})")
    assert links
    assert {tuple(each) for each in links} == {("rgb(11, 87, 164)", "underline")}
    ratio, words = chromium.evaluate(CONTRAST.replace('"body *"', '".outagetui-notice *"'))
    assert ratio >= 4.5, words
    keep(chromium.picture(), f"hostile-{way}-{size}.png", tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_it_looks_at_home_on_an_ordinary_page(page: tuple[Any, Any], tmp_path: Path, size: str) -> None:
    chromium, recorder = page
    recorder.foreign = foreign(included(recorder), PLAIN)
    chromium.show(FOREIGN, *SIZES[size], "light")
    assert chromium.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
    # Of the page only: the browser itself asks its maker, too, and for the page by https first.
    asked = [event for event in chromium.events if event["method"] == "Network.requestWillBeSent"]
    assert {urlsplit(event["params"]["request"]["url"]).hostname for event in asked} == {urlsplit(FOREIGN).hostname}
    keep(chromium.picture(), f"ordinary-{size}.png", tmp_path)


def test_a_dark_page_chooses_its_colours(page: tuple[Any, Any], tmp_path: Path) -> None:
    chromium, recorder = page
    colours = "--outagetui-ink: #eee; --outagetui-ground: #302413; --outagetui-link: #86bdff; --outagetui-line: #f2b155"
    recorder.foreign = foreign(
        included(recorder), f"{PLAIN} html {{ background: #111; {colours} }} h1, .shown {{ color: #eee }}"
    )
    chromium.show(FOREIGN, *SIZES["phone"], "light")
    assert chromium.evaluate(f"getComputedStyle({NOTICE}).backgroundColor") == "rgb(48, 36, 19)"
    keep(chromium.picture(), "dark-page.png", tmp_path)


def test_the_keyboard_shows_which_link_it_is_on(page: tuple[Any, Any]) -> None:
    chromium, recorder = page
    recorder.foreign = foreign(included(recorder), PLAIN)
    chromium.show(FOREIGN, *SIZES["desktop"], "light")
    for _ in range(chromium.evaluate(f"{NOTICE}.querySelectorAll('a').length")):
        chromium.press("Tab")
        assert chromium.evaluate(f"{NOTICE}.contains(document.activeElement)")
        assert chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_script_asks_for_the_notice_only_and_every_minute_while_somebody_looks(page: tuple[Any, Any]) -> None:
    chromium, recorder = page
    recorder.foreign = foreign(
        "<script>const before = new Set(Object.getOwnPropertyNames(window)), timers = [];"
        "const real = setInterval; setInterval = (f, ms) => timers.push([f, ms]);</script>" + SCRIPT,
        PLAIN,
    )
    chromium.show(FOREIGN, *SIZES["desktop"], "light")
    chromium.until(f"{NOTICE} !== null")
    asked = {url for url in recorder.seen if url.startswith("http://")}
    assert asked - {FOREIGN, f"{FOREIGN}favicon.ico"} == {f"{URL}notice.js", f"{URL}notice.html"}
    assert chromium.evaluate("timers.map(each => each[1])") == [60000]
    assert chromium.evaluate("Object.getOwnPropertyNames(window).filter(each => !before.has(each))") == []
    count = recorder.seen.count(f"{URL}notice.html")
    chromium.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    chromium.evaluate("timers[0][0]()")
    assert recorder.seen.count(f"{URL}notice.html") == count
    chromium.evaluate("delete document.hidden; 0")
    write(recorder.directory, ("drill",), "en")
    chromium.evaluate("timers[0][0]()")
    chromium.until(f"{NOTICE}.classList.contains('outagetui-drill')")
    chromium.evaluate(f"{NOTICE}.dataset.same = 'yes'")
    chromium.evaluate("timers[0][0]()")
    chromium.evaluate("timers[0][0]()")
    assert chromium.evaluate(f"{NOTICE}.dataset.same") == "yes", (
        "what has not changed is not put there, and read out, again"
    )
    (recorder.directory / "notice.html").write_text("<!-- outagetui: no notice -->\n")
    chromium.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    chromium.until(f"{NOTICE} === null")


def test_what_the_script_puts_in_is_inert(page: tuple[Any, Any]) -> None:
    chromium, recorder = page
    sly = """<div class=outagetui-notice onclick=alert(1)><script>document.title = 'run'</script>
<img src=http://elsewhere.example/x.png onerror="document.title = 'run'"><p id=x>Text</p>
<a href='javascript:document.title = 1'>one</a><a href=' JaVaScript:alert(1)'>two</a><a href=//evil.example>three</a>
<iframe src=http://elsewhere.example/></iframe><svg onload="document.title = 'run'"><a href=https://ok.example>in</a></svg>
<a href=https://ok.example/ onmouseover=alert(1)>four</a></div>"""
    (recorder.directory / "notice.html").write_text(sly)
    recorder.foreign = foreign(SCRIPT, PLAIN)
    chromium.show(FOREIGN, *SIZES["desktop"], "light")
    chromium.until(f"{NOTICE} !== null")
    html = chromium.evaluate(f"{NOTICE}.outerHTML")
    found = chromium.evaluate(
        f"[...{NOTICE}.querySelectorAll('*')].map(each => [each.tagName, each.textContent, each.href])"
    )
    assert [each[:2] for each in found] == [["P", "Text"], ["A", "one"], ["A", "two"], ["A", "three"], ["A", "four"]]
    assert [each[2] for each in found if each[0] == "A"] == ["", "", "", "https://ok.example/"]
    for word in ("javascript", "onclick", "onerror", "onmouseover", "id=", "iframe", "img", "svg", "script", "evil"):
        assert word not in html.lower()
    chromium.evaluate(f"{NOTICE}.querySelectorAll('a').forEach(each => each.href.startsWith('https') || each.click())")
    assert chromium.evaluate("document.title") == "Shop"
    assert not [url for url in recorder.seen if "elsewhere" in url or "evil" in url]


def test_a_page_that_is_gone_leaves_the_site_alone(page: tuple[Any, Any]) -> None:
    chromium, recorder = page
    recorder.foreign = foreign(SCRIPT, PLAIN)
    chromium.show(FOREIGN, *SIZES["desktop"], "light")
    chromium.until(f"{NOTICE} !== null")
    (recorder.directory / "notice.html").unlink()
    chromium.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    chromium.show(FOREIGN, *SIZES["desktop"], "light")
    chromium.evaluate("new Promise(done => setTimeout(done, 50))")
    assert chromium.evaluate(f"{NOTICE}") is None
    assert not [event for event in chromium.events if event["method"] == "Runtime.exceptionThrown"]
