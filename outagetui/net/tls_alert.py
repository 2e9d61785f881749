"""What a TLS alert means that ended a handshake or came after it (RFC 8446 section 6), in words for people.

The library's names begin with the version of TLS that brought an alert: "sslv3 alert bad certificate" is no SSL 3.
"""

import re
import ssl
from typing import Final

# Alerts of a certificate: of ours, since we are told them, and we never show one. TLS 1.2 has none for its absence.
_OF_OURS: Final = re.compile(
    r"ALERT_(?:CERTIFICATE_(?:REQUIRED|UNKNOWN|EXPIRED|REVOKED)|(?:BAD|NO|UNSUPPORTED)_CERTIFICATE|UNKNOWN_CA)$"
)
_VERSION: Final = re.compile(r"^(?:sslv3|tlsv1|tlsv13) (?:alert )?", re.IGNORECASE)
_MARKS: Final = re.compile(r"^\[[^\]]*\]\s*|\s*\(_ssl\.c:\d+\)$")
_WANTS_OURS: Final = "the server demands a certificate of its clients, and we have none to show"
_HANDSHAKE_FAILURE: Final = "handshake failure"
_MEANINGS: Final = {
    _HANDSHAKE_FAILURE: "it speaks no cipher that we do, or demands something of its clients that we have not",
    "unrecognized name": "it serves no site of this name",
    "internal error": "it is broken, or has no certificate for this name",
    "access denied": "it lets nobody in from here",
    "no application protocol": "it speaks nothing of what we offer there (ALPN)",
    "insufficient security": "our ciphers are too weak for it",
}


def of_tls(error: ssl.SSLError, *, certified: bool = False) -> tuple[str, str]:
    """Return the code of what TLS told, in a handshake or after it, and words for it.

    `certified` says that the server had shown its certificate: then ciphers were agreed on, and a handshake that fails
    fails for what the server wants of us (RFC 5246 section 7.4.6).
    """
    reason = getattr(error, "reason", None) or ""
    # An alert that is younger than the library's table has no reason, and words with marks around them.
    words = (reason or _MARKS.sub("", str(error))).replace("_", " ").lower()
    alert = _VERSION.sub("", words)
    if _OF_OURS.search(reason) or (certified and alert == _HANDSHAKE_FAILURE):
        return "tls.client-certificate", _WANTS_OURS
    if alert == words:
        return "tls.handshake", words
    meaning = f": {_MEANINGS[alert]}" if alert in _MEANINGS else ""
    return "tls.handshake", f'the server refuses the handshake ("{alert}"){meaning}'
