"""Mail addresses as people write them in files, made what a message and its envelope hold. Pure."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from outagetui.core.hosts import read_name

LONGEST = 254  # characters of an address (RFC 5321 section 4.5.3.1, less the brackets)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_OWN_LINK = re.compile(r"(?P<mailbox>.*\S)\s+(?P<link>[a-z][a-z0-9+.-]*://\S*)", re.IGNORECASE)
LONGEST_LINK = 900  # characters of a line are 998 at most (RFC 5322 section 2.1.1)
_CONTENT = re.compile(r"(?:[a-z][a-z0-9+.-]*://\S*|[^#])*", re.IGNORECASE)  # a link may hold the # of a comment
_NAMED = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>")
EXPECTED = "expected a mail address such as someone@example.net"


class Mailbox(Struct, frozen=True):
    """An address, its domain as DNS has it, and the name of whom it is; empty without one."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]


def read_mailbox(text: str) -> Mailbox:
    """Return the mailbox of `someone@example.net` or `Name <someone@example.net>`. ValueError when it is none."""
    text = text.strip()
    named = _NAMED.fullmatch(text)
    name = named["name"].strip().strip('"') if named else ""
    if not name.isprintable():
        raise ValueError("the name holds a line end or another control character")
    local, at, domain = (named["address"] if named else text).rpartition("@")
    try:
        domain = in_dns(domain)
    except ValueError:
        raise ValueError(EXPECTED) from None
    if not at or not _LOCAL.fullmatch(local) or not all(_LABEL.fullmatch(each) for each in domain.split(".")):
        raise ValueError(EXPECTED)
    address = f"{local}@{domain}"
    if len(address) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    return Mailbox(address, name)


def read_recipient(text: str) -> tuple[Mailbox, str]:
    """Return a mailbox as `read_mailbox` does, and the link by which its owner leaves the list, if one stands behind.

    ValueError when it is none, or the link is no https:// URL that a header can hold.
    """
    found = _OWN_LINK.fullmatch(text.strip())
    if found is None:
        return read_mailbox(text), ""
    link = found["link"]
    if not link.startswith("https://") or not is_link(link):
        raise ValueError("behind the address stands no https:// link")
    return read_mailbox(found["mailbox"]), link


def is_link(text: str) -> bool:
    """Return whether `text` can stand in angle brackets in a header (RFC 2369), and is short enough for its line."""
    plain = text.isascii() and text.isprintable() and len(text) <= LONGEST_LINK
    return plain and not any(char in " <>," for char in text)


def read_list(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of every line of a list that holds an address; `#` begins a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _CONTENT.match(line)
        if content := (found[0] if found else "").strip():
            yield number, content


def distinct(mailboxes: Iterable[Mailbox]) -> list[str]:
    """Return the addresses, each once: nobody tells apart what differs in the case of its letters."""
    found: dict[str, str] = {}
    for each in mailboxes:
        found.setdefault(each.address.casefold(), each.address)
    return list(found.values())


def in_dns(domain: str) -> str:
    """Return the domain of an address as DNS has it; ValueError when it is none."""
    return read_name(domain).removesuffix(".").lower()


def in_envelope(address: str) -> str:
    """Return an address with its domain as an envelope needs it: international ones as DNS has them, others as written.

    What has no such domain stays as it is: it is told where the address is looked at.
    """
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{in_dns(domain)}"
    except ValueError:
        return address
