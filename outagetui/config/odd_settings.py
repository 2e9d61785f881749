"""What `outagetui.toml` says that can be meant, and hardly ever is."""

import os
from collections.abc import Iterator
from pathlib import Path as File

from outagetui.config.positions import Path
from outagetui.config.tables import SettingsFile
from outagetui.core.hosts import is_loopback
from outagetui.core.probe_options import canary
from outagetui.core.times import show_duration

LONGEST_FOLDER = 95  # bytes of the store's directory, so that `/orders.sock` fits behind it (107 bytes, unix(7))
LONGEST_PART = 200  # bytes of a file's name, to which SQLite and we add endings (255 bytes at most)
LONGEST_BUSINESS = 60  # characters
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def odd_settings(settings: SettingsFile, directory: File) -> Iterator[tuple[Path, str]]:
    """Yield the key of what is odd, and what it leads to."""
    if settings.business is not None and len(settings.business) > LONGEST_BUSINESS:
        yield ("business",), f"longer than {LONGEST_BUSINESS} characters: pages and posts have little room beside it"
    if settings.store.path is not None:
        folder, name = os.path.split(os.fsencode(directory.absolute() / settings.store.path))
        if len(name) > LONGEST_PART:
            yield ("store", "path"), f"a name of more than {LONGEST_PART} bytes leaves no room for the files beside it"
        elif len(folder) > LONGEST_FOLDER:
            words = f"its directory has more than {LONGEST_FOLDER} bytes: the daemon can take no orders beside it"
            yield ("store", "path"), words
    for at, target in enumerate(settings.canaries):
        kind = canary(target)
        if kind is not None and is_loopback(kind.target.place(target)[0]):
            yield ("canaries", at), "is this machine itself, which answers although the uplink is gone"
    yield from _of_times(settings)


def _of_times(settings: SettingsFile) -> Iterator[tuple[Path, str]]:
    beat = settings.heartbeat
    if beat is not None and beat.every > HOUR:
        yield ("heartbeat", "every"), f"a daemon that died is missed after {show_duration(beat.every)}"
    if settings.fail_back.up_for == 0:
        yield ("fail_back", "up_for"), "a single good look lets the backups go"
    elif settings.fail_back.up_for > DAY:
        yield ("fail_back", "up_for"), f"backups are kept for {show_duration(settings.fail_back.up_for)} at least"
    news = settings.announce.update_every
    if news < MINUTE:
        yield ("announce", "update_every"), f"people are promised news every {show_duration(news)}"
    elif news > DAY:
        yield ("announce", "update_every"), f"people wait for news for {show_duration(news)}"
    limits: list[tuple[Path, float]] = [(("reach",), settings.reach.tell_within)]
    limits += [
        (("reach", name), own.tell_within)
        for name, own in (("customers", settings.reach.customers), ("staff", settings.reach.staff))
        if own.tell_within is not None
    ]
    for at, within in limits:
        if within > DAY:
            yield (*at, "tell_within"), f"people may be left without a word for {show_duration(within)}"
    for index, link in enumerate(settings.alert):
        if link.after > DAY:
            yield ("alert", index, "after"), f"nobody is woken here before {show_duration(link.after)}"
        if link.test_every is not None and link.test_every < HOUR:
            yield ("alert", index, "test_every"), f"somebody gets a test every {show_duration(link.test_every)}"
