"""What `validate --deep` says of the domains that letters are sent as."""

import asyncio
import ipaddress
from urllib.parse import urlsplit

from outagetui.core.hosts import is_loopback
from outagetui.core.mailbox import read_mailbox
from outagetui.core.model import Config
from outagetui.core.outlet_kind import Letterhead
from outagetui.machine.secrets import Secrets
from outagetui.net.trouble import Trouble, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.sender_domain import Sender, judge

PATIENCE = 10.0  # seconds for all that one outlet's domain is asked about


async def words_on_senders(config: Config) -> list[str]:
    """Return a line for everything that receivers will hold against the letters of an `email` outlet."""
    lines: list[str] = []
    vantage = Vantage(config.vantage, Secrets.none())
    try:
        for outlet in config.outlets:
            if (head := outlet.options.letterhead()) is not None:
                lines += [f"{outlet.id}: {line}" for line in await _words_on(outlet.url, head, vantage) if line]
    finally:
        await vantage.aclose()
    return lines


async def _words_on(server: str, head: Letterhead, vantage: Vantage) -> list[str]:
    domain = read_mailbox(head.sender).domain
    deadline = asyncio.get_running_loop().time() + PATIENCE

    async def ask(name: str, kind: str) -> list[str]:
        return await ask_dns(name, kind, deadline)

    host = urlsplit(server).hostname or ""
    addresses: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...] = ()
    try:
        if host and not is_loopback(host):
            found = await vantage.resolve(host, 25, deadline=deadline)
            plain = (ipaddress.ip_address(each.host.partition("%")[0]) for each in found)
            addresses = tuple(each for each in plain if each.is_global)
    except Trouble:
        pass  # its own check tells that
    sender = Sender(
        domain=domain,
        server=host,
        addresses=addresses,
        selector=head.selector,
        one_click=head.leave.startswith("https:"),
    )
    try:
        return await judge(sender, ask)
    except Trouble as trouble:
        return [f"SPF, DKIM and DMARC of {domain} could not be looked at: {trouble.detail}"]


async def ask_dns(name: str, kind: str, deadline: float) -> list[str]:
    """Return the values of `name` and `kind` by the system's resolver; none where there are none. Raises Trouble."""
    import dns.exception
    import dns.name
    import dns.rdatatype

    from outagetui.protocols.dns_exchange import Question, ask_system, records

    try:
        asked, type_ = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    except (dns.exception.DNSException, UnicodeError):
        return []
    reply = await ask_system(Question(asked, type_), deadline)
    if reply.code not in (0, 3):
        unknown("dns.servfail", f"{name}: the DNS does not answer for it")
    found, _ = records(reply, asked, type_)
    if kind == "TXT":
        return [b"".join(each.strings).decode("utf-8", "replace") for each in found if hasattr(each, "strings")]
    return [each.to_text() for each in found]
