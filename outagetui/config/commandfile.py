"""Reading `[command.NAME]` of `outagetui.toml`: the programs that playbooks may run, and what a step gives them."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from outagetui.config.parsed import ID, ID_WORDS, Draft, Placed
from outagetui.config.positions import Path
from outagetui.config.tables import CommandTable
from outagetui.config.tomlfile import Source
from outagetui.core.commands import PLACEHOLDER, pattern_trouble, value_trouble
from outagetui.core.interpreters import trouble
from outagetui.core.model import Command, Playbook
from outagetui.core.step_options import ProgramOptions
from outagetui.core.text import listed, listing, nearest
from outagetui.machine.secrets import SecretError, Secrets

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_VARIABLE_WORDS = "letters, digits and _, not beginning with a digit"


def look_at_commands(tables: Mapping[str, CommandTable], source: Source) -> None:
    """Note every fault of the commands that can be seen in this file alone."""
    for name, table in tables.items():
        at: Path = ("command", name)
        if not ID.fullmatch(name):
            source.problem(at, f'"{name}" is no name of a command: expected {ID_WORDS}')
        for where, words in (*_argv_troubles(table), *_param_troubles(table), *_environment_troubles(table)):
            source.problem((*at, *where), words)
        if not table.directory.startswith("/"):
            source.problem((*at, "directory"), "expected a whole path, which begins with /")


def _argv_troubles(table: CommandTable) -> Iterator[tuple[Path, str]]:
    if not table.argv:
        return
    program = table.argv[0]
    if not program.startswith("/") or program.endswith("/"):
        yield ("argv", 0), "expected the program's whole path, which begins with /"
    for index, element in enumerate(table.argv):
        found = PLACEHOLDER.search(element)
        if found is None:
            continue
        if found[0] != element:
            yield ("argv", index), f"{found[0]} must be an argument of its own, with nothing before or after it"
        elif index and found[1] not in table.params:
            hint = nearest(found[1], table.params) or f'; declare it: params = {{ {found[1]} = {{ pattern = "…" }} }}'
            yield ("argv", index), f"unknown parameter {found[0]}{hint}"
    places = [index for index, element in enumerate(table.argv) if PLACEHOLDER.fullmatch(element)]
    if program and (found_trouble := trouble(table.argv, places)):
        yield ("argv", found_trouble[0]), found_trouble[1]


def _param_troubles(table: CommandTable) -> Iterator[tuple[Path, str]]:
    used = {name for element in table.argv for name in PLACEHOLDER.findall(element)}
    for name, param in table.params.items():
        if not PLACEHOLDER.fullmatch(f"{{{name}}}"):
            yield (
                ("params", name),
                f'"{name}" is no name of a parameter: expected a letter, then letters, digits, - or _',
            )
        elif name not in used and table.argv:
            yield ("params", name), f"nothing in argv is {{{name}}}"
        if words := pattern_trouble(param.pattern):
            yield ("params", name, "pattern"), words


def _environment_troubles(table: CommandTable) -> Iterator[tuple[Path, str]]:
    for key, variables in (("env", table.env), ("secret_env", table.secret_env)):
        for name, value in variables.items():
            if not _VARIABLE.fullmatch(name):
                yield (key, name), f'"{name}" is no name of a variable: expected {_VARIABLE_WORDS}'
            if key == "env" and PLACEHOLDER.fullmatch(value):
                yield (key, name), "a placeholder stands in argv only"
            if key == "secret_env" and (value in (".", "..") or "/" in value):
                yield (key, name), "expected the name of a file in the secrets directory, without a slash"
    for name in sorted(table.env.keys() & table.secret_env.keys()):
        yield ("secret_env", name), f"{name} stands in env already"


def commands_of(tables: Mapping[str, CommandTable]) -> tuple[Command, ...]:
    """Return the commands."""
    return tuple(_command(name, table) for name, table in tables.items())


def _command(name: str, table: CommandTable) -> Command:
    return Command(
        name=name,
        argv=table.argv,
        params={each: param.pattern for each, param in table.params.items()},
        env=table.env,
        secret_env=table.secret_env,
        directory=table.directory,
    )


def look_at_use(options: ProgramOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note a step's command that is not declared, and every value that it must not have."""
    if draft.settings is None or not options.command:
        return
    tables = draft.settings.value.command
    table = tables.get(options.command)
    if table is None:
        hint = nearest(options.command, tables)
        words = (
            f'unknown command "{options.command}"{hint}; declare it as [command.{options.command}] in outagetui.toml'
        )
        playbook.problem((*at, "command"), words)
    elif table.argv:
        _look_at_values(playbook, at, options, _command(options.command, table))


def _look_at_values(playbook: Placed[Playbook], at: Path, options: ProgramOptions, command: Command) -> None:
    if options.params and command.params.keys() != set(options.params):
        words = f"must have the parameters {listed(options.params)}, and no other"
        playbook.problem((*at, "command"), f'"{command.name}" {words}')
        return
    where, args = at if options.params else (*at, "args"), options.values()
    for name in args.keys() - command.params.keys():
        known = f"; known: {listing(command.params)}" if command.params else "; it has none"
        hint = nearest(name, command.params) or known
        playbook.problem((*where, name), f'"{command.name}" has no parameter "{name}"{hint}')
    given = _written(playbook, where)
    for name in command.params:
        if name not in args:
            if name not in given:
                playbook.problem((*where, name), f'missing; "{command.name}" needs a value for it')
            continue
        if (args[name] or not options.params) and not pattern_trouble(command.params[name]):
            words = value_trouble(command, name, args[name])
            if words:
                playbook.problem((*where, name), words)


def _written(playbook: Placed[Playbook], at: Path) -> Any:
    """Return the table at `at` as it was written; what was wrong in it is left out of what was decoded."""
    found: Any = playbook.source.data
    for key in at:
        if isinstance(found, dict):
            found = found.get(key, {})
        elif isinstance(found, list) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            return {}
    return found if isinstance(found, dict) else {}


def look_at_programs(draft: Draft, secrets: Secrets) -> None:
    """Note every command that cannot or should not be run on this machine, for the user who asks."""
    if draft.settings is None:
        return
    for name, table in draft.settings.value.command.items():
        if words := _program_trouble(table.argv[0]):
            draft.settings.problem(("command", name, "argv", 0), words)
        if not File(table.directory).is_dir():
            draft.settings.problem(("command", name, "directory"), f"{table.directory}: no such directory")
        for variable, secret in table.secret_env.items():
            try:
                secrets.read(secret)
            except SecretError as error:
                draft.settings.problem(("command", name, "secret_env", variable), str(error))


def _program_trouble(program: str) -> str:
    """Return why `program` cannot be run, or could be replaced by somebody else, who would then act as the daemon."""
    try:
        real = File(program).resolve(strict=True)
        if not stat.S_ISREG(real.stat().st_mode) or not os.access(real, os.X_OK):
            return f"{program}: not an executable file"
        for place in (real, *real.parents):
            info = place.stat()
            if info.st_uid not in (0, os.geteuid()):
                return f"{program}: {place} belongs to neither root nor the daemon's user"
            group = info.st_mode & stat.S_IWGRP and info.st_gid not in (0, os.getegid())
            # In a sticky directory such as /tmp nobody can put another file into the place of ours.
            sticky = place != real and info.st_mode & stat.S_ISVTX
            if (info.st_mode & stat.S_IWOTH or group) and not sticky:
                return f"{program}: others may write {place}: chmod go-w {place}"
    except (OSError, RuntimeError) as error:
        return f"{program}: {getattr(error, 'strerror', None) or error}"
    return ""
