"""What a configuration without a fault still lacks to be useful in an outage."""

import os
from collections.abc import Iterator
from pathlib import Path

from outagetui.config.oddities import oddities
from outagetui.config.parsed import Draft, Owner
from outagetui.config.places import SETTINGS, places_of
from outagetui.config.problems import Problem, Report
from outagetui.config.settings import AUDIENCE
from outagetui.config.tables import OutletTable
from outagetui.config.templates import FOLDER
from outagetui.config.tomlfile import dotted, is_directory, passed_over
from outagetui.core.model import Config
from outagetui.core.outlet_options import publishes
from outagetui.machine.open_places import listed_by_all, written_by_all

PAGE = "index.html"


def notes(draft: Draft, config: Config) -> list[Problem]:
    """Return what is missing in a configuration that has no fault: nothing here keeps it from being used.

    `config` is what `draft` says.
    """
    found = Report()
    for path, message in (*_missing(draft), *_unread(draft.directory), *_exposed(config)):
        found.add(str(path), 0, "", message)
    for owner, table in _outlets(draft):
        if owner.options.page and (message := _place(Path(draft.beside(table.directory)))):
            found.add(owner.table.source.shown, owner.table.source.line(owner.table.at), "outlet", message)
    for odd, key, message in oddities(draft):
        placed = odd.table if isinstance(odd, Owner) else odd
        source, at = placed.source, (*placed.at, *key)
        found.add(source.shown, source.line(at), dotted(key), message)
    return found.problems


def _missing(draft: Draft) -> Iterator[tuple[Path, str]]:
    settings, checks = draft.directory / SETTINGS, draft.directory / "checks"
    if not draft.channels:
        yield checks, "no [channel]: nothing that people use is watched"
    if not any(publishes(table.kind, owner.options) for owner, table in _outlets(draft)):
        yield checks, "no [outlet] that publishes: people cannot be told where to find you"
    if draft.settings is not None and not draft.settings.value.alert:
        yield settings, "no [[alert]]: nobody is woken when something fails"
    if not draft.canaries:
        yield settings, "no canaries: when this machine's own uplink fails, every channel will look down"
    if not draft.segments:
        yield draft.directory / AUDIENCE, "no [[segment]]: it is not known how many people can still reach you"


def _exposed(config: Config) -> Iterator[tuple[Path, str]]:
    """Yield what the daemon will refuse, since every user could change what it does, and what they could look at."""
    store = Path(config.store)
    if os.path.islink(store):  # noqa: PTH114  false where nobody may look
        yield store, "the store is a symbolic link, which the daemon refuses; name the file itself"
    for words in written_by_all(places_of(config)):
        place, _, message = words.partition(": ")
        yield Path(place), f"{message} (the daemon does not start before)"
    if config.secrets and (words := listed_by_all(Path(config.secrets))):
        place, _, message = words.partition(": ")
        yield Path(place), message


def _outlets(draft: Draft) -> list[tuple[Owner, OutletTable]]:
    return [(owner, owner.outlet) for owner in draft.owners if owner.outlet is not None]


def _place(place: Path) -> str:
    """Return what is wrong with a page's directory, as far as this user can see it."""
    if not place.is_dir():
        return f"the directory {place} does not exist: create it, writable for the daemon's user"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} is not writable for this user: the daemon's user has to write its files there"
    try:
        (place / PAGE).lstat()
    except FileNotFoundError:
        return f"nothing is in {place} yet: the daemon writes a first page there when it starts"
    except OSError:
        return ""  # not for this user to see
    return ""


def _unread(directory: Path) -> Iterator[tuple[Path, str]]:
    places = (("checks", ".toml", ()), ("playbooks", ".toml", (FOLDER.name,)), (FOLDER, ".txt", ()))
    for folder, ending, known in places:
        for path in passed_over(directory / folder, ending, known):
            folder_words, file_words = "a directory, and not looked into", f"not read: its name must end in {ending}"
            yield path, folder_words if is_directory(path) else file_words
