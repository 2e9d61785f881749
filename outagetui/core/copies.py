"""One shape made from another that has fields of the same names."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)


def copied(kind: type[T], source: Struct, /, **own: Any) -> T:
    """Return a `kind` of the fields in `own` and, for its other fields, what `source` has under the same names.

    What `kind` does not declare is left behind. Raises TypeError for a field that nobody gives and that has no default.
    """
    names, values = _shared(kind, type(source), tuple(own))
    return kind(**dict(zip(names, values(source), strict=True)), **own)


@cache
def _shared(
    kind: type[Struct], source: type[Struct], own: tuple[str, ...]
) -> tuple[tuple[str, ...], Callable[[Struct], tuple[Any, ...]]]:
    """Return the names that both have and `own` has not, and what reads them of a source."""
    names = tuple(name for name in kind.__struct_fields__ if hasattr(source, name) and name not in own)
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: tuple(getattr(value, name) for name in names)
