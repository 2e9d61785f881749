"""A page and what is announced on it, for the tests of all that a page outlet writes."""

from pathlib import Path
from typing import Any

import msgspec
from outagetui.core.model import Outlet
from outagetui.outlets import Delivery, Post

SINCE = 1795352520.0  # 2026-11-22 13:02 UTC
ACCOUNTS = (("Web chat", "https://chat.example.net/support"), ("Phone", "tel:+4930901820"), ("Signal", "example.42"))
FILES = {"index.html", "feed.atom", "status.json", "xmpp-status.json", "notice.html", "notice.js"}


def outlet(directory: Path, **changes: Any) -> Outlet:
    made = Outlet(
        id="page",
        name="Status page",
        kind="page",
        audience="customers",
        url="https://status.example.net/",
        directory=str(directory),
    )
    return msgspec.structs.replace(made, **changes)


def delivery(kind: str = "backup-active", part: int = 1, **changes: Any) -> Delivery:
    history = tuple(
        Post(
            announcement="a7",
            part=each,
            kind="investigating",
            title=f"Title {each}",
            body="Body.",
            at=SINCE + each * 60,
        )
        for each in reversed(range(part))
    )
    made = Delivery(
        announcement="a7",
        part=part,
        key=f"key-{part}",
        kind=kind,
        audience="customers",
        language="en",
        title="Messenger is disrupted",
        body="It fails.\nStill.\n\nUse these:\n- Web chat: https://chat.example.net/support\n- Phone: tel:+4930901820\n"
        "- Signal: example.42\n\nMore at https://status.example.net/.",
        since=SINCE,
        at=SINCE + part * 60,
        next_update=SINCE + 1800,
        accounts=ACCOUNTS,
        history=history,
    )
    return msgspec.structs.replace(made, **changes)


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-->]]></style><svg/onload=x>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;&amp;",
    "a\nb\r\nc",
    "\x1b]52;c;eA==\x07\x00\x9b",
    "\u202egnp.exe\u2066",
    "\ufffe\uffff\U000e0041",
    "javascript:alert(1)",
    "https://x.example/<script>",
    "]]>",
]
