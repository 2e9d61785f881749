"""What a TLS handshake tells about certificates: the reason for a refusal, and when the chain expires."""

import ssl
import time
from functools import lru_cache
from typing import Any, NamedTuple

from outagetui.core.model import Outcome
from outagetui.core.times import about_in_full
from outagetui.net.identity import names_of
from outagetui.net.stream import Stream
from outagetui.net.tls_alert import of_tls
from outagetui.net.trouble import Trouble

DAY = 86400.0
_NAMES = 4  # of a certificate that is of another host, as many as are told

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED = 10, 9, 18
_HOSTNAME = (62, 64)  # no name, no address matches
_NO_ISSUER = (2, 20, 21)
_CODES = {_EXPIRED: "tls.expired", _NOT_YET_VALID: "tls.not-yet-valid", _SELF_SIGNED: "tls.self-signed"}
_CODES |= dict.fromkeys(_HOSTNAME, "tls.hostname")
_PROTOCOL = (
    "UNSUPPORTED_PROTOCOL",
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "WRONG_SSL_VERSION",
    "VERSION_TOO_LOW",
    "UNKNOWN_PROTOCOL",
)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "BAD_RECORD_TYPE", "RECORD_LAYER_FAILURE")


class Certificate(NamedTuple):
    """One certificate of a chain; times are epoch seconds, `names` are the hosts it is of (subjectAltName)."""

    subject: str
    issuer: str
    starts: float
    expires: float
    issuers_at: tuple[str, ...]
    names: tuple[str, ...] = ()


def chain(stream: Stream) -> list[Certificate]:
    """Return the chain that was built for the far side's certificate, leaf first; after a refusal as far as it went."""
    # The method became public in 3.13, where it returns bytes only; the object below returns decoded ones in both.
    inner = getattr(stream.tls, "_sslobj", None)
    found = inner.get_verified_chain() if inner is not None else None
    return [each for each in map(_read, found or ()) if each is not None]


@lru_cache(256)  # the same few are met again and again; they compare by all that is in them
def _read(certificate: Any) -> Certificate | None:
    """Return a certificate of the library's; None when text in it is not UTF-8, as that takes it to be, or no date."""
    try:
        info: dict[str, Any] = certificate.get_info()
        return Certificate(
            subject=_name(info.get("subject", ())),
            issuer=_name(info.get("issuer", ())),
            starts=_moment(info["notBefore"]),
            expires=_moment(info["notAfter"]),
            issuers_at=tuple(info.get("caIssuers", ())),
            names=tuple(value for _, value in names_of(info)),
        )
    except ValueError:
        return None


@lru_cache(1024)  # the same few certificates are met again and again, and parsing their dates costs more than the rest
def _moment(text: str) -> float:
    return ssl.cert_time_to_seconds(text)


def _name(parts: Any) -> str:
    """Return the common name, or else the whole name on one line."""
    flat = [pair for part in parts for pair in part]
    common = [value for key, value in flat if key == "commonName"]
    return str(common[0]) if common else ", ".join(f"{key}={value}" for key, value in flat) or "an unnamed certificate"


def first_to_expire(certificates: list[Certificate]) -> Certificate | None:
    """Return the certificate whose end ends the chain: leaf, intermediate or root."""
    return min(certificates, key=lambda each: each.expires, default=None)


def refusal(error: ssl.SSLError, stream: Stream, name: str) -> Trouble:
    """Return the trouble that a failed handshake with `name` means.

    An unknown issuer is told apart by the chain that could be built. It is `tls.incomplete-chain` when it ends at the
    leaf and the leaf names where its issuer's certificate is kept (authority information access, RFC 5280 section
    4.2.2.1), as every public authority's does: the server forgot the intermediate. Otherwise it is `tls.untrusted`.
    """
    code, words = meaning(error, chain(stream))
    return Trouble(Outcome.FAIL, code, f"{name}: {words}")


def meaning(error: ssl.SSLError, built: list[Certificate]) -> tuple[str, str]:
    """Return the code of a failed handshake and words for it; `built` is the chain, as far as one is known."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refused_certificate(error, built)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return "tls.handshake", "closed during the TLS handshake"
    if error.reason in _PROTOCOL:
        return "tls.protocol", f"no common TLS version (we speak 1.2 and newer): {error.reason}"
    if error.reason in _NOT_TLS:
        return "tls.handshake", f"the answer is not TLS ({error.reason})"
    return of_tls(error, certified=bool(built))


def _refused_certificate(error: ssl.SSLCertVerificationError, built: list[Certificate]) -> tuple[str, str]:
    code = _CODES.get(error.verify_code, "tls.untrusted")
    words = f"the certificate is refused: {error.verify_message or error}"
    if not built:
        return code, words
    leaf, top = built[0], built[-1]
    now = time.time()
    if code == "tls.expired":
        old = first_to_expire(built) or leaf
        words = f"{old.subject} expired {about_in_full(now - old.expires)} ago"
    elif code == "tls.not-yet-valid":
        young = max(built, key=lambda each: each.starts)
        words = f"{young.subject} is valid only in {about_in_full(young.starts - now)}"
    elif code == "tls.hostname":
        words = f"the certificate of {leaf.subject} {_instead(leaf)}"
    elif code == "tls.self-signed":
        words = f"the certificate of {leaf.subject} is signed by itself"
    elif error.verify_code in _NO_ISSUER and len(built) == 1 and leaf.issuers_at:
        code, words = "tls.incomplete-chain", f"the certificate of {leaf.issuer} was not sent along"
    elif error.verify_code in _NO_ISSUER:
        words = f"issued by {top.issuer}, which is not trusted here"
    return code, words


def _instead(leaf: Certificate) -> str:
    if not leaf.names:
        return "does not hold this name: it has no subjectAltName, and browsers take no other name (RFC 9525)"
    more = f" and {len(leaf.names) - _NAMES} more" if len(leaf.names) > _NAMES else ""
    return f"does not hold this name, only {', '.join(leaf.names[:_NAMES])}{more}"
