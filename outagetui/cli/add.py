"""`outagetui add`: one more channel, as a file to edit."""

import os
import shlex
from pathlib import Path

import click

from outagetui.cli.common import UNUSABLE, fail
from outagetui.config import ConfigError
from outagetui.config import add as write_channel
from outagetui.config.addition import target_directory


@click.command()
@click.argument("name")
@click.argument("target")
@click.option("--id", metavar="ID", help="The file's name and the channel's id, instead of one made of NAME.")
@click.option("--audience", type=click.Choice(["staff", "customers"]), help="Whose way it is (customers).")
@click.option("--role", type=click.Choice(["primary", "backup"]), help="What it is for (primary).")
@click.option("--probe", metavar="PROBE", help="What looks at the target, where its scheme means another or several.")
@click.option("--secret", metavar="NAME", help="The file in the secrets directory with the target's password.")
@click.pass_obj
def add(options: dict[str, str | None], /, name: str, target: str, **given: str | None) -> None:
    """Write checks/ID.toml: a channel called NAME, watched at TARGET, such as "Web chat" https://chat.example.net/.

    The configuration directory may be empty, and there need not be an outagetui.toml. Nothing is ever overwritten.
    Exit status: 0 written, 3 refused.
    """
    try:
        directory = target_directory(options["config"], os.environ, Path.cwd(), Path.home())
        file = write_channel(directory, name, target, **given)
    except ConfigError as error:
        fail(str(error), UNUSABLE)
    here = "" if options["config"] or directory != Path.cwd() else " (from this directory)"
    program = f"outagetui --config {shlex.quote(options['config'])}" if options["config"] else "outagetui"
    click.echo(f"{file}: written")
    click.echo(f"Next{here}: {program} check {file.stem}; then edit the file, and {program} validate")
    click.echo(f"A daemon that runs already takes it in with: {program} reload")
