"""What goes to a real terminal: how much, and nothing that outside text smuggled in."""

import random
import re

import pytest
from outagetui.tui.frame import Frame
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from tests.kit.pty_driver import ALLOWED, Picture, Pty, python
from tests.tui.fakes import Clock, FakeOrders, FakeSource, everything
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

HARMLESS_CONTROLS = {0x0A, 0x0D}


def child(kind: str, scene: str) -> list[str]:
    return python("-m", "tests.tui.child", kind, scene)


def leftovers(output: bytes) -> set[str]:
    """Characters of `output` that could act, once the app's own sequences are taken away."""
    text = ALLOWED.sub(b"", output).decode("utf-8", "surrogateescape")
    bad = {char for char in text if not char.isprintable() and ord(char) not in HARMLESS_CONTROLS}
    return bad | {char for char in text if 0x80 <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000}


@pytest.mark.parametrize(("kind", "keys"), [
    ("board", ["j", "j", "j", "m", "\x1b", "A", "n", "\x10", "e", "\x1b", "l", "\x1b", "p", "\x1b", "\r", "\x1b", "r"]),
    ("wall", [" ", "j", " "]),
])  # fmt: skip
def test_hostile_text_in_every_field_never_reaches_the_terminal_as_more_than_text(kind: str, keys: list[str]) -> None:
    with Pty(child(kind, "hostile"), columns=120, lines=40) as terminal:
        terminal.until_text("Example Hosting")
        for key in keys:
            terminal.send(key)
            terminal.read(0.35)
        assert terminal.process.poll() is None, f"it ended:\n{bytes(terminal.output[-3000:]).decode(errors='replace')}"
        assert leftovers(bytes(terminal.output)) == set()
        shown = terminal.output.decode("utf-8", "replace")
    assert "\x1b]" not in shown, "no clipboard, no title, no links"
    assert "Example Hosting" in shown


def test_one_changed_second_costs_few_bytes_and_an_idle_board_nearly_none() -> None:
    with Pty(child("board", "calm")) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.7)
        first = len(terminal.output)
        idle = len(terminal.read(3)) / 3
    assert first < 36_000
    assert idle < 150, "only the seconds of the clock move"


def test_two_hundred_channels_with_twenty_changes_a_second_cost_less_than_a_kilobyte_a_second() -> None:
    with Pty(child("board", "many"), columns=120, lines=40) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.7)
        first = len(terminal.output)
        busy = len(terminal.read(4)) / 4
    assert first < 36_000
    assert busy < 1000


def test_one_changed_cell_costs_less_than_three_hundred_bytes() -> None:
    frame, console = Frame(), Console(color_system="truecolor", force_terminal=True)
    style = Style(color="#d5dbe1", bgcolor="#11161c")
    lines = [Strip([Segment("x" * 120, style)]) for _ in range(40)]
    assert frame.changes(update(lines), (120, 40), console) is not None
    assert frame.changes(update(lines), (120, 40), console) is None, "what is there already is not sent again"
    lines[20] = Strip([Segment("x" * 60 + "y" + "x" * 59, style)])
    changes = frame.changes(update(lines), (120, 40), console)
    assert changes is not None
    assert len(changes.sequence) < 80


def update(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, lines[0].cell_length, len(lines)))


@pytest.mark.parametrize("seed", range(20))
def test_changes_add_up_to_the_whole_picture_wide_characters_included(seed: int) -> None:
    chance = random.Random(seed)
    console = Console(color_system="truecolor", force_terminal=True)
    styles = [None, Style(color="red"), Style(bold=True, reverse=True), Style(color="#ffffff", bgcolor="#000000")]
    frame, picture = Frame(), Picture(24, 6)

    def line() -> Strip:
        segments = [
            Segment("".join(chance.choice("ab 漢é🎉.") for _ in range(chance.randrange(1, 9))), chance.choice(styles))
            for _ in range(5)
        ]
        return Strip(segments).adjust_cell_length(24)

    lines = [line() for _ in range(6)]
    for _ in range(30):
        for index in chance.sample(range(6), 2):
            lines[index] = line()
        changes = frame.changes(update(lines), (24, 6), console)
        if changes is not None:
            picture.feed(changes.sequence.encode())
        assert picture.text == "\n".join(line.text.rstrip() for line in lines)


def test_after_forgetting_everything_is_sent_again() -> None:
    frame, console = Frame(), Console(color_system="truecolor", force_terminal=True)
    lines = [Strip([Segment("x" * 20)])] * 3
    first = frame.changes(update(lines), (20, 3), console)
    frame.forget()
    again = frame.changes(update(lines), (20, 3), console)
    assert first is not None
    assert again is not None
    assert again.sequence == first.sequence


def test_a_link_in_a_style_is_not_sent() -> None:
    frame, console = Frame(), Console(color_system="truecolor", force_terminal=True)
    changes = frame.changes(update([Strip([Segment("x", Style(link="https://evil.example/"))])]), (1, 1), console)
    assert changes is not None
    assert "\x1b]8" not in changes.sequence


def test_ctrl_l_sends_the_whole_screen_again() -> None:
    with Pty(child("board", "outage")) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.7)
        terminal.send("\x0c")
        assert len(terminal.read(0.7)) > 3000


def test_without_colour_only_bold_and_reverse_are_sent() -> None:
    with Pty(child("board", "all"), env={"NO_COLOR": "1"}) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.5)
        codes = {
            code
            for sequence in re.findall(rb"\x1b\[([\d;]*)m", bytes(terminal.output))
            for code in sequence.decode().split(";")
        }
    assert codes <= {"", "0", "1", "7", "39", "49"}


def test_a_console_of_sixteen_colours_gets_sixteen_colours_and_ascii() -> None:
    env = {"TERM": "linux", "COLORTERM": ""}
    with Pty(child("board", "all"), env=env) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.5)
        assert not re.search(rb"\x1b\[[\d;]*[34]8;", bytes(terminal.output))
        assert ALLOWED.sub(b"", bytes(terminal.output)).isascii()
        assert "X DOWN" in terminal.picture.text


def test_an_ascii_locale_gets_no_other_byte() -> None:
    env = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    with Pty(child("wall", "all"), env=env) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.5)
        assert bytes(terminal.output).isascii()
        assert b"\\u" not in terminal.output


async def test_a_picture_from_the_terminal_is_what_the_app_drew() -> None:
    from outagetui.tui.app import OutageApp
    from tests.tui.fakes import text_of

    app = OutageApp(FakeSource(everything()), FakeOrders(), clock=Clock(), ascii=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        expected = text_of(app).splitlines()[5:7]
    with Pty(child("board", "all")) as terminal:
        terminal.until_text("reach us")
        terminal.read(0.5)
        shown = terminal.picture.text
    for line in expected:
        assert line in shown
