"""A delivery and its history as notices: one an announcement, with its parts. Pure; every text comes out cleaned."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core import telephone
from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.outlets.page_words import MEANINGS, OTHER, Meaning
from outagetui.wording.compose import BODY_LIMIT, TITLE_LIMIT
from outagetui.wording.delivery import WITHDRAWN, Delivery, Post, Wording
from outagetui.wording.published import published, published_lines

MOST_POSTS = 100  # a page and a feed stay small whatever the history
MOST_ACCOUNTS = 50
MOST_LANGUAGES = 6
_NONCHARACTERS = dict.fromkeys((0xFFFE, 0xFFFF))  # XML 1.0 has no way to write them


class Notice(Struct, frozen=True):
    """One announcement: its parts newest first, and what only the delivery at hand tells (None and empty otherwise)."""

    announcement: str
    posts: tuple[Post, ...]
    since: float | None = None
    next_update: float | None = None
    accounts: tuple[tuple[str, str], ...] = ()

    @property
    def newest(self) -> Post:
        """The part that holds now."""
        return self.posts[0]

    @property
    def first(self) -> Post:
        """The part that opened it, as far as the history goes back."""
        return self.posts[-1]

    @property
    def closed(self) -> bool:
        """Whether the newest part closes it."""
        return self.newest.kind in CLOSING_KINDS or self.withdrawn

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back."""
        return self.newest.kind == WITHDRAWN

    @property
    def kind(self) -> str:
        """What holds now: the newest kind but `update`, which changes nothing; `identified` if there is none."""
        if self.closed:
            return self.newest.kind
        settled = (post.kind for post in self.posts if post.kind != "update" and post.kind not in CLOSING_KINDS)
        return next(settled, "identified")

    @property
    def meaning(self) -> Meaning:
        """What `kind` says on the page and in `status.json`."""
        return MEANINGS.get(self.kind, OTHER)


def notices(delivery: Delivery) -> tuple[Notice, ...]:
    """Return the notices of `delivery` and its history: those still open first, then by their newest part."""
    groups: dict[str, dict[int, Post]] = {}
    for post in (delivery, *delivery.history)[:MOST_POSTS]:
        parts = groups.setdefault(post.announcement, {})
        if post.kind == WITHDRAWN or post.part not in parts:
            parts[post.part] = _cleaned(post)
    made = []
    for announcement, parts in groups.items():
        posts = _standing(parts[part] for part in sorted(parts, reverse=True))
        if announcement == delivery.announcement:
            accounts = tuple(
                (tidy(name, 80), tidy(telephone.shown(address), 300))
                for name, address in delivery.accounts[:MOST_ACCOUNTS]
            )
            made.append(Notice(tidy(announcement, 80), posts, delivery.since, delivery.next_update, accounts))
        else:
            made.append(Notice(tidy(announcement, 80), posts))
    return tuple(sorted(made, key=lambda notice: (notice.closed, -notice.newest.at)))


def tidy(text: str, limit: int = 300) -> str:
    """As `published`, and without what XML cannot hold."""
    return published(text.translate(_NONCHARACTERS), limit)


def _standing(posts: Iterable[Post]) -> tuple[Post, ...]:
    """Return what is left to show: of what was withdrawn only its title, since the rest may be what was wrong."""
    posts = tuple(posts)
    withdrawn = next((post for post in posts if post.kind == WITHDRAWN), None)
    if withdrawn is None:
        return posts
    others = tuple(replace(each, body="") for each in withdrawn.others)
    return (replace(withdrawn, body="", others=others),)


def _cleaned(post: Post) -> Post:
    return Post(
        announcement=tidy(post.announcement, 80),
        part=post.part,
        kind=tidy(post.kind, 40),
        title=tidy(post.title, TITLE_LIMIT),
        body=_lines(post.body),
        at=post.at,
        others=tuple(
            Wording(tidy(each.language, 40), tidy(each.title, TITLE_LIMIT), _lines(each.body))
            for each in post.others[:MOST_LANGUAGES]
        ),
    )


def _lines(body: str) -> str:
    return published_lines(body.translate(_NONCHARACTERS), BODY_LIMIT).strip("\n")
