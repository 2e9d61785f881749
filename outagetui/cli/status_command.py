"""`outagetui status` as the command line's group knows it; `outagetui.__main__` takes a shorter way to the same."""

import sys

import click

from outagetui.cli.status import report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def status(options: dict[str, str | None], as_json: bool) -> None:
    """Tell what the daemon knows, worst first.

    Exit status: 0 all up, 1 something slow or partial, 2 something down, 3 unknown, stale or no store.
    """
    sys.exit(report(options, as_json))
