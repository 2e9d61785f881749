"""A configuration of many channels, and our real daemon on it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from outagetui.config.places import store_of
from outagetui.facts.live import Live
from outagetui.store.journal import StoreError
from outagetui.store.reader import Reader
from tests.bench.process import running, until

SETTINGS = """business = "Example Hosting"
vantage = "vps-1"
timezone = "Europe/Berlin"
[store]
path = "{store}"
"""
CHANNEL = """[channel]
name = "Channel {number:04}"
audience = "{audience}"
role = "primary"
address = "https://channel-{number:04}.example.net/"

[[check]]
id = "web"
probe = "http"
target = "{target}"
every = "{every:g}s"
timeout = "{timeout:g}s"
"""


def configure(place: Path, targets: Sequence[str], *, every: float = 10.0, timeout: float = 5.0) -> Path:
    """Write a configuration with one channel a target; its store lies beside it. Returns the directory."""
    directory = place / "config"
    (directory / "checks").mkdir(parents=True)
    (directory / "outagetui.toml").write_text(SETTINGS.format(store=place / "store" / "store.db"))
    for number, target in enumerate(targets):
        text = CHANNEL.format(
            number=number, target=target, every=every, timeout=timeout, audience=("customers", "staff")[number % 2]
        )
        (directory / "checks" / f"channel-{number:04}.toml").write_text(text)
    return directory


@contextlib.contextmanager
def daemon(directory: Path) -> "Iterator[tuple[subprocess.Popen[bytes], Path]]":
    """Run the daemon on a configuration; yields it and its store once every check was probed."""
    store = Path(store_of(directory, os.environ))
    checks = len(list((directory / "checks").iterdir()))
    log = directory.parent / "daemon.log"
    with running([sys.executable, "-m", "outagetui", "--config", str(directory), "daemon"], log) as process:

        def ready() -> bool:
            if process.poll() is not None:
                raise OSError(f"the daemon ended: {log.read_text().strip().rpartition(chr(10))[2]}")
            return sum(row.at is not None for row in lives(store)) >= checks

        until(ready, "the first sample of every check")
        yield process, store


def lives(store: Path) -> list[Live]:
    """Return the live rows, none while the store is being made."""
    try:
        reader = Reader(store)
    except StoreError:
        return []
    try:
        return reader.live()
    finally:
        reader.close()


def settle(seconds: float) -> None:
    """Let what was started find its rhythm before it is measured."""
    time.sleep(seconds)
