"""Reading a page, or a feed, of somebody else's making."""

from html.parser import HTMLParser
from xml.etree import ElementTree


class Reader(HTMLParser):
    """What a page shows, its links, and what on it would act."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.acting = "", ""
        self.links: list[str | None] = []
        self._inside = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag if tag in ("script", "style") else ""
        self.acting += " ".join(value or "" for name, value in attrs if name.startswith("on") or name == "src")
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href")]
        self.text += "\n" if tag in ("p", "br", "li", "div", "h1") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.acting += data
        elif not self._inside:
            self.text += data


def fed(feed: str, link: str) -> tuple[str, str]:
    """The title and the text of the one post of `feed` that is at `link`."""
    (item,) = (each for each in ElementTree.fromstring(feed).iter("item") if each.findtext("link") == link)
    return item.findtext("title") or "", item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") or ""
