"""The session a call agrees on (RFC 4566, offer and answer as RFC 3264): one G.711 µ-law stream, 20 ms a packet."""

import ipaddress

from msgspec import Struct

from outagetui.core.text import in_quotes
from outagetui.net.trouble import fail

PCMU = 0  # payload type, RFC 3551
_LIMIT = 200  # lines of an answer that are read


class Media(Struct, frozen=True):
    """Where the far side wants its sound."""

    host: str
    port: int


def offer(host: str, port: int) -> bytes:
    """Return our offer: sound to `host` and `port`."""
    where = f"IN IP{6 if ':' in host else 4} {host.partition('%')[0]}"
    lines = ["v=0", f"o=- 1 1 {where}", "s=-", f"c={where}", "t=0 0", f"m=audio {port} RTP/AVP {PCMU}"]
    lines += [f"a=rtpmap:{PCMU} PCMU/8000", "a=ptime:20", "a=sendrecv"]
    return "\r\n".join((*lines, "")).encode()


def read_answer(body: bytes) -> Media:
    """Return where the sound goes. Fails as `sip.no-media` when the answer does not take our stream."""
    host, port, session, taken, seen = "", 0, "", False, False
    for line in body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")[:_LIMIT]:
        kind, _, value = line.partition("=")
        if kind == "m":
            if seen:
                break  # only the first stream was offered
            seen, words = True, value.split()
            if len(words) < 4 or words[0] != "audio" or words[2] not in ("RTP/AVP", "RTP/AVPF"):
                fail("sip.no-media", f"the answer is for another kind of stream: {value[:80]}")
            port = int(words[1]) if words[1].isascii() and words[1].isdigit() else 0
            taken = str(PCMU) in words[3:]
        elif kind == "c":
            address = value.split()[-1] if value.split() else ""
            host, session = (address, session) if seen else (host, address)
        elif kind == "a" and seen and value.strip() in ("inactive", "recvonly"):
            fail("sip.no-media", f"the far side will not send any sound ({value.strip()})")
    if not seen:
        fail("sip.no-media", "the call was answered without saying where its sound goes")
    if not taken or not 0 < port < 65536:
        fail("sip.no-media", "the far side does not take G.711 µ-law")
    return Media(_address(host or session), port)


def _address(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        fail("sip.no-media", f"the answer's media address is none: {in_quotes(text, 60)}")
    if found.is_unspecified or found.is_multicast:
        fail("sip.no-media", f"the far side is on hold or asks for multicast: {text}")
    return str(found)
