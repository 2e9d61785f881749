"""What a probe is: the base of all probe options, which holds what the program knows of a kind beside its module."""

from collections.abc import Collection, Iterator
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from outagetui.core.kind import Kind
from outagetui.core.targets import Target, connect_trouble
from outagetui.core.troubles import Trouble, pattern_troubles, secret_troubles

AddressKind = Literal["xmpp", "sip", "mail", "phone", "other"]
Duration = Annotated[float, Meta(ge=0, extra_json_schema={"unit": "s"})]


class ProbeOptions(Kind, frozen=True, kw_only=True):
    """Base of all probe options; a kind's module in `probes/` has its name.

    `default_for` are the schemes of targets that mean this probe where a check names none, `canary` tells that it can
    watch our own uplink. `streams`: it dials a TCP port, which `connect` may replace. `slow_to_repeat`: a look costs
    time, money or somebody's patience, so a failure is repeated once only. `end_to_end`: it shows that a message, a
    call or a mail gets through, and not only that something answers. `reads_number`: its samples have a value.
    `addressed`: what the addresses of people are on a channel that is watched so.
    """

    kinds: ClassVar[dict[str, type["ProbeOptions"]]] = {}
    files: ClassVar[tuple[str, ...]] = ("ca", "file")
    target: ClassVar[Target] = Target()
    default_for: ClassVar[tuple[str, ...]] = ()
    canary: ClassVar[bool] = False
    streams: ClassVar[bool] = True
    slow_to_repeat: ClassVar[bool] = False
    end_to_end: ClassVar[bool] = False
    reads_number: ClassVar[bool] = False
    addressed: ClassVar[AddressKind] = "other"

    @classmethod
    def of_canary(cls) -> "ProbeOptions":
        """Return the options of a look at our own uplink."""
        return cls()

    def troubles(self, target: str, written: Collection[str]) -> Iterator[Trouble]:
        """Yield what types alone cannot judge, each with its key; `written` are the keys that stand in the file."""
        yield from pattern_troubles(self, "match", "no_match")
        yield from secret_troubles(self, "secret")
        yield from self._wrong()

    def _wrong(self) -> Iterator[Trouble]:
        yield from ()

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        """Yield what can be meant and hardly ever is, each with its key; a look begins `every` so many seconds."""
        yield from ()

    def expected(self) -> tuple[str, tuple[str, ...]]:
        """Return the type of the DNS records that must be the answer, and those records; empty where none need."""
        return "", ()

    def timeout(self, usual: float) -> float:
        """Return the limit of a whole look (seconds) where none is given; `usual` is that of most probes."""
        return usual

    def timeout_trouble(self, timeout: float) -> str:
        """Return why a look cannot be over within `timeout` (seconds), or nothing."""
        return ""

    def people(self) -> AddressKind:
        """Return what the addresses of people are on a channel that is watched so."""
        return self.addressed

    def place(self, target: str) -> tuple[str, int, bool]:
        """Return the host that is asked first, its port, and whether it speaks TLS from the first byte."""
        return self.target.place(target)

    def account(self) -> dict[str, Any]:
        """Return how our account logs in on the XMPP server that is watched; empty where there is none."""
        return {}

    def chat_room(self) -> str:
        """Return the address of the room that is watched."""
        return ""

    @classmethod
    def connect_trouble(cls, connect: str) -> str:
        """Return what is wrong with a check's `connect`, or nothing."""
        if not cls.streams:
            return f"the {cls.word} probe does not dial a TCP port; remove it"
        return connect_trouble(connect)


class TrustOptions(ProbeOptions, frozen=True, kw_only=True):
    """Base of the options of every probe that speaks TLS: `ca` is a file of authorities to trust, else the system's."""

    ca: str | None = None
