"""Telephony."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, field

from outagetui.core.probe_kind import TrustOptions
from outagetui.core.sip_uri import read_hop, read_uri
from outagetui.core.targets import SipTarget
from outagetui.core.times import show_duration
from outagetui.core.troubles import Trouble

DAY: Final = 86400.0
BEST_MOS: Final = 4.4  # of G.711 without loss (ITU-T G.107)
CALL_BESIDE: Final = 2.0  # seconds of a `sip.call` that are not sound


class SipOptionsOptions(TrustOptions, frozen=True, kw_only=True):
    """`sip.options`: with `accept` only those status codes pass; `from` is the address we ask as."""

    word = "sip.options"
    target = SipTarget(words="sip:host:port;transport=udp, tcp or tls")
    streams = False
    default_for = ("sip", "sips")
    addressed = "sip"

    accept: Annotated[tuple[Annotated[int, Meta(ge=200, le=699)], ...], Meta(min_length=1)] | None = None
    from_: str | None = field(default=None, name="from")

    def _wrong(self) -> Iterator[Trouble]:
        if self.from_ is not None and read_uri(self.from_) is None:
            yield ("from",), "expected an address such as sip:watch@example.net"


class SipAccountOptions(TrustOptions, frozen=True, kw_only=True):
    """What acts as somebody has: `proxy` is "host:port;transport=udp" to send to, `user` the login."""

    streams = False
    addressed = "sip"

    proxy: str | None = None
    secret: str | None = None
    user: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        if self.proxy is not None and read_hop(self.proxy) is None:
            yield ("proxy",), 'expected "host:port;transport=udp", tcp or tls'
        if self.user is not None and not re.fullmatch(r"[A-Za-z0-9_.!~*'()&=+$,;?/%-]+", self.user):
            yield ("user",), "expected the part of a SIP address before its @"

    def place(self, target: str) -> tuple[str, int, bool]:
        return super().place(f"sip:{self.proxy}" if self.proxy else target)


class SipRegisterOptions(SipAccountOptions, frozen=True, kw_only=True):
    """`sip.register`: `user` is the login if it is not the target's."""

    word = "sip.register"
    target = SipTarget(words="sip:user@domain", user=True)


class SipCallOptions(SipAccountOptions, frozen=True, kw_only=True):
    """`sip.call`: a call by `user` of `seconds`; below `mos_slow` it warns, below `mos_down` it fails."""

    word = "sip.call"
    target = SipTarget(words="sip:number@domain", user=True)
    slow_to_repeat = True
    end_to_end = True

    seconds: Annotated[float, Meta(ge=1, le=60)] = 3.0
    mos_slow: Annotated[float, Meta(ge=1, le=4.5)] = 3.6
    mos_down: Annotated[float, Meta(ge=1, le=4.5)] = 2.6
    calls_per_day: Annotated[int, Meta(ge=0, le=10000)] = 24

    def _wrong(self) -> Iterator[Trouble]:
        yield from super()._wrong()
        if self.mos_down > self.mos_slow:
            yield ("mos_down",), "more than mos_slow, so that nothing would ever be slow"

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.calls_per_day == 0:
            yield ("calls_per_day",), "no call is ever placed, so the check stays unknown"
        elif every * self.calls_per_day < DAY:
            lasts = show_duration(every * self.calls_per_day)
            yield ("every",), f"the {self.calls_per_day} calls of a day (calls_per_day) are placed within {lasts}"
        if self.mos_down >= BEST_MOS:
            yield ("mos_down",), f"no call by G.711 is better than {BEST_MOS:g}: every one would fail"
        elif self.mos_slow >= BEST_MOS:
            yield ("mos_slow",), f"no call by G.711 is better than {BEST_MOS:g}: every one would be slow"

    def timeout(self, usual: float) -> float:
        return max(usual, self.seconds + CALL_BESIDE)

    def timeout_trouble(self, timeout: float) -> str:
        if timeout >= self.seconds + CALL_BESIDE:
            return ""
        return f"must be at least {CALL_BESIDE:g} s more than seconds, for the call to be answered and ended"
