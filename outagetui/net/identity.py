"""Whether a certificate is of the host that was asked for (RFC 9525), the same for every protocol."""

from collections.abc import Sequence
from typing import Any

from outagetui.core.hosts import address_of, unzoned

_LEAST_LABELS = 2  # behind a wildcard: `*.example` would speak for everybody (as OpenSSL and browsers have it)


def names_of(certificate: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return kind and value of every name that a certificate, as `ssl` decodes it, holds in its subjectAltName.

    The common name is none of them: nobody may take it for a host's name (RFC 9525 section 6.3).
    """
    named = (certificate or {}).get("subjectAltName", ())
    return [(kind, value) for kind, value in named if kind in ("DNS", "IP Address")]


def holds(names: Sequence[tuple[str, str]], host: str) -> bool:
    """Tell whether one of `names` is `host`, as `core.hosts` reads it: an address as an address, a name as a name."""
    address = address_of(host)
    if address is not None:
        return any(kind == "IP Address" and address_of(value.strip()) == address for kind, value in names)
    wanted = unzoned(host).removesuffix(".").lower()
    return any(kind == "DNS" and _is_name_of(value.lower(), wanted) for kind, value in names)


def _is_name_of(presented: str, wanted: str) -> bool:
    """Compare names; a wildcard stands for the whole of one label, the left-most (RFC 9525 section 6.3)."""
    star, dot, zone = presented.partition(".")
    if star != "*" or not dot:
        return presented == wanted and "*" not in presented
    label, _, rest = wanted.partition(".")
    return bool(label) and rest == zone and zone.count(".") >= _LEAST_LABELS - 1 and "*" not in zone
