"""Putting the list of official accounts beside a page, signed when the page has a key, and seeing what lies there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from outagetui.core.model import Outlet
from outagetui.machine import files
from outagetui.outlets import page
from outagetui.outlets.official import JSON, SIGNATURE, SIGNERS, Listing, Official, as_text, documents
from outagetui.outlets.signing import Signature, sign

_READ_LIMIT = 1 << 20


class Published(Struct, frozen=True):
    """What a list that lies there says."""

    date: str
    accounts: tuple[Official, ...]
    signature: dict[str, str] | None = None

    @property
    def fingerprint(self) -> str:
        """That of the key it is signed with; empty when it is not."""
        return (self.signature or {}).get("fingerprint", "")


def signed(outlet: Outlet, made: Listing, secret: Callable[[str], str]) -> Signature | None:
    """Return the signature of the list as text; None when the page has no key. SecretError, SigningError."""
    key = getattr(outlet.options, "sign", None)
    return None if key is None else sign(as_text(made).encode(), secret(key))


async def put(outlet: Outlet, made: Listing, signature: Signature | None) -> bool:
    """Write the list, and a first page if there is none; OSError when that fails.

    Returns whether the page links to the list: one with notices on it does so from the next part on.
    """
    directory = page.directory_of(outlet)
    await asyncio.to_thread(files.replace, directory, documents(made, signature), outlet.timeout / 2)
    if signature is None:  # an old one would be of another text
        for name in (SIGNATURE, SIGNERS):
            (directory / name).unlink(missing_ok=True)
    await page.quiet(outlet, made.business, made.timezone, made.at)
    return f'href="{page.ACCOUNTS}"' in (directory / page.INDEX).read_text(encoding="utf-8", errors="replace")


def published(outlet: Outlet) -> Published | None:
    """Return what lies there; None when nothing does, or nothing that can be read."""
    directory = Path(outlet.directory)
    try:
        with (directory / JSON).open("rb") as file:
            return msgspec.json.decode(file.read(_READ_LIMIT), type=Published)
    except (OSError, msgspec.MsgspecError):
        return None
