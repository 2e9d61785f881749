"""What a final reply to OPTIONS, or none, says of a server. Pure.

The status is the one an INVITE would have met (RFC 3261 section 11.2), so a busy or unknown number still proves that
the SIP stack answers; a reply made on behalf of something silent behind it does not.
"""

from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.message import Incoming
from outagetui.protocols.sip.transaction import Silence

ALIVE = frozenset({401, 403, 404, 405, 407, 415, 416, 420, 480, 481, 483, 484, 486, 488, 491, 501, 600, 603, 604, 606})
_BEHIND = {408, 500, 502, 504}
_OVERLOADED = {503, 513}


def judge(reply: Incoming, accept: tuple[int, ...] | None) -> tuple[Outcome, str, str]:
    """Return outcome, code and words for a final reply; with `accept` only those codes pass and all others fail."""
    code, words = f"sip.{reply.code}", reply_words(reply)
    if accept is not None:
        return (Outcome.PASS, "", words) if reply.code in accept else (Outcome.FAIL, code, words)
    if reply.code < 300:
        return Outcome.PASS, "", words
    if reply.code < 400 or reply.code in ALIVE:
        return Outcome.PASS, code, f"{words} (the SIP server answers)"
    if reply.code in _BEHIND:
        return Outcome.WARN, code, f"{words} (what is behind this server does not answer)"
    if reply.code in _OVERLOADED:
        return Outcome.WARN, code, f"{words} (overloaded or in maintenance)"
    return Outcome.WARN, code, f"{words} (unexpected)"


def reply_words(reply: Incoming) -> str:
    """Return a reply's words, with its Retry-After."""
    after = reply.first("retry-after")
    return f"{reply.words}, Retry-After {after}" if after else reply.words


def refused(method: str, reply: Incoming, *, asked: bool) -> Trouble:
    """Return what a final reply of 300 and more to a request means that had to succeed; `asked`: with a password."""
    words = f"{method}: {reply_words(reply)}"
    if reply.code in (401, 407):
        words += (
            "; the user or the password was refused" if asked else "; the server asks for a password, give `secret`"
        )
    return Trouble(Outcome.FAIL, f"sip.{reply.code}", words)


def silence(error: Silence, malformed: int, strange: int) -> Trouble:
    """Return what it means that no final reply came, with the count of what came instead."""
    if error.provisional is not None:
        return Trouble(Outcome.WARN, "sip.provisional", f"only {error.provisional.words}, no final reply")
    if malformed:
        return Trouble(Outcome.WARN, "sip.malformed", f"no reply but {malformed} that could not be read")
    if strange:
        return Trouble(Outcome.WARN, "sip.mismatch", f"no reply but {strange} that did not match the request")
    return Trouble(Outcome.FAIL, "timeout", f"no answer in time, sent {error.sent} times")


def unanswered(error: Silence, malformed: int, strange: int) -> Trouble:
    """As `silence`, for a request that must succeed and not merely be answered."""
    found = silence(error, malformed, strange)
    return Trouble(Outcome.FAIL, "timeout", found.detail)
