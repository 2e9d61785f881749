"""The configuration directory: found, read, checked with file and line, and written for a start."""

from outagetui.config.deep import deep
from outagetui.config.load import load
from outagetui.config.places import digest, find, shipped, system_files
from outagetui.config.problems import ConfigError, Problem
from outagetui.config.starter import init

__all__ = ["ConfigError", "Problem", "deep", "digest", "find", "init", "load", "shipped", "system_files"]
