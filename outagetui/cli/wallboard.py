"""`outagetui wallboard`: the read-only wall."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from outagetui.cli.common import UNUSABLE, fail, readable, store
from outagetui.tui import terminal

if TYPE_CHECKING:
    from textual.app import App


@click.command()
@click.option("--store", "named", metavar="FILE", help="The store to read, for a wall without the configuration.")
@click.pass_obj
def wallboard(options: dict[str, str | None], named: str | None) -> None:
    """Show the read-only wall. It gives no orders and writes nothing; safe as an SSH forced command."""
    path = Path(named) if named else store(options)
    trouble = readable(path)
    if trouble:
        fail(trouble, UNUSABLE)

    def make() -> "App[Any]":
        from outagetui.store.source import StoreSource
        from outagetui.tui.wall import WallApp

        return WallApp(StoreSource(path))

    sys.exit(terminal.run(make))
