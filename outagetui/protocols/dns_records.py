"""DNS records as configuration writes them, in presentation form (RFC 1035 section 5.1), and as people read them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from outagetui.core.hosts import in_labels
from outagetui.core.text import clean

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata

# What an update may write. Records that the server makes itself (SOA, those of DNSSEC) are not among them.
RECORDS = (
    *("A", "AAAA", "CAA", "CNAME", "HTTPS", "MX", "NAPTR", "NS", "PTR"),
    *("SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
)
_STRING = 255  # bytes of one string of a TXT record


class RecordError(ValueError):
    """A text that is no record or no name; the message says why."""


def read_name(text: str) -> "Name":
    """Return `text` as an absolute name, with or without its dot at the end. Raises `RecordError`."""
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(in_labels(text))
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise RecordError(f'"{text}" is no name: {_lower(error)}') from None


def read_value(kind: str, text: str) -> "Rdata":
    """Return `text` as the data of one record of type `kind`. Raises `RecordError`.

    Names inside must end in a dot. The text of a TXT record may stand without quotes, and is then taken as it is.
    """
    import dns.exception
    import dns.name
    import dns.rdata

    written = _quoted(text) if kind == "TXT" and not text.lstrip().startswith('"') else text
    try:
        value = dns.rdata.from_text("IN", kind, written if kind == "TXT" else in_dns(written), relativize=False)
        value.to_wire()
    except dns.name.NeedAbsoluteNameOrOrigin:
        raise RecordError(f'the name in "{text}" must be whole and end in a dot') from None
    except (dns.exception.DNSException, UnicodeError, ValueError, OverflowError) as error:
        raise RecordError(f'"{text}" is no {kind} record: {_lower(error)}') from None
    return value


def in_dns(text: str) -> str:
    """Return the text of a record with the names in it as their A-labels. ValueError when one is no name."""
    return " ".join(word if word.startswith('"') else in_labels(word) for word in text.split(" "))


def read_values(kind: str, texts: Iterable[str]) -> "frozenset[Rdata]":
    """Return every one of `texts` as `read_value` does."""
    return frozenset(read_value(kind, text) for text in texts)


def show(values: "Iterable[Rdata]") -> str:
    """Return records in words, such as `192.0.2.1 and 192.0.2.2`, or `nothing`; cleaned, as they come from outside."""
    texts = sorted(each.to_text() for each in values)
    more = f" and {len(texts) - 4} more" if len(texts) > 5 else ""
    kept = texts[:4] if more else texts
    last = "" if more or len(kept) < 2 else f" and {kept.pop()}"
    return clean(", ".join(kept) + last + more, 200) or "nothing"


def _quoted(text: str) -> str:
    raw = text.encode()
    parts = [raw[start : start + _STRING] for start in range(0, len(raw), _STRING)] or [b""]
    return " ".join('"' + "".join(_escaped(byte) for byte in part) + '"' for part in parts)


def _escaped(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\{byte:03d}"


def _lower(error: Exception) -> str:
    words = str(error) or "it is not as RFC 1035 has them"
    return f"{words[:1].lower()}{words[1:]}".rstrip(".")
