"""What a step can do by itself: ask, switch, look, tell, and speak to servers."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, field
from msgspec.structs import replace

from outagetui.core import targets
from outagetui.core.model import Audience, Config
from outagetui.core.probe_kind import Duration
from outagetui.core.step_kind import StepOptions, Word, backups_told, way_back
from outagetui.core.text import listed
from outagetui.core.times import span
from outagetui.core.troubles import Trouble, json_path_trouble, request_troubles
from outagetui.core.words import Why

SHOWN = 200  # characters of a request's body
_PLACEHOLDER = "{secret}"
_OURS = ("connection", "content-length", "transfer-encoding", "upgrade")  # headers that the program writes itself


class TalkOptions(StepOptions, frozen=True, kw_only=True):
    """What does nothing but speak."""

    talks = True
    leaves_nothing = True


class ManualOptions(TalkOptions, frozen=True, omit_defaults=True):
    """`manual`: a person does it, and says how it went. `told`: they tell that audience of its active backups."""

    word = "manual"
    asks = Why.MANUAL
    says = "says what to do or asks"

    told: Audience | None = None

    def meaning(self, config: Config) -> dict[str, Any]:
        return backups_told(self.told, config)

    def audiences(self) -> tuple[str, ...]:
        return (self.told,) if self.told is not None else ()


class ChannelsOptions(StepOptions, frozen=True, kw_only=True):
    """The backup channels whose standing changes."""

    names = (("channels", "channel"),)

    channels: Annotated[tuple[str, ...], Meta(min_length=1)]

    def backups(self) -> tuple[str, ...]:
        return self.channels

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        return f"{self.word} {listed([names.get(each, each) for each in self.channels])}"


class ActivateOptions(ChannelsOptions, frozen=True):
    """`activate`: make backups active."""

    word = "activate"
    undone_by = "deactivate"
    activates = True

    def meaning(self, config: Config) -> dict[str, Any]:
        found = filter(None, map(config.channel, self.channels))
        return {"names": {channel.id: channel.name for channel in found}}


class DeactivateOptions(ChannelsOptions, frozen=True):
    """`deactivate`: let backups go back to standby."""

    word = "deactivate"
    module = "activate"
    undone_by = "activate"


class LookOptions(StepOptions, frozen=True, kw_only=True):
    """What only looks."""

    looks = True
    leaves_nothing = True


class WaitOptions(LookOptions, frozen=True, kw_only=True):
    """Every named check or channel in `state`, `times` in a row, `within` a limit."""

    names = (("channels", "channel"), ("checks", "check"))
    verb: ClassVar[str] = "wait until"

    checks: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    state: Literal["up", "slow", "partial", "down"] = "up"
    times: Annotated[int, Meta(ge=1, le=100)] = 3
    within: Duration = 300.0

    def limit(self) -> float:
        return self.within

    def _wrong(self) -> Iterator[Trouble]:
        if not self.checks and not self.channels:
            yield (), "expected checks or channels: what to wait for"
        if not self.within:
            yield ("within",), "must be more than 0"

    def odd(self) -> Iterator[Trouble]:
        if 0 < self.within < self.times:
            yield ("within",), f"{self.times} looks in a row hardly ever fit into {span(self.within)}"
        elif self.within > 86400:
            yield ("within",), f"the run stands still for up to {span(self.within)}"

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        things = [*self.checks, *(names.get(each, each) for each in self.channels)]
        times = f", {self.times} times in a row" if self.times > 1 else ""
        be = "are" if len(things) > 1 else "is"
        return f"{self.verb} {listed(things)} {be} {self.state}{times}, at most {span(self.within)}"


class VerifyOptions(WaitOptions, frozen=True):
    """`verify`: look now, by probes of its own."""

    word = "verify"
    module = "wait_for"
    verb = "verify that"


class WaitForOptions(WaitOptions, frozen=True):
    """`wait_for`: follow the scheduled probes."""

    word = "wait_for"


class FailBackOptions(LookOptions, frozen=True, kw_only=True):
    """`fail_back`: each of `channels` passes `times` in a row and was well for `up_for` seconds, `within` a limit."""

    word = "fail_back"
    own = True

    channels: tuple[str, ...]
    times: Annotated[int, Meta(ge=1)]
    within: float
    up_for: float


class AnnounceOptions(StepOptions, frozen=True, kw_only=True):
    """`announce`: no `outlets` means all of that audience."""

    word = "announce"
    outside = True
    announces = True
    leaves_nothing = True
    names = (("outlets", "outlet"),)

    kind: str
    audience: Literal["staff", "customers"]
    outlets: tuple[str, ...] = ()

    def audiences(self) -> tuple[str, ...]:
        return (self.audience,)

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        places = listed([names.get(each, each) for each in self.outlets]) or f"every outlet for {self.audience}"
        return f"{self.word} {self.kind} to {self.audience} on {places}"


class HttpStepOptions(StepOptions, frozen=True, kw_only=True):
    """`http`: one request. `secret` takes the place of `{secret}` in `headers` and `body`, else is the bearer token.

    The reply's code must be in `status`; with `path` (JSONPath, RFC 9535) its JSON must hold `equals` there.
    """

    word = "http"
    outside = True

    url: Word
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    secret: str | None = None
    status: tuple[str | int, ...] = ("200-299",)
    path: str | None = None
    equals: str | int | float | bool | None = None
    ca: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        yield from request_troubles(self.method, self.headers, self.status)
        if self.method in ("CONNECT", "TRACE"):
            yield ("method",), f"{self.method} is no method for a step"
        for name in self.headers:
            if name.lower() in _OURS:
                yield ("headers", name), "is written by the program itself; remove it"
        yield from self._url()
        places = (*self.headers.values(), self.body)
        if self.secret == "":
            yield ("secret",), "expected the name of a file in the secrets directory"
        elif self.secret is None and any(_PLACEHOLDER in text for text in places):
            yield (), f"{_PLACEHOLDER} in headers or body needs secret: the name of the file with it"
        if self.path is not None:
            if trouble := json_path_trouble(self.path):
                yield ("path",), trouble
            if self.equals is None:
                yield ("path",), "needs equals beside it: the value that must stand there"
            if self.method == "HEAD":
                yield ("path",), "the answer to a HEAD has no body"
        elif self.equals is not None:
            yield ("equals",), "needs path beside it: where the value stands"

    def _url(self) -> Iterator[Trouble]:
        if not self.url:
            return
        if trouble := targets.WEB.trouble(self.url):
            yield ("url",), trouble
        elif _PLACEHOLDER in self.url:
            yield ("url",), "a secret cannot stand in a URL, which is shown and kept; put it into headers or body"
        elif self.secret is not None and not targets.is_private_or_tls(self.url):
            yield (
                ("url",),
                "the secret would travel in the clear: use https, or http to loopback or a private address only",
            )

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        parts = [f"send {self.method} {self.url}"]
        parts += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            cut = f"{self.body[:SHOWN]}…" if len(self.body) > SHOWN else self.body
            parts.append(f"body {cut}")
        if self.secret is not None:
            placed = any("{secret}" in text for text in (*self.headers.values(), self.body))
            parts.append(f"secret {self.secret}" if placed else f"secret {self.secret} as bearer token")
        expected = f"expect {', '.join(map(str, self.status))}"
        if self.path is not None:
            expected += f" and {self.path} to be {msgspec.json.encode(self.equals).decode()}"
        return f"{', '.join(parts)}; {expected}"


class DnsUpdateOptions(StepOptions, frozen=True, kw_only=True):
    """`dns.update`: a TSIG-signed RFC 2136 update at `server` (host:port), only while `name` still holds `from`.

    `read_back` are the name servers (host:port) that must answer `to` in the end; none: those of the zone.
    """

    word = "dns.update"
    outside = True

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

    def odd(self) -> Iterator[Trouble]:
        if self.ttl == 0:
            yield ("ttl",), "nobody may keep the answer, which some resolvers do not heed"
        elif self.ttl > 3600:
            yield ("ttl",), f"after a way back people are sent to the wrong place for up to {span(self.ttl)}"

    def meaning(self, config: Config) -> dict[str, Any]:
        back = replace(self, from_=self.to, to=self.from_)
        return {"undo": way_back(back, back.sentence({}, {}))}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        values = f"from {', '.join(self.old)} to {', '.join(self.new)}"
        return f"point {self.whole_name} {self.type} {values} (TTL {self.ttl}) at {self.server}"


class NoteOptions(TalkOptions, frozen=True):
    """`note`: what is to be known."""

    word = "note"
    says = "says what is to be known"
    takes_back = False


class ChooseOptions(TalkOptions, frozen=True):
    """`choose`: a person says which of its answers holds."""

    word = "choose"
    asks = Why.CHOOSE
    says = "asks"
    takes_back = False


class SpendOptions(StepOptions, frozen=True, kw_only=True):
    """`spend`: say what `channel` costs, and ask."""

    word = "spend"
    outside = True
    must_ask = True
    leaves_nothing = True
    takes_back = False
    shows = "Know before you say yes:"
    names = (("channel", "channel"),)

    channel: Word

    def meaning(self, config: Config) -> dict[str, Any]:
        channel = config.channel(self.channel)
        assert channel is not None  # as it was validated
        return {"name": channel.name, "cost": msgspec.to_builtins(channel.cost)}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        return f"agree to what {names.get(self.channel, self.channel)} costs"


class PlaybookOptions(TalkOptions, frozen=True, kw_only=True):
    """`playbook`: the steps of another playbook, as part of this run."""

    word = "playbook"
    module = "note"
    takes_back = False
    names = (("id", "playbook"),)

    id: Word

    def part(self) -> str:
        return self.id

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        return f"go through the playbook {names.get(f'playbook {self.id}', self.id)}"
