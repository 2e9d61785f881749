"""The words XMPP has for errors, made our codes.

`xmpp.host-unknown` and `xmpp.conflict` are stream errors (RFC 6120 section 4.9) with a code of their own, every other
one is `xmpp.stream-error`; a refused login is `xmpp.CONDITION` of section 6.5, a refused request that of section 8.3.
"""

from xml.etree.ElementTree import Element

from outagetui.core.masking import mask_people
from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.net.trouble import Trouble
from outagetui.protocols.throttling import in_words, is_throttled, throttled

STANZA = "urn:ietf:params:xml:ns:xmpp-stanzas"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
UNDEFINED = "undefined-condition"

_STANZAS = frozenset(
    (
        *("bad-request", "conflict", "feature-not-implemented", "forbidden", "gone", "internal-server-error"),
        *("item-not-found", "jid-malformed", "not-acceptable", "not-allowed", "not-authorized", "policy-violation"),
        *("recipient-unavailable", "redirect", "registration-required", "remote-server-not-found"),
        *("remote-server-timeout", "resource-constraint", "service-unavailable", "subscription-required"),
        "unexpected-request",
    )
)
_LOGINS = frozenset(
    (
        *("aborted", "account-disabled", "credentials-expired", "encryption-required", "incorrect-encoding"),
        *("invalid-authzid", "invalid-mechanism", "malformed-request", "mechanism-too-weak", "not-authorized"),
        "temporary-auth-failure",
    )
)
_STREAMS = frozenset(
    (
        *("bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown"),
        *("improper-addressing", "internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml"),
        *("not-authorized", "not-well-formed", "policy-violation", "remote-connection-failed", "reset"),
        *("resource-constraint", "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition"),
        *("unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version"),
    )
)
CONDITIONS = _STANZAS | _LOGINS | _STREAMS  # all the words there are, so that no other becomes a code
_STREAMS_OF_NOTE = frozenset({"host-unknown", "conflict"})
_LIMITS = frozenset({"policy-violation", "resource-constraint", "temporary-auth-failure"})
THROTTLED = "xmpp.throttled"
_PASSING = frozenset({"temporary-auth-failure"})  # another server of the domain may let us in


class Answered(Trouble):
    """The far side answered, and did not do what it was asked to."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(Outcome.FAIL, code, words)


class Refused(Answered):
    """The far side answered with an error: its `condition`, and what it said to it."""

    def __init__(self, condition: str, words: str) -> None:
        super().__init__(f"xmpp.{condition}", words)
        self.condition = condition


class LoginRefused(Refused):
    """The server does not let the account in."""

    @property
    def final(self) -> bool:
        """Whether every other server of the domain would say the same."""
        return self.condition not in _PASSING


class SeeOtherHost(Answered):
    """The server sends us to another one (RFC 6120 section 4.9.3.19): `where` is what it calls its address."""

    def __init__(self, where: str) -> None:
        super().__init__(
            "xmpp.stream-error", f"the server ended the stream: see-other-host ({where or 'but not which'})"
        )
        self.where = where


def condition(element: Element, space: str) -> tuple[str, str]:
    """Return the condition that `element` holds in namespace `space`, and the text beside it."""
    word, text = UNDEFINED, ""
    for each in element.iter():
        if isinstance(each.tag, str) and each.tag.startswith(f"{{{space}}}"):
            name = each.tag[len(space) + 2 :]
            if name == "text":
                text = (each.text or "").strip()
            elif name not in ("failure", "error") and word == UNDEFINED:
                word = name
    return word, text


def refused(stanza: Element, what: str) -> Refused:
    """Return the trouble that an answer of type error means to `what` we asked."""
    word, text = condition(stanza, STANZA)
    text = mask_people(text, (what,))
    word = word if word in _STANZAS else UNDEFINED
    return Refused(word, f"{what}: {word}{f' ({text})' if text else ''}")


def login_refused(failure: Element, account: str) -> LoginRefused:
    """Return the trouble that a failed login means."""
    word, text = condition(failure, SASL)
    text = mask_people(text, (account,))
    word = word if word in _LOGINS else UNDEFINED
    found = LoginRefused(word, f"{account} was refused: {word}{f' ({text})' if text else ''}")
    if is_too_often(word, text):
        found.outcome, found.code, found.detail = Outcome.UNKNOWN, THROTTLED, in_words(found.detail)
    return found


def stream_ended(error: Element) -> Trouble:
    """Return the trouble that a stream error means."""
    word, text = UNDEFINED, ""
    for each in error:
        name = each.tag.rpartition("}")[2] if isinstance(each.tag, str) else ""
        if name == "text":
            text = (each.text or "").strip()
        elif name == "see-other-host":
            return SeeOtherHost(clean(each.text or "", 120))
        elif name in _STREAMS:
            word = name
    code = f"xmpp.{word}" if word in _STREAMS_OF_NOTE else "xmpp.stream-error"
    words = f"the server ended the stream: {word}{f' ({text})' if text else ''}"
    return throttled(THROTTLED, words) if is_too_often(word, text) else Trouble(Outcome.FAIL, code, words)


def is_too_often(word: str, text: str) -> bool:
    """Tell whether we are turned away because we come too often: only the words for people say that it is our doing."""
    return word in _LIMITS and is_throttled(text)


_HINTS = {
    "xmpp.not-authorized": "the secret does not hold the account's password",
    "xmpp.forbidden": "the account has no right to; it must be owner or admin there",
    "xmpp.not-allowed": "the server lets this account not do that",
    "xmpp.registration-required": "only members may enter; make the account one",
    "xmpp.room-password": "choose another room",
    "xmpp.no-tls": "nothing is sent without encryption",
    "xmpp.host-unknown": "the server does not serve this domain",
    "timeout": "the server does not answer",
    "tcp.refused": "is the server running?",
}


def explained(trouble: Trouble) -> str:
    """Return in words for an operator what happened, and what it means."""
    hint = _HINTS.get(trouble.code, "")
    return "; ".join(filter(None, (clean(trouble.detail or trouble.code), hint)))
