"""Digest access authentication as SIP uses it (RFC 3261 section 22, RFC 7616, RFC 8760): MD5, SHA-256, SHA-512-256."""

import hashlib
import re
import secrets

from msgspec import Struct

_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_PARAMETER = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)\s*(?:,|$)')
_LIMIT = 4096


class Challenge(Struct, frozen=True):
    """One challenge that we can answer; `qop` is `auth`, or empty for a server of the time before RFC 2617."""

    realm: str
    nonce: str
    algorithm: str
    qop: str
    opaque: str | None
    stale: bool


def read_challenge(value: str) -> Challenge | None:
    """Return one WWW-Authenticate or Proxy-Authenticate value, or None when we could not answer it."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest" or len(value) > _LIMIT:
        return None
    found: dict[str, str] = {}
    at = 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            return None
        found.setdefault(match[1].lower(), _unquote(match[2]))
        at = match.end()
    algorithm = next((each for each in _ALGORITHMS if each == found.get("algorithm", "MD5").upper()), None)
    offered = [each.strip().lower() for each in found.get("qop", "").split(",") if each.strip()]
    if algorithm is None or "realm" not in found or not found.get("nonce") or (offered and "auth" not in offered):
        return None
    return Challenge(
        realm=found["realm"],
        nonce=found["nonce"],
        algorithm=algorithm,
        qop="auth" if offered else "",
        opaque=found.get("opaque"),
        stale=found.get("stale", "").lower() == "true",
    )


def choose(values: list[str]) -> Challenge | None:
    """Return the first challenge we support: servers send the strongest first (RFC 8760 section 2.4)."""
    return next((read for value in values if (read := read_challenge(value)) is not None), None)


class Credentials:
    """A user's answers to one challenge: each carries the next nonce count."""

    def __init__(self, user: str, password: str, challenge: Challenge) -> None:
        self.challenge = challenge
        self._user, self._password = user, password
        self._count = 0

    def answer(self, method: str, uri: str, cnonce: str | None = None) -> str:
        """Return the value of the Authorization header for one request."""
        asked = self.challenge
        self._count += 1
        count = f"{self._count:08x}"
        cnonce = cnonce or secrets.token_hex(12)
        who = self._hash(f"{self._user}:{asked.realm}:{self._password}")
        what = self._hash(f"{method}:{uri}")
        middle = f"{asked.nonce}:{count}:{cnonce}:{asked.qop}" if asked.qop else asked.nonce
        parts = [f"username={_quote(self._user)}", f"realm={_quote(asked.realm)}", f"nonce={_quote(asked.nonce)}"]
        parts += [f"uri={_quote(uri)}", f'response="{self._hash(f"{who}:{middle}:{what}")}"']
        parts.append(f"algorithm={asked.algorithm}")
        if asked.opaque is not None:
            parts.append(f"opaque={_quote(asked.opaque)}")
        if asked.qop:
            parts += [f"qop={asked.qop}", f"nc={count}", f'cnonce="{cnonce}"']
        return "Digest " + ", ".join(parts)

    def _hash(self, text: str) -> str:
        return hashlib.new(_ALGORITHMS[self.challenge.algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
