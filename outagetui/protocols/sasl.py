"""Logging in with a password by SASL (RFC 4422), the same for SMTP, IMAP and XMPP, which only carry the messages.

SCRAM (RFC 5802, 7677) comes from slixmpp, which is loaded where a server offers it; the three mechanisms that are one
line each stand here. The salting of SCRAM is done beside the loop, within bounds, and the server must prove in the end
that it knows the password too.
"""

import base64
import hashlib
import hmac
import re
import ssl
from collections.abc import Collection, Sequence
from typing import Any, Final

from outagetui.net.aside import aside, loaded

ROUNDS: Final = 1_000_000  # of hashing that a server may ask for: about a second of a thread
# Not EXTERNAL, which wants a certificate, nor the historic ones (RFC 6331).
_STRONG = re.compile(r"SCRAM-SHA-(?:1|256|512)(?:-PLUS)?")
_HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
SIMPLE: Final = ("PLAIN", "LOGIN")  # the password itself, which TLS protects
CHALLENGE: Final = "CRAM-MD5"  # RFC 2195: broken by now, so only where nothing else is offered, and below TLS


class AstrayError(Exception):
    """What the server said is no step of the mechanism."""


class ImpostorError(Exception):
    """The server could not prove that it knows the password."""


class UnusableError(Exception):
    """The password or user holds characters that no SCRAM login can (RFC 4013)."""


class Mechanism:
    """One login by one mechanism; `first` is what we say at once, None where the server speaks first."""

    def __init__(self, name: str, first: bytes | None = None, answers: Sequence[bytes] = ()) -> None:
        self.name = name
        self.first = first
        self._answers = list(answers)

    async def answer(self, challenge: bytes) -> bytes:
        """Return the answer to `challenge`. Raises AstrayError, ImpostorError."""
        if not self._answers:
            raise AstrayError("it asks for more than this login holds")
        return self._answers.pop(0)

    def finish(self, data: bytes = b"") -> None:
        """Take the server's word that we are in, and what it said with that. Raises AstrayError, ImpostorError."""


class CramMd5(Mechanism):
    """CRAM-MD5 (RFC 2195)."""

    def __init__(self, user: str, password: str) -> None:
        super().__init__(CHALLENGE)
        self._user, self._password = user, password

    async def answer(self, challenge: bytes) -> bytes:
        """Sign the challenge."""
        digest = hmac.new(self._password.encode(), challenge, "md5").hexdigest()
        return f"{self._user} {digest}".encode()


class Scram(Mechanism):
    """SCRAM, the strongest of `offered` that both sides know; None is made where there is none (`choose`)."""

    def __init__(self, mechanism: Any) -> None:
        super().__init__(mechanism.name, mechanism.process())
        self._mechanism = mechanism
        self._proven = False

    async def answer(self, challenge: bytes) -> bytes:
        """Prove that we know the password, and then take the server's proof."""
        from slixmpp.util.sasl.client import SASLCancelled, SASLFailed, SASLMutualAuthFailed

        try:
            if self._mechanism.step == 1:
                await self._salt(challenge)
                return bytes(self._mechanism.process(challenge))
            if self._mechanism.step != 2 or self._proven:
                raise AstrayError("it asks for more than this login holds")
            self._mechanism.process(challenge)
            self._proven = True
        except SASLMutualAuthFailed as error:
            raise ImpostorError from error
        except SASLFailed as error:
            raise AstrayError("it ended the login without its proof") from error
        except (SASLCancelled, ValueError, KeyError, IndexError, TypeError) as error:
            raise AstrayError("it is no step of SCRAM") from error
        return b""

    def finish(self, data: bytes = b"") -> None:
        """Take the server's proof, if it was not there before."""
        if self._proven:
            return
        from slixmpp.util.sasl.client import SASLFailed

        try:
            self._mechanism.process_3(data)
        except (SASLFailed, AttributeError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ImpostorError from error
        self._proven = True

    async def _salt(self, challenge: bytes) -> None:
        """Compute the salted password beside the loop: slixmpp would hold the loop, for as long as the server likes."""
        mechanism = self._mechanism
        stated = mechanism.parse(challenge)
        rounds, salt = int(stated[b"i"]), base64.b64decode(stated[b"s"], validate=True)
        if not 1 <= rounds <= ROUNDS:
            raise AstrayError(f"it wants {rounds} rounds of hashing")
        # A server that adds nothing to our nonce could play an old login again (RFC 5802 section 5.1).
        if not stated[b"r"].startswith(mechanism.cnonce) or stated[b"r"] == mechanism.cnonce or b"m" in stated:
            raise AstrayError("it does not continue from what we said")
        kind, password = _HASHES[mechanism.hash_name], mechanism.credentials["password"]
        salted = await aside(lambda: hashlib.pbkdf2_hmac(kind, password, salt, rounds))
        mechanism.Hi = lambda *_: salted


async def scram(
    offered: Collection[str], user: str, password: str, tls: ssl.SSLObject | None, *, bindable: bool = True
) -> Scram | None:
    """Return a login by the strongest SCRAM of `offered` that works here, None when there is none.

    `bindable`: the server takes the one binding to the channel that we know, as far as it says. Raises UnusableError.
    """
    names = {name for name in offered if _STRONG.fullmatch(name)}
    if not names:
        return None
    await loaded("slixmpp.util.sasl.client")
    from slixmpp.util import sasl
    from slixmpp.util.sasl.client import SASLNoAppropriateMechanism
    from slixmpp.util.stringprep_profiles import StringPrepError

    version = tls.version() if tls is not None else None
    # The binding that TLS 1.3 wants (RFC 9266) is not to be had from this library.
    binding = tls.get_channel_binding("tls-unique") if tls is not None and bindable and version != "TLSv1.3" else None
    if binding is None:
        names = {name for name in names if not name.endswith("-PLUS")}
    known = {"username": user, "password": password, "channel_binding": binding or b"", "authzid": ""}
    security = {
        "encrypted": True,
        "tls_version": version,
        # Said truly: we could bind, but not this channel, or the server offers it, and then so do we.
        "binding_proposed": binding is None or any(name.endswith("-PLUS") for name in names),
    }
    try:
        mechanism = sasl.choose(
            names,
            lambda required, optional: {key: known[key] for key in {*required, *optional} & known.keys()},
            lambda values: {key: security.get(key, False) for key in values},
        )
    except SASLNoAppropriateMechanism:
        return None
    except StringPrepError as error:
        raise UnusableError from error
    return Scram(mechanism)


async def mechanisms(offered: Collection[str], user: str, password: str, tls: ssl.SSLObject | None) -> list[Mechanism]:
    """Return what of `offered` we can log in by, the best first; empty when there is nothing. Raises UnusableError.

    CRAM-MD5 is there only alone, and below TLS.
    """
    found: list[Mechanism] = []
    simple = [each for each in SIMPLE if each in offered]
    try:
        strong = await scram(offered, user, password, tls)
    except UnusableError:
        strong = None
        if not simple:
            raise
    if strong is not None:
        found.append(strong)
    found += [plain(user, password) if each == "PLAIN" else login(user, password) for each in simple]
    if not found and CHALLENGE in offered and tls is not None:
        found.append(CramMd5(user, password))
    return found


def prepared(text: str) -> str:
    """Return a name or password as SASLprep has it (RFC 4013). Raises UnusableError."""
    from slixmpp.util.sasl.client import saslprep
    from slixmpp.util.stringprep_profiles import StringPrepError

    try:
        return str(saslprep(text))
    except StringPrepError as error:
        raise UnusableError from error


def plain(user: str, password: str) -> Mechanism:
    """Return a login by PLAIN (RFC 4616)."""
    return Mechanism("PLAIN", f"\0{user}\0{password}".encode())


def login(user: str, password: str) -> Mechanism:
    """Return a login by LOGIN, which was never written down but in a draft: the server asks for one after the other."""
    return Mechanism("LOGIN", None, (user.encode(), password.encode()))


def unspoken(offered: Collection[str]) -> list[str]:
    """Return what of `offered` is another way in than ours, such as XOAUTH2 or a client's certificate."""
    return sorted(name for name in offered if name not in (*SIMPLE, CHALLENGE) and not _plain_scram(name))


def encoded(data: bytes) -> str:
    """Return one message of a login as mail carries it."""
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Return what a server said in a login. Raises AstrayError when it is no base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise AstrayError("it is no base64") from error


def _plain_scram(name: str) -> bool:
    return _STRONG.fullmatch(name) is not None and not name.endswith("-PLUS")
