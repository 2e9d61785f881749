"""The options of every kind of outlet: what `[outlet]` may hold beside the keys that all kinds share.

An outlet without the key that `PUBLISHED_WITH` names is only watched. `NEEDED` are the keys that this one makes
necessary; `SERVICE` is where a hosted service lives, for outlets without a `url` of their own.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class OutletOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all outlet options; kinds with no keys of their own have just this."""

    PUBLISHED_WITH: ClassVar[str] = "secret"
    NEEDED: ClassVar[tuple[str, ...]] = ()
    SERVICE: ClassVar[str] = ""


class PageOptions(OutletOptions, frozen=True, kw_only=True):
    """`page`: `sign` names the secret with the SSH key (Ed25519) that signs the list of official accounts."""

    sign: Name | None = None


class ServiceOptions(OutletOptions, frozen=True, kw_only=True):
    """What outlets with a login have: `secret` names the file with it."""

    secret: Name | None = None


class WordpressOptions(ServiceOptions, frozen=True, kw_only=True):
    """`wordpress`: `user` and an application password in `secret`; `sticky` keeps the post on top while it is open."""

    NEEDED: ClassVar[tuple[str, ...]] = ("user", "url")

    user: Name | None = None
    sticky: bool = False


class DiscourseOptions(ServiceOptions, frozen=True, kw_only=True):
    """`discourse`: an API key of `user` in `secret`; `category` is the number of the category to post in."""

    NEEDED: ClassVar[tuple[str, ...]] = ("user", "url")

    user: Name | None = None
    category: Annotated[int, Meta(ge=1)] | None = None


class MastodonOptions(ServiceOptions, frozen=True, kw_only=True):
    """`mastodon`: an access token in `secret` (scopes read and write:statuses)."""

    NEEDED: ClassVar[tuple[str, ...]] = ("url",)

    visibility: Literal["public", "unlisted", "private"] = "public"


class BlueskyOptions(ServiceOptions, frozen=True, kw_only=True):
    """`bluesky`: `user` is the handle, `secret` holds an app password, `url` is the account's own server (PDS)."""

    NEEDED: ClassVar[tuple[str, ...]] = ("user",)
    SERVICE: ClassVar[str] = "https://bsky.social"

    user: Name | None = None


class XOptions(ServiceOptions, frozen=True, kw_only=True):
    """`x`: `secret` holds four lines (OAuth 1.0a) or one (an OAuth 2.0 user token).

    `links = true` keeps URLs in posts, which makes each cost more than ten times as much.
    """

    SERVICE: ClassVar[str] = "https://api.x.com"

    links: bool = False


class FacebookOptions(ServiceOptions, frozen=True, kw_only=True):
    """`facebook`: `account` is the number of the page, `secret` holds its page access token."""

    NEEDED: ClassVar[tuple[str, ...]] = ("account",)
    SERVICE: ClassVar[str] = "https://graph.facebook.com"

    account: Name | None = None


class StatuspageOptions(ServiceOptions, frozen=True, kw_only=True):
    """`statuspage`: `account` is the page's id, `secret` holds an API key; `notify = false` mails no subscriber."""

    NEEDED: ClassVar[tuple[str, ...]] = ("account",)
    SERVICE: ClassVar[str] = "https://api.statuspage.io"

    account: Name | None = None
    notify: bool = True


class CachetOptions(ServiceOptions, frozen=True, kw_only=True):
    """`cachet`: an API token in `secret` (incidents and incident updates); `notify = false` mails no subscriber."""

    NEEDED: ClassVar[tuple[str, ...]] = ("url",)

    notify: bool = True


class EmailOptions(ServiceOptions, frozen=True, kw_only=True):
    """`email`: mail from `from` to everybody in `recipients`, `recipients_file` and a channel's `contacts`.

    `mode` is one message for each, or for 50 at a time who do not see each other; `per_minute` limits messages.
    """

    PUBLISHED_WITH: ClassVar[str] = "from"
    NEEDED: ClassVar[tuple[str, ...]] = ("url",)

    from_: Name | None = field(default=None, name="from")
    recipients: tuple[Name, ...] = ()
    recipients_file: Name | None = None
    contacts: Name | None = None
    mode: Literal["each", "bcc"] = "each"
    unsubscribe: Name | None = None
    per_minute: Annotated[int, Meta(ge=1)] | None = None
    starttls: Literal["required", "never"] | None = None
    ca: Name | None = None


class AppriseOptions(ServiceOptions, frozen=True, kw_only=True):
    """`apprise`: `secret` holds the apprise URL of one target."""


class XmppOutletOptions(ServiceOptions, frozen=True, kw_only=True):
    """`xmpp`: `login` is an account, `secret` its password; it speaks in `room`, or to all users of `announce_to`."""

    NEEDED: ClassVar[tuple[str, ...]] = ("login",)

    login: Name | None = None
    ca: Name | None = None
    direct_tls: bool = False
    connect: Name | None = None
    room: Name | None = None
    announce_to: Name | None = None


class CommandOutletOptions(OutletOptions, frozen=True, kw_only=True):
    """`command`: a `[command.NAME]` that publishes, and others that look it up (`find`) and take it back (`retract`).

    `args` are values for those of their parameters that an announcement gives none for.
    """

    PUBLISHED_WITH: ClassVar[str] = "command"

    command: Name | None = None
    find: Name | None = None
    retract: Name | None = None
    args: dict[str, str] = {}


OUTLETS: dict[str, type[OutletOptions]] = {
    "page": PageOptions,
    "wordpress": WordpressOptions,
    "discourse": DiscourseOptions,
    "mastodon": MastodonOptions,
    "bluesky": BlueskyOptions,
    "x": XOptions,
    "facebook": FacebookOptions,
    "statuspage": StatuspageOptions,
    "cachet": CachetOptions,
    "email": EmailOptions,
    "apprise": AppriseOptions,
    "xmpp": XmppOutletOptions,
    "command": CommandOutletOptions,
}


def publishes(kind: str, options: OutletOptions) -> bool:
    """Return whether an outlet of `kind` with these options can publish: the page, and what has what it needs to."""
    return kind == "page" or given(options, options.PUBLISHED_WITH) is not None


def given(options: OutletOptions, key: str) -> object:
    """Return what stands at `key`, as it is written in the file; None when nothing does."""
    return getattr(options, key, None) or getattr(options, f"{key}_", None) or None
