"""`outagetui report`: an incident for the post-mortem. Reads the store without a daemon."""

import time

import click

from outagetui.cli.common import UNUSABLE, fail, store
from outagetui.cli.output import json_safe
from outagetui.store.damage import StoreError

USAGE = 2


@click.command()
@click.argument("incident", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "json"]),
    default="md",
    show_default=True,
    help="Markdown to edit, one self-contained page, or one JSON document.",
)
@click.pass_obj
def report(options: dict[str, str | None], incident: str | None, form: str) -> None:
    """Write down an incident for the post-mortem: the latest, or the one called INCIDENT (such as i12)."""
    from outagetui.report.gather import NothingToReportError, UnknownIncidentError, gather

    try:
        told = gather(store(options), incident, time.time())
    except UnknownIncidentError as error:
        fail(str(error), USAGE)
    except (StoreError, NothingToReportError) as error:
        fail(str(error), UNUSABLE)
    if form == "json":
        import msgspec

        document = json_safe(msgspec.json.format(msgspec.json.encode(told)).decode()).encode() + b"\n"
    elif form == "html":
        from outagetui.report.html import html

        document = html(told).encode()
    else:
        from outagetui.report.markdown import markdown

        document = markdown(told).encode()
    click.echo(document, nl=False)  # bytes: a document is UTF-8 whatever the terminal's locale is
