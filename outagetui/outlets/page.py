"""The `page` outlet: a directory with `index.html`, `feed.atom` and `status.json`, made from the delivery alone."""

import asyncio
import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
from markupsafe import Markup

from outagetui.announce import times
from outagetui.announce.compose import account_line
from outagetui.model import Outlet
from outagetui.outlets import Delivered, Delivery, Post, feeds, files
from outagetui.outlets.links import Piece, blocks, link, scheme_of
from outagetui.outlets.notices import Notice, notices, tidy
from outagetui.outlets.page_words import MEANINGS, OTHER, language_of, words

INDEX = "index.html"
_HERE = Path(__file__).parent
_READ_LIMIT = 4 << 20
_CHUNKS = re.compile("[^/.@]+[/.@]*|[/.@]+")  # a long address breaks between these, not within a word
_GLYPHS = {"trouble": "!", "repair": "↗", "clear": "✓", "drill": "i", "notice": "i"}


async def publish(outlet: Outlet, delivery: Delivery, business: str, timezone: str) -> Delivered:
    """Write the three files, `index.html` last. OSError, naming the file, when one cannot be written."""
    content = render(outlet, delivery, business, timezone)
    return await asyncio.to_thread(_publish, outlet, delivery, content)


async def find(outlet: Outlet, delivery: Delivery) -> Delivered | None:
    """Return where `delivery` is shown, at the top or as an earlier part; None when the page does not show it."""
    marks = await asyncio.to_thread(_read, _directory(outlet) / INDEX)
    return _sent(outlet, delivery, "already there") if marks is not None and marks.shows(delivery) else None


async def quiet(outlet: Outlet, business: str, timezone: str, at: float) -> Delivered:
    """Write a first page that says there is no notice; `skipped` when a page is there already."""
    content = render(outlet, None, business, timezone, at)
    return await asyncio.to_thread(_publish_first, outlet, content)


def render(
    outlet: Outlet, delivery: Delivery | None, business: str, timezone: str, at: float = 0.0
) -> tuple[tuple[str, bytes], ...]:
    """Return the files in the order to put in place. Without a delivery they say that there is no notice since `at`."""
    language = _tag(delivery.language if delivery else outlet.language)
    business = tidy(business, 120)
    shown = notices(delivery) if delivery else ()
    at = delivery.at if delivery else at
    html = _html(outlet, delivery, shown, business, timezone, language)
    return (
        ("feed.atom", feeds.atom(shown, outlet, business, language, at)),
        ("status.json", feeds.status(shown, outlet, business, timezone, language, at)),
        (INDEX, html.encode()),
    )


def _html(
    outlet: Outlet, delivery: Delivery | None, shown: tuple[Notice, ...], business: str, timezone: str, language: str
) -> str:
    say = words(language)
    place = times.zone(timezone)
    current = shown[0] if shown else None
    seen = delivery.at if delivery else 0.0

    def part(post: Post, without: frozenset[str] = frozenset()) -> dict[str, object]:
        return {
            "anchor": feeds.anchor(post),
            "announcement": post.announcement,
            "part": post.part,
            "mark": _mark(post.at),
            "label": say.labels.get(post.kind, say.labels["other"]),
            "tone": MEANINGS.get(post.kind, OTHER).tone if post.kind != "update" else "trouble",
            "title": post.title,
            "blocks": blocks(post.body, without),
            "iso": times.stamp(post.at),
            "when": times.moment(post.at, place, language),
        }

    def moment(at: float) -> dict[str, str]:
        return {"iso": times.stamp(at), "words": times.moment(at, place, language)}

    facts: list[tuple[str, dict[str, str]]] = []
    cards: list[dict[str, object]] = []
    if current is not None:
        if current.closed:
            facts.append((say.until, moment(current.newest.at)))
        else:
            if current.since is not None:
                facts.append((say.since, moment(current.since)))
            if current.next_update is not None:
                following = times.clock(current.next_update, seen, place, language)
                facts.append((say.following, {"iso": times.stamp(current.next_update), "words": following}))
        cards = [_card(name, link(address), say.actions) for name, address in current.accounts]
    shown_elsewhere = {
        business,
        *(account_line(name, address) for name, address in (current.accounts if current else ())),
    }
    tone = current.meaning.tone if current else "clear"
    css = (_HERE / "page.css").read_text(encoding="utf-8")
    return _template().render(
        say=say,
        lang=language,
        own=language_of(language),
        business=business,
        zone=timezone,
        key=tidy(delivery.key, 200) if delivery else "",
        headline=say.headlines.get(current.kind, say.headlines["other"]) if current else say.quiet,
        tone=tone,
        glyph=_GLYPHS[tone],
        facts=facts,
        cards=cards,
        top=part(current.newest, frozenset(shown_elsewhere)) if current else None,
        earlier=[part(post) for post in current.posts[1:]] if current else [],
        also=[[part(post) for post in notice.posts] for notice in shown[1:] if not notice.closed],
        past=[[part(post) for post in notice.posts] for notice in shown[1:] if notice.closed],
        css=Markup(css),  # noqa: S704  our own file
        csp=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
    )


def _card(name: str, piece: Piece, actions: dict[str, str]) -> dict[str, object]:
    how = actions.get(scheme_of(piece), "")
    if piece.text.startswith("https://"):
        piece = Piece(piece.text.removeprefix("https://").removesuffix("/"), piece.href)
    return {
        "name": name,
        "chunks": _CHUNKS.findall(piece.text),
        "href": piece.href,
        "how": "" if how.casefold() == name.casefold() else how,
    }


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _publish(outlet: Outlet, delivery: Delivery, content: tuple[tuple[str, bytes], ...]) -> Delivered:
    directory = _directory(outlet)
    marks = _read(directory / INDEX)
    if marks is not None and marks.is_past(delivery):
        return Delivered("skipped", outlet.url, detail="a newer part of this announcement is already there")
    files.replace(directory, content, outlet.timeout / 2)
    return _sent(outlet, delivery, f"wrote {directory / INDEX}")


def _publish_first(outlet: Outlet, content: tuple[tuple[str, bytes], ...]) -> Delivered:
    directory = _directory(outlet)
    if (directory / INDEX).exists():
        return Delivered("skipped", outlet.url, detail=f"{directory / INDEX} is there already")
    files.replace(directory, content, outlet.timeout / 2)
    return Delivered("sent", outlet.url, detail=f"wrote {directory / INDEX}")


def _sent(outlet: Outlet, delivery: Delivery, detail: str) -> Delivered:
    url = outlet.url or (_directory(outlet).absolute() / INDEX).as_uri()
    return Delivered("sent", url, f"{delivery.announcement}.{delivery.part}", detail)


def _directory(outlet: Outlet) -> Path:
    if not outlet.directory:
        raise ValueError(f"outlet {outlet.id} has no directory to write its page to")
    return Path(outlet.directory)


def _tag(language: str) -> str:
    return language if re.fullmatch("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", language) else "en"


def _mark(at: float) -> str:
    return str(round(at * 1000))


class _Marks(HTMLParser):
    """What a page says about itself: the key of its newest delivery, and every part it shows, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self.parts: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name") == "outagetui-key":
            self.key = values.get("content", "")
        elif tag == "article":
            self.parts.append(
                (values.get("data-announcement", ""), values.get("data-part", ""), values.get("data-at", ""))
            )

    def shows(self, delivery: Delivery) -> bool:
        """Whether `delivery` is on the page."""
        return (bool(self.key) and self.key == tidy(delivery.key, 200)) or _part(delivery) in self.parts

    def is_past(self, delivery: Delivery) -> bool:
        """Whether the page shows `delivery` and a later part of the same announcement."""
        announcement, part, _ = own = _part(delivery)
        later = (int(each[1]) > int(part) for each in self.parts if each[0] == announcement and each[1].isdecimal())
        return own in self.parts and any(later)


def _part(delivery: Delivery) -> tuple[str, str, str]:
    return tidy(delivery.announcement, 80), str(delivery.part), _mark(delivery.at)


def _read(index: Path) -> _Marks | None:
    try:
        with index.open("rb") as file:
            content = file.read(_READ_LIMIT)
    except FileNotFoundError:
        return None
    marks = _Marks()
    marks.feed(content.decode("utf-8", "replace"))
    return marks
