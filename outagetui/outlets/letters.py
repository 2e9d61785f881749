"""An announcement as a mail message: plain text and HTML, and headers that neither loop nor can be made to hold more.

RFC 5322, RFC 3834 (Auto-Submitted), RFC 2369, 2919 and 8058 (lists), RFC 3282 (language). No line is longer than 76
characters (RFC 2045, 2047) but of what must not be broken: identifiers and links. Pure but for `sent_at`.
"""

import hashlib
import hmac
import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from outagetui.core.mailbox import Mailbox
from outagetui.outlets.encoded_words import LONGEST_LINE, mailbox_header, words_header
from outagetui.wording.delivery import Fitted
from outagetui.wording.published import published

# What these hold is not to be broken: not everybody understands a folded identifier. They are folded between such.
_WHOLE = frozenset(
    ("message-id", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post", "date")
)
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.2
_LEAVE = {"en": "To get no more of these messages", "de": "Keine dieser Nachrichten mehr"}


class _Lines(EmailPolicy):
    """Lines as RFC 2047 wants them, in 7 bits, which pass every server."""

    def fold(self, name: str, value: Any) -> str:
        """Return a header as it is sent."""
        if name.lower() not in _WHOLE:
            return str(super().fold(name, value))
        pieces = str(value).split(" ") if name.lower() == "references" else [str(value)]
        return f"{name}: {f'{self.linesep} '.join(pieces)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as it is sent."""
        return self.fold(name, value).encode("ascii", "surrogateescape")


_POLICY = _Lines(linesep=SMTP.linesep, cte_type="7bit", max_line_length=LONGEST_LINE)


class Leaving(Struct, frozen=True):
    """How recipients leave a list: `link` for all, with what `{recipient}` and `{token}` stand for in it, or `own`.

    `own` are links by address; `key` is what tokens are made of.
    """

    link: str = ""
    key: str = ""
    own: Mapping[str, str] = {}

    def of(self, to: str | None) -> str:
        """Return the link for one address, or for many."""
        if to is None:
            return self.link
        if own := self.own.get(to.casefold()):
            return own
        token = hmac.new(self.key.encode(), to.casefold().encode(), "sha256").hexdigest()[:32]
        return self.link.replace("{recipient}", quote(to, safe="")).replace("{token}", token)


class Envelope(Struct, frozen=True, kw_only=True):
    """What is the same in every letter of a delivery.

    `keys` are those of the parts that this one follows, the first first; `key` is its own. `outlet` names the list.
    """

    sender: Mailbox
    business: str
    outlet: str
    language: str
    key: str
    keys: tuple[str, ...]
    leaving: Leaving
    sent_at: float


def letter(envelope: Envelope, text: Fitted, to: str | None) -> bytes:
    """Return the message for one address, or for many who do not see each other: then `to` is None."""
    message = EmailMessage(policy=_POLICY)
    sender = envelope.sender
    message["To"] = Address(addr_spec=to) if to is not None else "undisclosed-recipients:;"
    message["Date"] = format_datetime(datetime.fromtimestamp(envelope.sent_at, UTC))
    message["Message-ID"] = message_id(sender, envelope.key, to)
    if envelope.keys:
        message["In-Reply-To"] = message_id(sender, envelope.keys[-1], to)
        message["References"] = " ".join(message_id(sender, key, to) for key in _first_and_last(envelope.keys))
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<{envelope.outlet}.{sender.domain}>"
    link = envelope.leaving.of(to)
    if link:
        message["List-Unsubscribe"] = f"<{link}>"
        if link.startswith("https:"):
            message["List-Unsubscribe-Post"] = ONE_CLICK
    leave = _LEAVE.get(envelope.language.partition("-")[0].lower(), _LEAVE["en"])
    foot = f"\n\n-- \n{leave}: {link.removeprefix('mailto:')}\n" if link else ""
    message.set_content(f"{text.plain.rstrip()}{foot}" if foot else text.plain, charset="utf-8")
    button = f'\n<p><small><a href="{html.escape(link)}">{html.escape(leave)}</a></small></p>' if link else ""
    message.add_alternative(_page(text, envelope.language, button), subtype="html", charset="utf-8")
    message["Content-Language"] = envelope.language  # now, since the parts take what describes content for theirs
    boundary = hashlib.sha256(f"{envelope.key}\0boundary".encode()).hexdigest()[:24]
    message.set_boundary(f"={boundary}")
    title = words_header("Subject", _line(text.title))
    return mailbox_header("From", _line(sender.name or envelope.business), sender.address) + title + message.as_bytes()


def message_id(sender: Mailbox, key: str, to: str | None) -> str:
    """Return the identifier of a delivery's letter to an address: the same whenever it is made."""
    whom = "" if to is None else "." + hashlib.sha256(to.casefold().encode()).hexdigest()[:16]
    return f"<{key}{whom}@{sender.domain}>"


def _first_and_last(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((keys[0], *keys[-10:])))


def _line(text: str) -> str:
    return published(" ".join(text.split()), 300)


def _page(text: Fitted, language: str, foot: str) -> str:
    title = html.escape(text.title)
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{html.escape(language)}">',
            f'<head><meta charset="utf-8"><title>{title}</title></head>',
            f"<body>\n<h1>{title}</h1>\n{text.html}{foot}\n</body>",
            "</html>\n",
        )
    )
