"""An announcement as a mail message: plain text and HTML, and headers that neither loop nor can be made to hold more.

RFC 5322, RFC 3834 (Auto-Submitted), RFC 2369 and 2919 (lists), RFC 3282 (language). Pure but for `sent_at`.
"""

import hashlib
import html
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from msgspec import Struct

from outagetui.core.mailbox import Mailbox
from outagetui.wording.delivery import Fitted
from outagetui.wording.published import published

# 7 bits pass every server. Header lines may be long (998), and not everybody understands a folded identifier.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=900)


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
    unsubscribe: str
    sent_at: float


def letter(envelope: Envelope, text: Fitted, to: str | None) -> bytes:
    """Return the message for one address, or for many who do not see each other: then `to` is None."""
    message = EmailMessage(policy=_POLICY)
    sender = envelope.sender
    message["From"] = sender.shown if sender.name else Address(_line(envelope.business), addr_spec=sender.address)
    message["To"] = Address(addr_spec=to) if to is not None else "undisclosed-recipients:;"
    message["Subject"] = _line(text.title)
    message["Date"] = format_datetime(datetime.fromtimestamp(envelope.sent_at, UTC))
    message["Message-ID"] = message_id(sender, envelope.key, to)
    if envelope.keys:
        message["In-Reply-To"] = message_id(sender, envelope.keys[-1], to)
        message["References"] = " ".join(message_id(sender, key, to) for key in _first_and_last(envelope.keys))
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<{envelope.outlet}.{sender.domain}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
    message.set_content(text.plain, charset="utf-8")
    message.add_alternative(_page(text, envelope.language), subtype="html", charset="utf-8")
    message["Content-Language"] = envelope.language  # now, since the parts take what describes content for theirs
    boundary = hashlib.sha256(f"{envelope.key}\0boundary".encode()).hexdigest()[:24]
    message.set_boundary(f"={boundary}")
    return message.as_bytes()


def message_id(sender: Mailbox, key: str, to: str | None) -> str:
    """Return the identifier of a delivery's letter to an address: the same whenever it is made."""
    whom = "" if to is None else "." + hashlib.sha256(to.casefold().encode()).hexdigest()[:16]
    return f"<{key}{whom}@{sender.domain}>"


def _first_and_last(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((keys[0], *keys[-10:])))


def _line(text: str) -> str:
    return published(" ".join(text.split()), 300)


def _page(text: Fitted, language: str) -> str:
    title = html.escape(text.title)
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{html.escape(language)}">',
            f'<head><meta charset="utf-8"><title>{title}</title></head>',
            f"<body>\n<h1>{title}</h1>\n{text.html}\n</body>",
            "</html>\n",
        )
    )
