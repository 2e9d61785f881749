"""The list of official backup accounts, published ahead of time: as a page, as text that can be signed, as JSON.

`accounts.txt` is made for checking and comparing, and its form stays: a line `outagetui-accounts 1`, lines `key: value`
about the list, then for every account an empty line and its `name`, `address` and `instructions`, without empty ones.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from outagetui.core import telephone, times
from outagetui.core.model import Audience, Channel, Outlet
from outagetui.machine import files
from outagetui.machine.pages import styles, template
from outagetui.outlets import page, page_feeds, page_words
from outagetui.outlets.notices import tidy
from outagetui.outlets.page_view import HERE, card
from outagetui.outlets.signing import NAMESPACE, Signature, sign, signers, verify_command

HTML, TEXT, JSON = page.ACCOUNTS, "accounts.txt", "accounts.json"
SIGNATURE, SIGNERS = "accounts.txt.sig", "accounts.signers"
_READ_LIMIT = 1 << 20


class Official(Struct, frozen=True):
    """An account of ours: what people call it, where it is, how to use it."""

    name: str
    address: str
    instructions: str = ""


class Published(Struct, frozen=True):
    """What a list that lies there says."""

    date: str
    accounts: tuple[Official, ...]
    signature: dict[str, str] | None = None

    @property
    def fingerprint(self) -> str:
        """That of the key it is signed with; empty when it is not."""
        return (self.signature or {}).get("fingerprint", "")


class Listing(Struct, frozen=True, kw_only=True):
    """The list as one page outlet publishes it; `languages` has the page's own first, `at` is epoch seconds."""

    business: str
    audience: Audience
    timezone: str
    languages: tuple[str, ...]
    at: float
    page: str
    accounts: tuple[Official, ...]

    @property
    def url(self) -> str:
        """Where people find it; empty when the page has no address."""
        return urljoin(self.page, HTML) if self.page else ""

    @property
    def identity(self) -> str:
        """Who signs it, in words of `allowed_signers`."""
        return f"accounts@{urlsplit(self.page).hostname or 'localhost'}"


class _Tongue(Struct, frozen=True):
    lang: str
    name: str
    say: page_words.Words
    date: str


def accounts_of(channels: Sequence[Channel], audience: Audience) -> tuple[Official, ...]:
    """Return the backups of `audience` that can be told to people: those with an address or instructions."""
    return tuple(
        Official(tidy(each.name, 80), tidy(telephone.shown(each.address)), tidy(each.instructions))
        for each in channels
        if each.audience == audience and each.is_backup and (each.address or each.instructions)
    )


def listing(
    outlet: Outlet, outlets: Sequence[Outlet], channels: Sequence[Channel], business: str, timezone: str, at: float
) -> Listing:
    """Return the list for the page `outlet`, in the languages in which its audience is told anything."""
    spoken = (outlet.language, *(each.language for each in outlets if each.audience == outlet.audience))
    return Listing(
        business=tidy(business, 120),
        audience=outlet.audience,
        timezone=timezone,
        languages=tuple(dict.fromkeys(page_words.language_of(language) for language in spoken)),
        at=at,
        page=page_feeds.address(outlet),
        accounts=accounts_of(channels, outlet.audience),
    )


def as_text(made: Listing) -> str:
    """Return `accounts.txt`."""
    lines = ["outagetui-accounts 1", f"business: {made.business}", f"audience: {made.audience}"]
    lines += [f"date: {times.stamp(made.at)}"]
    if made.url:
        lines.append(f"list: {made.url}")
    for account in made.accounts:
        lines += ["", f"name: {account.name}"]
        if account.address:
            lines.append(f"address: {account.address}")
        if account.instructions:
            lines.append(f"instructions: {account.instructions}")
    return "\n".join(lines) + "\n"


def as_json(made: Listing, signature: Signature | None) -> bytes:
    """Return `accounts.json`."""
    signed = None
    if signature is not None:
        signed = {
            "file": SIGNATURE,
            "of": TEXT,
            "signers": SIGNERS,
            "identity": made.identity,
            "namespace": NAMESPACE,
            "key": signature.key,
            "fingerprint": signature.fingerprint,
        }
    document = {
        "version": 1,
        "business": made.business,
        "audience": made.audience,
        "date": times.stamp(made.at),
        "list": made.url,
        "accounts": [msgspec.to_builtins(account) for account in made.accounts],
        "signature": signed,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def as_html(made: Listing, signature: Signature | None) -> str:
    """Return `accounts.html`."""
    place = times.zone(made.timezone)
    first, *others = (
        _Tongue(lang, page_words.name_of(lang), page_words.words(lang), times.moment(made.at, place, lang))
        for lang in made.languages
    )
    cards = [{**card(each.name, each.address, first.say), "instructions": each.instructions} for each in made.accounts]
    return template(HERE, "official.html").render(
        lang=first.lang,
        business=made.business,
        first=first,
        others=others,
        stamp=times.stamp(made.at),
        cards=cards,
        signature=signature,
        command=verify_command(made.identity, TEXT, SIGNERS),
        signers=signers(made.identity, signature).strip() if signature else "",
        **styles(HERE),
    )


def signed(outlet: Outlet, made: Listing, secret: Callable[[str], str]) -> Signature | None:
    """Return the signature of the list as text; None when the page has no key. SecretError, SigningError."""
    key = getattr(outlet.options, "sign", None)
    return None if key is None else sign(as_text(made).encode(), secret(key))


async def put(outlet: Outlet, made: Listing, signature: Signature | None) -> bool:
    """Write the list, and a first page if there is none; OSError when that fails.

    Returns whether the page links to the list: one with notices on it does so from the next part on.
    """
    directory = page.directory_of(outlet)
    documents = [
        (TEXT, as_text(made).encode()),
        (JSON, as_json(made, signature)),
        (HTML, as_html(made, signature).encode()),
    ]
    if signature is not None:
        of_key = signers(made.identity, signature).encode()
        documents = [(SIGNATURE, signature.armored), (SIGNERS, of_key), *documents]
    await asyncio.to_thread(files.replace, directory, documents, outlet.timeout / 2)
    if signature is None:  # an old one would be of another text
        for name in (SIGNATURE, SIGNERS):
            (directory / name).unlink(missing_ok=True)
    await page.quiet(outlet, made.business, made.timezone, made.at)
    return f'href="{HTML}"'.encode() in files.content(directory / page.INDEX, _READ_LIMIT)


def published(outlet: Outlet) -> Published | None:
    """Return what lies there; None when nothing does, or nothing that can be read."""
    directory = Path(outlet.directory)
    try:
        return msgspec.json.decode(files.content(directory / JSON, _READ_LIMIT), type=Published)
    except (OSError, msgspec.MsgspecError):
        return None
