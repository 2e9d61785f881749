"""The same terminal for every test: colours, no animation; set before the toolkit is imported."""

import os

from outagetui.tui.terminal import prepare

prepare(os.environ)
os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_FPS", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
