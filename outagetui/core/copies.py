"""One shape made from another that has fields of the same names."""

from functools import cache
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)


def copied(kind: type[T], source: Struct, /, **own: Any) -> T:
    """Return a `kind` of the fields in `own` and, for its other fields, what `source` has under the same names.

    What `kind` does not declare is left behind. Raises TypeError for a field that nobody gives and that has no default.
    """
    return kind(**{name: getattr(source, name) for name in _shared(kind, type(source)) if name not in own}, **own)


@cache
def _shared(kind: type[Struct], source: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if hasattr(source, name))
