"""Composing over a slow line: a key sends what it changes and no more."""

import pytest
from tests.kit.pty_driver import ALLOWED, Pty, python


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 40)])
def test_a_key_in_the_composer_sends_what_it_changes_and_no_more(columns: int, lines: int) -> None:
    with Pty(python("-m", "tests.tui.composer_child"), columns=columns, lines=lines) as terminal:
        terminal.until_text("Example Hosting")
        terminal.read(0.5)
        terminal.send("w")
        terminal.until_text("143 of 160")
        terminal.read(1.0)
        for keys, limit in (("\x1b[B", 2000), (" ", 3000), ("n", 1500), ("h", 2000), ("i", 1500), ("\r", 2500)):
            before = len(terminal.output)
            terminal.send(keys)
            terminal.read(1.0)
            assert 0 < len(terminal.output) - before < limit, repr(keys)
        before = len(terminal.output)
        terminal.read(2.0)
        assert len(terminal.output) - before < 100, "nothing moves but the clock"
        rest = ALLOWED.sub(b"", bytes(terminal.output))
        assert b"\x1b" not in rest
