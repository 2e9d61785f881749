"""What answers at all: the usual services, a provider's own word, a number."""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from outagetui.core import targets
from outagetui.core.hosts import address_of, is_host
from outagetui.core.probe_kind import AddressKind, Duration, ProbeOptions, TrustOptions
from outagetui.core.targets import HostTarget, Target
from outagetui.core.text import listing, nearest
from outagetui.core.times import show_duration
from outagetui.core.troubles import (
    Trouble,
    groups,
    json_path_trouble,
    line_troubles,
    pair_troubles,
    pattern_troubles,
    request_troubles,
)

MOST_CERTIFICATES = 90 * 86400.0  # seconds for which most certificates are issued
SHORTEST_ASKING = 10.0  # seconds between two questions to somebody else's status page
RECORDS = (
    *("A", "AAAA", "ANY", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR"),
    *("RRSIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
)
RCODES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
    *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
)


class HttpOptions(TrustOptions, frozen=True, kw_only=True):
    """`http`: `status` holds codes and `"200-399"` ranges, `match` and `no_match` are searched in the body."""

    word = "http"
    target = targets.WEB
    default_for = ("http", "https")
    canary = True

    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: tuple[str | int, ...] = ("200-399",)
    match: str | None = None
    no_match: str | None = None
    redirects: Annotated[int, Meta(ge=0, le=20)] = 5
    ip: Literal[4, 6] | None = None
    expires_warn: Duration = 21 * 86400.0

    @classmethod
    def of_canary(cls) -> ProbeOptions:
        return cls(status=("200-399", 429))  # whoever is asked too often was reached

    def _wrong(self) -> Iterator[Trouble]:
        yield from request_troubles(self.method, self.headers, self.status)

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.method == "HEAD" and (self.match or self.no_match):
            key = "match" if self.match else "no_match"
            yield (key,), "the answer to a HEAD has no body: nothing is ever found in it"
        elif self.match is not None and self.match == self.no_match:
            yield ("no_match",), "is match as well: the check always fails"
        if self.body and self.method in ("GET", "HEAD"):
            yield ("body",), f'a {self.method} has no body as a rule; is method = "POST" meant?'
        address = address_of(self.target.place(target)[0])
        if address is not None and self.ip not in (None, address.version):
            yield ("ip",), f"the target is an address of IPv{address.version}: the check always fails"
        yield from _of_expiry(self.expires_warn, "expires_warn", "warn")


class TlsOptions(TrustOptions, frozen=True, kw_only=True):
    """`tls`: `starttls` speaks the named protocol first."""

    word = "tls"
    target = Target(words="tls://host:port", schemes=("tls",))
    default_for = ("tls",)

    starttls: Literal["smtp", "imap", "xmpp"] | None = None
    server_name: str | None = None
    expires_warn: Duration = 21 * 86400.0
    expires_fail: Duration = 3 * 86400.0

    def _wrong(self) -> Iterator[Trouble]:
        if self.server_name is not None and not is_host(self.server_name):
            yield ("server_name",), f'"{self.server_name}" is no host name'
        if self.expires_fail > self.expires_warn:
            yield ("expires_fail",), "longer than expires_warn, so that nothing would ever warn"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        yield from _of_expiry(self.expires_warn, "expires_warn", "warn")
        if self.expires_fail >= MOST_CERTIFICATES:
            yield from _of_expiry(self.expires_fail, "expires_fail", "fail")

    def people(self) -> AddressKind:
        return "xmpp" if self.starttls == "xmpp" else "other"


class TcpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`tcp`: after connecting, `send` is sent and the reply must hold `match`."""

    word = "tcp"
    target = targets.TCP
    default_for = ("tcp",)
    canary = True

    send: str | None = None
    match: str | None = None


class DnsOptions(ProbeOptions, frozen=True, kw_only=True):
    """`dns`: `answer` is the exact set of records expected; `serials` compares the zone's SOA on every name server."""

    word = "dns"
    target = targets.DNS
    streams = False
    default_for = ("dns",)
    canary = True

    type: str = "A"
    answer: tuple[str, ...] | None = None
    rcode: str = "NOERROR"
    serials: bool = False

    def _wrong(self) -> Iterator[Trouble]:
        if self.type not in RECORDS:
            yield ("type",), f"unknown record type{nearest(self.type, RECORDS)}; known: {listing(RECORDS)}"
        if self.rcode not in RCODES:
            yield ("rcode",), f"unknown reply code{nearest(self.rcode, RCODES)}; known: {listing(RCODES)}"
        if self.answer and self.rcode != "NOERROR":
            yield ("answer",), "an answer can be expected only with rcode NOERROR"

    def expected(self) -> tuple[str, tuple[str, ...]]:
        return self.type, self.answer or ()

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.answer is not None and not self.answer:
            yield ("answer",), "is empty, so it asks for nothing; remove it, or say what must be there"
        if self.serials and (self.answer or self.type != "A"):
            key = "answer" if self.answer else "type"
            yield (key,), "with serials only the SOA records of the zone's name servers are compared"


class IcmpOptions(ProbeOptions, frozen=True, kw_only=True):
    """`icmp`: losses are shares of the `count` packets sent."""

    word = "icmp"
    target = HostTarget(words="icmp://host", schemes=("icmp",))
    streams = False
    default_for = ("icmp",)
    canary = True

    count: Annotated[int, Meta(ge=1, le=20)] = 3
    loss_slow: Annotated[float, Meta(ge=0, le=1)] = 0.34
    loss_down: Annotated[float, Meta(ge=0, le=1)] = 1.0

    def _wrong(self) -> Iterator[Trouble]:
        if self.loss_slow > self.loss_down:
            yield ("loss_slow",), "more than loss_down, so that nothing would ever be slow"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.loss_down == 0:
            yield ("loss_down",), "one packet that is lost is an outage: is that meant?"
        if self.count == 1 and self.loss_down < 1:
            yield ("loss_down",), "of a single packet all is lost or nothing"
        if self.count * self.loss_down <= 1 < self.count and self.loss_down > 0:
            yield ("loss_down",), f"one of {self.count} packets that is lost is an outage: is that meant?"


class SmtpOptions(TrustOptions, frozen=True, kw_only=True):
    """`smtp`: with `mail_from` and `rcpt_to` the envelope is tried, never the message."""

    word = "smtp"
    target = Target(words="smtp://host:port or smtps://host:port", schemes=("smtp", "smtps"))
    default_for = ("smtp", "smtps")
    addressed = "mail"

    starttls: Literal["offered", "required", "never"] = "offered"
    user: str | None = None
    secret: str | None = None
    mail_from: str | None = None
    rcpt_to: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        yield from pair_troubles(self, ("user", "secret"), ("secret", "user"), ("rcpt_to", "mail_from"))
        yield from line_troubles(self, "user", "mail_from", "rcpt_to")

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.starttls == "required" and target.lower().startswith("smtps:"):
            yield ("starttls",), "smtps speaks TLS from the first byte: nothing is started"


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


class FeedOptions(TrustOptions, frozen=True, kw_only=True):
    """`feed`: a provider's own word; `components` are the names that matter, `stale_after` how old a result may be."""

    word = "feed"
    target = targets.WEB
    slow_to_repeat = True

    format: FeedFormat = "auto"
    components: tuple[str, ...] = ()
    stale_after: Annotated[float, Meta(gt=0, extra_json_schema={"unit": "s"})] | None = None

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if every < SHORTEST_ASKING:
            yield ("every",), f"asks somebody else's status page every {show_duration(every)}, who may refuse that"
        if self.stale_after is not None and self.stale_after < 60:
            yield ("stale_after",), "hardly any provider looks that often, so the check stays unknown"


class ValueOptions(TrustOptions, frozen=True, kw_only=True):
    """`value`: a number at `path` (JSONPath, RFC 9535) or in the first group of `match`, and its limits."""

    word = "value"
    target = targets.WEB
    reads_number = True

    path: str | None = None
    match: str | None = None
    slow_below: float | None = None
    slow_above: float | None = None
    down_below: float | None = None
    down_above: float | None = None
    unit: str = ""

    def troubles(self, target: str, written: Collection[str]) -> Iterator[Trouble]:
        yield from super().troubles(target, written)
        limits = ("slow_below", "slow_above", "down_below", "down_above")
        if not any(key in written for key in limits):
            yield (), f"expected a limit: {', '.join(limits)}"

    def _wrong(self) -> Iterator[Trouble]:
        if (self.path is None) == (self.match is None):
            yield ("path",), "expected exactly one of path and match: where the number stands"
        if self.path is not None and (trouble := json_path_trouble(self.path)):
            yield ("path",), trouble
        if self.match is not None and not any(pattern_troubles(self, "match")) and not groups(self.match):
            yield ("match",), "needs a group in parentheses: the number"
        for fate in ("slow", "down"):
            below, above = getattr(self, f"{fate}_below"), getattr(self, f"{fate}_above")
            if below is not None and above is not None and below > above:
                yield (f"{fate}_below",), f"is above {fate}_above ({above:g}): every number would be {fate}"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        slow, down = (self.slow_below, self.slow_above), (self.down_below, self.down_above)
        if slow[0] is not None and down[0] is not None and slow[0] <= down[0]:
            yield ("slow_below",), f"never reached: below down_below ({down[0]:g}) it is down already"
        if slow[1] is not None and down[1] is not None and slow[1] >= down[1]:
            yield ("slow_above",), f"never reached: above down_above ({down[1]:g}) it is down already"
        least = max((each for each in (slow[0], down[0]) if each is not None), default=float("-inf"))
        most = min((each for each in (slow[1], down[1]) if each is not None), default=float("inf"))
        if least >= most:
            yield ("down_below" if down[0] is not None else "slow_below",), "no number is left that would be well"


def _of_expiry(seconds: float, key: str, fate: str) -> Iterator[Trouble]:
    if seconds == 0:
        yield (key,), "a certificate is told of only when it is over"
    elif seconds >= MOST_CERTIFICATES:
        yield (key,), f"as long as most certificates are valid at all ({show_duration(seconds)}): these always {fate}"
