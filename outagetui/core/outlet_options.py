"""Every kind of outlet: what `[outlet]` may hold beside the keys that all share, and what the program knows of it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from outagetui.core import targets
from outagetui.core.addresses import is_bare
from outagetui.core.hosts import is_loopback, is_name
from outagetui.core.mailbox import is_link, read_mailbox
from outagetui.core.outlet_kind import Letterhead, Shared
from outagetui.core.outlet_kind import OutletOptions as OutletOptions
from outagetui.core.troubles import Trouble
from outagetui.core.urls import read_url

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class PageOptions(OutletOptions, frozen=True, kw_only=True):
    """`page`: `sign` names the secret with the SSH key (Ed25519) that signs the list of official accounts."""

    word = "page"
    page = True
    repeatable = True

    sign: Name | None = None


class ServiceOptions(OutletOptions, frozen=True, kw_only=True):
    """What outlets with a login have: `secret` names the file with it."""

    secret: Name | None = None


class WordpressOptions(ServiceOptions, frozen=True, kw_only=True):
    """`wordpress`: `user` and an application password in `secret`; `sticky` keeps the post on top while it is open."""

    word = "wordpress"
    needed = ("user", "url")

    user: Name | None = None
    sticky: bool = False


class DiscourseOptions(ServiceOptions, frozen=True, kw_only=True):
    """`discourse`: an API key of `user` in `secret`; `category` is the number of the category to post in."""

    word = "discourse"
    limit = 32000
    line_end = "\n"
    needed = ("user", "url")

    user: Name | None = None
    category: Annotated[int, Meta(ge=1)] | None = None


class MastodonOptions(ServiceOptions, frozen=True, kw_only=True):
    """`mastodon`: an access token in `secret` (scopes read and write:statuses)."""

    word = "mastodon"
    one_text = True
    limit = 500
    counting = "short-links"
    needed = ("url",)

    visibility: Literal["public", "unlisted", "private"] = "public"


class BlueskyOptions(ServiceOptions, frozen=True, kw_only=True):
    """`bluesky`: `user` is the handle, `secret` holds an app password, `url` is the account's own server (PDS)."""

    word = "bluesky"
    one_text = True
    limit = 300
    most_bytes = 3000
    counting = "graphemes"
    needed = ("user",)
    service = "https://bsky.social"

    user: Name | None = None


class XOptions(ServiceOptions, frozen=True, kw_only=True):
    """`x`: `secret` holds four lines (OAuth 1.0a) or one (an OAuth 2.0 user token).

    `links = true` keeps URLs in posts, which makes each cost more than ten times as much.
    """

    word = "x"
    one_text = True
    limit = 280
    counting = "weighted"
    price = (0.015, 0.200)  # docs.x.com/x-api/getting-started/pricing
    service = "https://api.x.com"

    links: bool = False

    def keeps_links(self) -> bool:
        return self.links


class FacebookOptions(ServiceOptions, frozen=True, kw_only=True):
    """`facebook`: `account` is the number of the page, `secret` holds its page access token."""

    word = "facebook"
    one_text = True
    limit = 63206
    needed = ("account",)
    service = "https://graph.facebook.com"

    account: Name | None = None


class StatuspageOptions(ServiceOptions, frozen=True, kw_only=True):
    """`statuspage`: `account` is the page's id, `secret` holds an API key; `notify = false` mails no subscriber."""

    word = "statuspage"
    unangled = True
    needed = ("account",)
    service = "https://api.statuspage.io"

    account: Name | None = None
    notify: bool = True


class CachetOptions(ServiceOptions, frozen=True, kw_only=True):
    """`cachet`: an API token in `secret` (incidents and incident updates); `notify = false` mails no subscriber."""

    word = "cachet"
    line_end = "\\\n"
    needed = ("url",)

    notify: bool = True


class EmailOptions(ServiceOptions, frozen=True, kw_only=True):
    """`email`: mail from `from` to everybody in `recipients`, `recipients_file` and a channel's `contacts`.

    `mode` is one message for each, or for 50 at a time who do not see each other; `per_minute` limits messages. In
    `unsubscribe` stand, for each recipient, `{recipient}` (the address) and `{token}` (proof of it, by the key in
    the secret `unsubscribe_key`), so that one click leaves the list (RFC 8058). `dkim` is the selector of the key that
    the server signs with: `validate --deep` looks it up.
    """

    word = "email"
    repeatable = True
    web_url = False
    names = (("contacts", "channel"),)
    published_with = "from"
    needed = ("url",)

    from_: Name | None = field(default=None, name="from")
    recipients: tuple[Name, ...] = ()
    recipients_file: Name | None = None
    contacts: Name | None = None
    mode: Literal["each", "bcc"] = "each"
    unsubscribe: Name | None = None
    unsubscribe_key: Name | None = None
    dkim: Name | None = None
    per_minute: Annotated[int, Meta(ge=1)] | None = None
    starttls: Literal["required", "never"] | None = None
    ca: Name | None = None

    def troubles(self, outlet: Shared) -> Iterator[Trouble]:
        if outlet.url and (trouble := targets.SUBMISSION.trouble(outlet.url)):
            yield ("url",), trouble
            return
        places: list[Trouble] = [(("recipients", at), each) for at, each in enumerate(self.recipients)]
        for where, text in (*places, (("from",), self.from_ or "a@b")):
            try:
                read_mailbox(text)
            except ValueError as error:
                yield where, str(error)
        if self.unsubscribe is not None and not _is_unsubscribing(self.unsubscribe):
            yield ("unsubscribe",), 'expected where to write to or to go, "mailto:…" or "https://…", without spaces'
        yield from self._of_each()
        if self.dkim is not None and not is_name(self.dkim):
            yield ("dkim",), 'expected a selector, such as "mail2026"'
        if self.from_ is None:
            return
        url = read_url(outlet.url or "smtp:")
        if url.user and self.secret is None:
            yield ("secret",), "missing; the url names a user, whose password it holds"
        if self.secret is not None and outlet.url and not url.user:
            yield ("url",), "names no user whose password secret holds; expected smtp://user@host:port"
        login = url.scheme == "smtp" and self.secret is not None
        if self.starttls == "never" and login and not is_loopback(url.host):
            yield ("starttls",), "a login must not travel without TLS, except to this machine"
        if not (self.recipients or self.recipients_file or self.contacts):
            yield ("recipients",), "missing; expected recipients, recipients_file or contacts: whom to write to"
        if outlet.audience == "customers" and self.unsubscribe is None:
            yield ("unsubscribe",), 'missing; customers must be able to leave the list: "mailto:…" or "https://…"'
        letters = len(self.recipients) if self.mode == "each" else 0
        needed = letters * 60 / self.per_minute if self.per_minute else 0.0
        if needed > outlet.timeout:
            yield ("timeout",), f"{letters} letters at {self.per_minute} a minute take {needed:.0f} s"

    def odd(self, outlet: Shared) -> Iterator[Trouble]:
        plain = [text.strip().casefold() for text in self.recipients]
        if twice := next((at for at, text in enumerate(plain) if text in plain[:at]), None):
            yield ("recipients", twice), "stands there twice; it gets one letter"
        if self.starttls is not None and outlet.url.lower().startswith("smtps:"):
            yield ("starttls",), "smtps speaks TLS from the first byte: nothing is started"

    def letterhead(self) -> Letterhead | None:
        return Letterhead(self.from_, self.dkim or "", self.unsubscribe or "") if self.from_ else None

    def _of_each(self) -> Iterator[Trouble]:
        """Yield what is wrong with a link of each recipient's own."""
        where = self.unsubscribe or ""
        if self.unsubscribe is not None and self.mode != "each" and is_of_each(where):
            yield ("unsubscribe",), 'a link of each recipient\'s own needs mode = "each"'
        if ("{token}" in where) != (self.unsubscribe_key is not None):
            yield ("unsubscribe_key",), "it is the key of {token} in unsubscribe: both, or neither"


class AppriseOptions(ServiceOptions, frozen=True, kw_only=True):
    """`apprise`: `secret` holds the apprise URL of one target."""

    word = "apprise"
    unangled = True
    secret_is_url = True


class XmppOutletOptions(ServiceOptions, frozen=True, kw_only=True):
    """`xmpp`: `login` is an account, `secret` its password; it speaks in `room`, or to all users of `announce_to`."""

    word = "xmpp"
    web_url = False
    needed = ("login",)

    login: Name | None = None
    ca: Name | None = None
    direct_tls: bool = False
    connect: Name | None = None
    room: Name | None = None
    announce_to: Name | None = None

    def troubles(self, outlet: Shared) -> Iterator[Trouble]:
        url = outlet.url
        if url and (url.partition(":")[0] != "xmpp" or not url.isascii() or not url.isprintable()):
            yield ("url",), "expected xmpp:room@rooms.host?join"
        if self.login and (trouble := targets.XMPP.trouble(self.login)):
            yield ("login",), trouble
        if self.connect and (trouble := targets.connect_trouble(self.connect)):
            yield ("connect",), trouble
        if self.room and not is_bare(self.room):
            yield ("room",), f'"{self.room}" is no room\'s address: expected one such as office@rooms.example.net'
        if self.announce_to and not is_name(self.announce_to):
            yield ("announce_to",), f'"{self.announce_to}" is no domain'
        if self.secret is not None and bool(self.room) == bool(self.announce_to):
            words = "expected either room or announce_to" if self.room else "missing; expected room, or announce_to"
            yield ("announce_to" if self.room else "room",), words


class CommandOutletOptions(OutletOptions, frozen=True, kw_only=True):
    """`command`: a `[command.NAME]` that publishes, and others that look it up (`find`) and take it back (`retract`).

    `args` are values for those of their parameters that an announcement gives none for.
    """

    word = "command"
    commands = ("command", "find", "retract")
    published_with = "command"

    command: Name | None = None
    find: Name | None = None
    retract: Name | None = None
    args: dict[str, str] = field(default_factory=dict)


def is_of_each(link: str) -> bool:
    """Return whether a link to leave a list is another one for each recipient."""
    return "{recipient}" in link or "{token}" in link


def _is_unsubscribing(text: str) -> bool:
    text = text.replace("{recipient}", "x").replace("{token}", "x")
    scheme, _, rest = text.partition(":")
    if not is_link(text):
        return False
    return bool(rest) and (scheme == "mailto" or (scheme == "https" and not targets.WEB.trouble(text)))


OUTLETS = OutletOptions.kinds


def publishes(kind: str, options: OutletOptions) -> bool:
    """Return whether an outlet of `kind` with these options can publish: the page, and what has what it needs to."""
    return OutletOptions.of(kind).page or given(options, options.published_with) is not None


def given(options: OutletOptions, key: str) -> object:
    """Return what stands at `key`, as it is written in the file; None when nothing does."""
    return getattr(options, key, None) or getattr(options, f"{key}_", None) or None
