"""A minimal good configuration that tests write and then break."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from outagetui import config

SETTINGS = 'business = "Example"\nvantage = "here"\ntimezone = "UTC"\n'
CHANNEL = """[channel]
name = "A"
audience = "customers"
role = "primary"

[[check]]
id = "port"
probe = "tcp"
target = "tcp://127.0.0.1:1"
"""
BACKUP = CHANNEL.replace("primary", "backup")
PAGE = """[outlet]
name = "Page"
kind = "page"
audience = "customers"
directory = "page"
url = "http://127.0.0.1/"
"""
# What lacks nothing, so that it gets no note.
WHOLE = {
    "outagetui.toml": SETTINGS + 'canaries = ["dns:a"]\n[[alert]]\nname = "phone"\nsecret = "phone"\n',
    "audience.toml": '[[segment]]\nid = "s"\naudience = "customers"\npeople = 1\nuses = ["a"]\n',
    "checks/page.toml": PAGE,
    "page/index.html": "",
}


def write(directory: Path, files: Mapping[str, str | bytes] = {}) -> Path:
    """Write a good configuration with `files` added or replaced, and return its directory."""
    for name, content in {"outagetui.toml": SETTINGS, "checks/a.toml": CHANNEL, **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def problems(directory: Path, files: Mapping[str, str | bytes] = {}) -> list[str]:
    """Return the problems of such a configuration as `path:line: key: message`, paths from its directory."""
    with pytest.raises(config.ConfigError) as caught:
        config.load(write(directory, files))
    return [str(problem).removeprefix(f"{directory}/") for problem in caught.value.problems]


def noted(directory: Path) -> list[str]:
    """Return the notes of `validate`, with paths from the directory."""
    draft = config.read(directory)
    return [str(note).removeprefix(f"{directory}/") for note in config.notes(draft, config.config_of(draft))]
