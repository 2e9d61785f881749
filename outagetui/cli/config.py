"""`outagetui validate` and `outagetui init`: the configuration."""

import asyncio
import sys
from pathlib import Path

import click

from outagetui.cli.common import UNUSABLE, directory, fail, heard
from outagetui.config import ConfigError, config_of, notes, read
from outagetui.config import init as write_starter
from outagetui.config.problems import Problem
from outagetui.core.model import Config
from outagetui.core.text import clean, listing, nearest
from outagetui.facts.common_fate import Fate, common


@click.command()
@click.option(
    "--deep",
    "look",
    is_flag=True,
    help="Also look at secrets, directories and certificates on this machine, and in the DNS at who sends mail.",
)
@click.pass_obj
def validate(options: dict[str, str | None], look: bool) -> None:
    """Report every error of the configuration, one a line: path:line: key: message. Exit status 0 or 3.

    Without an error, what is missing to be of use in an outage is told as notes.
    """
    place = directory(options)
    try:
        draft = read(place)
        config = config_of(draft)
    except ConfigError as error:
        fail(str(error), UNUSABLE)
    problems = _deep(config, place) if look else []
    for fate in _common_fates(config) if look else ():
        sys.stderr.write(
            f"warning: {fate.one} and {fate.other} share {', '.join(fate.shares)}: one fault can take both\n"
        )
    for line in _senders(config) if look else ():
        sys.stderr.write(f"warning: {clean(line, 400)}\n")
    if problems:
        fail("\n".join(map(str, problems)), UNUSABLE)
    held = {
        "channel": config.channels,
        "outlet": config.outlets,
        "check": config.checks(),
        "segment": config.segments,
        "playbook": config.playbooks,
    }
    counts = ", ".join(f"{len(each)} {name}{'' if len(each) == 1 else 's'}" for name, each in held.items())
    click.echo(f"{place}: {counts}: no errors")
    for note in notes(draft, config):
        click.echo(f"note: {note}")


def _deep(config: Config, place: Path) -> list[Problem]:
    from outagetui.config import deep  # with all that reads secrets, which a plain look does not need

    return deep(config, place)


def _common_fates(config: Config) -> tuple[Fate, ...]:
    from outagetui.machine.secrets import Secrets
    from outagetui.net.vantage import Vantage
    from outagetui.probes.traits import traits_of

    async def look() -> tuple[Fate, ...]:
        vantage = Vantage(config.vantage, Secrets.none())
        try:
            return common(config.channels, await traits_of(config.channels, vantage))
        finally:
            await vantage.aclose()

    return asyncio.run(heard(look()))


def _senders(config: Config) -> list[str]:
    from outagetui.cli.sender_domains import words_on_senders

    return asyncio.run(words_on_senders(config))


@click.command()
@click.argument("target", metavar="DIR", required=False)
@click.option(
    "--system", is_flag=True, help="Print the files of a system service; with DIR write them below it (DIR is /)."
)
@click.option("--example", "kind", metavar="PROBE", help="Print a commented file for this probe, or for outlet-KIND.")
def init(target: str | None, system: bool, kind: str | None) -> None:
    """Write a commented starter configuration into DIR."""
    if kind is not None:
        sys.stdout.write(_example(kind))
        return
    if system:
        _system(target)
        return
    if target is None:
        fail("name the directory to write: outagetui init DIR", 2)
    try:
        written = write_starter(Path(target), service=Path(target).absolute().is_relative_to("/etc"))
    except ConfigError as error:
        fail(str(error), UNUSABLE)
    for path in written:
        click.echo(path)
    click.echo(f"Now edit {target}/outagetui.toml and {target}/checks, then: outagetui --config {target} validate")


def _system(root: str | None) -> None:
    from outagetui.config.system import install, next_words, program, system_files, unseen

    command = program()
    trouble = unseen(command)
    if root is None:
        for name, content in system_files(command).items():
            click.echo(f"# ---- /{name} ----\n{content}")
        return
    if trouble and Path(root).resolve() == Path("/"):
        fail(f"{trouble}; install outagetui in /opt/outagetui", UNUSABLE)
    try:
        told = install(Path(root), command)
    except ConfigError as error:
        fail(str(error), UNUSABLE)
    for line in told:
        click.echo(line)
    click.echo(next_words(Path(root)), nl=False)
    if trouble:
        sys.stderr.write(f"warning: {trouble}\n")


def _example(kind: str) -> str:
    from outagetui.config.examples import example, names, outlet_names

    known = (*names(), *outlet_names())
    if kind not in known:
        fail(f'unknown probe "{kind}"{nearest(kind, known)}; known: {listing(known, 40)}', 2)
    return example(kind)
