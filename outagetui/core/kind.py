"""What probes, steps and outlets have in common: a kind is a class of options that has a word of its own."""

from typing import Any, ClassVar, Self

from msgspec import Struct


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all options. `word` is the kind's name in the configuration, `files` are keys that hold paths."""

    kinds: ClassVar[dict[str, Any]] = {}  # those of one sort, in the order of their definition
    word: ClassVar[str] = ""
    files: ClassVar[tuple[str, ...]] = ("ca",)

    def __init_subclass__(cls) -> None:
        """Make a class with a word of its own known as a kind."""
        super().__init_subclass__()
        if "word" in vars(cls):
            cls.kinds[cls.word] = cls

    @classmethod
    def of(cls, word: str) -> type[Self]:
        """Return the kind of that name; the base where no kind has it, as in the journal of another version."""
        kind: type[Self] = cls.kinds.get(word, cls)
        return kind
