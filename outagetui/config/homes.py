"""Where a key belongs that stands in a wrong table: TOML gives it to whatever header was written last above it."""

import functools
from collections.abc import Iterable

from msgspec import Struct, inspect

from outagetui.config.decode import keys_of
from outagetui.config.tables import ChannelTable, CheckTable, OutletTable, OwnerFile
from outagetui.config.tomlfile import Homes
from outagetui.core.model import Cost
from outagetui.core.outlet_options import OUTLETS
from outagetui.core.probe_options import PROBES


@functools.cache
def homes_of(file: type[Struct]) -> Homes:
    """Return for every key of such a file the headers it may stand right below; "" is the top of the file."""
    homes: dict[str, list[str]] = {}
    _gather(inspect.type_info(file), "", "", homes)
    return {key: tuple(headers) for key, headers in homes.items()}


@functools.cache
def homes_of_checks(owner: str = "") -> Homes:
    """Return the same for a file of `checks/` that has an `owner` table; without one it may become either."""
    own = {
        "channel": (("[channel]", keys_of(ChannelTable)), ("[channel.cost]", keys_of(Cost))),
        "outlet": (("[outlet]", _of_any(OutletTable, OUTLETS.values())),),
    }
    homes: dict[str, list[str]] = {key: [""] for key in keys_of(OwnerFile)}
    tables = own.get(owner) or (*own["channel"], *own["outlet"])
    for header, keys in (*tables, ("[[check]]", _of_any(CheckTable, PROBES.values()))):
        for key in keys:
            homes.setdefault(key, []).append(header)
    return {key: tuple(headers) for key, headers in homes.items()}


def _of_any(shared: type[Struct], kinds: Iterable[type[Struct]]) -> list[str]:
    return sorted({*keys_of(shared), *(key for kind in kinds for key in keys_of(kind))})


def _gather(kind: inspect.Type, path: str, header: str, homes: dict[str, list[str]]) -> None:
    if not isinstance(kind, inspect.StructType):
        return
    for field in kind.fields:
        name = field.encode_name
        homes.setdefault(name, []).append(header)
        below = f"{path}.{name}" if path else name
        match _bare(field.type):
            case inspect.VarTupleType(item_type=item):
                _gather(_bare(item), below, f"[[{below}]]", homes)
            case inspect.DictType(value_type=item):
                _gather(_bare(item), f"{below}.NAME", f"[{below}.NAME]", homes)
            case inner:
                _gather(inner, below, f"[{below}]", homes)


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return a type without what only limits it."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next(_bare(each) for each in kind.types if not isinstance(each, inspect.NoneType))
    return kind
