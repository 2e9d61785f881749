"""`outagetui help`: the manual as text. Loads neither screens nor a network library."""

import os
import shutil
import sys

import click

from outagetui.cli.common import fail
from outagetui.cli.output import past_the_door
from outagetui.core.text import clean, nearest
from outagetui.manual.layout import Line, lines
from outagetui.manual.topics import contents, look_up, names

UNKNOWN = 2
WIDEST = 100  # cells; longer lines are hard to read
NARROWEST = 40
STYLES = {"head": "\x1b[1m", "strong": "\x1b[1m", "code": "\x1b[4m"}
PLAIN = "\x1b[0m"


@click.command(context_settings={"ignore_unknown_options": True})  # an option can be asked for
@click.argument("topic", nargs=-1)
def help(topic: tuple[str, ...]) -> None:
    """Read the manual about TOPIC: a page, a probe, a step, an outlet, a command, a key of a file, a code.

    Without TOPIC: the pages. Exit status: 0 shown, 2 no such topic.
    """
    asked = " ".join(topic)
    blocks = look_up(asked) if topic else contents()
    if not blocks:
        hint = nearest(asked.casefold(), names()) or "; outagetui help lists the pages"
        fail(f'the manual has no topic "{clean(asked, 60)}"{hint}', UNKNOWN)
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    draw = _styled if sys.stdout.isatty() else _plain
    text = "\n".join(map(draw, lines(blocks, width)))
    os.environ.setdefault("LESS", "FRX")  # what fits the screen needs no key to be left
    encoding = sys.stdout.encoding or "utf-8"
    with past_the_door():  # its styles are our own and may act
        click.echo_via_pager(text.encode(encoding, "replace").decode(encoding), color=True)


def _plain(line: Line) -> str:
    return "".join(span.text for span in line)


def _styled(line: Line) -> str:
    return "".join(f"{STYLES[span.style]}{span.text}{PLAIN}" if span.style else span.text for span in line)
