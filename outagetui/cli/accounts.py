"""`outagetui accounts`: the official backup accounts, and putting their list on the pages before anything happens."""

import asyncio
import sys
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import click

from outagetui.cli.common import configuration, fail, heard
from outagetui.cli.output import print_json
from outagetui.core.model import Config, Outlet
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.text import listing as names_of
from outagetui.core.text import nearest
from outagetui.machine.secrets import SecretError, Secrets
from outagetui.outlets import official
from outagetui.outlets.signing import SigningError

FAILED, USAGE = 1, 2
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_JSON
@click.pass_context
def accounts(ctx: click.Context, as_json: bool) -> None:
    """List the official backup accounts by page, and whether what is published is still right."""
    if ctx.invoked_subcommand is not None:
        return
    config = configuration(ctx.obj)
    pages = _pages(config, None)
    found = [(page, official.accounts_of(config.channels, page.audience)) for page in pages]
    if as_json:
        print_json({"version": 1, "pages": [_document(page, named) for page, named in found]})
        return
    for page, named in found:
        sys.stdout.write(f"{page.audience}, page {page.id}: {_state(page, named)}\n")
        width = max((len(each.name) for each in named), default=0)
        for each in named:
            words = "  ".join(filter(None, (each.address, each.instructions)))
            sys.stdout.write(f"  {each.name:<{width}}  {words}\n")
        sys.stdout.write(_snippet(page))
    _warn(config, pages)


@accounts.command()
@click.option("--outlet", "chosen", metavar="PAGE", help="Only on this page.")
@click.option("--dry-run", is_flag=True, help="Print the list, and write nothing.")
@_JSON
@click.pass_obj
def publish(options: dict[str, str | None], chosen: str | None, dry_run: bool, as_json: bool) -> None:
    """Put the list of official backup accounts on every page outlet: accounts.html, accounts.txt and accounts.json.

    A page outlet with `sign = "SECRET"` gets a signed copy; the secret is an Ed25519 key as ssh-keygen makes it.
    """
    config = configuration(options)
    pages = _pages(config, chosen)
    now = time.time()
    secrets = Secrets(Path(config.secrets) if config.secrets else None)
    told: list[dict[str, object]] = []
    troubles = []
    for page in pages:
        made = official.listing(page, config.outlets, config.channels, config.business, config.timezone, now)
        if dry_run:
            told.append(_result(page, made, "", text=official.as_text(made)))
            continue
        try:
            signature = official.signed(page, made, secrets.read)
            linked = asyncio.run(heard(official.put(page, made, signature)))
        except (SecretError, SigningError, OSError, ValueError) as error:
            troubles.append(f"{page.id}: {_words(error)}")
            continue
        told.append(_result(page, made, signature.fingerprint if signature else "", linked=linked))
    if as_json:
        print_json({"version": 1, "dry_run": dry_run, "pages": told, "failed": troubles})
    else:
        sys.stdout.write("".join(_line(each) for each in told))
    _warn(config, pages)
    if troubles:
        fail("\n".join(troubles), FAILED)


def _pages(config: Config, chosen: str | None) -> list[Outlet]:
    pages = [outlet for outlet in config.outlets if OutletOptions.of(outlet.kind).page]
    if not pages:
        fail('no outlet of kind "page": there is nowhere to publish accounts (outagetui init --help)', USAGE)
    if chosen is None:
        return pages
    known = [page.id for page in pages]
    if chosen not in known:
        fail(f'no page is called "{chosen}"{nearest(chosen, known)}; known: {names_of(known)}', USAGE)
    return [page for page in pages if page.id == chosen]


def _result(
    page: Outlet, made: official.Listing, fingerprint: str, *, linked: bool = False, text: str = ""
) -> dict[str, object]:
    """Return what became of one page; `text` only when nothing was written."""
    result: dict[str, object] = {
        "id": page.id,
        "audience": page.audience,
        "accounts": len(made.accounts),
        "file": str(Path(page.directory) / official.HTML),
        "url": made.url,
        "fingerprint": fingerprint,
        "linked": linked,
    }
    return {**result, "text": text} if text else result


def _line(result: dict[str, object]) -> str:
    if "text" in result:
        return f"{result['file']} would be written:\n\n{result['text']}\n"
    signed = f", signed by {result['fingerprint']}" if result["fingerprint"] else ", not signed"
    number = result["accounts"]
    first = f"{result['id']}: {number} account{'' if number == 1 else 's'} in {result['file']}{signed}\n"
    if result["linked"]:
        return first
    return f"{first}  the page shows a notice and will link to the list from its next part on\n"


def _state(page: Outlet, named: tuple[official.Official, ...]) -> str:
    there = official.published(page)
    if there is None:
        return "not published (outagetui accounts publish)"
    signed = f"signed by {there.fingerprint}" if there.fingerprint else "not signed"
    if there.accounts != named:
        return f"published {there.date}, {signed}; NOT as configured now (outagetui accounts publish)"
    return f"published {there.date}, {signed}"


def _snippet(page: Outlet) -> str:
    if not page.url:
        return "\n"
    path = urlsplit(urljoin(page.url, "notice.html")).path
    return (
        "  To show the current notice on a website, paste one of these there:\n"
        f'    <!--#include virtual="{path}" -->  (server-side, where the page is on the same server)\n'
        f'    <script src="{urljoin(page.url, "notice.js")}" async></script>\n\n'
    )


def _document(page: Outlet, named: tuple[official.Official, ...]) -> dict[str, object]:
    there = official.published(page)
    return {
        "id": page.id,
        "audience": page.audience,
        "url": urljoin(page.url, official.HTML) if page.url else "",
        "accounts": [{"name": each.name, "address": each.address, "instructions": each.instructions} for each in named],
        "published": there.date if there else None,
        "current": there is not None and there.accounts == named,
        "fingerprint": there.fingerprint if there else "",
    }


def _warn(config: Config, pages: list[Outlet]) -> None:
    told = {page.audience for page in pages}
    for channel in config.channels:
        nameless = not channel.address and not channel.instructions
        if channel.is_backup and channel.audience in told and nameless:
            sys.stderr.write(f"{channel.id} is left out: it has neither address nor instructions\n")


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
