"""`index.html`: the notices as a page of plain HTML, in every language that the announcement holds. No I/O but ours."""

import re
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from outagetui.core import times
from outagetui.machine.pages import styles, template
from outagetui.outlets import page_feeds
from outagetui.outlets.notices import Notice, tidy
from outagetui.outlets.page_marks import mark
from outagetui.outlets.page_words import MEANINGS, OTHER, Words, language_of, name_of, tag_of, words
from outagetui.wording.compose import account_line
from outagetui.wording.delivery import Post
from outagetui.wording.links import Block, Piece, blocks, link, scheme_of

HERE = Path(__file__).parent
_CHUNKS = re.compile("[^/.@]+[/.@]*|[/.@]+")  # a long address breaks between these, not within a word
_GLYPHS = {"trouble": "!", "repair": "↗", "clear": "✓", "drill": "i", "notice": "i"}
_FAVICON = {"trouble": "b45309", "repair": "0b62b0", "clear": "0a7a55", "drill": "6d42c7", "notice": "4b5563"}


class Moment(Struct, frozen=True):
    """A time for programs and for people."""

    iso: str
    words: str


class Tongue(Struct, frozen=True, kw_only=True):
    """The notice that holds now in one language. `own` is the language of `say`, the page's own words."""

    lang: str
    own: str
    say: Words
    name: str
    headline: str
    title: str
    facts: tuple[tuple[str, Moment], ...]
    blocks: tuple[Block, ...]


def view(
    shown: tuple[Notice, ...],
    key: str,
    *,
    business: str,
    timezone: str,
    language: str,
    seen: float,
    listed: bool,
    journal: str = "",
) -> str:
    """Return the page as of `seen`, marked with the `key` of its newest delivery.

    `listed`: the list of official accounts lies beside it, so that it may be linked to. `journal` names its head.
    """
    say = words(language)
    place = times.zone(timezone)
    current = shown[0] if shown else None
    spoken = tuple(tongues(current, business, place, language, seen)) if current else ()
    tone = current.meaning.tone if current else "clear"

    def part(post: Post) -> dict[str, object]:
        return _part(post, say, place, language)

    return template(HERE, "page.html").render(
        say=say,
        lang=language,
        own=language_of(language),
        business=business,
        zone=timezone,
        key=tidy(key, 200),
        headline=headline(current, say),
        tone=tone,
        glyph=_GLYPHS[tone],
        favicon=_FAVICON[tone],
        top=part(current.newest) if current else None,
        tongue=spoken[0] if spoken else None,
        others=spoken[1:],
        cards=[card(name, address, say) for name, address in current.accounts] if current else [],
        listed=listed,
        journal=journal,
        earlier=[part(post) for post in current.posts[1:]] if current else [],
        also=[[part(post) for post in notice.posts] for notice in shown[1:] if not notice.closed],
        past=[[part(post) for post in notice.posts] for notice in shown[1:] if notice.closed],
        **styles(HERE),
    )


def tongues(notice: Notice, business: str, place: tzinfo, language: str, seen: float) -> Iterator[Tongue]:
    """Yield what a notice says now in each of its languages, the page's own first. `seen` is when it was made."""
    newest = notice.newest
    hidden = frozenset({business, *(account_line(name, address) for name, address in notice.accounts)})
    texts = [(language, newest.title, newest.body)]
    texts += [(tag_of(each.language), each.title, each.body) for each in newest.others]
    told: set[str] = set()
    for lang, title, body in texts:
        if lang in told:
            continue
        told.add(lang)
        say = words(lang)
        yield Tongue(
            lang=lang,
            own=language_of(lang),
            say=say,
            name=name_of(lang),
            headline=headline(notice, say),
            title=title,
            facts=tuple(_facts(notice, say, place, lang, seen)),
            blocks=blocks(say.withdrawn_more if notice.withdrawn else body, hidden),
        )


def headline(notice: Notice | None, say: Words) -> str:
    """Return in a few words what holds now."""
    return say.headlines.get(notice.kind, say.headlines["other"]) if notice else say.quiet


def card(name: str, address: str, say: Words) -> dict[str, object]:
    """Return what a card shows of an account, its address in pieces between which it may break."""
    piece = link(address)
    how = say.actions.get(scheme_of(piece), "")
    if piece.text.startswith("https://"):
        piece = Piece(piece.text.removeprefix("https://").removesuffix("/"), piece.href)
    return {
        "name": name,
        "chunks": _CHUNKS.findall(piece.text),
        "href": piece.href,
        "how": "" if how.casefold() == name.casefold() else how,
    }


def _facts(notice: Notice, say: Words, place: tzinfo, lang: str, seen: float) -> Iterator[tuple[str, Moment]]:
    if notice.closed:
        yield say.withdrawn if notice.withdrawn else say.until, _moment(notice.newest.at, place, lang)
        return
    if notice.since is not None:
        yield say.since, _moment(notice.since, place, lang)
    if notice.next_update is not None:
        following = times.clock(notice.next_update, seen, place, lang)
        yield say.following, Moment(times.stamp(notice.next_update), following)


def _moment(at: float, place: tzinfo, lang: str) -> Moment:
    return Moment(times.stamp(at), times.moment(at, place, lang))


def _part(post: Post, say: Words, place: tzinfo, language: str) -> dict[str, object]:
    withdrawn = post.kind == "withdrawn"
    return {
        "anchor": page_feeds.anchor(post),
        "announcement": "" if withdrawn else post.announcement,  # what was taken back is not here any more
        "part": "" if withdrawn else post.part,
        "mark": "" if withdrawn else mark(post.at),
        "label": say.labels.get(post.kind, say.labels["other"]),
        "tone": MEANINGS.get(post.kind, OTHER).tone if post.kind != "update" else "trouble",
        "title": post.title,
        "blocks": () if withdrawn else blocks(post.body),
        "withdrawn": withdrawn,
        "when": _moment(post.at, place, language),
        "others": [
            {"lang": tag_of(each.language), "name": name_of(each.language), "title": each.title, "blocks": made}
            for each in post.others
            if (made := blocks(each.body)) and tag_of(each.language) != language
        ],
    }
