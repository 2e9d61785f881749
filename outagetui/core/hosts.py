"""A host as browsers read it: one form of a name or an address for targets, look-ups and certificates. Pure.

A host that was read is text: a name in lower-case A-labels (UTS 46, non-transitional), an IPv4 address of four numbers,
or a bare IPv6 address, which may end in a zone (`fe80::1%eth0`, RFC 4007). The zone says by which interface to connect.
It means nothing to anybody else, so what is sent goes through `unzoned` or `written`.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 253  # characters of a name, without a final dot (RFC 1035 section 2.3.4, as text)
_LONGEST_ADDRESS = 45  # characters of an IPv6 address that ends in an IPv4 address (RFC 4291 section 2.2)
_LABEL = 63
_PLAIN = re.compile(r"[a-z0-9_-]{1,63}")
# Between these the URL standard finds other parts of a URL; of white space a parser of URLs would take some away.
_DELIMITER = re.compile(r"[\s/?#@\\:\[\]\x00-\x20\x7f]")
_WITH_COLON = re.compile(r"(?P<open>\[?)(?P<address>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:%(?P<zone>[^\]]*))?(?P<close>\]?)")
# What the URL standard leaves as it is: most hosts, for which no parser of all of Unicode's names has to be loaded.
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_SETTLED = re.compile(
    rf"(?:(?!xn--)[a-z0-9-]{{1,63}}\.){{0,9}}(?!xn--)[a-z][a-z0-9-]{{0,62}}|(?:{_BYTE}\.){{3}}{_BYTE}"
)
_NUMBER_LAST = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?", re.DOTALL)
_ZONE = re.compile(r"[^\s/%\[\]\x00-\x20\x7f]{1,64}")
_PRIVATE = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1", "fe80::/10", "fc00::/7"),
    )
)


def read_host(text: str) -> str:
    """Return `text` as a host, by the host parser of the URL standard; an IPv6 address may stand in brackets or not.

    Raises ValueError with words for people when it is none, or when no name server can know it (RFC 1035).
    """
    found = _WITH_COLON.fullmatch(text)
    if found is not None:
        if bool(found["open"]) != bool(found["close"]):
            raise ValueError("a bracket of the IPv6 address is missing")
        zone = "" if found["zone"] is None else f"%{read_zone(found['zone'])}"
        address = _parsed("[" + found["address"] + "]")
        return f"{address[1:-1]}{zone}"
    if not text or _DELIMITER.search(text):
        raise ValueError("the host is missing or no host name")
    return within_dns(_parsed(text))


def is_settled(host: str) -> bool:
    """Return whether the standard reads `host`, a plain name or IPv4 address, as it is; if not, it may all the same."""
    return _SETTLED.fullmatch(host) is not None


def _parsed(host: str) -> str:
    if is_settled(host):
        return host
    import ada_url  # its 12 ms and two megabytes are for those who need all of the standard

    try:
        return ada_url.URL(f"http://{host}").hostname
    except ValueError:
        raise ValueError(why_not(host)) from None


def why_not(host: str) -> str:
    """Return what is wrong with a host that browsers do not take."""
    if _NUMBER_LAST.fullmatch(host):
        return "a host whose last part is a number must be an IPv4 address"
    return "the host is missing or no host name"


def within_dns(host: str) -> str:
    """Return `host`; ValueError when it is a name that is too long for the DNS, or has an empty label."""
    name = host.removesuffix(".")
    if len(name) > LONGEST or not all(0 < len(label) <= _LABEL for label in name.split(".")):
        raise ValueError("the host is no host name: a part of it is empty, or too long")
    return host


def read_zone(text: str) -> str:
    """Return the zone that stands behind the % of an address, `lo` or `25lo` (RFC 6874); ValueError when it is none."""
    encoded = text[:2] == "25" and len(text) > 2
    zone = unquote(text[2:] if encoded else text)
    if not _ZONE.fullmatch(zone):
        raise ValueError("the zone behind % is no interface's name")
    return zone


def read_name(text: str) -> str:
    """Return a name of the DNS, which is not always a host's (`_sip._udp.…`, `.`), as its A-labels; else ValueError."""
    if text == ".":  # the root zone
        return text
    name = in_labels(text)
    if not all(_PLAIN.fullmatch(label.lower()) for label in name.removesuffix(".").split(".")):
        _no_name(text)
    return within_dns(name)


def in_labels(name: str) -> str:
    """Return a name with its A-labels; what is ASCII stays as it is. ValueError when Unicode forbids it (UTS 46)."""
    if name.isascii():
        return name
    import ada_url

    return ada_url.idna.encode(name).decode() or _no_name(name)


def _no_name(text: str) -> NoReturn:
    raise ValueError(f'"{text}" is no name')


def is_name(text: str) -> bool:
    """Return whether `text` can be a name of the DNS."""
    try:
        read_name(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Return whether `text` can be a host."""
    try:
        read_host(text)
    except ValueError:
        return False
    return True


def is_plain(host: str) -> bool:
    """Return whether a host that was read is made of what people name hosts with: an address, or letters, digits, -, _.

    Browsers take more, such as braces; in a file that is a placeholder that was forgotten.
    """
    return address_of(host) is not None or all(map(_PLAIN.fullmatch, host.removesuffix(".").split(".")))


def in_letters(host: str) -> str:
    """Return a host that was read with its A-labels as people write them, which is how XMPP names a domain."""
    if "xn--" not in host:
        return host
    import ada_url

    return ada_url.idna.decode(host) or host


def unzoned(host: str) -> str:
    """Return `host` without its zone, as a certificate holds it."""
    return host.partition("%")[0]


def zone_of(host: str) -> str:
    """Return the zone of `host`, empty when it has none."""
    return host.partition("%")[2]


def written(host: str) -> str:
    """Return `host` as it stands in what is sent, a URI or a header: an address of IPv6 in brackets, never a zone."""
    return f"[{unzoned(host)}]" if ":" in host else host


def address_of(host: str) -> Address | None:
    """Return the address that `host` is, without its zone; None when it is a name."""
    bare = unzoned(host)
    return _address(bare) if len(bare) <= _LONGEST_ADDRESS else None


@lru_cache(4096)  # the same few are asked for at every look
def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_localhost(host: str) -> bool:
    """Return whether `host` is a name of this machine: `localhost`, and every name below it (RFC 6761 section 6.3)."""
    name = host.removesuffix(".").lower()
    return name == "localhost" or name.endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Return whether what is sent to `host` does not leave this machine."""
    address = _unmapped(host)
    return is_localhost(host) if address is None else address.is_loopback


def is_private(host: str) -> bool:
    """Return whether `host` is this machine, or an address of a private network."""
    address = _unmapped(host)
    if address is None:
        return is_localhost(host)
    return any(address.version == network.version and address in network for network in _PRIVATE)


def _unmapped(host: str) -> Address | None:
    """Return the address that `host` is, an IPv4 address where IPv6 only holds one (RFC 4291 section 2.5.5.2)."""
    address = address_of(host)
    return getattr(address, "ipv4_mapped", None) or address
