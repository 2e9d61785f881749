"""The list of official backup accounts, published ahead of time: as a page, as text that can be signed, as JSON.

`accounts.txt` is made for checking and comparing, and its form stays: a line `outagetui-accounts 1`, lines `key: value`
about the list, then for every account an empty line and its `name`, `address` and `instructions`, without empty ones.
"""

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from outagetui.core import times
from outagetui.core.model import Audience, Channel, Outlet
from outagetui.machine.pages import styles, template
from outagetui.outlets import feeds, page_words
from outagetui.outlets.notices import tidy
from outagetui.outlets.official_words import Words, words
from outagetui.outlets.page_view import HERE, card
from outagetui.outlets.signing import NAMESPACE, Signature, signers, verify_command

HTML, TEXT, JSON = "accounts.html", "accounts.txt", "accounts.json"
SIGNATURE, SIGNERS = "accounts.txt.sig", "accounts.signers"


class Official(Struct, frozen=True):
    """An account of ours: what people call it, where it is, how to use it."""

    name: str
    address: str
    instructions: str = ""


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
    say: Words
    date: str


def accounts_of(channels: Sequence[Channel], audience: Audience) -> tuple[Official, ...]:
    """Return the backups of `audience` that can be told to people: those with an address or instructions."""
    return tuple(
        Official(tidy(each.name, 80), tidy(each.address), tidy(each.instructions))
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
        page=feeds.address(outlet),
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
        _Tongue(lang, page_words.name_of(lang), words(lang), times.moment(made.at, place, lang))
        for lang in made.languages
    )
    say = page_words.words(first.lang)
    cards = [{**card(each.name, each.address, say), "instructions": each.instructions} for each in made.accounts]
    return template(HERE, "official.html").render(
        lang=first.lang,
        business=made.business,
        skip=say.skip,
        first=first,
        others=others,
        stamp=times.stamp(made.at),
        cards=cards,
        signature=signature,
        command=verify_command(made.identity, TEXT, SIGNERS),
        signers=signers(made.identity, signature).strip() if signature else "",
        **styles(HERE),
    )


def documents(made: Listing, signature: Signature | None) -> tuple[tuple[str, bytes], ...]:
    """Return the files in the order to put in place; `signature` is that of `as_text`."""
    signed: tuple[tuple[str, bytes], ...] = ()
    if signature is not None:
        signed = ((SIGNATURE, signature.armored), (SIGNERS, signers(made.identity, signature).encode()))
    return (
        *signed,
        (TEXT, as_text(made).encode()),
        (JSON, as_json(made, signature)),
        (HTML, as_html(made, signature).encode()),
    )
