"""Digest access authentication as SIP uses it (RFC 3261 section 22, RFC 7616, RFC 8760): MD5, SHA-256, SHA-512-256."""

import hashlib
import re
import secrets

from msgspec import Struct

_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_SESSION = "-SESS"
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_SCHEME = re.compile(rf"\s*({_WORD})(?=\s|$|,)(?!\s*=)")
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)\s*(?:,|$|(?=\s))')
_NOTHING = re.compile(r"[\s,]+")
_LIMIT = 4096  # characters of a header
_DEMANDS = 16  # challenges that are read


class Challenge(Struct, frozen=True):
    """One challenge that we can answer; `qop` is `auth`, or empty for a server of the time before RFC 2617.

    `session` tells that the user's hash holds the nonces too (`-sess`).
    """

    realm: str
    nonce: str
    algorithm: str
    qop: str
    opaque: str | None
    stale: bool
    session: bool = False


class Demand(Struct, frozen=True):
    """A challenge as it was sent: its scheme and parameters, whose names are in lower case (RFC 7235 section 2.1)."""

    scheme: str
    given: dict[str, str]

    @property
    def is_digest(self) -> bool:
        """Whether it is Digest."""
        return self.scheme.lower() == "digest"

    @property
    def is_broken(self) -> bool:
        """Whether it is one that nobody could answer, because the server left out what it must say."""
        return self.is_digest and ("realm" not in self.given or not self.given.get("nonce"))

    @property
    def words(self) -> str:
        """What it wants, for people."""
        if not self.is_digest:
            return self.scheme
        asked = (("algorithm", self.given.get("algorithm")), ("qop", self.given.get("qop")))
        return " ".join(("Digest", *(f"{name} {value}" for name, value in asked if value)))


def read_demands(values: list[str]) -> list[Demand]:
    """Return the challenges in WWW-Authenticate or Proxy-Authenticate values, one or several in each."""
    found: list[Demand] = []
    for value in values[:_DEMANDS]:
        at = 0
        while at < len(value) <= _LIMIT and len(found) <= _DEMANDS:
            if scheme := _SCHEME.match(value, at):
                found.append(Demand(scheme[1], {}))
                at = scheme.end()
            elif found and (match := _PARAMETER.match(value, at)):
                found[-1].given.setdefault(match[1].lower(), _unquote(match[2]))
                at = match.end()
            elif match := _NOTHING.match(value, at):
                at = match.end()
            else:  # what stands here is no challenge any more
                if found:
                    found[-1].given.pop("nonce", None)
                break
    return found


def read_challenge(value: str) -> Challenge | None:
    """Return the first challenge of one header that we could answer, or None."""
    return choose(read_demands([value]))


def choose(demands: list[Demand]) -> Challenge | None:
    """Return the first challenge we support: servers send the strongest first (RFC 8760 section 2.4)."""
    return next((known for each in demands if (known := _known(each)) is not None), None)


def _known(demand: Demand) -> Challenge | None:
    given = demand.given
    word = given.get("algorithm", "MD5").upper()
    algorithm = next((each for each in _ALGORITHMS if each == word.removesuffix(_SESSION)), None)
    offered = [each.strip().lower() for each in given.get("qop", "").split(",") if each.strip()]
    if not demand.is_digest or demand.is_broken or algorithm is None or (offered and "auth" not in offered):
        return None
    return Challenge(
        realm=given["realm"],
        nonce=given["nonce"],
        algorithm=algorithm,
        qop="auth" if offered else "",
        opaque=given.get("opaque"),
        stale=given.get("stale", "").lower() == "true",
        session=word.endswith(_SESSION),
    )


class Credentials:
    """A user's answers to one challenge: each carries the next nonce count."""

    def __init__(self, user: str, password: str, challenge: Challenge) -> None:
        self.challenge = challenge
        self._user, self._password = user, password
        self._count = 0
        self.response = ""  # what the last answer proved the password with

    def answer(self, method: str, uri: str, cnonce: str | None = None) -> str:
        """Return the value of the Authorization header for one request."""
        asked = self.challenge
        self._count += 1
        count = f"{self._count:08x}"
        cnonce = cnonce or secrets.token_hex(12)
        who = self._hash(f"{self._user}:{asked.realm}:{self._password}")
        if asked.session:
            who = self._hash(f"{who}:{asked.nonce}:{cnonce}")
        what = self._hash(f"{method}:{uri}")
        middle = f"{asked.nonce}:{count}:{cnonce}:{asked.qop}" if asked.qop else asked.nonce
        parts = [f"username={_quote(self._user)}", f"realm={_quote(asked.realm)}", f"nonce={_quote(asked.nonce)}"]
        self.response = self._hash(f"{who}:{middle}:{what}")
        parts += [f"uri={_quote(uri)}", f'response="{self.response}"']
        parts.append(f"algorithm={asked.algorithm}{_SESSION.lower() if asked.session else ''}")
        if asked.opaque is not None:
            parts.append(f"opaque={_quote(asked.opaque)}")
        if asked.qop:
            parts += [f"qop={asked.qop}", f"nc={count}"]
        if asked.qop or asked.session:
            parts.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(parts)

    def _hash(self, text: str) -> str:
        return hashlib.new(_ALGORITHMS[self.challenge.algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
