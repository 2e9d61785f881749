"""Whether a name in one file is known from another."""

from collections.abc import Iterable, Mapping

from outagetui.config.parsed import Draft, Placed
from outagetui.config.positions import Path
from outagetui.core.text import listing, nearest


def known_names(
    draft: Draft, placed: Placed[object], at: Path, names: Iterable[str], known: Mapping[str, object], noun: str
) -> None:
    """Note every one of `names`, the list at `at`, that is not `known`."""
    for index, name in enumerate(names):
        known_name(draft, placed, (*at, index), name, known, noun)


def known_name(
    draft: Draft, placed: Placed[object], at: Path, name: str, known: Mapping[str, object], noun: str
) -> None:
    """Note that `name` is not `known`, unless a file that does not parse may define it."""
    if name and name not in known and name.partition(".")[0] not in draft.maybe:
        stray = placed.source.belongs((*placed.at, *at), name) if at[-1] == name else ""  # a key, not a name
        hint = stray or nearest(name, known)
        hint = hint or (f"; known: {listing(sorted(known))}" if known else "; there is none")
        placed.problem(at, f'unknown {noun} "{name}"{hint}')
