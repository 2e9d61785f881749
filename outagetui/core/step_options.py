"""The options of every step kind: what a step's `with` table may hold.

Duration fields carry the type `Duration`, as those of the probes do.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from outagetui.core.probe_options import Duration

Word = Annotated[str, Meta(min_length=1)]


class StepOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the `with` tables; `manual`, `note` and `choose` have none of their own."""


class ChannelsOptions(StepOptions, frozen=True, kw_only=True):
    """`activate` and `deactivate`: the backup channels."""

    channels: Annotated[tuple[str, ...], Meta(min_length=1)]


class WaitOptions(StepOptions, frozen=True, kw_only=True):
    """`verify` and `wait_for`: every named check or channel in `state`, `times` in a row, `within` a limit."""

    checks: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    state: Literal["up", "slow", "partial", "down"] = "up"
    times: Annotated[int, Meta(ge=1, le=100)] = 3
    within: Duration = 300.0


class AnnounceOptions(StepOptions, frozen=True, kw_only=True):
    """`announce`: no `outlets` means all of that audience."""

    kind: str
    audience: Literal["staff", "customers"]
    outlets: tuple[str, ...] = ()


class CommandOptions(StepOptions, frozen=True, kw_only=True):
    """`command`: a `[command.NAME]` of outagetui.toml, with a value for each of its parameters."""

    command: Word
    args: dict[str, str] = {}


class ServiceOptions(StepOptions, frozen=True, kw_only=True):
    """`service`: a declared command with the parameters `unit` and `verb`; `is-active` only looks."""

    command: Word = "service"
    unit: Word
    verb: Literal["start", "stop", "restart", "reload", "is-active"]


class HttpStepOptions(StepOptions, frozen=True, kw_only=True):
    """`http`: one request. `secret` takes the place of `{secret}` in `headers` and `body`, else is the bearer token.

    The reply's code must be in `status`; with `path` (JSONPath, RFC 9535) its JSON must hold `equals` there.
    """

    url: Word
    method: str = "POST"
    headers: dict[str, str] = {}
    body: str = ""
    secret: str | None = None
    status: tuple[str | int, ...] = ("200-299",)
    path: str | None = None
    equals: str | int | float | bool | None = None
    ca: str | None = None


class DnsUpdateOptions(StepOptions, frozen=True, kw_only=True):
    """`dns.update`: a TSIG-signed RFC 2136 update at `server` (host:port), only while `name` still holds `from`.

    `read_back` are the name servers (host:port) that must answer `to` in the end; none: those of the zone.
    """

    server: Word
    zone: Word
    name: Word
    type: str = "A"
    ttl: Annotated[int, Meta(ge=0, le=604800)] = 60
    from_: Word | Annotated[tuple[str, ...], Meta(min_length=1)] = field(name="from")
    to: Word | Annotated[tuple[str, ...], Meta(min_length=1)]
    key: Word
    secret: Word
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    read_back: tuple[str, ...] = ()

    @property
    def whole_name(self) -> str:
        """The name with its zone, without a dot at the end: `www` of `example.net` is `www.example.net`."""
        zone, name = self.zone.removesuffix("."), self.name.removesuffix(".")
        if self.name == "@":
            return zone
        inside = f".{name}".lower().endswith(f".{zone}".lower())
        return name if inside or self.name.endswith(".") else f"{name}.{zone}"

    @property
    def old(self) -> tuple[str, ...]:
        """The values of `from`."""
        return (self.from_,) if isinstance(self.from_, str) else self.from_

    @property
    def new(self) -> tuple[str, ...]:
        """The values of `to`."""
        return (self.to,) if isinstance(self.to, str) else self.to


class XmppRoomStepOptions(StepOptions, frozen=True, kw_only=True):
    """`xmpp.room`: make `room` of the server that `channel` is on, and invite people ("@staff": those contacts)."""

    channel: Word
    room: Word
    members_only: bool = False
    invite: str | tuple[str, ...] = ()
    subject: str = ""
    text: str = ""


class XmppRoomCloseOptions(StepOptions, frozen=True, kw_only=True):
    """`xmpp.room.close`: destroy a room that a step made; `text` is the reason people see."""

    channel: Word
    room: Word
    text: str = ""


class XmppInviteOptions(StepOptions, frozen=True, kw_only=True):
    """`xmpp.invite`: invite people to a room that is there."""

    channel: Word
    room: Word
    invite: Annotated[str, Meta(min_length=1)] | Annotated[tuple[str, ...], Meta(min_length=1)]
    text: str = ""


class XmppMessageOptions(StepOptions, frozen=True, kw_only=True):
    """`xmpp.message`: say `text` in `room`, or to `user` (an address, or "@staff")."""

    channel: Word
    text: Word
    room: str = ""
    user: str = ""


class XmppAccountOptions(StepOptions, frozen=True, kw_only=True):
    """`xmpp.account`: make the account `user` by ad-hoc commands (XEP-0133); `secret` names its password."""

    channel: Word
    user: Word
    secret: Word


class BannerOptions(StepOptions, frozen=True, kw_only=True):
    """`webchat.banner`: put the words of the announcement `kind` into `file`, or PUT them to `url`.

    The ending, .html or .json, decides what is written. `secret` is the bearer token.
    """

    kind: Word
    file: str = ""
    url: str = ""
    secret: str | None = None
    ca: str | None = None
    language: str = "en"
    audience: Literal["staff", "customers"] = "customers"


class SpendOptions(StepOptions, frozen=True, kw_only=True):
    """`spend`: say what `channel` costs, and ask."""

    channel: Word


class PlaybookOptions(StepOptions, frozen=True, kw_only=True):
    """`playbook`: the steps of another playbook, as part of this run."""

    id: Word


STEPS: dict[str, type[StepOptions]] = {
    "manual": StepOptions,
    "activate": ChannelsOptions,
    "deactivate": ChannelsOptions,
    "verify": WaitOptions,
    "wait_for": WaitOptions,
    "announce": AnnounceOptions,
    "http": HttpStepOptions,
    "dns.update": DnsUpdateOptions,
    "note": StepOptions,
    "choose": StepOptions,
    "spend": SpendOptions,
    "playbook": PlaybookOptions,
    "command": CommandOptions,
    "service": ServiceOptions,
    "xmpp.room": XmppRoomStepOptions,
    "xmpp.room.close": XmppRoomCloseOptions,
    "xmpp.invite": XmppInviteOptions,
    "xmpp.message": XmppMessageOptions,
    "xmpp.account": XmppAccountOptions,
    "webchat.banner": BannerOptions,
}
TALKS = frozenset({"manual", "note", "choose", "playbook"})  # kinds that do nothing but speak
LOOKS = frozenset({"verify", "wait_for", "fail_back"})  # kinds that only look, and may be interrupted at any moment
# Kinds whose `needs` is `confirm` unless said otherwise: they act outside, or spend.
ACTS_OUTSIDE = frozenset(
    {
        *("announce", "command", "service", "http", "dns.update", "webchat.banner", "spend"),
        *("xmpp.room", "xmpp.room.close", "xmpp.invite", "xmpp.message", "xmpp.account"),
    }
)
