"""The session a call agrees on (SDP: RFC 8866; offer and answer: RFC 3264): one stream of G.711, 20 ms a packet."""

import ipaddress
import re

from msgspec import Struct

from outagetui.net.trouble import fail, unknown
from outagetui.protocols.sip.g711 import Law

SPOKEN = "G.711 A-law or µ-law"  # as people read it
_LIMIT = 1000  # lines of an answer that are read
_MEDIA = re.compile(r"(\S+)\s+(\d{1,5})(?:/\d{1,5})?\s+(\S+)\s+(.+)", re.ASCII)
_MAPPED = re.compile(r"rtpmap:\s*(\d{1,3})\s+([\w.-]+)\s*/\s*8000(?:\s*/\s*1)?", re.ASCII)
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_DESCRIPTION = re.compile(rb"(?im)^(?:content-type|c)[ \t]*:\s*application/sdp\b")
_PARTS = 16  # of a body that are looked at
_PROTOCOLS = ("RTP/AVP", "RTP/AVPF")
_DIRECTIONS = {
    "sendonly": "the far side only speaks and does not listen: it has put the call on hold",
    "recvonly": "the far side only listens and will not send any sound",
    "inactive": "the far side neither speaks nor listens: it has put the call on hold",
}


class Media(Struct, frozen=True):
    """Where the far side wants its sound, in which law, and which payload type it has for that.

    `host` is an address, or a name that has to be looked up still.
    """

    host: str
    port: int
    law: Law = Law.MU
    kind: int = Law.MU

    @property
    def named(self) -> bool:
        """Whether `host` is a name."""
        return _address(self.host) is None


class _Stream:
    """One `m=` line of a description and the lines that belong to it."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.connection = ""
        self.attributes: list[str] = []


def offer(host: str, port: int, *laws: Law) -> bytes:
    """Return our offer, or our answer to another: sound to `host` and `port`, in `laws`, the first one preferred."""
    laws = laws or tuple(Law)
    where = f"IN IP{6 if ':' in host else 4} {host.partition('%')[0]}"
    kinds = " ".join(str(int(law)) for law in laws)
    lines = ["v=0", f"o=- 1 1 {where}", "s=-", f"c={where}", "t=0 0", f"m=audio {port} RTP/AVP {kinds}"]
    lines += [f"a=rtpmap:{int(law)} {law.encoding}/8000" for law in laws]
    return "\r\n".join((*lines, "a=ptime:20", "a=sendrecv", "")).encode()


def description(kind: str, body: bytes) -> bytes:
    """Return the session description in a message's body; `kind` is its Content-Type, which may hold several parts.

    The parts are those of RFC 2046 section 5.1, as RFC 5621 has them in SIP.
    """
    if not kind.lower().lstrip().startswith("multipart/"):
        return body
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        return b""
    for part in body.split(b"--" + (boundary[1] or boundary[2]).encode(), _PARTS)[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        if _DESCRIPTION.search(head):
            return content
    return b""


def read_answer(body: bytes) -> Media:
    """Return where the sound goes.

    Raises `Trouble` `sip.no-media`: fail when the answer is against the rules, or the far side does not want to speak
    and listen, unknown when it declined what we speak.
    """
    session, streams = _Stream(""), list[_Stream]()
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n")[:_LIMIT]:
        kind, _, value = line.partition("=")
        place = streams[-1] if streams else session
        if kind == "m":
            streams.append(_Stream(value.strip()))
        elif kind == "c":
            place.connection = place.connection or value.strip()
        elif kind == "a":
            place.attributes.append(value.strip())
    if not streams:
        fail("sip.no-media", "the call was answered without saying where its sound goes")
    readable = [(stream, found) for stream in streams if (found := _MEDIA.fullmatch(stream.line))]
    ours = [(stream, found) for stream, found in readable if _is_ours(found)]
    if not ours:
        fail("sip.no-media", f"the answer is for another kind of stream: {streams[0].line[:80]}")
    taken = [(stream, found) for stream, found in ours if int(found[2])]
    if not taken:
        unknown("sip.no-media", f"the far side declined the sound we offered ({SPOKEN}): we cannot speak what it would")
    stream, found = next((each for each in taken if _law(each[0], each[1][4])), taken[0])
    port, spoken = int(found[2]), _law(stream, found[4])
    if spoken is None or port > 65535:
        fail("sip.no-media", f"the far side answered with sound that was not offered: {stream.line[:80]}")
    told = {each.lower() for each in stream.attributes} & {*_DIRECTIONS, "sendrecv"}
    for direction in told or {each.lower() for each in session.attributes} & _DIRECTIONS.keys():
        if direction in _DIRECTIONS:
            fail("sip.no-media", f"{_DIRECTIONS[direction]} ({direction})")
    return Media(_host(stream.connection or session.connection), port, *spoken)


def _is_ours(found: re.Match[str]) -> bool:
    """Tell whether it is for what we offered; who declines that (port 0) may name another protocol, as RTP/SAVP."""
    return found[1].lower() == "audio" and (found[3].upper() in _PROTOCOLS or not int(found[2]))


def _law(stream: _Stream, formats: str) -> tuple[Law, int] | None:
    """Return the first law of ours among a stream's formats, and its payload type; static ones need no `rtpmap`."""
    known = {str(int(law)): law for law in Law}
    for attribute in stream.attributes:
        mapped = _MAPPED.fullmatch(attribute)
        law = next((law for law in Law if mapped and mapped[2].upper() == law.encoding), None)
        if mapped and law is not None and int(mapped[1]) < 128:
            known.setdefault(mapped[1], law)
    kind = next((each for each in formats.split() if each in known), None)
    return None if kind is None else (known[kind], int(kind))


def _host(connection: str) -> str:
    """Return the host of a `c=` value; a multicast address may have `/ttl` behind it."""
    words = connection.split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
        fail("sip.no-media", f"the answer's media address is none: {connection[:60] or 'it is missing'}")
    host = words[2].partition("/")[0]
    address = _address(host)
    if address is None and not re.fullmatch(r"[\w.-]{1,253}", host):
        fail("sip.no-media", f"the answer's media address is none: {host[:60]}")
    if address is not None and address.is_unspecified:
        fail("sip.no-media", f"the far side has put the call on hold (its media address is {host})")
    if address is not None and address.is_multicast:
        fail("sip.no-media", f"the far side asks for multicast: {host}")
    return host if address is None else str(address)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
