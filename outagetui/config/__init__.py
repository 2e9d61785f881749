"""The configuration directory: found, read, checked with file and line, and written for a start."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outagetui.config.addition import add as add
    from outagetui.config.advice import notes as notes
    from outagetui.config.deep_look import deep as deep
    from outagetui.config.loader import config_of as config_of
    from outagetui.config.loader import load as load
    from outagetui.config.loader import read as read
    from outagetui.config.places import digest as digest
    from outagetui.config.places import find as find
    from outagetui.config.places import shipped as shipped
    from outagetui.config.problems import ConfigError as ConfigError
    from outagetui.config.problems import Problem as Problem
    from outagetui.config.starter import init as init

# No module here may be named as one of these: importing it would put the module in the name's place.
_HOMES = {
    "add": "addition",
    "deep": "deep_look",
    "config_of": "loader",
    "load": "loader",
    "read": "loader",
    "digest": "places",
    "find": "places",
    "shipped": "places",
    "ConfigError": "problems",
    "Problem": "problems",
    "init": "starter",
    "notes": "advice",
}


def __getattr__(name: str) -> Any:
    """Import on first use (PEP 562): who only looks for the store does not pay for the reader of everything."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"outagetui.config.{_HOMES[name]}"), name)
