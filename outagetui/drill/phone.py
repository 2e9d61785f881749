"""The drill's telephone: a SIP registrar and an extension that echoes (RFC 3261, G.711 by RTP), on UDP.

Faults: `hang` (no answer), `503` (with Retry-After), `reject-login`, `drop` (a share of messages), `one-way` (answered,
but no sound comes back), `loss` (a share of the sound), `jitter` (sound late by up to `share` tenths of a second).
"""

import asyncio
import hashlib
import hmac
import random
import re
import secrets

from outagetui.drill.scenario import SEED
from outagetui.drill.servers import HOST, Datagrams, Trouble
from outagetui.protocols.sip.message import Incoming, compose, parse

DOMAIN = "drill.test"
USER = "watch"
RETRY_AFTER = 30
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')


class Sound(Datagrams):
    """Sends every packet back to where it came from."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self._dice = random.Random(SEED)  # noqa: S311 a script, not a secret

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Send one packet back."""
        kind = self._trouble.kind
        if kind in ("one-way", "hang") or (kind == "loss" and self._trouble.strikes("sound")):
            return
        if kind == "jitter":
            late = self._dice.random() * self._trouble.share / 10
            asyncio.get_running_loop().call_later(late, self._transport.sendto, data, addr)
        else:
            self._transport.sendto(data, addr)


class Exchange(Datagrams):
    """Answers OPTIONS, takes registrations of `USER`, and calls to any number; `calls` are those not hung up."""

    def __init__(self, password: str, sound: asyncio.DatagramTransport, trouble: Trouble) -> None:
        super().__init__(trouble)
        self._password, self._sound = password, sound
        self._nonce = secrets.token_hex(16)
        self.calls: set[str] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the sound away with the exchange."""
        self._sound.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one request."""
        request = parse(data)
        kind = self._trouble.kind
        if request is None or request.code or kind == "hang" or (kind == "drop" and self._trouble.strikes("sip")):
            return
        reply = self._answer(request)
        if reply is not None:
            self._transport.sendto(reply, addr)

    def _answer(self, request: Incoming) -> bytes | None:
        if request.method == "ACK":
            return None
        if request.method == "BYE":
            known = request.call_id in self.calls
            self.calls.discard(request.call_id)
            return _reply(request, "200 OK" if known else "481 Call Does Not Exist")
        if self._trouble.kind == "503":
            return _reply(request, "503 Service Unavailable", ("Retry-After", str(RETRY_AFTER)))
        if request.method in ("OPTIONS", "CANCEL"):
            return _reply(request, "200 OK")
        if request.method == "REGISTER":
            return self._challenge(request, "401 Unauthorized", "Authorization") or self._registered(request)
        if request.method == "INVITE":
            challenge = self._challenge(request, "407 Proxy Authentication Required", "Proxy-Authorization")
            return challenge or self._answered(request)
        return _reply(request, "405 Method Not Allowed")

    def _registered(self, request: Incoming) -> bytes:
        gone = request.first("expires") == "0"
        held = [] if gone else [("Contact", value) for value in request.headers.get("contact", ())]
        return _reply(request, "200 OK", *held)

    def _answered(self, request: Incoming) -> bytes:
        self.calls.add(request.call_id)
        lines = ("v=0", f"o=echo 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0")
        sound_port = self._sound.get_extra_info("sockname")[1]
        stream = (f"m=audio {sound_port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendrecv", "")
        host, port = self._transport.get_extra_info("sockname")[:2]
        more = (("Contact", f"<sip:echo@{host}:{port}>"), ("Content-Type", "application/sdp"))
        return _reply(request, "200 OK", *more, body="\r\n".join((*lines, *stream)).encode())

    def _challenge(self, request: Incoming, status: str, header: str) -> bytes | None:
        """Return the refusal of a request without good credentials (RFC 7616), None when they are good."""
        given = {name: quoted or plain for name, quoted, plain in _PARAMETER.findall(request.first(header.lower()))}
        who = _hash(f"{USER}:{DOMAIN}:{self._password}")
        what = _hash(f"{request.method}:{given.get('uri', '')}")
        middle = ":".join(given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        good = hmac.compare_digest(given.get("response", "").encode(), _hash(f"{who}:{middle}:{what}").encode())
        if good and given.get("nonce") == self._nonce and self._trouble.kind != "reject-login":
            return None
        asks = "WWW-Authenticate" if header == "Authorization" else "Proxy-Authenticate"
        value = f'Digest realm="{DOMAIN}", nonce="{self._nonce}", algorithm=SHA-256, qop="auth"'
        return _reply(request, status, (asks, value))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _reply(request: Incoming, status: str, *more: tuple[str, str], body: bytes = b"") -> bytes:
    to = request.first("to")
    headers = [("Via", via) for via in request.headers["via"]]
    headers += [("From", request.first("from")), ("To", to if request.to_tag else f"{to};tag=drill")]
    headers += [("Call-ID", request.call_id), ("CSeq", f"{request.seq} {request.method}")]
    return compose(f"SIP/2.0 {status}", [*headers, *more], body)


async def serve_phone(password: str, trouble: Trouble, port: int = 0) -> asyncio.DatagramTransport:
    """Serve SIP and its sound on UDP; the sound's socket is closed with the other."""
    loop = asyncio.get_running_loop()
    sound, _ = await loop.create_datagram_endpoint(lambda: Sound(trouble), local_addr=(HOST, 0))
    exchange = Exchange(password, sound, trouble)
    transport, _ = await loop.create_datagram_endpoint(lambda: exchange, local_addr=(HOST, port))
    return transport
