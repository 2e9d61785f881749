"""What a written page says about itself, so that it can be told what it shows."""

from html.parser import HTMLParser
from pathlib import Path

from outagetui.machine import files
from outagetui.outlets.notices import tidy
from outagetui.wording.delivery import Delivery

_READ_LIMIT = 4 << 20


class Marks(HTMLParser):
    """The key of a page's newest delivery, and every part it shows, the newest first."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.ours = False
        self.key = ""
        self.parts: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up one element."""
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name") == "outagetui-key":
            self.ours, self.key = True, values.get("content", "")
        elif tag == "article":
            self.parts.append(
                (values.get("data-announcement", ""), values.get("data-part", ""), values.get("data-at", ""))
            )

    @property
    def quiet(self) -> bool:
        """Whether the page is one of ours that shows nothing at all."""
        return self.ours and not self.parts and not self.key

    def shows(self, delivery: Delivery) -> bool:
        """Whether `delivery` is on the page."""
        return (bool(self.key) and self.key == tidy(delivery.key, 200)) or _part(delivery) in self.parts

    def is_past(self, delivery: Delivery) -> bool:
        """Whether the page shows `delivery` and a later part of the same announcement."""
        announcement, part, _ = own = _part(delivery)
        later = (int(each[1]) > int(part) for each in self.parts if each[0] == announcement and each[1].isdecimal())
        return own in self.parts and any(later)


def mark(at: float) -> str:
    """Return the moment of a part as the page marks it."""
    return str(round(at * 1000))


def read(index: Path) -> Marks | None:
    """Return what the page at `index` shows; None without one. OSError when it cannot be read."""
    try:
        content = files.content(index, _READ_LIMIT)
    except FileNotFoundError:
        return None
    return Marks(content.decode("utf-8", "replace"))


def _part(delivery: Delivery) -> tuple[str, str, str]:
    return tidy(delivery.announcement, 80), str(delivery.part), mark(delivery.at)
