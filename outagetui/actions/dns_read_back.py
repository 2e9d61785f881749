"""Whether every name server of a zone answers the new value: asked again and again, as visitors would ask."""

import asyncio

import dns.exception
import dns.name
import dns.rcode
import dns.rdatatype
from dns.name import Name
from msgspec import Struct

from outagetui.actions import StepContext
from outagetui.actions.dns_primary import NoAnswerError, Primary, RefusedError, Values, held, in_words
from outagetui.core.step_options import DnsUpdateOptions
from outagetui.core.text import clean
from outagetui.net.connect import endpoint
from outagetui.net.resolve import Address
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.dns_exchange import Question, ask
from outagetui.protocols.dns_records import read_name

EVERY = 0.5  # seconds between two rounds
PATIENCE = 2.0  # seconds for one answer
PORT = 53


class NameServer(Struct, frozen=True):
    """A name server and where it is asked, or why nobody knows where."""

    name: str
    addresses: tuple[Address, ...]
    trouble: str = ""


class Readers:
    """The name servers of a step, and what is to be read from them."""

    def __init__(
        self, options: DnsUpdateOptions, name: Name, primary: Primary, context: StepContext, vantage: Vantage
    ) -> None:
        self._options, self._name, self._primary, self._context = options, name, primary, context
        self._vantage = vantage
        self._kind = dns.rdatatype.from_text(options.type)

    async def lagging(self, wanted: Values, deadline: float) -> str:
        """Ask until each name server answers `wanted`; return in words which do not by then, nothing when all do."""
        try:
            servers = await self._servers(deadline)
        except (NoAnswerError, RefusedError) as error:
            return f"its name servers are not known: {error}"
        if not servers:
            return f"{self._options.zone} names no name server"
        while True:
            ends = min(deadline, self._context.now() + PATIENCE)
            said = await asyncio.gather(*(self._look(each, wanted, ends) for each in servers))
            late = [(each, words) for each, words in zip(servers, said, strict=True) if words]
            if not late:
                return ""
            words = "; ".join(words for _, words in late)
            if self._context.now() + EVERY >= deadline:
                return words
            self._context.progress(f"waits for name servers: {words}")
            servers = [each for each, _ in late]
            await asyncio.sleep(EVERY)

    async def _look(self, server: NameServer, wanted: Values, deadline: float) -> str:
        """Return how this server does not answer `wanted`; nothing when it does."""
        words = server.trouble
        question = Question(self._name, self._kind, recurse=False)
        for address in server.addresses:
            try:
                reply = await ask(address, question, deadline)
            except Trouble as trouble:
                words = f"{server.name}: {trouble.detail}"
                continue
            if reply.code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not reply.authoritative:
                words = f"{server.name} does not serve the zone ({reply.code_name})"
                continue
            found = frozenset(reply.held(self._name, self._kind))
            return "" if found == wanted else f"{server.name} still answers {in_words(found, self._options.type)}"
        return clean(words)

    async def _servers(self, deadline: float) -> list[NameServer]:
        if self._options.read_back:
            return [await self._configured(each, deadline) for each in self._options.read_back]
        reply = await self._primary.ask(self._primary.zone, dns.rdatatype.NS, deadline)
        names = sorted(read_name(each.to_text()) for each in held(reply, self._primary.zone, dns.rdatatype.NS))
        return [await self._of_zone(name, deadline) for name in names]

    async def _configured(self, text: str, deadline: float) -> NameServer:
        host, port = endpoint(text, PORT)
        try:
            return NameServer(text, tuple(await self._vantage.resolve(host, port, deadline=deadline)))
        except Trouble as trouble:
            return NameServer(text, (), f"{text}: {trouble.detail}")

    async def _of_zone(self, name: Name, deadline: float) -> NameServer:
        """Find a name server by what the primary knows of it, else as any other host; the primary keeps its port."""
        shown = name.to_text(omit_final_dot=True)
        hosts: list[str] = []
        try:
            if name.is_subdomain(self._primary.zone):
                for kind in ("A", "AAAA"):
                    hosts += sorted(each.to_text() for each in await self._primary.values(name, kind, deadline))
            if not hosts:
                found = await self._vantage.resolve(shown, PORT, deadline=deadline)
                hosts = [each.host for each in found]
            near = {each.host for each in await self._primary.addresses(deadline)}
        except (Trouble, NoAnswerError, RefusedError) as error:
            why = error.detail if isinstance(error, Trouble) else str(error)
            return NameServer(shown, (), f"{shown} was not found: {why}")
        addresses = []
        for host in hosts:
            (where,) = await self._vantage.resolve(host, self._primary.port if host in near else PORT)
            addresses.append(where)
        return NameServer(shown, tuple(addresses))
