"""The server that takes a zone's updates: signed questions and updates over TCP (RFC 2136, TSIG of RFC 8945).

Questions are signed too: what decides over an update must be the server's own word, and a server that shows different
people different zones must show us the one that we change.
"""

import asyncio
import base64
import binascii
import struct

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
from dns.name import Name
from dns.rdata import Rdata
from msgspec import Struct

from outagetui.core.step_options import DnsUpdateOptions
from outagetui.core.text import in_quotes
from outagetui.net.connect import dial, endpoint
from outagetui.net.resolve import Address
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_records import read_name, show

PORT = 53

Values = frozenset[Rdata]


class NoAnswerError(Exception):
    """The server gave no answer that can be used. `sent` tells whether it may have got what was asked of it."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


class RefusedError(Exception):
    """The server answered with an error. `sure` tells whether the answer is signed by it; `code` is the reply code."""

    def __init__(self, words: str, code: dns.rcode.Rcode, *, sure: bool) -> None:
        super().__init__(words)
        self.code = code
        self.sure = sure


class Primary:
    """The server of a step. `key_content` is the TSIG key in base64; raises ValueError when it is not."""

    def __init__(self, options: DnsUpdateOptions, key_content: str, vantage: Vantage) -> None:
        self.host, self.port = endpoint(options.server, PORT)
        self.zone = read_name(options.zone)
        self._vantage = vantage
        self._name = options.key
        try:
            secret = base64.b64decode("".join(key_content.split()), validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not secret:
            raise ValueError(f"secret {in_quotes(options.secret)} is no TSIG key in base64")
        self._key = dns.tsig.Key(read_name(options.key), secret, options.algorithm)

    @property
    def shown(self) -> str:
        """The server as people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def addresses(self, deadline: float) -> list[Address]:
        """Return where the server is. Raises `Trouble`."""
        return await self._vantage.resolve(self.host, self.port, deadline=deadline)

    async def values(self, name: Name, kind: str, deadline: float) -> Values:
        """Return what the server holds for `name`; empty when there is nothing. Raises NoAnswerError, RefusedError."""
        wanted = dns.rdatatype.from_text(kind)
        reply = await self.ask(name, wanted, deadline)
        return held(reply, name, wanted)

    async def ask(self, name: Name, kind: dns.rdatatype.RdataType, deadline: float) -> dns.message.Message:
        """Return the server's own answer, which may be that the name does not exist."""
        query = dns.message.make_query(name, kind, flags=0)
        query.use_tsig(self._key)
        reply = await self._exchange(query, deadline)
        if reply.rcode() != dns.rcode.NXDOMAIN:
            self._judge(reply)
        if not reply.had_tsig:
            raise NoAnswerError(f"{self.shown} does not sign its answers, so that they prove nothing", sent=True)
        if reply.rcode() == dns.rcode.NXDOMAIN:
            return reply
        if not reply.flags & dns.flags.AA:
            words = f"{self.shown} does not serve the zone {self.zone.to_text(True)} itself"
            raise RefusedError(words, dns.rcode.NOTAUTH, sure=True)
        return reply

    async def swap(self, name: Name, old: Values, new: Values, ttl: int, deadline: float) -> None:
        """Put `new` in the place of `old`, if the name holds exactly `old` (RFC 2136 section 2.4.2).

        Raises NoAnswerError, RefusedError (NXRRSET: it holds something else).
        """
        update = dns.update.UpdateMessage(self.zone, keyring=self._key)
        update.present(name, *old)
        update.replace(name, ttl, *new)
        reply = await self._exchange(update, deadline)
        self._judge(reply)
        if not reply.had_tsig:
            raise NoAnswerError(f"{self.shown} did not sign its answer, so that it proves nothing", sent=True)

    def _judge(self, reply: dns.message.Message) -> None:
        code = reply.rcode()
        if code == dns.rcode.NOERROR:
            return
        name = dns.rcode.to_text(code)
        words = _CODES.get(name, "refuses it")
        text = f"{self.shown} {words.format(zone=self.zone.to_text(True), key=self._name)} ({name})"
        raise RefusedError(text, code, sure=reply.had_tsig)

    async def _exchange(self, message: dns.message.Message, deadline: float) -> dns.message.Message:
        """Send a signed message and return the answer to it, its signature checked if it has one."""
        wire = message.to_wire()
        progress = _Progress()
        try:
            async with asyncio.timeout_at(deadline):
                data = await self._send(wire, progress, deadline)
        except Trouble as trouble:
            raise NoAnswerError(self._naming_server(trouble.detail), sent=progress.sent) from None
        except TimeoutError:
            what = "gave no answer in time" if progress.sent else "could not be reached in time"
            raise NoAnswerError(f"{self.shown} {what}", sent=progress.sent) from None
        except OSError as error:
            raise NoAnswerError(
                self._naming_server(error.strerror or "the system does not say why"), sent=progress.sent
            ) from None
        return self._read(data, message)

    async def _send(self, wire: bytes, progress: "_Progress", deadline: float) -> bytes:
        with await dial(self._vantage, self.host, self.port, Phases(), deadline=deadline) as stream:
            progress.sent = True
            await stream.write(struct.pack("!H", len(wire)) + wire)
            (size,) = struct.unpack("!H", await _exactly(stream, 2))
            return await _exactly(stream, size)

    def _read(self, data: bytes, message: dns.message.Message) -> dns.message.Message:
        name = self._name
        try:
            reply = dns.message.from_wire(data, keyring=message.keyring, request_mac=message.mac)
        except dns.tsig.PeerBadKey:
            words = f"does not know the key {name}, or does not let it do this (BADKEY)"
        except dns.tsig.PeerBadSignature:
            words = f"refuses the signature: wrong secret or algorithm for the key {name} (BADSIG)"
        except dns.tsig.PeerBadTime:
            words = "refuses the signature for its time: the clocks of both machines differ (BADTIME)"
        except dns.tsig.PeerError as error:
            words = f"refuses the signature: {error}"
        except (dns.tsig.BadSignature, dns.tsig.BadTime, dns.message.UnknownTSIGKey):
            raise NoAnswerError(f"the answer of {self.shown} is not signed with the key {name}", sent=True) from None
        except (dns.exception.DNSException, ValueError, struct.error, IndexError):
            return self._unsigned(data, message)
        else:
            return self._fitting(reply, message)
        raise RefusedError(f"{self.shown} {words}", dns.rcode.NOTAUTH, sure=False)

    def _unsigned(self, data: bytes, message: dns.message.Message) -> dns.message.Message:
        """Read an answer without a signature: an error may come so, from a server that does not know the zone."""
        try:
            return self._fitting(dns.message.from_wire(data), message)
        except (dns.exception.DNSException, ValueError, struct.error, IndexError):
            raise NoAnswerError(f"the answer of {self.shown} is not proper DNS", sent=True) from None

    def _fitting(self, reply: dns.message.Message, message: dns.message.Message) -> dns.message.Message:
        if not message.is_response(reply):
            raise NoAnswerError(f"the answer of {self.shown} is to another question", sent=True)
        return reply

    def _naming_server(self, detail: str) -> str:
        return detail if self.host in detail else f"{self.shown}: {detail}"


class _Progress(Struct):
    sent: bool = False


_CODES = {
    "FORMERR": "does not understand the update",
    "SERVFAIL": "failed",
    "NOTIMP": "takes no updates",
    "REFUSED": "does not serve {zone}, or does not allow the key {key} to do this",
    "NOTAUTH": "is not the primary of {zone}, or does not accept the key {key}",
    "NOTZONE": "says that the name is not in {zone}",
    "NXRRSET": "holds something else now",
}


def held(reply: dns.message.Message, name: Name, kind: dns.rdatatype.RdataType) -> Values:
    """Return the records of exactly this name in an answer; aliases are not followed."""
    found = next((one for one in reply.answer if one.name == name and one.rdtype == kind and one.rdclass == 1), ())
    return frozenset(found)


def in_words(values: Values, kind: str) -> str:
    """Return what a name holds, in words."""
    return show(values) if values else f"no {kind} record"


async def _exactly(stream: Stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = await stream.read(size - len(data))
        if not part:
            raise ConnectionResetError(0, "the connection was closed without a whole answer")
        data += part
    return data
