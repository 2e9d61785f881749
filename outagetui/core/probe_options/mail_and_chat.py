"""What carries messages: chats and mailboxes."""

import re
from collections.abc import Collection, Iterator
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from outagetui.core import targets
from outagetui.core.hosts import is_name
from outagetui.core.mailbox import in_envelope
from outagetui.core.probe_kind import TrustOptions
from outagetui.core.targets import RoundtripTarget, Target
from outagetui.core.times import show_duration
from outagetui.core.troubles import Trouble, line_troubles, pair_troubles, pattern_troubles, secret_troubles
from outagetui.core.urls import read_url


class XmppOptions(TrustOptions, frozen=True, kw_only=True):
    """`xmpp`: the account stands in the target, `secret` names its password; `direct_tls` never uses STARTTLS."""

    word = "xmpp"
    target = targets.XMPP
    default_for: ClassVar[tuple[str, ...]] = ("xmpp",)
    addressed = "xmpp"

    secret: Annotated[str, Meta(min_length=1)]
    direct_tls: bool = False

    def troubles(self, target: str, written: Collection[str]) -> Iterator[Trouble]:
        found = super().troubles(target, written)
        return (each for each in found if self.secret or each[0] != ("secret",))

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        _, at, rest = target.partition("://")[2].partition("@")
        if at and "@" in rest:
            yield ("target",), f"more than one @: read as a user at {rest.rpartition('@')[2]}; no user's name holds one"

    def account(self) -> dict[str, Any]:
        return {"secret": self.secret, "ca": self.ca, "direct_tls": self.direct_tls}


class XmppRoomOptions(XmppOptions, frozen=True, kw_only=True):
    """`xmpp.room`: `room` is a whole address; `echo` joins, sees a message come back and leaves, `join` stays in."""

    word = "xmpp.room"
    default_for = ()
    end_to_end = True

    room: Annotated[str, Meta(min_length=1)]
    nick: str = "outagetui"
    mode: Literal["join", "echo"] = "echo"

    def chat_room(self) -> str:
        return self.room

    def _wrong(self) -> Iterator[Trouble]:
        name, _, service = self.room.partition("@")
        good = name and is_name(service) and not any(char in name for char in " /'\"&<>:")
        if self.room and not good:  # an empty one was told already
            yield ("room",), 'expected a room\'s whole address, such as "office@rooms.example.net"'
        if not self.nick.strip() or not self.nick.isprintable():
            yield ("nick",), "expected a name without control characters"


class ImapOptions(TrustOptions, frozen=True, kw_only=True):
    """`imap`: the user stands in the target, `secret` names the password."""

    word = "imap"
    target = targets.IMAP
    default_for = ("imap", "imaps")
    addressed = "mail"

    secret: str | None = None
    starttls: Literal["offered", "required", "never"] = "offered"

    def troubles(self, target: str, written: Collection[str]) -> Iterator[Trouble]:
        yield from super().troubles(target, written)
        named = "@" in target.partition("://")[2].partition("/")[0]
        if named and self.secret is None:
            yield (), "a user in the target needs secret: the name of the file with the password"
        if self.secret is not None and not named:
            yield ("secret",), "needs the user in the target, as in imap://user@host"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.starttls == "required" and target.lower().startswith("imaps:"):
            yield ("starttls",), "imaps speaks TLS from the first byte: nothing is started"


class MailRoundtripOptions(TrustOptions, frozen=True, kw_only=True):
    """`mail.roundtrip`: a message to `to` must be in the mailbox of `imap_user` at `imap` after at most `within`."""

    word = "mail.roundtrip"
    target = RoundtripTarget(
        words="smtp://host:port, or the http(s)://… form of a web chat with {token} in its query",
        schemes=("smtp", "http", "https"),
    )
    slow_to_repeat = True
    end_to_end = True
    addressed = "mail"

    user: str | None = None
    secret: str | None = None
    to: str
    imap: str
    imap_user: str | None = None  # none: `to`
    imap_secret: str
    within: Annotated[float, Meta(gt=0, extra_json_schema={"unit": "s"})] = 60.0

    def _wrong(self) -> Iterator[Trouble]:
        yield from pair_troubles(self, ("user", "secret"), ("secret", "user"))
        yield from line_troubles(self, "to", "user", "imap_user")
        yield from secret_troubles(self, "imap_secret")
        if not re.fullmatch(r"[!-;=?-~]+@[!-;=?-~]+", in_envelope(self.to)):
            yield ("to",), f'"{self.to}" is no mail address'
        if trouble := targets.IMAP.trouble(self.imap):
            yield ("imap",), trouble
        elif read_url(self.imap).user:
            yield ("imap",), "the user belongs into imap_user"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if every < 60:
            yield ("every",), f"sends a mail every {show_duration(every)}, {86400 / every:.0f} a day"
        if self.within < 5:
            yield ("within",), "hardly any mail is there so soon, so a false alarm is sure"
        elif self.within > every:
            yield ("within",), f"longer than every ({show_duration(every)}): the next mail is due before"

    def timeout(self, usual: float) -> float:
        return self.within + 10.0

    def timeout_trouble(self, timeout: float) -> str:
        if timeout > self.within:
            return ""
        within = show_duration(self.within)
        return f"must be more than within ({within}), and leave time to log in and to send; remove it"


class WebsocketOptions(TrustOptions, frozen=True, kw_only=True):
    """`websocket`: after a ping `send` is sent, and a message must hold `match`."""

    word = "websocket"
    target = targets.WEBSOCKET
    default_for = ("ws", "wss")

    subprotocol: str | None = None
    send: str | None = None
    match: str | None = None


class WebchatOptions(TrustOptions, frozen=True, kw_only=True):
    """`webchat`: `widget` must be in the page; a guest of `xmpp_domain` logs in over `websocket` and visits `room`."""

    word = "webchat"
    target = targets.WEB
    end_to_end = True

    widget: str | None = None
    websocket: str | None = None
    xmpp_domain: str | None = None
    room: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        yield from pattern_troubles(self, "widget")
        yield from pair_troubles(self, ("xmpp_domain", "websocket"), ("room", "xmpp_domain"))
        if self.websocket is not None and (trouble := targets.WEBSOCKET.trouble(self.websocket)):
            yield ("websocket",), trouble
        if self.xmpp_domain is not None and not is_name(self.xmpp_domain):
            yield ("xmpp_domain",), f'"{self.xmpp_domain}" is no domain'
        if self.room is not None and not re.fullmatch(r"[^\s@/<>&'\"]+@[^\s@/<>&'\"]+", self.room):
            yield ("room",), 'expected the address of a room such as "lobby@rooms.example.net"'


class IrcOptions(TrustOptions, frozen=True, kw_only=True):
    """`irc`: `secret` names the server's password (PASS)."""

    word = "irc"
    target = Target(words="irc://host:port or ircs://host:port", schemes=("irc", "ircs"))
    default_for = ("irc", "ircs")

    nick: str = "outagetui"
    secret: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        if not re.fullmatch(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}", self.nick):
            yield ("nick",), "expected letters, digits and -_[]{}\\`^|, at most 30, and no digit first"


class MatrixOptions(TrustOptions, frozen=True, kw_only=True):
    """`matrix`: log in as `user`, and send a message round `room`, an alias or an id."""

    word = "matrix"
    target = Target(words="https://host", schemes=("http", "https"), path=True)
    end_to_end = True

    user: str | None = None
    secret: str | None = None
    room: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        yield from pair_troubles(self, ("user", "secret"), ("secret", "user"), ("room", "user"))
        if self.room is not None and not re.fullmatch(r"#[^\s:]+:\S+|!\S+", self.room):
            yield ("room",), 'expected an alias such as "#office:example.net", or an id, which begins with !'
