"""Memory: the daemon and the screen with 50 channels, after they have worked for a while."""

import tempfile
from pathlib import Path

from tests.bench import daemon as ours
from tests.bench.process import rss_mb
from tests.bench.report import Row
from tests.bench.site import site
from tests.kit.pty_driver import Pty, python

CHANNELS, SECONDS = 50, 20.0


def run(*, quick: bool = False) -> list[Row]:
    """Let both work and look."""
    with tempfile.TemporaryDirectory() as place, site() as web:
        targets = [f"http://127.0.0.1:{web.ports[0]}/{number}" for number in range(CHANNELS)]
        directory = ours.configure(Path(place), targets, every=2.0)
        with ours.daemon(directory) as (process, _):
            with Pty(python("-m", "outagetui", "--config", str(directory)), columns=120, lines=40) as screen:
                screen.until_text("Channel 0000")
                screen.read(SECONDS / 4 if quick else SECONDS)
                for key in "\rplt?w":  # every page once
                    screen.send(key)
                    screen.read(1.0)
                    screen.send("\x1b")
                    screen.read(0.5)
                shown = rss_mb(screen.process.pid)
            watched = rss_mb(process.pid)
    return [
        Row("memory: daemon, 50 channels", watched, "MB", 38, "RSS"),
        Row("memory: screen, 50 channels, every page visited", shown, "MB", 42, "RSS"),
    ]
