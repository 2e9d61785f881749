"""`outagetui contacts`: a channel's business contacts for its own programs, and contacts from a spreadsheet."""

import os
import sys
import tempfile
from pathlib import Path
from typing import get_args

import click

from outagetui.cli.common import UNUSABLE, configuration, directory, fail
from outagetui.config.settings import CONTACTS
from outagetui.config.tomlfile import LARGEST
from outagetui.contacts import groups, sheet, vcard
from outagetui.contacts.merging import merge
from outagetui.core.addresses import on_channel
from outagetui.core.model import Audience, Contact
from outagetui.core.text import listing, nearest

FAILED, USAGE = 1, 2
AUDIENCE = click.Choice(get_args(Audience))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def contacts() -> None:
    """Make a channel's own list of business contacts, or take contacts in from a spreadsheet."""


@contacts.command(name="export")
@click.option("--channel", "name", required=True, metavar="CHANNEL", help="Whose addresses to write.")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["vcard", "csv", "prosody-groups"]),
    help="For address books, for spreadsheets, or for Prosody's mod_groups.",
)
@click.option("--audience", type=AUDIENCE, help="Only these (prosody-groups: staff, unless you say otherwise).")
@click.pass_obj
def export_(options: dict[str, str | None], name: str, form: str, audience: Audience | None) -> None:
    """Print the contacts that have an address on CHANNEL; those without are counted on standard error.

    vcard is for address books, csv for spreadsheets, prosody-groups for the groups_file of Prosody's mod_groups.
    """
    config = configuration(options)
    channel = config.channel(name)
    if channel is None:
        known = [each.id for each in config.channels]
        fail(f'unknown channel "{name}"{nearest(name, known)}; known: {listing(known)}', USAGE)
    if form == "prosody-groups" and audience is None:
        audience = "staff"  # members of a group see each other, which customers must not
    entries, without = on_channel(config.contacts, channel, audience)
    notes = [f"{without} left out: no address on {name}"] if without else []
    if form == "vcard":
        text = vcard.write(entries, channel.name)
    elif form == "csv":
        text = sheet.write(entries, name)
    else:
        text, unfit = groups.write(entries, f"{config.business} {audience}")
        notes += [f"left out: {entry.name}: {entry.address} is no Jabber address of a person" for entry in unfit]
        entries = [entry for entry in entries if entry not in unfit]
    sys.stdout.buffer.write(text.encode())
    who = "contact" if audience is None else f"{audience} contact"
    sys.stderr.write("".join(f"{line}\n" for line in (f"{len(entries)} {who}{_s(len(entries))}", *notes)))


@contacts.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--audience", type=AUDIENCE, help="Whose contacts these are, where the sheet has no such column.")
@click.option("--write", "into", is_flag=True, help=f"Add them to {CONTACTS} instead of printing them.")
@click.pass_obj
def import_(options: dict[str, str | None], file: Path, audience: Audience | None, into: bool) -> None:
    """Print the contacts of a CSV sheet as [[contact]] tables.

    The sheet's first line names its columns: name, audience, and channels by their ids. What is in contacts.toml
    already is left out; what would change a contact there is refused, and then nothing is printed or written.
    """
    place = directory(options)
    config = configuration(options)
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", USAGE)
    rows, problems = sheet.read(content, str(file), [each.id for each in config.channels], audience)
    merged = merge(rows, config.contacts, str(file))
    if problems or merged.problems:
        fail("\n".join(map(str, problems or merged.problems)), UNUSABLE)
    known = f", {merged.known} there already" if merged.known else ""
    if into:
        _add(place / CONTACTS, merged.new)
        sys.stderr.write(f"{len(merged.new)} contact{_s(len(merged.new))} added to {place / CONTACTS}{known}\n")
    else:
        sys.stdout.buffer.write(sheet.to_toml(merged.new).encode())
        sys.stderr.write(f"{len(merged.new)} contact{_s(len(merged.new))}{known}\n")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _add(path: Path, new: list[Contact]) -> None:
    """Append `new` to the file at `path`, all or nothing, leaving what stands there as it is."""
    if not new:
        return
    try:
        target = path.resolve()
        there = target.read_bytes() if target.exists() else b"# Who is reached where: addresses by channel.\n"
        text = there + (b"" if there.endswith(b"\n") else b"\n") + f"\n{sheet.to_toml(new)}".encode()
        _refuse_unfit(path, text)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".contacts")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), target.stat().st_mode & 0o777 if target.exists() else 0o640)
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}", FAILED)


def _refuse_unfit(path: Path, text: bytes) -> None:
    import tomli

    if len(text) > LARGEST:
        fail(f"{path}: would be larger than 1 MiB", FAILED)
    try:
        tomli.loads(text.decode("utf-8-sig"))
    except tomli.TOMLDecodeError:
        fail(f"{path}: cannot be added to: write its contacts as [[contact]] tables", FAILED)
