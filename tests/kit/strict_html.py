"""Reading what we publish as strictly as can be done without a browser: HTML, its outline, colours and feeds."""

import itertools
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree

VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}
PHRASING = {"a", "bdi", "br", "code", "span", "strong", "time", "wbr"}
LINKS = {"http", "https", "tel", "mailto", "xmpp", "sip", "sips", "irc", "ircs", "matrix"}
ATOM = "{http://www.w3.org/2005/Atom}"
PARENTS = {  # where HTML allows an element; any other may stand wherever text or blocks may
    "li": {"ul", "ol"},
    "dt": {"div", "dl"},
    "dd": {"div", "dl"},
    "summary": {"details"},
    "head": {"html"},
    "body": {"html"},
    "title": {"head"},
    "style": {"head"},
    "meta": {"head"},
    "link": {"head"},
    "main": {"body"},
}
CHILDREN = {"ul": {"li"}, "ol": {"li"}, "dl": {"div", "dt", "dd"}, "html": {"head", "body"}}
ROLES = {"status"}


class Html(HTMLParser):
    """Reads a page strictly: every element closed in order and where it may stand; keeps tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute of {tag} twice"
        parent = self.open[-1] if self.open else ""
        assert not self.open or parent in PARENTS.get(tag, {parent}), f"{tag} in {parent}"
        assert tag in CHILDREN.get(parent, {tag}), f"{tag} in {parent}"
        inline = {"p", "h1", "h2", "h3", "a", "strong", "span", "summary", "pre", "code", "time", "dt"} & set(self.open)
        assert not inline or tag in PHRASING, f"{tag} in {inline}"
        assert tag != "a" or "a" not in self.open, "a link in a link"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        parent = self.open[-1] if self.open else ""
        assert parent not in CHILDREN or not data.strip(), f"text in {parent}"
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.tags if "id" in attrs]


def assert_valid_page(text: str) -> Html:
    """Assert all that is asked of a page of ours; return it read."""
    assert text.startswith("<!doctype html>\n<html lang=")
    html = Html(text)
    names = [tag for tag, _ in html.tags]
    assert [names.count(tag) for tag in ("h1", "main", "header", "footer", "title")] == [1, 1, 1, 1, 1]
    assert_harmless(html)
    assert len(html.ids) == len(set(html.ids)), "an id twice"
    for _, attrs in html.tags:
        assert attrs.get("aria-labelledby", html.ids[0]) in html.ids
        assert not re.search(r"\s", attrs.get("id") or "")
    levels = [int(tag[1]) for tag in names if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), f"a level is left out: {levels}"
    for attrs in html.all("section"):
        assert attrs.get("aria-labelledby"), "a section is a landmark only with a name"
    for attrs in html.all("img"):
        assert attrs.get("alt") is not None
    first = next(attrs for tag, attrs in html.tags if tag == "a")
    assert first["href"] == "#main", "the first link leads past what repeats"
    for attrs in html.all("a"):
        href = attrs["href"] or ""
        assert not href.startswith("#") or href[1:] in html.ids, f"{href} leads nowhere"
    return html


def assert_harmless(html: Html) -> None:
    """Assert that nothing runs and nothing is asked of anybody, and that links lead where links may."""
    tags = {tag for tag, _ in html.tags}
    assert tags.isdisjoint({"script", "img", "iframe", "object", "form", "base", "audio", "video", "svg", "input"})
    for tag, attrs in html.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "srcset", "ping")], tag
        if tag == "link":
            assert (attrs["href"] or "").startswith("data:image/svg+xml,") or ":" not in (attrs["href"] or "")
        if tag == "a":
            scheme = urlsplit(attrs["href"] or "").scheme.lower()
            assert scheme in LINKS or (not scheme and "//" not in (attrs["href"] or "")), attrs
        for name in ("lang", "hreflang"):
            assert re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", attrs.get(name) or "en")
        assert (attrs.get("role") or "status") in ROLES


def assert_valid_atom(document: bytes) -> ElementTree.Element:
    """Assert what RFC 4287 asks of a feed (4.1.1 and 4.1.2); return it."""
    feed = ElementTree.fromstring(document)
    assert feed.tag == f"{ATOM}feed"
    identifiers = []
    for each in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(each.findall(f"{ATOM}{name}")) == 1
        for name in ("updated", "published"):
            moment = each.findtext(f"{ATOM}{name}")
            assert moment is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)
        identifier = each.findtext(f"{ATOM}id") or ""
        assert urlsplit(identifier).scheme, "an id is an IRI"
        identifiers.append(identifier)
        alternates = [link for link in each.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len({(link.get("type"), link.get("hreflang")) for link in alternates}) == len(alternates)
        for link in each.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href") or "").scheme in ("http", "https")
    assert len(set(identifiers)) == len(identifiers)
    assert feed.findtext(f"{ATOM}author/{ATOM}name"), "a feed without an author needs one in each entry"
    for entry in feed.findall(f"{ATOM}entry"):
        (content,) = entry.findall(f"{ATOM}content")
        assert content.get("type") == "text"
        assert len(content) == 0
        assert all(category.get("term") for category in entry.findall(f"{ATOM}category"))
    return feed


def colours(css: str) -> dict[str, dict[str, str]]:
    """Return the custom properties of the sheet in light and in dark."""
    light, dark = re.findall(r":root \{([^}]*)\}", css)
    read = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": read[0], "dark": {**read[0], **read[1]}}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)
