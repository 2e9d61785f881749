"""Prosody's shared groups (mod_groups): its `groups_file`, which puts contacts into the rosters of all members."""

import re
from collections.abc import Iterable

from outagetui.core.addresses import Entry

# A bare address (RFC 7622) that a line of this file can hold: no space, and no = before the name.
_ADDRESS = re.compile(r"[^\s=@/\[\]\"&'<>:]+@[^\s=@/\[\]\"&'<>:]+")

_KINDS = ("xmpp", "other")  # not the mail addresses and numbers that look alike


def write(entries: Iterable[Entry], group: str) -> tuple[str, list[Entry]]:
    """Return the file's text, and the entries it cannot hold because their address is no bare Jabber address."""
    entries = list(entries)
    unfit = [entry for entry in entries if entry.kind not in _KINDS or not _ADDRESS.fullmatch(entry.address)]
    # Brackets end a group's name, and a + before it would show the group to every user of the server.
    name = re.sub(r"[\[\]]", "", group).strip().lstrip("+") or "contacts"
    lines = [f"[{name}]", *(f"{entry.address}={entry.name}" for entry in entries if entry not in unfit)]
    return "\n".join(lines) + "\n", unfit
