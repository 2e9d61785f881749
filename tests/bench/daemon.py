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
from outagetui.orders.wire import socket_path
from outagetui.store.journal import StoreError
from outagetui.store.reader import Reader
from tests.bench.process import running, until

LOG = "daemon.log"
STARTS_WITHIN = 120.0
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
"""
CHECK = """
[[check]]
id = "{id}"
probe = "{probe}"
target = "{target}"
every = "{every:g}s"
timeout = "{timeout:g}s"
{more}"""
PROBES = {"https": "http", "sip": "sip.options"}  # what looks at a scheme that is not called like it


def configure(
    place: Path, targets: Sequence[str], *, every: float = 10.0, timeout: float = 5.0, each: int = 1, more: str = ""
) -> Path:
    """Write a configuration with `each` targets a channel; its store lies beside it. Returns the directory.

    `more` are lines of TOML that every check gets.
    """
    directory = place / "config"
    (directory / "checks").mkdir(parents=True)
    (directory / "outagetui.toml").write_text(SETTINGS.format(store=place / "store" / "store.db"))
    for number, first in enumerate(range(0, len(targets), each)):
        text = CHANNEL.format(number=number, audience=("customers", "staff")[number % 2])
        for beside, target in enumerate(targets[first : first + each]):
            scheme = target.partition(":")[0]
            text += CHECK.format(
                id="web" if each == 1 else f"check-{beside}",
                probe=PROBES.get(scheme, scheme),
                target=target,
                every=every,
                timeout=timeout,
                more=more,
            )
        (directory / "checks" / f"channel-{number:04}.toml").write_text(text)
    return directory


def command(directory: Path, *words: str) -> list[str]:
    """Return the command line of ours on a configuration."""
    return [sys.executable, "-m", "outagetui", "--config", str(directory), *words]


def alive(process: "subprocess.Popen[bytes]", directory: Path) -> None:
    """Raise OSError with the daemon's last words when it has ended."""
    if process.poll() is not None:
        words = (directory.parent / LOG).read_text().strip().rpartition("\n")[2]
        raise OSError(f"the daemon ended: {words}")


@contextlib.contextmanager
def started(directory: Path, limit: float = STARTS_WITHIN) -> "Iterator[tuple[subprocess.Popen[bytes], Path]]":
    """Run the daemon on a configuration; yields it and its store as soon as it takes orders."""
    store = Path(store_of(directory, os.environ))
    with running(command(directory, "daemon"), directory.parent / LOG) as process:

        def listens() -> bool:
            alive(process, directory)
            return socket_path(store).exists()

        until(listens, "the order socket", limit)
        yield process, store


@contextlib.contextmanager
def daemon(directory: Path) -> "Iterator[tuple[subprocess.Popen[bytes], Path]]":
    """Run the daemon on a configuration; yields it and its store once every check was probed."""
    checks = sum(file.read_text().count("[[check]]") for file in (directory / "checks").iterdir())
    with started(directory) as (process, store):

        def looked() -> bool:
            alive(process, directory)
            return sum(row.at is not None for row in lives(store)) >= checks

        # To ask takes time of the machine itself, the more the more checks there are.
        until(looked, "the first sample of every check", STARTS_WITHIN, 0.02 + checks / 5000)
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
