"""What a message in the mailbox is to a probe: its own, word that its own went astray, or somebody's mail. Pure.

A token that is found is not a message that was delivered: reports and automatic answers quote it, too. Ours is what
comes from our sender with the token in its own headers (or, from a web chat, in its own text), and answers nothing.
Reports are those of RFC 3462 and 3464, automatic answers those of RFC 3834 and what programs before it wrote.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import Literal, NamedTuple

from outagetui.core.masking import mask_answer
from outagetui.core.text import clean

PREFIX = "outagetui-probe-"
SUBJECT = "Mail check"  # what stands before the token
HEADER = "X-Outagetui-Probe"  # no answer copies it, and a gateway that marks subjects leaves it
_TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{32}}", re.IGNORECASE)
_WHOLE = re.compile(rf"(.*?){SUBJECT} {_TOKEN.pattern}\s*", re.IGNORECASE | re.DOTALL)
_SIGNS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|<[^<>]*>|\*+[^*]*\*+|#+[^#]*#+")  # that filters put there
_ANSWERS = re.compile(
    r"^\s*(?:re|aw|sv|antw|fw|fwd|wg|tr|rv)\s*(?:\[\d+\])?\s*:|auto\w*[ -](?:reply|response|antwort)"
    r"|out of (?:the )?office|abwesen|undeliver|unzustellbar|delivery (?:status|failure)|returned mail|mail delivery"
    r"|failure notice",
    re.IGNORECASE,
)
_DAEMONS = ("mailer-daemon", "mail-daemon", "postmaster", "mailerdaemon")
_DELAYED = re.compile(r"warning|delay|still being|verz\u00f6ger", re.IGNORECASE)
_MARKS = ("In-Reply-To", "References", "X-Autoreply", "X-Autorespond", "X-Auto-Reply")
_PARTS = 100  # of a message that are looked at
_FIELD = re.compile(r"(?im)^(action|status|diagnostic-code)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
Where = Literal["SUBJECT", "TEXT"]  # where the token stands: a search key of IMAP


class ProbeMail(NamedTuple):
    """A message that holds tokens. `own` tells that it is a probe's message itself.

    `action` is what a delivery report says became of that (RFC 3464 section 2.3.3), else empty; `reason` is its words.
    """

    tokens: frozenset[str]
    own: bool
    action: str = ""
    reason: str = ""


def read_mail(raw: bytes, where: Where, sender: str = "") -> ProbeMail | None:
    """Return what `raw`, the beginning of a message, is to probes that write as `sender`; None when it holds no token.

    From a web chat (`TEXT`) mail comes from whom that likes.
    """
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    subject = header(message, "Subject")
    marks = _tokens(header(message, "Message-ID"), header(message, HEADER))
    heads = marks | _tokens(subject)
    report = _is_report(message)
    if report:
        everywhere = _tokens(raw.decode("latin-1"), subject, *_texts(message, nested=True))
        action, reason = _fate(message) if everywhere else ("", "")
        return ProbeMail(everywhere, own=False, action=action, reason=reason) if everywhere else None
    found = heads | _tokens(*_texts(message)) if where == "TEXT" else heads
    if not found:
        return None
    known = where == "TEXT" or (_is_from(message, sender) and (bool(marks) or _is_ours(subject)))
    return ProbeMail(found, own=known and not _is_answer(message, subject))


def header(message: Message, name: str) -> str:
    """Return a header in one line, its encoded words (RFC 2047) decoded as far as a token needs: ASCII."""
    raw = " ".join(str(message.get(name, "")).split())
    try:
        pieces = decode_header(raw)
    except Exception:  # the library raises what it likes at words that are none
        return raw
    return "".join(each.decode("latin-1") if isinstance(each, bytes) else each for each, _ in pieces)


def _tokens(*texts: str) -> frozenset[str]:
    return frozenset(token.lower() for text in texts for token in _TOKEN.findall(text))


def _is_ours(subject: str) -> bool:
    """Whether a subject alone proves the message ours: other words before it may be an answer's, in any language."""
    found = _WHOLE.fullmatch(subject)
    return found is not None and not re.search(r"\w", _SIGNS.sub("", found[1]))


def _is_from(message: Message, sender: str) -> bool:
    return _addresses(message, "From") == {sender.casefold()}


def _addresses(message: Message, name: str) -> set[str]:
    return {address.casefold() for _, address in getaddresses([str(each) for each in message.get_all(name, [])])}


def _is_report(message: Message) -> bool:
    """Whether it tells what became of another message: by its form, or because a mail system wrote it."""
    if message.get_content_type() == "multipart/report" or "X-Failed-Recipients" in message:
        return True
    writers = {address.partition("@")[0] for address in _addresses(message, "From")}
    return bool(writers & {*_DAEMONS})


def _is_answer(message: Message, subject: str) -> bool:
    """Whether it answers another message, by itself or by somebody's hand."""
    automatic = re.split(r"[;(\s]", header(message, "Auto-Submitted").lower(), maxsplit=1)[0]
    return (
        any(name in message for name in _MARKS)
        or header(message, "Return-Path").replace(" ", "") == "<>"
        or automatic not in ("", "no", "auto-generated")
        or header(message, "Precedence").strip().lower() in ("auto_reply", "auto-reply")
        or _ANSWERS.search(subject) is not None
    )


def _texts(message: Message, *, nested: bool = False) -> Iterator[str]:
    """Yield the texts of a message; those of messages that it holds only when `nested`."""
    for part in _parts(message, nested):
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content.decode("ascii", "replace")  # a token is ASCII, whatever surrounds it


def _parts(message: Message, nested: bool) -> Iterator[Message]:
    waiting, count = [message], 0
    while waiting and count < _PARTS:
        part = waiting.pop(0)
        count += 1
        yield part
        content = part.get_payload()
        if isinstance(content, list) and (nested or part.get_content_maintype() != "message"):
            waiting[:0] = [each for each in content if isinstance(each, Message)]


def _fate(message: Message) -> tuple[str, str]:
    """Return a report's action and reason; one without its form, as old mail systems write it, goes by its subject."""
    for part in _parts(message, nested=True):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(part.as_string())}
            said = f"{fields.get('status', '')} {fields.get('diagnostic-code', '').partition(';')[2].strip()}"
            return fields.get("action", "failed").lower(), clean(mask_answer(said.strip()), 200)
    if str(message.get_param("report-type") or "delivery-status").lower() != "delivery-status":
        return "", ""  # that it was read, or is thought to be abuse
    subject = header(message, "Subject")
    return ("delayed" if _DELAYED.search(subject) else "failed"), clean(mask_answer(subject), 200)
