"""What a check may look at: targets, `connect`, and the options of each probe that types alone cannot judge."""

import ipaddress
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from outagetui.config.problems import listing
from outagetui.config.webrequests import Trouble, json_path_trouble, request_troubles
from outagetui.core.probe_options import (
    DnsOptions,
    ExecOptions,
    HttpOptions,
    IcmpOptions,
    ImapOptions,
    IrcOptions,
    MailRoundtripOptions,
    MatrixOptions,
    ProbeOptions,
    SipCallOptions,
    SipOptionsOptions,
    SipRegisterOptions,
    SmtpOptions,
    TlsOptions,
    ValueOptions,
    WebchatOptions,
    WireguardOptions,
    XmppOptions,
    XmppRoomOptions,
)
from outagetui.core.text import nearest
from outagetui.protocols.sip.uri import read_hop, read_uri

_FORMS = {
    "http": "http://host/… or https://host/…",
    "feed": "http://host/… or https://host/…",
    "value": "http://host/… or https://host/…",
    "tls": "tls://host:port",
    "tcp": "tcp://host:port",
    "smtp": "smtp://host:port",
    "icmp": "icmp://host",
    "irc": "irc://host:port or ircs://host:port",
    "matrix": "https://host",
    "wireguard": "wireguard:INTERFACE",
    "exec": "exec:NAME",
    "xmpp": "xmpp://user@domain",
    "xmpp.room": "xmpp://user@domain",
    "imap": "imap://user@host:port or imaps://user@host:port",
    "email": "smtp://user@host:port or smtps://user@host:port",
    "mail.roundtrip": "smtp://host:port, or the http(s)://… form of a web chat with {token} in its query",
    "websocket": "ws://host/… or wss://host/…",
    "webchat": "http://host/… or https://host/…",
    "sip.options": "sip:host:port;transport=udp, tcp or tls",
    "sip.register": "sip:user@domain",
    "sip.call": "sip:number@domain",
    "dns": "dns://server:port/name, or dns:name for the system's resolver",
}
_WEB = frozenset({"http", "feed", "value", "matrix", "webchat"})
_STREAMS = _WEB | {
    "tls",
    "tcp",
    "smtp",
    "irc",
    "xmpp",
    "xmpp.room",
    "imap",
    "mail.roundtrip",
    "websocket",
}  # the probes that dial a TCP port, and so may be told another by `connect`
_SCHEMES = dict.fromkeys(_WEB, ("http", "https")) | {
    "irc": ("irc", "ircs"),
    "xmpp.room": ("xmpp",),
    "imap": ("imap", "imaps"),
    "email": ("smtp", "smtps"),
    "mail.roundtrip": ("smtp", "http", "https"),
    "websocket": ("ws", "wss"),
}
_XMPP = frozenset({"xmpp", "xmpp.room"})
_USERS = _XMPP | {"imap", "email"}  # probes, and the outlet, whose target names the user
_CANARIES = {"tcp": "tcp", "http": "http", "https": "http", "dns": "dns", "icmp": "icmp"}

_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{1,62}")
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}")
_ROOM = re.compile(r"#[^\s:]+:\S+|!\S+")
_KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")  # 32 bytes in base64
_NAMED = {"wireguard": re.compile(r"[A-Za-z0-9_=+.-]{1,15}"), "exec": re.compile(r"[A-Za-z0-9_.-]{1,64}")}
_RECORDS = (
    *("A", "AAAA", "ANY", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR"),
    *("RRSIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
)
_RCODES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
    *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
)


def target_trouble(probe: str, target: str) -> str:
    """Return what is wrong with `target` for `probe`, or nothing."""
    form = f"expected {_FORMS[probe]}"
    if any(char.isspace() or not char.isprintable() for char in target):
        return f"{form}, without spaces"
    if probe.startswith("sip."):
        return _sip_trouble(probe, target, form)
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError as error:
        return f"{form}: {str(error)[:1].lower()}{str(error)[1:]}"
    if parts.scheme not in _SCHEMES.get(probe, (probe,)):
        return form
    if probe in _NAMED:
        return "" if _NAMED[probe].fullmatch(target.partition(":")[2]) else form
    if parts.password is not None or (parts.username is not None and probe not in _USERS):
        return f"a {'password' if probe in _USERS else 'user or password'} must not stand in a target"
    if probe == "dns" and not parts.netloc:
        return "" if _is_name(parts.path) and not parts.query else form
    if not parts.hostname or not _is_host(parts):
        return f"{form}: the host is missing or no host name"
    if port == 0:
        return "port 0 cannot be reached"
    return _rest_trouble(probe, parts, port, form)


def _rest_trouble(probe: str, parts: SplitResult, port: int | None, form: str) -> str:
    if probe in _WEB or probe == "websocket":
        return "a WebSocket has no part behind #" if probe == "websocket" and parts.fragment else ""
    if probe == "mail.roundtrip" and parts.scheme != "smtp":
        return "" if "{token}" in parts.query else f"{form}: {{token}} is missing in its query"
    if probe in _XMPP:
        return form if not parts.username or port is not None or parts.path.strip("/") or parts.query else ""
    if probe in ("imap", "email") and port is None and not parts.path.strip("/") and not parts.query:
        return ""  # 143 or 993, 587 or 465
    if probe == "dns":
        return "" if _is_name(unquote(parts.path[1:])) and not parts.query else f"{form}: the name is missing"
    if probe == "icmp":
        return form if port is not None or parts.path.strip("/") or parts.query else ""
    if port is None:
        return f"{form}: the port is missing"
    return form if parts.path.strip("/") or parts.query or parts.fragment else ""


def _sip_trouble(probe: str, target: str, form: str) -> str:
    uri = read_uri(target)
    if uri is None or not _is_domain(uri.host):
        return form
    return form if probe != "sip.options" and not uri.user else ""


def canary_probe(target: str) -> str | None:
    """Return the probe that looks at a canary, or None when its scheme cannot be one."""
    return _CANARIES.get(target.partition(":")[0].lower())


def connect_trouble(probe: str, connect: str) -> str:
    """Return what is wrong with a check's `connect`, or nothing."""
    if probe not in _STREAMS:
        return f"the {probe} probe does not dial a TCP port; remove it"
    trouble = target_trouble("tcp", f"tcp://{connect}")
    return 'expected "host:port"' if trouble else ""


def option_troubles(options: ProbeOptions) -> Iterator[Trouble]:
    """Yield what is wrong with the options of one check, each with its key."""
    for key in ("match", "no_match"):
        pattern = getattr(options, key, None)
        if pattern is not None and (trouble := _pattern_trouble(pattern)):
            yield (key,), trouble
    secret = getattr(options, "secret", None)
    told = secret == "" and isinstance(options, XmppOptions)  # where it is required, an empty one was told already
    if secret is not None and not told and (secret in ("", ".", "..") or "/" in secret):
        yield ("secret",), "expected the name of a file in the secrets directory, without a slash"
    if look := _LOOKS.get(type(options)):
        yield from look(options)


def _http(options: HttpOptions) -> Iterator[Trouble]:
    yield from request_troubles(options.method, options.headers, options.status)


def _tls(options: TlsOptions) -> Iterator[Trouble]:
    if options.expires_fail > options.expires_warn:
        yield ("expires_fail",), "longer than expires_warn, so that nothing would ever warn"


def _dns(options: DnsOptions) -> Iterator[Trouble]:
    if options.type not in _RECORDS:
        yield ("type",), f"unknown record type{nearest(options.type, _RECORDS)}; known: {listing(_RECORDS)}"
    if options.rcode not in _RCODES:
        yield ("rcode",), f"unknown reply code{nearest(options.rcode, _RCODES)}; known: {listing(_RCODES)}"
    if options.answer and options.rcode != "NOERROR":
        yield ("answer",), "an answer can be expected only with rcode NOERROR"


def _icmp(options: IcmpOptions) -> Iterator[Trouble]:
    if options.loss_slow > options.loss_down:
        yield ("loss_slow",), "more than loss_down, so that nothing would ever be slow"


def _pair(options: SmtpOptions | MailRoundtripOptions) -> Iterator[Trouble]:
    for key, other in (("user", "secret"), ("secret", "user")):
        if getattr(options, key) is not None and getattr(options, other) is None:
            yield (key,), f"needs {other} beside it"


def _smtp(options: SmtpOptions) -> Iterator[Trouble]:
    yield from _pair(options)
    if options.rcpt_to is not None and options.mail_from is None:
        yield ("rcpt_to",), "needs mail_from beside it"
    for key in ("user", "mail_from", "rcpt_to"):
        text = getattr(options, key)
        if text is not None and any(not char.isprintable() for char in text):
            yield (key,), "holds a line end or another control character"


def _irc(options: IrcOptions) -> Iterator[Trouble]:
    if not _NICK.fullmatch(options.nick):
        yield ("nick",), "expected letters, digits and -_[]{}\\`^|, at most 30, and no digit first"


def _mail_roundtrip(options: MailRoundtripOptions) -> Iterator[Trouble]:
    yield from _pair(options)
    for key in ("to", "user", "imap_user"):
        text = getattr(options, key)
        if text is not None and any(not char.isprintable() for char in text):
            yield (key,), "holds a line end or another control character"
    if not re.fullmatch(r"[!-;=?-~]+@[!-;=?-~]+", options.to):
        yield ("to",), f'"{options.to}" is no mail address'
    if trouble := target_trouble("imap", options.imap):
        yield ("imap",), trouble
    elif "@" in urlsplit(options.imap).netloc:
        yield ("imap",), "the user belongs into imap_user"
    if options.imap_secret in ("", ".", "..") or "/" in options.imap_secret:
        yield ("imap_secret",), "expected the name of a file in the secrets directory, without a slash"


def _webchat(options: WebchatOptions) -> Iterator[Trouble]:
    if options.widget is not None and (trouble := _pattern_trouble(options.widget)):
        yield ("widget",), trouble
    if options.websocket is not None and (trouble := target_trouble("websocket", options.websocket)):
        yield ("websocket",), trouble
    for key, other in (("xmpp_domain", "websocket"), ("room", "xmpp_domain")):
        if getattr(options, key) is not None and getattr(options, other) is None:
            yield (key,), f"needs {other} beside it"
    if options.xmpp_domain is not None and not _is_name(options.xmpp_domain):
        yield ("xmpp_domain",), f'"{options.xmpp_domain}" is no domain'
    if options.room is not None and not re.fullmatch(r"[^\s@/<>&'\"]+@[^\s@/<>&'\"]+", options.room):
        yield ("room",), 'expected the address of a room such as "lobby@rooms.example.net"'


def target_option_troubles(target: str, options: ProbeOptions) -> Iterator[Trouble]:
    """Yield what is wrong between a target and the options beside it."""
    if isinstance(options, ImapOptions):
        named = "@" in target.partition("://")[2].partition("/")[0]
        if named and options.secret is None:
            yield (), "a user in the target needs secret: the name of the file with the password"
        if options.secret is not None and not named:
            yield ("secret",), "needs the user in the target, as in imap://user@host"


def _matrix(options: MatrixOptions) -> Iterator[Trouble]:
    for key, other in (("user", "secret"), ("secret", "user"), ("room", "user")):
        if getattr(options, key) is not None and getattr(options, other) is None:
            yield (key,), f"needs {other} beside it"
    if options.room is not None and not _ROOM.fullmatch(options.room):
        yield ("room",), 'expected an alias such as "#office:example.net", or an id, which begins with !'


def _wireguard(options: WireguardOptions) -> Iterator[Trouble]:
    if options.peer is not None and not _KEY.fullmatch(options.peer):
        yield ("peer",), "expected a public key as `wg show` prints it: 44 characters that end in ="


def _sip(options: SipRegisterOptions | SipCallOptions) -> Iterator[Trouble]:
    if options.proxy is not None and read_hop(options.proxy) is None:
        yield ("proxy",), 'expected "host:port;transport=udp", tcp or tls'
    if options.user is not None and not re.fullmatch(r"[A-Za-z0-9_.!~*'()&=+$,;?/%-]+", options.user):
        yield ("user",), "expected the part of a SIP address before its @"
    if isinstance(options, SipCallOptions) and options.mos_down > options.mos_slow:
        yield ("mos_down",), "more than mos_slow, so that nothing would ever be slow"


def _sip_options(options: SipOptionsOptions) -> Iterator[Trouble]:
    if options.from_ is not None and read_uri(options.from_) is None:
        yield ("from",), "expected an address such as sip:watch@example.net"


def _exec(options: ExecOptions) -> Iterator[Trouble]:
    if options.argv and not options.argv[0].startswith("/"):
        yield ("argv", 0), "expected the plugin's whole path, which begins with /"


def _xmpp_room(options: XmppRoomOptions) -> Iterator[Trouble]:
    name, _, service = options.room.partition("@")
    good = name and _is_name(service) and not any(char in name for char in " /'\"&<>:")
    if options.room and not good:  # an empty one was told already
        yield ("room",), 'expected a room\'s whole address, such as "office@rooms.example.net"'
    if not options.nick.strip() or not options.nick.isprintable():
        yield ("nick",), "expected a name without control characters"


def _value(options: ValueOptions) -> Iterator[Trouble]:
    if (options.path is None) == (options.match is None):
        yield ("path",), "expected exactly one of path and match: where the number stands"
    if options.path is not None and (trouble := json_path_trouble(options.path)):
        yield ("path",), trouble
    if options.match is not None and not _pattern_trouble(options.match) and not _groups(options.match):
        yield ("match",), "needs a group in parentheses: the number"


_LOOKS: dict[type[ProbeOptions], Callable[[Any], Iterator[Trouble]]] = {
    HttpOptions: _http,
    TlsOptions: _tls,
    DnsOptions: _dns,
    IcmpOptions: _icmp,
    SmtpOptions: _smtp,
    XmppRoomOptions: _xmpp_room,
    IrcOptions: _irc,
    MatrixOptions: _matrix,
    WireguardOptions: _wireguard,
    ExecOptions: _exec,
    SipOptionsOptions: _sip_options,
    SipRegisterOptions: _sip,
    SipCallOptions: _sip,
    ValueOptions: _value,
    MailRoundtripOptions: _mail_roundtrip,
    WebchatOptions: _webchat,
}


def _pattern_trouble(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python tells of patterns it may read differently one day
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return ""


def _groups(pattern: str) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern).groups


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if "[" in parts.netloc or ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    return _is_name(host)


def _is_domain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ":" not in host and _is_name(host)
    return True


def _is_name(name: str) -> bool:
    if name == ".":  # the root zone
        return True
    labels = name.removesuffix(".").split(".")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
