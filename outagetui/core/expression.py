"""Regular expressions over Unicode's properties (UTS 18), compiled when they are first used.

Their tables take megabytes, which a daemon that announces nothing, or a screen that composes nothing, never needs.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex


class Expression:
    """`pattern` in the language of the library `regex`; the methods are those of a compiled one."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        self.pattern = pattern
        self._ignore_case = ignore_case

    @cached_property
    def _compiled(self) -> "regex.Pattern[str]":
        import regex

        return regex.compile(self.pattern, regex.IGNORECASE if self._ignore_case else 0)

    def search(self, text: str) -> "regex.Match[str] | None":
        """Return where it is found first."""
        return self._compiled.search(text)

    def fullmatch(self, text: str) -> "regex.Match[str] | None":
        """Return the match of all of `text`."""
        return self._compiled.fullmatch(text)

    def finditer(self, text: str) -> "Iterator[regex.Match[str]]":
        """Yield where it is found."""
        return self._compiled.finditer(text)

    def count(self, text: str) -> int:
        """Return how often it is found."""
        return sum(1 for _ in self._compiled.finditer(text))

    def sub(self, new: "str | Callable[[regex.Match[str]], str]", text: str) -> str:
        """Return `text` with something else in each place where it is found."""
        return self._compiled.sub(new, text)

    def split(self, text: str) -> list[str]:
        """Return what stands before, between and behind the places where it is found."""
        return self._compiled.split(text)
