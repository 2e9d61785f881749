"""What types alone cannot judge of the outlets that send messages: mail, messengers, rooms, programs."""

import os
from collections.abc import Iterator
from pathlib import Path as File
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from outagetui.config.commandfile import commands_of
from outagetui.config.draft import Draft, Owner
from outagetui.config.names import known_name
from outagetui.config.positions import Path
from outagetui.config.tables import ChannelTable, OutletTable
from outagetui.core import targets
from outagetui.core.addresses import is_bare
from outagetui.core.commands import names_in, pattern_trouble, value_trouble
from outagetui.core.mailbox import is_here, read_list, read_mailbox
from outagetui.core.model import Command
from outagetui.core.outlet_options import CommandOutletOptions, EmailOptions, OutletOptions, XmppOutletOptions
from outagetui.core.text import listing, nearest
from outagetui.wording.delivery import GIVEN

if TYPE_CHECKING:
    from outagetui.config.draft import Placed

URLS = frozenset({"email", "xmpp"})  # kinds whose url is no web page
Options = TypeVar("Options", bound=OutletOptions)
Trouble = tuple[Path, str]


def message_troubles(table: OutletTable, options: OutletOptions) -> Iterator[Trouble]:
    """Yield what is wrong within one outlet, each with its key."""
    if isinstance(options, EmailOptions):
        yield from _email(table, options)
    elif isinstance(options, XmppOutletOptions):
        yield from _xmpp(table, options)


def _email(table: OutletTable, options: EmailOptions) -> Iterator[Trouble]:
    if table.url and (trouble := targets.SUBMISSION.trouble(table.url)):
        yield ("url",), trouble
        return
    places: list[tuple[Path, str]] = [(("recipients", at), each) for at, each in enumerate(options.recipients)]
    for where, text in (*places, (("from",), options.from_ or "a@b")):
        try:
            read_mailbox(text)
        except ValueError as error:
            yield where, str(error)
    if options.unsubscribe is not None and not _is_unsubscribing(options.unsubscribe):
        yield ("unsubscribe",), 'expected where to write to or to go, "mailto:…" or "https://…", without spaces'
    if options.from_ is None:
        return
    parts = urlsplit(table.url)
    if parts.username and options.secret is None:
        yield ("secret",), "missing; the url names a user, whose password it holds"
    if options.secret is not None and table.url and not parts.username:
        yield ("url",), "names no user whose password secret holds; expected smtp://user@host:port"
    login = parts.scheme == "smtp" and options.secret is not None
    if options.starttls == "never" and login and not is_here(parts.hostname or ""):
        yield ("starttls",), "a login must not travel without TLS, except to this machine"
    if not (options.recipients or options.recipients_file or options.contacts):
        yield ("recipients",), "missing; expected recipients, recipients_file or contacts: whom to write to"
    if table.audience == "customers" and options.unsubscribe is None:
        yield ("unsubscribe",), 'missing; customers must be able to leave the list: "mailto:…" or "https://…"'
    letters = len(options.recipients) if options.mode == "each" else 0
    needed = letters * 60 / options.per_minute if options.per_minute else 0.0
    if needed > table.timeout:
        yield ("timeout",), f"{letters} letters at {options.per_minute} a minute take {needed:.0f} s"


def _is_unsubscribing(text: str) -> bool:
    scheme, _, rest = text.partition(":")
    if not text.isascii() or any(char <= " " or char in "<>," for char in text) or not text.isprintable():
        return False
    return bool(rest) and (scheme == "mailto" or (scheme == "https" and not targets.WEB.trouble(text)))


def _xmpp(table: OutletTable, options: XmppOutletOptions) -> Iterator[Trouble]:
    if table.url and (table.url.partition(":")[0] != "xmpp" or not table.url.isascii() or not table.url.isprintable()):
        yield ("url",), "expected xmpp:room@rooms.host?join"
    if options.login and (trouble := targets.XMPP.trouble(options.login)):
        yield ("login",), trouble
    if options.connect and (trouble := targets.connect_trouble(options.connect)):
        yield ("connect",), trouble
    if options.room and not is_bare(options.room):
        yield ("room",), f'"{options.room}" is no room\'s address: expected one such as office@rooms.example.net'
    if options.announce_to and (not is_bare(f"a@{options.announce_to}") or "@" in options.announce_to):
        yield ("announce_to",), f'"{options.announce_to}" is no domain'
    if options.secret is not None and bool(options.room) == bool(options.announce_to):
        words = "expected either room or announce_to" if options.room else "missing; expected room, or announce_to"
        yield ("announce_to" if options.room else "room",), words


def look_at_messages(draft: Draft) -> None:
    """Note every command and channel of an outlet that means nothing, and every value that a command must not have."""
    for owner in draft.owners:
        if isinstance(owner.options, EmailOptions) and owner.options.contacts:
            known_name(draft, owner.table, ("contacts",), owner.options.contacts, draft.channels(), "channel")
        elif isinstance(owner.options, CommandOutletOptions) and draft.settings is not None:
            _look_at_commands(draft, owner, owner.options)


def _look_at_commands(draft: Draft, owner: Owner, options: CommandOutletOptions) -> None:
    assert draft.settings is not None
    known = {each.name: each for each in commands_of(draft.settings.value.command)}
    used: set[str] = set()
    for key in ("command", "find", "retract"):
        name = getattr(options, key)
        if name is None:
            continue
        command = known.get(name)
        if command is None:
            hint = nearest(name, known)
            words = f'unknown command "{name}"{hint}; declare it as [command.{name}] in outagetui.toml'
            owner.table.problem((key,), words)
        else:
            used |= set(names_in(command.argv))
            _look_at_values(owner, key, command, options)
    if options.find or options.retract:
        for key in ("find", "retract"):
            if getattr(options, key) and not options.command:
                owner.table.problem((key,), "needs command beside it")
    for name in options.args.keys() - used:
        if used or not options.command:
            owner.table.problem(
                ("args", name), f"no command of this outlet has such a parameter; known: {listing(used)}"
            )


def _look_at_values(owner: Owner, key: str, command: Command, options: CommandOutletOptions) -> None:
    for name in names_in(command.argv):
        if name in options.args:
            usable = name in command.params and not pattern_trouble(command.params[name])
            if usable and (words := value_trouble(command, name, options.args[name])):
                owner.table.problem(("args", name), words)
        elif name not in GIVEN:
            words = f'"{command.name}" has the parameter "{name}": give it a value in args, or use {listing(GIVEN)}'
            owner.table.problem((key,), words)


def whole_paths(draft: Draft, options: Options) -> Options:
    """Return options with their files' paths made absolute; a relative one starts at the configuration directory."""
    paths = {key: getattr(options, key, None) for key in ("ca", "recipients_file")}
    whole = {key: str(draft.directory.resolve() / path) for key, path in paths.items() if path}
    return replace(options, **whole) if whole else options


def look_at_files(table: "Placed[ChannelTable] | Placed[OutletTable]", options: OutletOptions) -> None:
    """Note every file of an outlet that cannot be used on this machine, and every line of a list that is no address."""
    authority, people = getattr(options, "ca", None), getattr(options, "recipients_file", None)
    if authority is not None and not (File(authority).is_file() and os.access(authority, os.R_OK)):
        table.problem(("ca",), f"{authority}: no such file, or not readable")
    if people is None:
        return
    try:
        lines = list(read_list(File(people).read_text(encoding="utf-8-sig")))
    except (OSError, ValueError) as error:
        table.problem(("recipients_file",), f"{people}: {getattr(error, 'strerror', None) or 'is not UTF-8 text'}")
        return
    for number, line in lines:
        try:
            read_mailbox(line)
        except ValueError as error:
            table.problem(("recipients_file",), f"{people}:{number}: {error}")
    if not lines:
        table.problem(("recipients_file",), f"{people}: holds no address")
