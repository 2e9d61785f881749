"""What types alone cannot judge of the outlets that send messages: mail, messengers, rooms, programs."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import asdict

from outagetui.config.commandfile import commands_of
from outagetui.config.names import known_name
from outagetui.config.parsed import Draft, Owner
from outagetui.config.tables import ChannelTable, OutletTable
from outagetui.config.tomlfile import line_of
from outagetui.core.commands import names_in, pattern_trouble, value_trouble
from outagetui.core.mailbox import read_list, read_recipient
from outagetui.core.model import Command
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.text import listing, nearest
from outagetui.wording.delivery import GIVEN

if TYPE_CHECKING:
    from outagetui.config.parsed import Placed

Options = TypeVar("Options", bound=OutletOptions)


def look_at_messages(draft: Draft) -> None:
    """Note every command and channel of an outlet that means nothing, and every value that a command must not have."""
    for owner in draft.owners:
        for key, noun in owner.options.names:
            known_name(draft, owner.table, (key,), getattr(owner.options, key) or "", draft.channels, noun)
        if owner.options.commands and draft.settings is not None:
            _look_at_commands(owner, commands_of(draft.settings.value.command))


def _look_at_commands(owner: Owner, commands: Iterable[Command]) -> None:
    known, options = {each.name: each for each in commands}, asdict(owner.options)
    used: set[str] = set()
    for key in owner.options.commands:
        name = options[key]
        if name is None:
            continue
        command = known.get(name)
        if command is None:
            hint = nearest(name, known)
            words = f'unknown command "{name}"{hint}; declare it as [command.{name}] in outagetui.toml'
            owner.table.problem((key,), words)
        else:
            used |= set(names_in(command.argv))
            _look_at_values(owner, key, command, options["args"])
    publishing, *others = owner.options.commands
    for key in others:
        if options[key] and not options[publishing]:
            owner.table.problem((key,), f"needs {publishing} beside it")
    for name in options["args"].keys() - used:
        if used or not options[publishing]:
            owner.table.problem(
                ("args", name), f"no command of this outlet has such a parameter; known: {listing(used)}"
            )


def _look_at_values(owner: Owner, key: str, command: Command, args: Mapping[str, str]) -> None:
    for name in names_in(command.argv):
        if name in args:
            usable = name in command.params and not pattern_trouble(command.params[name])
            if usable and (words := value_trouble(command, name, args[name])):
                owner.table.problem(("args", name), words)
        elif name not in GIVEN:
            words = f'"{command.name}" has the parameter "{name}": give it a value in args, or use {listing(GIVEN)}'
            owner.table.problem((key,), words)


def look_at_files(table: "Placed[ChannelTable] | Placed[OutletTable]", options: OutletOptions) -> None:
    """Note every file of an outlet that cannot be used on this machine, and every line of a list that is no address."""
    authority, people = getattr(options, "ca", None), getattr(options, "recipients_file", None)
    if authority is not None and not (File(authority).is_file() and os.access(authority, os.R_OK)):
        table.problem(("ca",), f"{authority}: no such file, or not readable")
    if people is None:
        return
    try:
        lines = list(read_list(File(people).read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError as error:
        table.problem(("recipients_file",), f"{people}:{line_of(error)}: is not UTF-8 text")
        return
    except OSError as error:
        table.problem(("recipients_file",), f"{people}: {error.strerror}")
        return
    for number, line in lines:
        try:
            read_recipient(line)
        except ValueError as error:
            table.problem(("recipients_file",), f"{people}:{number}: {error}")
    if not lines:
        table.problem(("recipients_file",), f"{people}: holds no address")
