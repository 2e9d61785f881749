"""What a final reply to OPTIONS, or none, says of a server. Pure.

The status is the one an INVITE would have met (RFC 3261 section 11.2), so a busy or unknown number still proves that
the SIP stack answers; a reply made on behalf of something silent behind it does not.
"""

import re
from typing import Protocol

from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.message import Incoming
from outagetui.protocols.sip.sdp import SPOKEN
from outagetui.protocols.sip.transaction import Answer, Silence

ALIVE = frozenset({401, 403, 404, 405, 407, 415, 416, 420, 480, 481, 483, 484, 486, 488, 491, 501, 600, 603, 604, 606})
_BEHIND = {408, 500, 502, 504}
_OVERLOADED = {503, 513}
_BEYOND_US = {420, 421, 494}  # an extension, or an agreement on security (RFC 3329)
_NOT_OUR_SOUND = {488, 606}
_WARNING = re.compile(r'^\s*\d{3}\s+\S+\s+"((?:[^"\\]|\\.)*)"')


class Heard(Protocol):
    """What an agent heard beside what it waited for, counted."""

    malformed: int
    strange: int
    reflected: int


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
    """Return a reply's words, with its Retry-After, and the Warning that says more (RFC 3261 section 20.43)."""
    after, warning = reply.first("retry-after"), _WARNING.search(reply.first("warning"))
    words = reply.words if warning is None else f"{reply.words}: {warning[1]}"
    return f"{words}, Retry-After {after}" if after else words


def by_way(words: str, tried: tuple[str, ...]) -> str:
    """Return `words` with what was `tried`: the server that answered, if its name says anything, and those before."""
    if not tried:
        return words
    server, *before = tried
    parts = [f"from {server}"] if server else []
    parts += [f"tried before: {'; '.join(before)}"] if before else []
    return f"{words} ({'; '.join(parts)})"


def refused(method: str, found: Answer, *, asked: bool) -> Trouble:
    """Return what a final reply of 300 and more to a request means that had to succeed; `asked`: with a password."""
    reply = found.reply
    words = f"{method}: {reply_words(reply)}"
    outcome = Outcome.FAIL
    if reply.code in (401, 407):
        words += (
            "; the user or the password was refused" if asked else "; the server asks for a password, give `secret`"
        )
    elif reply.code in _BEYOND_US:
        outcome = Outcome.UNKNOWN
        wants = reply.first("require") or reply.first("unsupported")
        words += f"; it insists on what this program does not speak{f' ({wants})' if wants else ''}"
    elif method == "INVITE" and reply.code in _NOT_OUR_SOUND:
        outcome = Outcome.UNKNOWN
        words += f"; it takes none of the sound this program speaks ({SPOKEN}), which says nothing of other telephones"
    return Trouble(outcome, f"sip.{reply.code}", by_way(words, found.tried))


def silence(error: Silence, agent: Heard) -> Trouble:
    """Return what it means that no final reply came, with the count of what came instead."""
    if error.provisional is not None:
        return _told(Outcome.WARN, "sip.provisional", f"only {error.provisional.words}, no final reply", error)
    if agent.reflected:
        words = "no reply, but our own messages came back: what listens there is an echo and no SIP server"
        return _told(Outcome.FAIL, "sip.reflected", words, error)
    if agent.malformed:
        return _told(Outcome.WARN, "sip.malformed", f"no reply but {agent.malformed} that could not be read", error)
    if agent.strange:
        words = f"no reply but {agent.strange} that did not match the request"
        return _told(Outcome.WARN, "sip.mismatch", words, error)
    return _told(Outcome.FAIL, "timeout", f"no answer in time, sent {error.sent} times", error)


def unanswered(error: Silence, agent: Heard) -> Trouble:
    """As `silence`, for a call, which is not merely to be answered at some time."""
    found = silence(error, agent)
    return Trouble(Outcome.FAIL, found.code if agent.reflected else "timeout", found.detail)


def _told(outcome: Outcome, code: str, words: str, error: Silence) -> Trouble:
    return Trouble(outcome, code, by_way(words, ("", *error.tried) if error.tried else ()))
