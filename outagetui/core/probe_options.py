"""The options of every probe: what a check may hold beside the common keys.

Duration fields carry the type `Duration`; the configuration reader accepts `"500ms"`, `"10s"`, `"2m"`, `"7d"` for them.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Duration = Annotated[float, Meta(ge=0, extra_json_schema={"unit": "s"})]


class ProbeOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all probe options."""


class HttpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`http`: `status` holds codes and `"200-399"` ranges, `match` and `no_match` are searched in the body."""

    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    status: tuple[str | int, ...] = ("200-399",)
    match: str | None = None
    no_match: str | None = None
    redirects: Annotated[int, Meta(ge=0, le=20)] = 5
    ca: str | None = None
    ip: Literal[4, 6] | None = None
    expires_warn: Duration = 21 * 86400.0


class TlsOptions(ProbeOptions, frozen=True, kw_only=True):
    """`tls`: `starttls` speaks the named protocol first."""

    starttls: Literal["smtp", "imap", "xmpp"] | None = None
    server_name: str | None = None
    ca: str | None = None
    expires_warn: Duration = 21 * 86400.0
    expires_fail: Duration = 3 * 86400.0


class TcpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`tcp`: after connecting, `send` is sent and the reply must hold `match`."""

    send: str | None = None
    match: str | None = None


class DnsOptions(ProbeOptions, frozen=True, kw_only=True):
    """`dns`: `answer` is the exact set of records expected; `serials` compares the zone's SOA on every name server."""

    type: str = "A"
    answer: tuple[str, ...] | None = None
    rcode: str = "NOERROR"
    serials: bool = False


class IcmpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`icmp`: losses are shares of the `count` packets sent."""

    count: Annotated[int, Meta(ge=1, le=20)] = 3
    loss_slow: Annotated[float, Meta(ge=0, le=1)] = 0.34
    loss_down: Annotated[float, Meta(ge=0, le=1)] = 1.0


class SmtpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`smtp`: with `mail_from` and `rcpt_to` the envelope is tried, never the message."""

    starttls: Literal["offered", "required", "never"] = "offered"
    user: str | None = None
    secret: str | None = None
    mail_from: str | None = None
    rcpt_to: str | None = None
    ca: str | None = None


FeedFormat = Literal[
    "auto",
    "statuspage",
    "slack",
    "google",
    "instatus",
    "betterstack",
    "cachet",
    "uptime-kuma",
    "gatus",
    "rss",
]


class FeedOptions(ProbeOptions, frozen=True, kw_only=True):
    """`feed`: a provider's own word; `components` are the names that matter to us."""

    format: FeedFormat = "auto"
    components: tuple[str, ...] = ()


class ValueOptions(ProbeOptions, frozen=True, kw_only=True):
    """`value`: a number at `path` (JSONPath, RFC 9535) or in the first group of `match`, and its limits."""

    path: str | None = None
    match: str | None = None
    slow_below: float | None = None
    slow_above: float | None = None
    down_below: float | None = None
    down_above: float | None = None
    unit: str = ""


class IrcOptions(ProbeOptions, frozen=True, kw_only=True):
    """`irc`: `secret` names the server's password (PASS)."""

    nick: str = "outagetui"
    secret: str | None = None


class ImapOptions(ProbeOptions, frozen=True, kw_only=True):
    """`imap`: the user stands in the target, `secret` names the password."""

    secret: str | None = None
    ca: str | None = None
    starttls: Literal["offered", "required", "never"] = "offered"


class MailRoundtripOptions(ProbeOptions, frozen=True, kw_only=True):
    """`mail.roundtrip`: a message to `to` must be in the mailbox of `imap_user` at `imap` after at most `within`."""

    user: str | None = None
    secret: str | None = None
    to: str
    imap: str
    imap_user: str | None = None  # none: `to`
    imap_secret: str
    within: Annotated[float, Meta(gt=0, extra_json_schema={"unit": "s"})] = 60.0


class WebsocketOptions(ProbeOptions, frozen=True, kw_only=True):
    """`websocket`: after a ping `send` is sent, and a message must hold `match`."""

    subprotocol: str | None = None
    send: str | None = None
    match: str | None = None


class XmppOptions(ProbeOptions, frozen=True, kw_only=True):
    """`xmpp`: the account stands in the target, `secret` names its password; `direct_tls` never uses STARTTLS."""

    secret: Annotated[str, Meta(min_length=1)]
    ca: str | None = None
    direct_tls: bool = False


class XmppRoomOptions(XmppOptions, frozen=True, kw_only=True):
    """`xmpp.room`: `room` is a whole address; `echo` joins, sees a message come back and leaves, `join` stays in."""

    room: Annotated[str, Meta(min_length=1)]
    nick: str = "outagetui"
    mode: Literal["join", "echo"] = "echo"


class WebchatOptions(ProbeOptions, frozen=True, kw_only=True):
    """`webchat`: `widget` must be in the page; a guest of `xmpp_domain` logs in over `websocket` and visits `room`."""

    widget: str | None = None
    websocket: str | None = None
    xmpp_domain: str | None = None
    room: str | None = None


class MatrixOptions(ProbeOptions, frozen=True, kw_only=True):
    """`matrix`: log in as `user`, and send a message round `room`, an alias or an id."""

    user: str | None = None
    secret: str | None = None
    room: str | None = None


class WireguardOptions(ProbeOptions, frozen=True, kw_only=True):
    """`wireguard`: `peer` is a public key, `file` holds the output of `wg show INTERFACE dump`."""

    peer: str | None = None
    stale_after: Annotated[float, Meta(gt=0, extra_json_schema={"unit": "s"})] = 180.0
    file: str | None = None


class ExecOptions(ProbeOptions, frozen=True, kw_only=True):
    """`exec`: `argv` is a monitoring plugin, named by its whole path, and its arguments."""

    argv: Annotated[tuple[str, ...], Meta(min_length=1)]


class SipOptionsOptions(ProbeOptions, frozen=True, kw_only=True):
    """`sip.options`: with `accept` only those status codes pass; `from` is the address we ask as."""

    accept: Annotated[tuple[Annotated[int, Meta(ge=200, le=699)], ...], Meta(min_length=1)] | None = None
    from_: str | None = field(default=None, name="from")
    ca: str | None = None


class SipRegisterOptions(ProbeOptions, frozen=True, kw_only=True):
    """`sip.register`: `proxy` is "host:port;transport=udp" to send to, `user` the login if it is not the target's."""

    proxy: str | None = None
    secret: str | None = None
    user: str | None = None
    ca: str | None = None


class SipCallOptions(ProbeOptions, frozen=True, kw_only=True):
    """`sip.call`: a call by `user` of `seconds`; below `mos_slow` it warns, below `mos_down` it fails."""

    proxy: str | None = None
    user: str | None = None
    secret: str | None = None
    seconds: Annotated[float, Meta(ge=1, le=60)] = 3.0
    mos_slow: Annotated[float, Meta(ge=1, le=4.5)] = 3.6
    mos_down: Annotated[float, Meta(ge=1, le=4.5)] = 2.6
    calls_per_day: Annotated[int, Meta(ge=0, le=10000)] = 24
    ca: str | None = None


PROBES: dict[str, type[ProbeOptions]] = {
    "http": HttpOptions,
    "tls": TlsOptions,
    "tcp": TcpOptions,
    "dns": DnsOptions,
    "icmp": IcmpOptions,
    "smtp": SmtpOptions,
    "feed": FeedOptions,
    "value": ValueOptions,
    "xmpp": XmppOptions,
    "xmpp.room": XmppRoomOptions,
    "imap": ImapOptions,
    "mail.roundtrip": MailRoundtripOptions,
    "websocket": WebsocketOptions,
    "webchat": WebchatOptions,
    "irc": IrcOptions,
    "matrix": MatrixOptions,
    "wireguard": WireguardOptions,
    "exec": ExecOptions,
    "sip.options": SipOptionsOptions,
    "sip.register": SipRegisterOptions,
    "sip.call": SipCallOptions,
}
